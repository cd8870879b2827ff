import { expect, test } from 'vitest';
import { hangOf } from '../../web/panels/wrapping.ts';

test('a line goes on below two columns further in than it begins, and none so far in that it has no room', () => {
  expect(hangOf('let x = 1;', 4)).toBe(2);
  expect(hangOf('    let x = 1;', 4)).toBe(6);
  expect(hangOf('\t \tlet x = 1;', 4)).toBe(10);
  expect(hangOf(`${' '.repeat(80)}x`, 4)).toBe(18);
});
