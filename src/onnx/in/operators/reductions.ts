import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext } from '../context.ts';
import { elem } from '../elementTypes.ts';
import { integerOf } from './elementwise.ts';
import type { Operators } from './operator.ts';

interface Axes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

type Method = 'sum' | 'mean' | 'prod' | 'max' | 'min' | 'logSumExp';

/**
 * A reduction.
 *
 * @param since  the version in which its axes became an operand
 * @param reduce of the tensor and axes, at least one
 */
const reduction = (
  since: number,
  reduce: (
    x: Tensor,
    options: readonly [axes: number | number[] | undefined, keep?: { keepDims: true }],
    ctx: NodeContext,
  ) => Tensor,
  none: (x: Tensor) => Tensor = (x) => x,
): Operators[string] => ({
  since: 1,
  import: (ctx) => {
    const x = ctx.tensor(0);
    const chosen = axesOf(ctx, x, since);
    if (chosen === undefined) return none(x);
    const { axes, keepDims } = chosen;
    if (axes.length === 0) return none(x);
    const [only] = axes;
    const own =
      axes.length === x.shape.length && !keepDims ? undefined : axes.length === 1 ? only : [...axes];
    return reduce(x, keepDims ? [own, { keepDims: true }] : [own], ctx);
  },
});

/** The axes of a reduction; undefined where it is of none. */
function axesOf(ctx: NodeContext, x: Tensor, since: number): Axes | undefined {
  const rank = x.shape.length;
  const given = ctx.opset < since ? ctx.ints('axes') : ctx.listed('axes', 1);
  const keepDims = ctx.flag('keepdims', true);
  if ((given === undefined || given.length === 0) && ctx.flag('noop_with_empty_axes')) return undefined;
  const axes =
    given === undefined || given.length === 0
      ? Array.from({ length: rank }, (_, k) => k)
      : given.map((axis) => ctx.axis(axis, rank));
  return { axes: axes.sort((a, b) => a - b), keepDims };
}

const plain = (method: Method, since: number): Operators[string] =>
  reduction(since, (x, options) => x[method](...options));

/** An extremum, of nothing what no element lies beyond. */
const extremum = (method: 'max' | 'min', ofNothing: number): Operators[string] =>
  reduction(18, (x, [axes, keep], ctx) => {
    if (x.dtype === 'bool') return method === 'max' ? x.any(axes, keep) : x.all(axes, keep);
    const reduced = axes === undefined ? x.shape.map((_, k) => k) : [axes].flat();
    if (!reduced.some((axis) => x.shape[axis] === 0)) return x[method](axes, keep);
    const shape = x.shape.flatMap((dim, k) => (!reduced.includes(k) ? [dim] : keep === undefined ? [] : [1]));
    const words = x.dtype === 'u32' ? ([0, 2 ** 32 - 1] as const) : ([-(2 ** 31), 2 ** 31 - 1] as const);
    const [least, most] = ctx.type(0).narrow ?? words;
    return ctx.filled(0, shape, x.dtype === 'f32' ? ofNothing : method === 'max' ? least : most);
  });

/** Where the extremum is, the first of equal ones or the last. */
const place = (method: 'argmax' | 'argmin'): Operators[string] => ({
  since: 1,
  import: (ctx) => {
    const x = ctx.tensor(0);
    const axis = ctx.axis(ctx.int('axis', 0), x.shape.length);
    const keep = ctx.flag('keepdims', true) ? ({ keepDims: true } as const) : undefined;
    if (!ctx.flag('select_last_index')) return ctx.typed(x[method](axis, keep), elem.int64);
    const fromEnd = x.flip(axis)[method](axis, keep);
    return ctx.typed(fromEnd.neg().add(ctx.extent(0, axis) - 1), elem.int64);
  },
});

/** Reductions along axes, and scans. */
export const reductions = {
  ReduceSum: plain('sum', 13),
  ReduceMean: reduction(18, (x, options) =>
    x.dtype === 'f32'
      ? x.mean(...options)
      : x
          .cast('f32')
          .mean(...options)
          .cast(integerOf(x)),
  ),
  ReduceProd: plain('prod', 18),
  ReduceMax: extremum('max', -Infinity),
  ReduceMin: extremum('min', Infinity),
  ReduceLogSumExp: plain('logSumExp', 18),
  ReduceLogSum: reduction(
    18,
    (x, options) => x.sum(...options).log(),
    (x) => x.log(),
  ),
  ReduceSumSquare: reduction(
    18,
    (x, options) => x.square().sum(...options),
    (x) => x.square(),
  ),
  ReduceL1: reduction(
    18,
    (x, options) => x.abs().sum(...options),
    (x) => x.abs(),
  ),
  ReduceL2: reduction(
    18,
    (x, options) => x.norm(2, ...options),
    (x) => x.abs(),
  ),
  ArgMax: place('argmax'),
  ArgMin: place('argmin'),
  CumSum: {
    since: 11,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const axis = ctx.axis(ctx.number(1, 'the axis'), x.shape.length);
      const [exclusive, reverse] = [ctx.flag('exclusive'), ctx.flag('reverse')];
      if (!exclusive && !reverse) return x.cumsum(axis);
      return x.cumsum(axis, { ...(exclusive ? { exclusive } : {}), ...(reverse ? { reverse } : {}) });
    },
  },
  CumProd: {
    since: 26,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const axis = ctx.axis(ctx.number(1, 'the axis'), x.shape.length);
      return x.cumprod(axis, { exclusive: ctx.flag('exclusive'), reverse: ctx.flag('reverse') });
    },
  },
  TopK: {
    since: 1,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const k = ctx.opset < 10 ? ctx.int('k') : ctx.number(1, 'k');
      const axis = ctx.axis(ctx.int('axis', -1), x.shape.length);
      const largest = ctx.flag('largest', true);
      const { values, indices } = largest ? x.topK(k, axis) : x.topK(k, axis, { largest });
      return [values, ctx.typed(indices, elem.int64)];
    },
  },
} satisfies Operators;
