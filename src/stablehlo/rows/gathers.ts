import { type Dim, extentOf, wholeNumbers } from '../../loops/index.ts';
import { broadcast, gather, pointwise, scatterRows } from '../lines.ts';
import { splat } from '../literals.ts';
import { liveCount, masked } from '../live.ts';
import { scalarOf, tensorTypeOf, type Value } from '../types.ts';
import { type HloRow, inputOf, operandOf, type RowContext } from './row.ts';

/** Reads and sums at computed indices. One out of range is the nearest that there is. */
export const gatherRows = {
  take: (context) => {
    const { node } = context;
    const [rows = 1] = inputOf(context, 0).shape;
    const x = operandOf(context, 0);
    const indices = nearestLive(context, operandOf(context, 1), rows);
    const rank = indices.type.shape.length;
    const offset = x.type.shape.slice(1).map((_, k) => rank + k);
    return gather(x, indices, { indexed: [0], batch: [], offset }, tensorTypeOf(node).shape);
  },
  pick: (context) => {
    const { node } = context;
    const x = operandOf(context, 0);
    const last = x.type.shape.length - 1;
    const indices = nearestLive(context, operandOf(context, 1), inputOf(context, 0).shape[last] ?? 1);
    const batch = x.type.shape.slice(0, last).map((_, k) => k);
    return gather(x, indices, { indexed: [last], batch, offset: [] }, tensorTypeOf(node).shape);
  },
  segmentSum: segments('add', 0),
  segmentMax: segments('maximum', wholeNumbers.i32[0]),
} satisfies Record<string, HloRow>;

/** Rows combined by number; what is at places that are not live is the identity. */
function segments(op: string, identity: number): HloRow {
  return (context) => {
    const { node, scope } = context;
    const places = inputOf(context, 1).shape;
    const axes = places.map((_, k) => k);
    const rows = masked(context, operandOf(context, 0), inputOf(context, 0).shape, axes, identity);
    // A scatter drops what lies outside: it is clamped before.
    const indices = clamped(context, operandOf(context, 1), node.shape[0] ?? 1);
    const into = scope.keep(splat(identity, tensorTypeOf(node)));
    return scatterRows(op, into, indices, rows);
  };
}

/** Indices of a gather, which clamps to the extent by itself: where it is bounded, to what is live. */
function nearestLive(context: RowContext, indices: Value, dim: Dim): Value {
  return typeof dim === 'number' ? indices : clamped(context, indices, dim);
}

/** Each index, or the nearest that there is: from 0 on, even where nothing is live. */
function clamped(context: RowContext, indices: Value, dim: Dim): Value {
  const { scope } = context;
  const { shape } = indices.type;
  const last =
    typeof dim === 'number'
      ? scope.keep(splat(extentOf(dim) - 1, indices.type))
      : scope.keep(
          broadcast(
            scope.keep(pointwise('subtract', liveCount(context, dim), scope.keep(splat(1, scalarOf('i32'))))),
            [],
            shape,
          ),
        );
  const below = scope.let(pointwise('minimum', indices, last));
  return scope.let(pointwise('maximum', below, scope.keep(splat(0, indices.type))));
}
