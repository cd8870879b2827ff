import { expect, it } from 'vitest';
import { depthOf, hasMoreNodes } from '../../src/loops/complexity.ts';
import { apply, type Expr, float } from '../../src/loops/index.ts';

/** `1 + 1 + …`, so many additions deep; to itself where `doubled`. */
function sum(additions: number, doubled = false): Expr {
  let expr: Expr = float(1);
  for (let k = 0; k < additions; k++) expr = apply('add', expr, doubled ? expr : float(k));
  return expr;
}

it('says how deep an expression is, however deep', () => {
  expect(depthOf(float(1))).toBe(1);
  expect(depthOf(sum(3))).toBe(4);
  expect(depthOf(sum(20_000))).toBe(20_001);
});

it('counts shared nodes once, and looks no further than it must', () => {
  expect(hasMoreNodes([sum(20_000)], 40_000)).toBe(true);
  expect(hasMoreNodes([sum(20_000)], 40_001)).toBe(false);
  expect(hasMoreNodes([sum(1000, true)], 1001)).toBe(false);
  expect(hasMoreNodes([sum(1000, true)], 1000)).toBe(true);
  const shared = sum(10);
  expect(hasMoreNodes([shared, shared], 21)).toBe(false);
});
