import { javascript } from '@codemirror/lang-javascript';
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { clike } from '@codemirror/legacy-modes/mode/clike';
import { wast } from '@codemirror/legacy-modes/mode/wast';
import type { Extension } from '@codemirror/state';
import { tags } from '@lezer/highlight';

/** What code on a page is written in: a user's model, or a kernel. */
export type Language = 'typescript' | 'wgsl' | 'wat';

/** The grammar of a language. */
export function grammarOf(language: Language): Extension {
  switch (language) {
    case 'typescript':
      return javascript({ typescript: true });
    case 'wgsl':
      return wgsl;
    case 'wat':
      return StreamLanguage.define(wast);
    default:
      return language satisfies never;
  }
}

const wgsl = StreamLanguage.define(
  clike({
    name: 'wgsl',
    keywords: words(
      'alias break case const const_assert continue continuing default diagnostic discard else enable fn for if let loop override requires return struct switch var while',
    ),
    types: words(
      'array atomic bool f16 f32 i32 u32 ptr vec2 vec3 vec4 vec2f vec3f vec4f vec2i vec3i vec4i vec2u vec3u vec4u mat2x2 mat3x3 mat4x4 mat4x4f function private workgroup uniform storage read read_write write',
    ),
    atoms: words('true false'),
    blockKeywords: words('else for if loop switch while'),
    hooks: {
      '@': (stream: { eatWhile(pattern: RegExp): boolean }) => {
        stream.eatWhile(/\w/);
        return 'meta';
      },
    },
  }),
);

function words(text: string): Record<string, true> {
  return Object.fromEntries(text.split(' ').map((word) => [word, true]));
}

/** Colours of the theme for what grammars find. */
export const highlighting = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.comment, tags.lineComment, tags.blockComment], class: 'tok-comment' },
    { tag: [tags.keyword, tags.modifier, tags.controlKeyword, tags.operatorKeyword], class: 'tok-keyword' },
    { tag: [tags.string, tags.special(tags.string), tags.regexp], class: 'tok-string' },
    { tag: [tags.number, tags.bool, tags.null, tags.atom], class: 'tok-number' },
    { tag: [tags.typeName, tags.standard(tags.typeName), tags.className], class: 'tok-type' },
    {
      tag: [
        tags.function(tags.variableName),
        tags.function(tags.propertyName),
        tags.definition(tags.variableName),
      ],
      class: 'tok-function',
    },
    { tag: [tags.meta, tags.processingInstruction], class: 'tok-meta' },
  ]),
);
