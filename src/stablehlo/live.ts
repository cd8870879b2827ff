import { type Dim, extentOf } from '../loops/index.ts';
import { broadcast, compare, iota, pointwise, select } from './lines.ts';
import { splat } from './literals.ts';
import type { RowContext } from './rows/row.ts';
import { scalarOf, type Value } from './types.ts';

/**
 * Storage has a bounded dimension at its maximum, and what is not live holds anything, NaN too. So whatever combines elements
 * along such a dimension sees the identity of what it does in their place.
 */

/** How many elements of a dimension are live, `tensor<i32>`. */
export function liveCount({ scope, sizeOf }: RowContext, dim: Dim): Value {
  if (typeof dim === 'number') return scope.keep(splat(dim, scalarOf('i32')));
  const live = sizeOf(dim.size.name);
  if (dim.factor === 1) return live;
  return scope.keep(pointwise('multiply', live, scope.keep(splat(dim.factor, scalarOf('i32')))));
}

/**
 * Whether each element of a shape is live along some of its axes; undefined where all are.
 *
 * @param shape the dimensions of which a value has the maximum
 */
export function liveMask(
  context: RowContext,
  shape: readonly Dim[],
  axes: readonly number[],
): Value | undefined {
  const { scope } = context;
  const extents = shape.map(extentOf);
  let mask: Value | undefined;
  for (const axis of axes) {
    const dim = shape[axis];
    if (typeof dim !== 'object') continue;
    const along = [extentOf(dim)];
    const limit = scope.keep(broadcast(liveCount(context, dim), [], along));
    const alive = scope.keep(compare('LT', scope.keep(iota(0, along)), limit));
    const whole = extents.length === 1 ? alive : scope.keep(broadcast(alive, [axis], extents));
    mask = mask === undefined ? whole : scope.keep(pointwise('and', mask, whole));
  }
  return mask;
}

/** A value with a number in place of what is not live along some axes. */
export function masked(
  context: RowContext,
  x: Value,
  shape: readonly Dim[],
  axes: readonly number[],
  identity: number,
): Value {
  const mask = liveMask(context, shape, axes);
  if (mask === undefined) return x;
  const { scope } = context;
  return scope.keep(select(mask, x, scope.keep(splat(identity, x.type))));
}
