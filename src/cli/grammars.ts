import Prism from 'prismjs';
// They add themselves to what is imported first.
import 'prismjs/components/prism-wasm.js';
import 'prismjs/components/prism-wgsl.js';

/*
 * Grammars of kernels' languages, for terminals. The library is no dependency of the package: `web/build/package.ts` puts it into
 * this file of the build.
 */

/** A piece of a text: what it is, `keyword`; undefined of what is nothing special. */
export interface Piece {
  readonly text: string;
  readonly type?: string;
}

const { wasm = {}, wgsl = {} } = Prism.languages;

const grammars: Readonly<Record<'wgsl' | 'wat', Prism.Grammar>> = {
  wgsl,
  // The grammar is older than vectors, and than the names that instructions on locals have.
  wat: {
    comment: wasm.comment,
    builtin: /\b(?:v128|[if](?:8|16|32|64)(?:x\d+)?|local|global|memory)\.[\w.]+/,
    ...wasm,
  },
};

/** A kernel's text in pieces, which together are all of it. */
export function piecesOf(text: string, language: 'wgsl' | 'wat'): Piece[] {
  return Prism.tokenize(text, grammars[language]).flatMap((token) => flat(token, undefined));
}

function flat(token: string | Prism.Token, type: string | undefined): Piece[] {
  if (typeof token === 'string') return [type === undefined ? { text: token } : { text: token, type }];
  const own = typeof token.alias === 'string' ? token.alias : token.type;
  const inside = Array.isArray(token.content) ? token.content : [token.content];
  return inside.flatMap((part) => flat(part, own));
}
