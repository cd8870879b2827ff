import { describe, expect, it } from 'vitest';
import type { Loop } from '../../src/loops/index.ts';
import { apply, axisRef, constant, float, int, load, varRef } from '../../src/loops/index.ts';
import { parseLoops } from '../../src/loops/text.ts';
import { LoopError, type LoopRule, verifyLoops } from '../../src/loops/verify.ts';

const declarations = `tensor x: f32[8] input
tensor m: f32[8, 4] input
tensor n: i32[8] input
tensor y: f32[8] temp
tensor z: f32[] result
tensor p: f32[10] temp
`;

function errorOf(loops: readonly Loop[]): LoopError | undefined {
  try {
    verifyLoops(loops);
    return undefined;
  } catch (error) {
    if (error instanceof LoopError) return error;
    throw error;
  }
}

describe('loops in order', () => {
  const cases: readonly [name: string, text: string][] = [
    ['a reduction', 'loop y(i: 8) reduce(k: 4):\n  r0 = sum(m[i, k])\n  y[i] = r0.0 * x[i]\n'],
    ['two loops', 'loop y(i: 8):\n  y[i] = x[i]\nloop z() reduce(k: 8):\n  r0 = max(y[k])\n  z[] = r0.0\n'],
    ['padding under a guard', 'loop p(i: 10):\n  p[i] = select(0 <= i - 1 && i - 1 < 8, x[i - 1], 0.0)\n'],
    [
      'a guard in two nestings',
      'loop p(i: 10):\n  p[i] = select(i < 1, 0.0, select(i < 9, x[i - 1], 0.0))\n',
    ],
    ['a gather', 'loop y(i: 8):\n  y[i] = x[n[i]]\n'],
    ['a guard of data', 'loop p(i: 10):\n  p[i] = select(n[min(i, 7)] == i && i < 8, x[i], 0.0)\n'],
    ['an index that folds back', 'loop y(i: 8):\n  y[i] = m[i // 4 * 4 + i % 4, i % 4]\n'],
    ['an owner at the first tile', 'loop y(i: 8, j: 3):\n  y[i] = x[i]\n'],
  ];
  for (const [name, text] of cases) {
    it(`pass: ${name}`, () => {
      expect(errorOf(parseLoops(declarations + text))).toBeUndefined();
    });
  }
});

describe('loops that break a rule', () => {
  const cases: readonly [rule: LoopRule, message: string, text: string][] = [
    [
      'bounds',
      'loop y: x[i + 1]: index 0 is 8 at i = 7, not in 0..7 (bounds)',
      'loop y(i: 8):\n  y[i] = x[i + 1]\n',
    ],
    [
      'bounds',
      'loop p: x[i - 1]: index 0 is -1 at i = 0, not in 0..7 (bounds)',
      'loop p(i: 10):\n  p[i] = select(i - 1 < 8, x[i - 1], 0.0)\n',
    ],
    ['bounds', 'loop y: x[9]: index 0 is 9, not in 0..7 (bounds)', 'loop y(i: 8):\n  y[i] = x[9]\n'],
    [
      'bounds',
      'loop y: w[i, i // 2]: index 1 is 4 at i = 8, not in 0..3 (bounds)',
      'tensor q: f32[9] temp\ntensor w: f32[9, 4] input\nloop y(i: 9):\n  q[i] = w[i, i // 2]\n',
    ],
    [
      'order',
      'loop z: reads y, which no earlier loop writes (order)',
      'loop z() reduce(k: 8):\n  r0 = sum(y[k])\n  z[] = r0.0\n',
    ],
    [
      'order',
      'loop y: reads y, which no earlier loop writes (order)',
      'loop y(i: 8):\n  y[i] = y[i] + 1.0\n',
    ],
    ['outputs', 'loop y: writes x, a tensor of role input (outputs)', 'loop y(i: 8):\n  x[i] = 1.0\n'],
    [
      'outputs',
      'loop b: writes y a second time (outputs)',
      'loop a(i: 8):\n  y[i] = 1.0\nloop b(i: 8):\n  y[i] = 2.0\n',
    ],
    [
      'outputs',
      'loop y: output y has the extent 8 in dimension 0, and its axis i 7 (outputs)',
      'loop y(i: 7):\n  y[i] = 1.0\n',
    ],
    ['outputs', 'loop y: has no output (outputs)', 'loop y(i: 8):\n'],
    ['types', 'loop y: output y is f32, and its value i32 (types)', 'loop y(i: 8):\n  y[i] = i\n'],
    ['types', 'loop y: x[i] // x[i]: idiv of f32 (types)', 'loop y(i: 8):\n  y[i] = x[i] // x[i]\n'],
    ['types', 'loop y: x[f32(i)]: an index is not i32 (types)', 'loop y(i: 8):\n  y[i] = x[f32(i)]\n'],
    [
      'types',
      'loop y: moments of i32 (types)',
      'loop y(i: 8) reduce(k: 8):\n  r0 = moments(n[k])\n  y[i] = r0.1\n',
    ],
    [
      'axes',
      'loop y: output y uses axis k; it may use i (axes)',
      'loop y(i: 8) reduce(k: 8):\n  r0 = sum(x[k])\n  y[i] = r0.0 + x[k]\n',
    ],
    [
      'axes',
      'loop y: an accumulator of y uses axis j; it may use i, k (axes)',
      'loop y(i: 8, j: 4) reduce(k: 8):\n  r0 = sum(m[k, j])\n  y[i] = r0.0\n',
    ],
    [
      'types',
      'loop y: moments of f32 has parts of f32, f32, f32, f32; its body is of f32, f32 (types)',
      'loop y(i: 8) reduce(k: 8):\n  r0 = moments(parts(x[k], x[i]))\n  y[i] = r0.3\n',
    ],
    [
      'types',
      'loop y: sum of f32 has one part, an element; its body is of f32 (types)',
      'loop y(i: 8) reduce(k: 8):\n  r0 = sum(parts(x[k]))\n  y[i] = r0.0\n',
    ],
    [
      'types',
      'loop y: parts(x[i], 1.0): parts of a reduction stand alone as its body (types)',
      'loop y(i: 8):\n  y[i] = parts(x[i], 1.0)\n',
    ],
    [
      'reductions',
      'loop y: has reduction axes, but reduces nothing (reductions)',
      'loop y(i: 8) reduce(k: 8):\n  y[i] = 1.0\n',
    ],
  ];
  for (const [rule, message, text] of cases) {
    it(`are refused: ${message}`, () => {
      const error = errorOf(parseLoops(declarations + text));
      expect(error?.message).toBe(message);
      expect(error?.rule).toBe(rule);
    });
  }

  it('are refused where only a tree, and no text, can break the rule', () => {
    const [loop] = parseLoops(`${declarations}loop y(i: 8) reduce(k: 8):\n  r0 = sum(x[k])\n  y[i] = r0.0\n`);
    const [axis] = loop?.axes ?? [];
    const [out] = loop?.outs ?? [];
    if (loop === undefined || axis === undefined || out === undefined) throw new Error('no loop');
    const withValue = (value: Loop['outs'][number]['value']): string | undefined =>
      errorOf([{ ...loop, outs: [{ ...out, value }] }])?.message;
    const acc = { kind: 'acc', reduction: 0, part: 1, dtype: 'f32' } as const;
    expect(withValue(acc)).toBe('loop y: r0.1: the loop has no such accumulator (accumulators)');
    expect(withValue(varRef('v', 'f32'))).toBe('loop y: @v:f32: a variable of a kernel (types)');
    expect(withValue(constant(1.5, 'i32'))).toBe('loop y: 1.5: 1.5 is no i32 (types)');
    expect(errorOf([{ ...loop, reductions: [{ monoid: 'sum', body: acc }] }])?.rule).toBe('accumulators');
    expect(errorOf([{ ...loop, axes: [axis, axis] }])?.rule).toBe('axes');
    const beyond = load(out.tensor, [apply('add', axisRef(axis), int(0))]);
    expect(
      errorOf([{ ...loop, reductions: [], reduceAxes: [], outs: [{ ...out, value: beyond }] }])?.rule,
    ).toBe('order');
    expect(withValue({ ...apply('add', float(1), float(2)), dtype: 'i32' })).toBe(
      'loop y: 1.0 + 2.0: gives f32, typed i32 (types)',
    );
  });

  it('say at which line of the model they came from', () => {
    const [loop] = parseLoops(
      `${declarations}loop y(i: 8):\n  y[i] = x[i + 1]\n  from "slice" at "model.ts:3"\n`,
    );
    expect(errorOf(loop === undefined ? [] : [loop])?.message).toContain('(bounds)  at model.ts:3');
  });
});
