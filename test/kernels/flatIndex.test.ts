import { expect, test } from 'vitest';
import { flatIndex, offsetIndex } from '../../src/kernels/flatIndex.ts';
import { apply, axisRef, type Expr, int } from '../../src/loops/index.ts';
import { printExpr } from '../../src/loops/text.ts';
import { tensorOf } from './buildKernel.ts';

const i = axisRef({ name: 'i', extent: 30 });
const j = axisRef({ name: 'j', extent: 30 });
const quotient = (x: Expr, by: number): Expr => apply('idiv', x, int(by));
const remainder = (x: Expr, by: number): Expr => apply('mod', x, int(by));

test('dimensions that were split from one are read at its number', () => {
  const halves = tensorOf('halves', 'temp', [3, 2, 5]);
  expect(printExpr(flatIndex(halves, [quotient(i, 2), remainder(i, 2), apply('add', j, int(2))]))).toBe(
    'i * 5 + j + 2',
  );
  const thirds = tensorOf('thirds', 'temp', [4, 3, 2]);
  expect(printExpr(flatIndex(thirds, [j, quotient(i, 2), remainder(i, 2)]))).toBe('j * 6 + i');
});

test('dimensions that were split from one in three are read at its number', () => {
  const images = tensorOf('images', 'temp', [5, 2, 7, 7]);
  const row = remainder(quotient(i, 7), 7);
  expect(printExpr(flatIndex(images, [j, quotient(i, 49), row, remainder(i, 7)]))).toBe('j * 98 + i');
  const places = tensorOf('places', 'temp', [4, 7, 7]);
  expect(printExpr(flatIndex(places, [j, row, remainder(i, 7)]))).toBe('j * 49 + i % 49');
});

test('a quotient and a remainder of other numbers, or by another extent, stay', () => {
  const halves = tensorOf('halves', 'temp', [3, 2]);
  expect(printExpr(flatIndex(halves, [quotient(i, 2), remainder(j, 2)]))).toBe('i // 2 * 2 + j % 2');
  expect(printExpr(flatIndex(halves, [quotient(i, 3), remainder(i, 3)]))).toBe('i // 3 * 2 + i % 3');
});

test('the offset of a tensor is one constant with the constants of an index', () => {
  const next = apply('add', i, int(3));
  expect(printExpr(offsetIndex(i, 0))).toBe('i');
  expect(printExpr(offsetIndex(i, 7))).toBe('i + 7');
  expect(printExpr(offsetIndex(next, 7))).toBe('i + 10');
  expect(printExpr(offsetIndex(next, -3))).toBe('i');
  expect(printExpr(offsetIndex(apply('sub', i, int(9)), 7))).toBe('i - 2');
  expect(printExpr(offsetIndex(int(3), 7))).toBe('10');
  expect(printExpr(offsetIndex(apply('mul', i, int(3)), 7))).toBe('i * 3 + 7');
});
