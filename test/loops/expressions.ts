import fc from 'fast-check';
import {
  type Axis,
  apply,
  applyScalar,
  axisRef,
  cast,
  childrenOf,
  constant,
  type Dtype,
  type Expr,
  int,
  liveExtent,
  load,
  paramRef,
  type Size,
  type Tensor,
  varRef,
} from '../../src/loops/index.ts';

/** Leaves of the expressions that the tests draw. */
export const axes: readonly [Axis, Axis, Axis] = [
  { name: 'i', extent: 6 },
  { name: 'j', extent: 4 },
  { name: 'k', extent: 3 },
];
export const size: Size = { name: 'batch', max: 5 };
export const table: Tensor = { name: 'table', shape: [7], dtype: 'i32', role: 'constant' };
export const floats: Tensor = { name: 'x', shape: [4, 3], dtype: 'f32', role: 'input' };
const rate = { name: 'lr', dtype: 'f32', initial: 0.1 } as const;

/** An assignment to the leaves above. */
export interface Assignment {
  readonly axes: ReadonlyMap<Axis, number>;
  readonly live: number;
  readonly float32?: boolean;
}

/** Every assignment of the axes and of the live extent. */
export function assignments(): Assignment[] {
  const all: Assignment[] = [];
  const [i, j, k] = axes;
  for (let a = 0; a < i.extent; a++) {
    for (let b = 0; b < j.extent; b++) {
      for (let c = 0; c < k.extent; c++) {
        all.push({
          axes: new Map([
            [i, a],
            [j, b],
            [k, c],
          ]),
          live: (a * 5 + b * 3 + c) % (size.max + 1),
        });
      }
    }
  }
  return all;
}

/** The value of an expression, by recursion; `table[n]` is `n * 3 - 8`, wrapped around out of range. */
export function evaluate(expr: Expr, at: Assignment): number {
  switch (expr.kind) {
    case 'const':
      return expr.dtype === 'f32' ? Math.fround(expr.value) : expr.value;
    case 'axis':
      return at.axes.get(expr.axis) ?? Number.NaN;
    case 'live':
      return at.live;
    case 'param':
      return Math.fround(expr.param.initial);
    case 'parts':
      return Number.NaN;
    case 'var':
    case 'acc':
      return expr.dtype === 'f32'
        ? ([-0, 1.5, Number.NaN, -Infinity, Math.fround(3e-39)][at.live % 5] ?? 0)
        : at.live - 2;
    case 'load': {
      const [n = 0, m = 0] = expr.at.map((e) => evaluate(e, at));
      return expr.tensor === table
        ? n * 3 - 8
        : ([0, -0, 1, -2.5, Infinity, Number.NaN][(n * 2 + m + at.live) % 6] ?? 7);
    }
    case 'apply': {
      if (expr.op === 'select') {
        const [c, x, y] = expr.args as [Expr, Expr, Expr];
        return evaluate(evaluate(c, at) !== 0 ? x : y, at);
      }
      return applyScalar(
        expr.op,
        expr.args.map((arg) => evaluate(arg, at)),
        expr.dtype,
        true,
      );
    }
    default:
      return expr satisfies never;
  }
}

/** Nodes of an expression as a tree. */
export function treeSize(expr: Expr): number {
  const children = childrenOf(expr);
  return children.reduce((n, child) => n + treeSize(child), 1);
}

const leaf: fc.Arbitrary<Expr> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...axes).map(axisRef) },
  { weight: 4, arbitrary: fc.constantFrom(0, 1, 2, 3, 4, 6, 8, 12, -1, -3, -8).map(int) },
  { weight: 1, arbitrary: fc.constant(liveExtent(size)) },
);

/** Expressions of i32 and of bool over the axes, the live extent and a table. */
export const indices: fc.Arbitrary<Expr> = fc.letrec<{ index: Expr; truth: Expr }>((tie) => {
  const index = tie('index');
  const truth = tie('truth');
  const divisor = fc.constantFrom(1, 2, 3, 4, 6, 12).map(int);
  return {
    index: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      leaf,
      fc.tuple(index, index).map(([a, b]) => apply('add', a, b)),
      fc.tuple(index, index).map(([a, b]) => apply('sub', a, b)),
      fc.tuple(index, fc.constantFrom(2, 3, 4, 12, -1, -2, 0).map(int)).map(([a, b]) => apply('mul', a, b)),
      fc.tuple(index, index).map(([a, b]) => apply('mul', a, b)),
      fc.tuple(index, divisor).map(([a, b]) => apply('idiv', a, b)),
      fc.tuple(index, divisor).map(([a, b]) => apply('mod', a, b)),
      fc.tuple(index, index).map(([a, b]) => apply('min', a, b)),
      fc.tuple(index, index).map(([a, b]) => apply('max', a, b)),
      fc
        .constantFrom('neg' as const, 'abs' as const, 'relu' as const)
        .chain((op) => index.map((a) => apply(op, a))),
      fc.tuple(truth, index, index).map(([c, a, b]) => apply('select', c, a, b)),
      truth.map((c) => cast(c, 'i32')),
      index.map((a) => load(table, [a])),
    ),
    truth: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.boolean().map((b) => constant(Number(b), 'bool')),
      fc
        .tuple(fc.constantFrom('lt' as const, 'le' as const, 'eq' as const, 'ne' as const), index, index)
        .map(([op, a, b]) => apply(op, a, b)),
      fc
        .tuple(fc.constantFrom('and' as const, 'or' as const), truth, truth)
        .map(([op, a, b]) => apply(op, a, b)),
      truth.map((c) => apply('not', c)),
      index.map((a) => cast(a, 'bool')),
    ),
  };
}).index;

const floatConstants = fc.constantFrom(
  0,
  -0,
  1,
  -1,
  2,
  0.25,
  0.1,
  Math.fround(0.1),
  Infinity,
  -Infinity,
  Number.NaN,
  1e-45,
  3.4e38,
);

/** Expressions of f32 over loads, a variable, a parameter and constants of every kind. */
export const values: fc.Arbitrary<Expr> = fc.letrec<{ value: Expr; truth: Expr }>((tie) => {
  const value = tie('value');
  const truth = tie('truth');
  return {
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      floatConstants.map((x) => constant(x, 'f32')),
      fc.constant(load(floats, [axisRef(axes[1]), axisRef(axes[2])])),
      fc.constant(varRef('v', 'f32')),
      fc.constant(paramRef(rate)),
      indices.map((e) => cast(e, 'f32')),
      fc
        .tuple(
          fc.constantFrom(
            'add' as const,
            'sub' as const,
            'mul' as const,
            'div' as const,
            'min' as const,
            'max' as const,
          ),
          value,
          value,
        )
        .map(([op, a, b]) => apply(op, a, b)),
      fc
        .tuple(
          fc.constantFrom(
            'neg' as const,
            'abs' as const,
            'relu' as const,
            'exp' as const,
            'floor' as const,
            'sqrt' as const,
          ),
          value,
        )
        .map(([op, a]) => apply(op, a)),
      fc.tuple(truth, value, value).map(([c, a, b]) => apply('select', c, a, b)),
    ),
    truth: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc
        .tuple(fc.constantFrom('lt' as const, 'le' as const, 'eq' as const, 'ne' as const), value, value)
        .map(([op, a, b]) => apply(op, a, b)),
      fc.tuple(truth, truth).map(([a, b]) => apply('and', a, b)),
      truth.map((c) => apply('not', c)),
      value.map((a) => apply('isNan', a)),
      fc.constant(cast(varRef('b', 'u32'), 'bool' as Dtype)),
    ),
  };
}).value;
