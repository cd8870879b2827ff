import picocolors from 'picocolors';
import { piecesOf } from './grammars.ts';

const colours = picocolors.createColors(true);

/** Colours by what a piece of code is. */
const paints: Readonly<Record<string, (text: string) => string>> = {
  comment: colours.dim,
  keyword: colours.magenta,
  builtin: colours.cyan,
  function: colours.blue,
  'class-name': colours.cyan,
  number: colours.yellow,
  boolean: colours.yellow,
  string: colours.green,
  variable: colours.green,
  'attr-name': colours.magenta,
  'attr-value': colours.cyan,
};

/** A kernel's text with its parts in colours; without them it is as it was. */
export function highlighted(text: string, language: 'wgsl' | 'wat'): string {
  return piecesOf(text, language)
    .map(({ text, type }) => {
      const paint = paints[type ?? ''];
      // A colour ends with its line: pagers show lines alone.
      return paint === undefined ? text : text.split('\n').map(paint).join('\n');
    })
    .join('');
}
