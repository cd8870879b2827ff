import type { ScatterReduction } from '../../../graph/composed/writes.ts';
import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext } from '../context.ts';
import { elem } from '../elementTypes.ts';
import { isNumeric } from '../value.ts';
import { merged } from './movement.ts';
import type { Operators } from './operator.ts';

/** Indices of operand `k` along an axis, from 0 on: negative ones count from the end. */
function indicesOf(ctx: NodeContext, k: number, extent: number): Tensor {
  const known = ctx.known(k);
  if (known !== undefined && isNumeric(known.elements) && known.elements.length <= MOST_LISTED) {
    const own = Array.from(known.elements, (at) => {
      if (at >= -extent && at < extent) return at < 0 ? at + extent : at;
      return ctx.fail(`index ${at} of an axis of ${extent}: it must be from ${-extent} to ${extent - 1}`);
    });
    return ctx.literal(own, known.shape, 'i32');
  }
  const indices = ctx.tensor(k);
  const whole = indices.dtype === 'i32' ? indices : indices.cast('i32');
  return fromStart(whole, extent);
}

/** Indices from 0 on. Those beyond the end stay there: they read what `take` says, and not an element that nobody named. */
function fromStart(indices: Tensor, extent: Tensor | number): Tensor {
  return indices.lt(0).where(indices.add(extent), indices);
}

/** Indices that are written into the graph, where they are known. */
const MOST_LISTED = 4096;

const scatterElements: Operators[string] = {
  since: 9,
  import: (ctx) => {
    const x = ctx.tensor(0);
    const axis = ctx.axis(ctx.int('axis', 0), x.shape.length);
    const indices = indicesOf(ctx, 1, ctx.extent(0, axis));
    const source = ctx.tensor(2);
    const reduction = reductionOf(ctx);
    if (reduction === undefined) return x.scatter(axis, indices, source);
    return reduction === 'sum'
      ? x.scatterAdd(axis, indices, source)
      : x.scatterReduce(axis, indices, source, reduction);
  },
};

/** How what meets is combined; undefined where the last one stays. */
function reductionOf(ctx: NodeContext): ScatterReduction | undefined {
  const name = ctx.text('reduction', 'none');
  switch (name) {
    case 'none':
      return undefined;
    case 'add':
      return 'sum';
    case 'mul':
      return 'prod';
    case 'max':
    case 'min':
      return name;
    default:
      return ctx.fail(`reduction ${name}: there are none, add, mul, max and min`);
  }
}

/** Elements by number. */
export const indices = {
  Gather: {
    since: 1,
    moves: 'first',
    import: (ctx) => {
      const x = ctx.tensor(0);
      const axis = ctx.axis(ctx.int('axis', 0), x.shape.length);
      const known = ctx.known(1);
      const extent = ctx.extent(0, axis);
      const [only] = known === undefined ? [] : Array.from(known.elements);
      if (known?.shape.length === 0 && typeof only === 'number') return x.select(axis, only);
      return x.take(indicesOf(ctx, 1, extent), axis);
    },
  },
  GatherElements: {
    since: 11,
    import: (ctx) => {
      const x = ctx.tensor(0);
      const axis = ctx.axis(ctx.int('axis', 0), x.shape.length);
      const indices = indicesOf(ctx, 1, ctx.extent(0, axis));
      const shorter = x.shape.map((dim, k) => {
        const own = indices.shape[k];
        return k === axis || typeof own !== 'number' || own === dim ? undefined : own;
      });
      const cut = shorter.every((n) => n === undefined) ? x : x.slice([], shorter);
      return cut.takeAlongAxis(indices, axis);
    },
  },
  GatherND: { since: 11, import: (ctx) => gatherNd(ctx) },
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: { since: 11, import: (ctx) => scatterNd(ctx) },
  OneHot: {
    since: 9,
    import: (ctx) => {
      const depth = ctx.number(1, 'the depth');
      const given = ctx.tensor(0);
      const rank = given.shape.length + 1;
      const axis = ctx.axis(ctx.int('axis', -1), rank);
      if (!Number.isInteger(depth) || depth < 1) return ctx.fail(`the depth is ${depth}`);
      const whole = given.dtype === 'i32' ? given : given.cast('i32');
      const places = fromStart(whole, depth).expandDims(axis);
      const shape = places.shape.with(axis, depth);
      const isHot = places.eq(places.iota(shape, axis));
      const values = ctx.tensor(2);
      const [off, on] = [values.select(0, 0), values.select(0, 1)];
      if (values.dtype === 'bool') return ctx.typed(isHot.where(on, off), elem.bool);
      return ctx.typed(isHot.where(on, off), ctx.value(2).elem);
    },
  },
  Compress: {
    since: 9,
    import: (ctx) => {
      const chosen = ctx.numbers(1, 'the condition').flatMap((holds, k) => (holds ? [k] : []));
      const given = ctx.attribute('axis', 'int')?.value;
      const x = given === undefined ? ctx.tensor(0).flatten() : ctx.tensor(0);
      const axis = given === undefined ? 0 : ctx.axis(given, x.shape.length);
      const dim = x.shape[axis];
      if (typeof dim !== 'number') return ctx.refuse(`axis ${axis} of operand 0 is a bounded size`);
      const beyond = chosen.find((k) => k >= dim);
      if (beyond !== undefined) return ctx.fail(`the condition chooses element ${beyond} of ${dim}`);
      return x.take(ctx.literal(chosen, [chosen.length], 'i32'), axis);
    },
  },
} satisfies Operators;

/** Numbers of places of a row-major order, of tuples of indices along the last axis, by the first axes of operand 0 from one on. */
function placesOf(ctx: NodeContext, indices: Tensor, from: number, tuple: number): Tensor {
  const shape = ctx.shape(0);
  const parts = Array.from({ length: tuple }, (_, k) => {
    const given = indices.select(-1, k);
    const own = given.dtype === 'i32' ? given : given.cast('i32');
    const dim = shape[from + k];
    if (typeof dim === 'number') return fromStart(own, dim);
    const live = ctx.tensor(0).liveCount(from + k);
    return fromStart(own, live.cast('i32'));
  });
  const [first] = parts;
  if (first === undefined) return ctx.refuse('tuples of no indices');
  return parts.slice(1).reduce((place, own, k) => place.mul(ctx.extent(0, from + k + 1)).add(own), first);
}

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

function gatherNd(ctx: NodeContext): Tensor {
  const [x, indices] = [ctx.tensor(0), ctx.tensor(1)];
  const batches = ctx.int('batch_dims', 0);
  const tuple = ctx.extent(1, indices.shape.length - 1);
  const rest = x.shape.slice(batches + tuple);
  if (!(batches >= 0 && batches + tuple <= x.shape.length))
    return ctx.fail(`tuples of ${tuple} indices of ${x.shape.length} axes`);
  const places = placesOf(ctx, indices, batches, tuple);
  if (batches === 0) {
    const rows = merged(ctx, x.shape.slice(0, tuple));
    return (tuple === 1 ? x : x.reshape([rows, ...rest])).take(places);
  }
  // Each sample's own rows.
  const shape = ctx.extents(0);
  const [count, per] = [product(shape.slice(0, batches)), product(shape.slice(batches, batches + tuple))];
  const each = places.reshape([count, -1]);
  const from = each.iotaLike(0).mul(per);
  const rows = x.reshape([count * per, ...rest]).take(each.add(from));
  return rows.reshape([...places.shape, ...rest]);
}

function scatterNd(ctx: NodeContext): Tensor {
  const [x, indices, updates] = [ctx.tensor(0), ctx.tensor(1), ctx.tensor(2)];
  const shape = ctx.extents(0);
  const tuple = ctx.extent(1, indices.shape.length - 1);
  const [named, rest] = [shape.slice(0, tuple), shape.slice(tuple)];
  if (named.length !== tuple) return ctx.fail(`tuples of ${tuple} indices of ${shape.length} axes`);
  if (product(named) === 0) return x;
  const places = placesOf(ctx, indices, 0, tuple).flatten();
  const [count] = places.shape;
  const width = product(rest);
  const rows = x.reshape([product(named), width]);
  const source = updates.reshape([count ?? 1, width]);
  const reduction = reductionOf(ctx);
  if (reduction === undefined) return rows.indexCopy(0, places, source).reshape(shape);
  if (reduction === 'sum') return rows.indexAdd(0, places, source).reshape(shape);
  const spread = places.expandDims(1).broadcastTo(source.shape);
  return rows.scatterReduce(0, spread, source, reduction).reshape(shape);
}
