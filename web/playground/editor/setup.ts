import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { javascript } from '@codemirror/lang-javascript';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, lintKeymap } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import type { Extension } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { problems } from './problems.ts';

/** Colours of words by what they are, out of the theme. */
const words = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'var(--lit)' },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: 'var(--update)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--backward)' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--forward)' },
  { tag: [tags.typeName, tags.className, tags.namespace], color: 'var(--second)' },
  { tag: tags.comment, color: 'var(--ink-soft)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--error)' },
]);

/** An editor of TypeScript. Tab indents; Escape, then Tab, leaves. */
export function setup(run: () => void): Extension {
  return [
    lineNumbers(),
    lintGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    javascript({ typescript: true }),
    syntaxHighlighting(words),
    problems(),
    EditorView.contentAttributes.of({
      'aria-label': 'The model, in TypeScript. Tab indents; Escape, then Tab, leaves the editor.',
      // It has the focus of the scroller around it: who looks for one finds it.
      tabindex: '0',
      spellcheck: 'false',
      autocapitalize: 'off',
    }),
    keymap.of([
      {
        key: 'Mod-Enter',
        run: () => {
          run();
          return true;
        },
      },
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...completionKeymap,
      ...lintKeymap,
      indentWithTab,
    ]),
  ];
}
