import type { DimLike, Tensor } from '../../../graph/index.ts';
import { broadcastShapes, sameShape } from '../../../graph/shape.ts';
import { type Dim, sameDim } from '../../../loops/size.ts';
import type { NodeContext } from '../context.ts';
import type { Operators } from './operator.ts';

/** More parts, or repeats, than a graph is given. */
const MOST_PARTS = 1024;

/** Elements at other places, in order. */
export const movement = {
  Identity: { since: 1, moves: 'all', import: (ctx) => ctx.value(0) },
  Reshape: {
    since: 1,
    moves: 'first',
    import: (ctx) => {
      const given: readonly Dim[] = ctx.opset < 5 ? (ctx.ints('shape') ?? []) : ctx.elements(1, 'the shape');
      return reshaped(ctx, ctx.tensor(0), given);
    },
  },
  Flatten: {
    since: 1,
    moves: 'first',
    import: (ctx) => {
      const x = ctx.tensor(0);
      const rank = x.shape.length;
      const given = ctx.int('axis', 1);
      const axis = given === rank ? rank : ctx.axis(given, Math.max(rank, 1));
      if (axis === 1 && rank > 1) return rank === 2 ? x : x.flatten(1);
      if (axis === 0) return x.reshape([1, -1]);
      return x.reshape([merged(ctx, x.shape.slice(0, axis)), merged(ctx, x.shape.slice(axis))]);
    },
  },
  Squeeze: {
    since: 1,
    moves: 'first',
    import: (ctx) => {
      const x = ctx.tensor(0);
      const given = ctx.listed('axes', 1);
      if (given === undefined || given.length === 0) return x.squeeze();
      const axes = given.map((axis) => ctx.axis(axis, x.shape.length));
      return x.squeeze(axes.length === 1 ? axes[0] : axes);
    },
  },
  Unsqueeze: {
    since: 1,
    moves: 'first',
    import: (ctx) => {
      const x = ctx.tensor(0);
      const given = ctx.listed('axes', 1) ?? ctx.fail('axes are missing');
      const rank = x.shape.length + given.length;
      const axes = given.map((axis) => ctx.axis(axis, rank)).sort((a, b) => a - b);
      if (new Set(axes).size < axes.length) return ctx.fail(`an axis stands twice in [${axes.join(', ')}]`);
      return axes.reduce((y, axis) => y.expandDims(axis), x);
    },
  },
  Transpose: {
    since: 1,
    moves: 'first',
    import: (ctx) => {
      const x = ctx.tensor(0);
      const rank = x.shape.length;
      const order = ctx.ints('perm') ?? Array.from({ length: rank }, (_, k) => rank - 1 - k);
      return permuted(x, order);
    },
  },
  Expand: {
    since: 8,
    moves: 'first',
    import: (ctx) => {
      const x = ctx.tensor(0);
      return spread(x, broadcastShapes('Expand', x.shape, ctx.elements(1, 'the shape')));
    },
  },
  Tile: {
    since: 6,
    moves: 'first',
    import: (ctx) => {
      const x = ctx.tensor(0);
      const repeats = ctx.numbers(1, 'repeats');
      return repeats.every((n) => n === 1) ? x : x.tile(repeats);
    },
  },
  Slice: { since: 1, moves: 'first', import: (ctx) => slice(ctx) },
  Concat: {
    since: 4,
    moves: 'all',
    import: (ctx) => {
      const tensors = ctx.tensors();
      const [first] = tensors;
      const rank = first?.shape.length ?? 0;
      if (first === undefined || rank === 0) return ctx.fail('takes operands with axes');
      const axis = ctx.axis(ctx.int('axis'), rank);
      return tensors.length === 1 ? first : ctx.s.concat(tensors, axis);
    },
  },
  Split: {
    since: 2,
    moves: 'first',
    import: (ctx) => {
      const x = ctx.tensor(0);
      const axis = ctx.axis(ctx.int('axis', 0), x.shape.length);
      const parts = ctx.node.outputs.length;
      const given = ctx.listed('split', 1);
      const extent = ctx.extent(0, axis);
      const size = Math.ceil(extent / parts);
      // A last part that is shorter came with num_outputs.
      if (given === undefined && ctx.opset < 18 && extent % parts !== 0)
        return ctx.fail(`${parts} outputs do not divide axis ${axis}, which is ${extent}`);
      if (given === undefined && parts === 1) return x;
      return given === undefined || given.every((n) => n > 0 && n * given.length === extent)
        ? x.split(given?.[0] ?? size, axis)
        : x.split(given, axis);
    },
  },
  Pad: { since: 1, import: (ctx) => pad(ctx) },
  Trilu: {
    since: 14,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const k = ctx.number(1, 'k', 0);
      const method = ctx.flag('upper', true) ? 'triu' : 'tril';
      return k === 0 ? x[method]() : x[method](k);
    },
  },
  DepthToSpace: {
    since: 1,
    moves: 'first',
    import: (ctx) => {
      const x = ctx.tensor(0);
      const [batch = 1, channels, height, width] = [x.shape[0], ...spatial(ctx)];
      const b = blockOf(ctx);
      const depth = channels / (b * b);
      if (!Number.isInteger(depth))
        return ctx.fail(`blocks of ${b} × ${b} do not divide ${channels} channels`);
      const isRowsFirst = ctx.text('mode', 'DCR') === 'DCR';
      const apart = isRowsFirst
        ? x.reshape([batch, b, b, depth, height, width]).permute([0, 3, 4, 1, 5, 2])
        : x.reshape([batch, depth, b, b, height, width]).permute([0, 1, 4, 2, 5, 3]);
      return apart.reshape([batch, depth, height * b, width * b]);
    },
  },
  SpaceToDepth: {
    since: 1,
    moves: 'first',
    import: (ctx) => {
      const x = ctx.tensor(0);
      const [batch = 1, channels, height, width] = [x.shape[0], ...spatial(ctx)];
      const b = blockOf(ctx);
      const [rows, columns] = [height / b, width / b];
      if (!Number.isInteger(rows) || !Number.isInteger(columns))
        return ctx.fail(`blocks of ${b} do not divide ${height} × ${width}`);
      const isBlocksFirst = ctx.text('mode', 'DCR') === 'DCR';
      return x
        .reshape([batch, channels, rows, b, columns, b])
        .permute(isBlocksFirst ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4])
        .reshape([batch, channels * b * b, rows, columns]);
    },
  },
  ReverseSequence: {
    since: 10,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const [time, batch] = [ctx.int('time_axis', 0), ctx.int('batch_axis', 1)];
      const lengths = ctx.tensor(1).reshape(x.shape.map((dim, k) => (k === batch ? dim : 1)));
      const at = x.iotaLike(time);
      const reversed = at.lt(lengths).where(lengths.sub(at).sub(1), at);
      return x.takeAlongAxis(reversed, time);
    },
  },
} satisfies Operators;

/** A reshape as ONNX's: 0 is the dimension that stands there, and -1 what is left. */
function reshaped(ctx: NodeContext, x: Tensor, given: readonly Dim[]): Tensor {
  const keepsZero = ctx.flag('allowzero');
  const dims = given.map((dim, k): Dim => {
    if (dim !== 0 || keepsZero) return dim;
    return x.shape[k] ?? ctx.fail(`the shape has a 0 at ${k}, where the operand has no axis`);
  });
  if (sameShape(x.shape, dims)) return x;
  // With -1 for the first dimension a bounded batch stays one.
  return x.reshape(dims);
}

/** The product of dimensions, of which one may be bounded. */
export function merged(ctx: NodeContext, dims: readonly Dim[]): Dim {
  return dims.reduce<Dim>((product, dim) => {
    if (typeof product === 'number' && typeof dim === 'number') return product * dim;
    if (typeof product === 'number' && typeof dim === 'object')
      return { size: dim.size, factor: dim.factor * product };
    if (typeof product === 'object' && typeof dim === 'number')
      return { size: product.size, factor: product.factor * dim };
    return ctx.refuse('two bounded sizes are multiplied');
  }, 1);
}

/** Axes in another order; the last two swapped is what people write. */
export function permuted(x: Tensor, order: readonly number[]): Tensor {
  const rank = order.length;
  const isSwap =
    rank >= 2 &&
    rank === x.shape.length &&
    order.every((axis, k) => axis === (k < rank - 2 ? k : k === rank - 2 ? rank - 1 : rank - 2));
  if (isSwap) return x.transpose();
  return order.every((axis, k) => axis === k) && rank === x.shape.length ? x : x.permute(order);
}

/** A tensor spread over a shape; itself where it has that. */
export function spread(x: Tensor, shape: readonly DimLike[]): Tensor {
  const dims = shape.map(
    (dim): Dim => (typeof dim === 'object' && 'max' in dim ? { size: dim, factor: 1 } : dim),
  );
  return sameShape(x.shape, dims) ? x : x.broadcastTo(shape);
}

function slice(ctx: NodeContext): Tensor {
  const x = ctx.tensor(0);
  const rank = x.shape.length;
  const isOld = ctx.opset < 10;
  const list = (name: string, k: number): readonly Dim[] | undefined => {
    if (isOld) return ctx.ints(name);
    return ctx.has(k) ? ctx.elements(k, name) : undefined;
  };
  const starts = list('starts', 1) ?? ctx.fail('starts are missing');
  const ends = list('ends', 2) ?? ctx.fail('ends are missing');
  const axes = (list('axes', 3) ?? starts.map((_, k) => k)).map((axis) => ctx.axis(Number(axis), rank));
  const steps = isOld ? undefined : list('steps', 4);
  const ranges = new Map(
    axes.map((axis, k) => [axis, [starts[k] ?? 0, ends[k] ?? 0, steps?.[k] ?? 1] as const]),
  );
  const from: (number | undefined)[] = [];
  const to: (number | undefined)[] = [];
  const by: (number | undefined)[] = [];
  for (const [axis, [start, end, step]] of ranges) {
    const dim = x.shape[axis] ?? 1;
    const extent = typeof dim === 'number' ? dim : Infinity;
    if (typeof step !== 'number' || typeof start !== 'number')
      return ctx.refuse('starts or steps are bounded sizes');
    // What reaches the end, whatever it is, is left open: only so a bounded axis is taken whole.
    const reaches =
      typeof end === 'object'
        ? sameDim(end, dim)
        : step > 0
          ? end >= Math.min(extent, 2 ** 31 - 1)
          : end < -extent;
    if (typeof end === 'object' && !reaches) return ctx.refuse('an end is a bounded size');
    const begins = step > 0 ? start === 0 || start < -extent : start >= extent - 1;
    from[axis] = begins ? undefined : start;
    to[axis] = reaches || typeof end === 'object' ? undefined : end;
    by[axis] = step === 1 ? undefined : step;
  }
  if (![from, to, by].some((own) => own.some((n) => n !== undefined))) return x;
  const whole = (own: readonly (number | undefined)[]): (number | undefined)[] =>
    Array.from({ length: own.length }, (_, k) => own[k]);
  const args = [whole(from), whole(to), whole(by)].map(withoutOpenEnds);
  const [a = [], b = [], c = []] = args;
  return c.length > 0 ? x.slice(a, b, c) : b.length > 0 ? x.slice(a, b) : x.slice(a);
}

function withoutOpenEnds(list: readonly (number | undefined)[]): (number | undefined)[] {
  return list.slice(0, list.findLastIndex((n) => n !== undefined) + 1);
}

function pad(ctx: NodeContext): Tensor {
  const x = ctx.tensor(0);
  const rank = x.shape.length;
  const pads = ctx.opset < 11 ? (ctx.ints('pads') ?? ctx.ints('paddings')) : ctx.numbers(1, 'pads');
  if (pads === undefined) return ctx.fail('pads are missing');
  const axes = (ctx.has(3) ? ctx.numbers(3, 'the axes') : x.shape.map((_, k) => k)).map((axis) =>
    ctx.axis(axis, rank),
  );
  if (pads.length !== 2 * axes.length) return ctx.fail(`${pads.length} pads of ${axes.length} axes`);
  const [low, high] = [x.shape.map(() => 0), x.shape.map(() => 0)];
  for (const [k, axis] of axes.entries()) {
    low[axis] = pads[k] ?? 0;
    high[axis] = pads[k + axes.length] ?? 0;
  }
  // Negative ones cut off.
  const isCut = [...low, ...high].some((n) => n < 0);
  const cut = isCut
    ? x.slice(
        low.map((n) => (n < 0 ? -n : undefined)),
        high.map((n) => (n < 0 ? n : undefined)),
      )
    : x;
  const [before, after] = [low, high].map((list) => list.map((n) => Math.max(n, 0)));
  if (before === undefined || after === undefined || ![...before, ...after].some((n) => n > 0)) return cut;
  const mode = ctx.text('mode', 'constant');
  switch (mode) {
    case 'constant': {
      const value = ctx.opset < 11 ? ctx.float('value', 0) : ctx.has(2) ? ctx.number(2, 'the value') : 0;
      return value === 0 ? cut.pad(before, after) : cut.pad(before, after, value);
    }
    case 'reflect':
      return cut.pad(before, after, { mode: 'reflect' });
    case 'edge':
      return cut.pad(before, after, { mode: 'replicate' });
    case 'wrap':
      return before.reduce((y, front, axis) => {
        const back = after[axis] ?? 0;
        if (front === 0 && back === 0) return y;
        const extent = ctx.extent(0, axis) + Math.min(low[axis] ?? 0, 0) + Math.min(high[axis] ?? 0, 0);
        if (extent === 0 || front + back > MOST_PARTS * extent) return ctx.fail('pads wrap too often');
        const at = Array.from(
          { length: front + extent + back },
          (_, k) => (((k - front) % extent) + extent) % extent,
        );
        return y.take(ctx.literal(at, [at.length], 'i32'), axis);
      }, cut);
    default:
      return ctx.refuse(`mode ${mode}`);
  }
}

function spatial(ctx: NodeContext): readonly [channels: number, height: number, width: number] {
  if (ctx.shape(0).length !== 4) return ctx.fail('takes [batch, channels, height, width]');
  return [ctx.extent(0, 1), ctx.extent(0, 2), ctx.extent(0, 3)];
}

function blockOf(ctx: NodeContext): number {
  const size = ctx.int('blocksize');
  return size >= 1 ? size : ctx.fail(`blocksize ${size}`);
}
