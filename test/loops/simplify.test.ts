import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Axis,
  accRef,
  apply,
  type Expr,
  paramRef,
  Ranges,
  type Tensor,
  ValueNumbers,
  varRef,
} from '../../src/loops/index.ts';
import { floatRules, indexRules, truthRules } from '../../src/loops/rules.ts';
import { simplifier, simplify } from '../../src/loops/simplify.ts';
import { parseExpr, printExpr } from '../../src/loops/text.ts';
import { assignments, evaluate, indices, treeSize, values } from './expressions.ts';

function simplified(text: string, extents: Record<string, number>): string {
  const axes = new Map(
    Object.entries(extents).map(([name, extent]): [string, Axis] => [name, { name, extent }]),
  );
  const tensors = new Map<string, Tensor>([
    ['x', { name: 'x', shape: [8], dtype: 'f32', role: 'input' }],
    ['n', { name: 'n', shape: [], dtype: 'i32', role: 'input' }],
  ]);
  return printExpr(simplify(parseExpr(text, { axes, tensors })));
}

describe('index expressions', () => {
  const cases: readonly [name: string, text: string, extents: Record<string, number>, result: string][] = [
    ['a reshape and back', '(i * 28 + j) // 28 * 28 + (i * 28 + j) % 28', { i: 28, j: 28 }, 'i * 28 + j'],
    ['a quotient by the row length', '(i * 784 + j) // 784', { i: 128, j: 784 }, 'i'],
    ['a remainder by the row length', '(i * 784 + j) % 784', { i: 128, j: 784 }, 'j'],
    ['a flattened image', '(i * 784 + j * 28 + k) // 28 % 28', { i: 4, j: 28, k: 28 }, 'j'],
    ['quotient and remainder of one number', 'i // 7 * 7 + i % 7', { i: 100 }, 'i'],
    ['three digits put together', 'i // 784 * 784 + i // 28 % 28 * 28 + i % 28', { i: 10000 }, 'i'],
    ['a number less its multiple', 'i - i // 8 * 8', { i: 100 }, 'i % 8'],
    ['digits at a remainder below a common factor', '(i * 4 + j) // 8', { i: 64, j: 4 }, 'i // 2'],
    ['a remainder that is never reached', 'i % 8', { i: 8 }, 'i'],
    ['a quotient that is decided by a shift', '(i * 8 + j - 1) // 8', { i: 8, j: 1 }, 'i - 1'],
    ['a product with zero', 'i * 0 + j', { i: 8, j: 4 }, 'j'],
    ['terms that cancel', 'i + j - i', { i: 8, j: 4 }, 'j'],
    ['an axis of one element', 'i + j', { i: 1, j: 4 }, 'j'],
    ['a minimum decided by ranges', 'min(i, 7)', { i: 8 }, 'i'],
    ['a clamp that never acts', 'max(0, min(i, 7))', { i: 8 }, 'i'],
    ['a comparison decided by ranges', 'select(i < 8, i, 0)', { i: 8 }, 'i'],
    ['a guard against itself', 'select(0 <= i - 1, max(i - 1, 0), 0)', { i: 8 }, 'select(1 <= i, i - 1, 0)'],
    ['a guard that implies another', 'i < 4 && i < 6', { i: 8 }, 'i < 4'],
    [
      'guards that others imply',
      'i < 4 && j < 2 && (i < 6 && j < 3) && i < 4',
      { i: 8, j: 8 },
      'i < 4 && j < 2',
    ],
    ['guards that leave one value', 'i < 4 || j < 2 || 4 <= i', { i: 8, j: 8 }, 'true'],
    ['a guard under a quotient', 'i // 4 < 3', { i: 100 }, 'i < 12'],
    ['a comparison with a factor', 'i * 4 + 1 <= 12', { i: 100 }, 'i <= 2'],
    ['a divisibility that cannot hold', 'i * 4 == j * 2 + 1', { i: 9, j: 9 }, 'false'],
    ['the index of a load', 'x[(i * 4 + j) % 8]', { i: 2, j: 4 }, 'x[i * 4 + j]'],
  ];
  for (const [name, text, extents, result] of cases) {
    it(`simplify ${name}: ${text}`, () => {
      expect(simplified(text, extents)).toBe(result);
    });
  }

  it('leaves a quotient alone where signs differ', () => {
    expect(simplified('(n[] * 4 + i) // 8', { i: 4 })).toBe('(n[] * 4 + i) // 8');
    expect(simplified('(i * 8 - j) // 8', { i: 4, j: 4 })).not.toBe('i');
  });

  it('keep their value and their size for every assignment, and do not change twice', () => {
    const all = assignments();
    fc.assert(
      fc.property(indices, (expr) => {
        const result = simplify(expr);
        expect(treeSize(result)).toBeLessThanOrEqual(treeSize(expr));
        expect(simplify(result)).toBe(result);
        for (const at of all) expect(evaluate(result, at)).toBe(evaluate(expr, at));
      }),
      { numRuns: 1500, seed: 7 },
    );
  });
});

describe('float expressions', () => {
  it('keep their value bit for bit, NaN and signs of zero included, and do not change twice', () => {
    const all = assignments().slice(0, 24);
    fc.assert(
      fc.property(values, (expr) => {
        const result = simplify(expr);
        expect(treeSize(result)).toBeLessThanOrEqual(treeSize(expr));
        expect(simplify(result)).toBe(result);
        for (const at of all) expect(evaluate(result, at)).toBe(evaluate(expr, at));
      }),
      { numRuns: 1000, seed: 7 },
    );
  });

  it('do not lose an infinity times zero, nor the sign of a zero', () => {
    expect(simplified('x[i] * 0.0', { i: 8 })).toBe('x[i] * 0.0');
    expect(simplified('x[i] + 0.0', { i: 8 })).toBe('x[i] + 0.0');
    expect(simplified('x[i] - x[i]', { i: 8 })).toBe('x[i] - x[i]');
  });

  it('fold constants in float32', () => {
    expect(simplified('x[0] + (0.1 + 0.2)', {})).toBe('x[0] + 0.3f');
  });
});

describe('an expression that is simple', () => {
  it('is the same object afterwards, with its shared parts', () => {
    const i = new Map<string, Axis>([['i', { name: 'i', extent: 8 }]]);
    const expr = parseExpr('select(i < 4, i * 2 + 1, i // 3)', { axes: i });
    expect(simplify(expr)).toBe(expr);
  });

  it('is one object, however often it is put together again', () => {
    const axes = new Map<string, Axis>([['i', { name: 'i', extent: 8 }]]);
    const simple = simplifier();
    const first = simple(parseExpr('i * 2 + i', { axes }));
    expect(printExpr(first)).toBe('i * 3');
    expect(simple(parseExpr('i * 2 + i', { axes }))).toBe(first);
  });

  it('takes what is known of expressions from ranges that others share', () => {
    const axes = new Map<string, Axis>([['i', { name: 'i', extent: 8 }]]);
    const ranges = new Ranges((leaf) => (leaf.kind === 'axis' ? { low: 0, high: 3 } : undefined));
    expect(printExpr(simplify(parseExpr('i // 4', { axes }), { ranges }))).toBe('0');
  });

  it('takes the ranges of variables from the caller', () => {
    const expr = parseExpr('(v * 4 + 3) // 4', { other: (name) => ({ kind: 'var', name, dtype: 'i32' }) });
    expect(printExpr(simplify(expr, { range: () => ({ low: 0, high: 9 }) }))).toBe('@v:i32');
    expect(simplify(expr)).toBe(expr);
  });
});

it('A hundred nested choices over one guard are simplified in a moment', () => {
  const axes = new Map(['i', 'j'].map((name): [string, Axis] => [name, { name, extent: 64 }]));
  let expr = parseExpr('i', { axes });
  for (let n = 0; n < 100; n++) {
    const other = (name: string): Expr | undefined => (name === 'e' ? expr : undefined);
    expr = parseExpr(`select(i + ${n} < j, e + ${n}, e - j)`, { axes, other });
  }
  expect(simplify(expr).dtype).toBe('i32');
});

describe('rewrite rules', () => {
  const axes = new Map(['i', 'j'].map((name): [string, Axis] => [name, { name, extent: 32 }]));
  const scalar = (name: string, dtype: Tensor['dtype']): [string, Tensor] => [
    name,
    { name, shape: [], dtype, role: 'input' },
  ];
  const tensors = new Map([scalar('x', 'f32'), scalar('y', 'f32'), scalar('b', 'bool'), scalar('c', 'bool')]);
  for (const rule of [...indexRules, ...floatRules, ...truthRules]) {
    it(`${rule.name}: ${rule.left} = ${rule.right}`, () => {
      const [before, after] = rule.example.map((text) => parseExpr(text, { axes, tensors }));
      if (before === undefined || after === undefined) throw new Error('an example has two sides');
      expect(printExpr(simplify(before))).toBe(printExpr(after));
      expect(new ValueNumbers().same(before, after)).toBe(false);
    });
  }
});

describe('numbers of values', () => {
  it('tell variables, accumulators and scalars of one name apart by their types', () => {
    const numbers = new ValueNumbers();
    const typed = (dtype: 'f32' | 'i32'): Expr[] => [
      varRef('x', dtype),
      accRef(0, 0, dtype),
      paramRef({ name: 'x', dtype, initial: 0 }),
    ];
    const all = [...typed('f32'), ...typed('i32')].map((expr) => numbers.of(apply('eq', expr, expr)));
    expect(new Set(all).size).toBe(6);
    expect(numbers.same(varRef('x', 'f32'), varRef('x', 'f32'))).toBe(true);
  });
});
