import { elementCount, limitsOf } from '../../loops/index.ts';
import { requireOneOf } from '../arguments.ts';
import { NUMBERS, requireDtype } from '../ops/definition.ts';
import type { Tensor } from '../tensor.ts';
import {
  bySegments,
  grownTo,
  isWide,
  partOf,
  placesIn,
  reducedByPlace,
  requireRows,
  requireWithin,
  requireWritten,
  scatterAdd,
} from './indices.ts';
import { rearranged } from './rearranged.ts';

/** How elements that are written to one place are combined with each other and with what is there. */
export type ScatterReduction = 'sum' | 'prod' | 'max' | 'min';

/** The method {@link Tensor.scatter}. */
export function scatter(x: Tensor, axis: number, indices: Tensor, source: Tensor): Tensor {
  const op = 'scatter';
  requireDtype(op, x.dtype, [...NUMBERS, 'bool']);
  const at = requireWritten(op, x, axis, indices, source);
  requireWithin(op, x, at, indices, source);
  if (elementCount(indices.shape) === 0) return x;
  return overwritten(x, at, indices, partOf(source, indices));
}

/** The method {@link Tensor.indexCopy}. */
export function indexCopy(x: Tensor, axis: number, indices: Tensor, source: Tensor): Tensor {
  const op = 'indexCopy';
  requireDtype(op, x.dtype, [...NUMBERS, 'bool']);
  const at = requireWritten(op, x, axis, indices, source);
  requireRows(op, x, at, indices, source);
  if (elementCount(source.shape) === 0) return x;
  const own = x.shape.map((dim, k) => (k === at ? dim : 1));
  const list = indices.reshape(own.with(at, indices.shape[0] ?? 0));
  return overwritten(x, at, list, source);
}

/**
 * Which element is written last to each place, and which place each element is written to last, are tables of one
 * rearrangement.
 *
 * @param indices of the shape of `source`, or with one element along other axes, for all along them
 */
function overwritten(x: Tensor, at: number, indices: Tensor, source: Tensor): Tensor {
  const number = indices.iotaLike(at);
  const own = x.iota(indices.shape.with(at, x.shape[at] ?? 1), at);
  const last = isWide(x, at, indices)
    ? bySegments(own, at, indices, number, 'segmentMax').maximum(-1)
    : reducedByPlace(own, at, indices, number, -1, (all, k) => all.max(k));
  const places = placesIn(x, at, indices);
  const isLast = last.takeAlongAxis(places, at).eq(number);
  const back = isLast.where(places, -1);
  const spread = (table: Tensor): Tensor =>
    table.broadcastTo(source.shape.with(at, table.shape[at] ?? 1)).moveAxis(at, -1);
  const written = rearranged(source.moveAxis(at, -1), spread(last), spread(back)).moveAxis(-1, at);
  const isWritten = grownTo(spread(last).moveAxis(-1, at), x, -1).ge(0);
  return isWritten.where(grownTo(written, x, 0), x);
}

/** The method {@link Tensor.scatterReduce}. */
export function scatterReduce(
  x: Tensor,
  axis: number,
  indices: Tensor,
  source: Tensor,
  reduction: ScatterReduction,
): Tensor {
  const op = 'scatterReduce';
  requireOneOf(op, 'the reduction', reduction, ['sum', 'prod', 'max', 'min']);
  requireDtype(op, x.dtype, NUMBERS);
  const at = requireWritten(op, x, axis, indices, source);
  requireWithin(op, x, at, indices, source);
  if (reduction === 'sum') return scatterAdd(x, at, indices, source);
  if (elementCount(indices.shape) === 0) return x;
  const [low, high] = limitsOf(x.dtype);
  const none = reduction === 'prod' ? 1 : reduction === 'max' ? low : high;
  const along = (all: Tensor, k: number): Tensor => all[reduction](k);
  const part = reducedByPlace(x, at, indices, partOf(source, indices), none, along);
  const reduced = grownTo(part, x, none);
  if (reduction === 'prod') return x.mul(reduced);
  const combined = reduction === 'max' ? x.maximum(reduced) : x.minimum(reduced);
  if (x.dtype !== 'f32') return combined;
  // What nothing is written to may be the same infinity, and would then share its gradient with it.
  const ones = indices.fullLike(1);
  const isWritten = reducedByPlace(x, at, indices, ones, 0, (all, k) => all.max(k)).gt(0);
  return grownTo(isWritten, x, 0).where(combined, x);
}
