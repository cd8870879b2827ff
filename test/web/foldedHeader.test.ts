import { Text } from '@codemirror/state';
import { describe, expect, test } from 'vitest';
import { headerOf } from '../../web/panels/foldedHeader.ts';

const header = (...lines: string[]) => headerOf(Text.of(lines));

describe('the comment that a kernel begins with', () => {
  test('folds behind its first line, in WGSL and in WebAssembly text', () => {
    expect(header('// a', '//  b', '//  c', '//  d', '', 'fn main() {}')).toEqual({ from: 4, to: 22 });
    expect(header(';; a', ';; b', ';; c', ';; d', '(func)')).toEqual({ from: 4, to: 19 });
  });

  test('stays where it is short, and where there is none', () => {
    expect(header('// a', '// b', '// c', 'fn main() {}')).toBeUndefined();
    expect(header('fn main() {', '// a', '// b', '// c', '// d', '}')).toBeUndefined();
    expect(header('')).toBeUndefined();
  });
});
