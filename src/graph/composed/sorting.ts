import { type Dim, type Dtype, elementCount, extentOf, shapeText, wholeNumbers } from '../../loops/index.ts';
import { requireFlag, requireOption, requireOptions } from '../arguments.ts';
import { type ReduceOptions, requireFloat } from '../build.ts';
import { ShapeError } from '../issues.ts';
import { NUMBERS, requireDtype, requireSameDtype } from '../ops/definition.ts';
import { dimAt, fixedExtent, normalAxis, sameShape } from '../shape.ts';
import { requireTensor } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';
import { elementsAt, rearranged } from './rearranged.ts';

/** Options of a sort. */
export interface SortOptions {
  /** From the largest to the smallest. False by default. */
  readonly descending?: boolean;
}

/** Options of the choice of a few. */
export interface TopKOptions {
  /** The largest ones, which is the default, or the smallest. */
  readonly largest?: boolean;
}

/** Options of a search. */
export interface SearchOptions {
  /** Behind equal elements, and not before them. False by default. */
  readonly right?: boolean;
}

/** Elements in another order, and which they were along the axis. */
export interface Sorted<D extends Dtype = Dtype> extends InOrder {
  readonly values: Tensor<D>;
  /** i32, of the shape of the values. */
  readonly indices: Tensor<'i32'>;
}

/** {@link Sorted}, as it is computed: a method says of which types. */
export interface InOrder {
  readonly values: Tensor;
  readonly indices: Tensor;
}

/**
 * Elements of a block: within one, each is compared with all others. By the model of time of `webgpu` and `wasm`, for 1,000 to
 * 100,000 elements: 128 takes 3 to 14 µs less on a GPU, as there is a level less, 32 half the time on WebAssembly, where work
 * counts.
 */
const BLOCK = 64;

/** The method {@link Tensor.sort}. */
export function sort(x: Tensor, axis: number, options: SortOptions = {}): InOrder {
  const { at, descending } = sorting('sort', x, axis, options);
  return alongLast(x, at, (rows) => sorted(rows, descending));
}

/** The method {@link Tensor.argsort}. */
export function argsort(x: Tensor, axis: number, options: SortOptions = {}): Tensor {
  const { at, descending } = sorting('argsort', x, axis, options);
  return alongLast(x, at, (rows) => sorted(rows, descending)).indices;
}

/** The method {@link Tensor.topK}. */
export function topK(x: Tensor, k: number, axis: number, options: TopKOptions = {}): InOrder {
  const op = 'topK';
  requireOptions(op, options, ['largest']);
  const { largest = true } = options;
  requireFlag(op, 'largest', largest);
  requireDtype(op, x.dtype, NUMBERS);
  const at = normalAxis(op, x.shape.length, axis);
  const count = fixedExtent(op, x.shape, at);
  const wanted = `a whole number from 0 to ${count}, the length of axis ${at} of ${shapeText(x.shape)}`;
  requireOption(op, 'k', k, Number.isInteger(k) && k >= 0 && k <= count, wanted);
  return alongLast(x, at, (rows) => first(rows, k, largest));
}

/** The method {@link Tensor.median}. */
export function median(x: Tensor, axis: number | undefined, options: ReduceOptions = {}): Tensor {
  requireDtype('median', x.dtype, NUMBERS);
  return ofSorted('median', x, axis, options, (rows, last) => {
    const middle = last.mul(0.5).floor();
    return elementsAt(rows, middle.cast('i32').broadcastTo([...rows.shape.slice(0, -1), 1]));
  });
}

/** The method {@link Tensor.quantile}. */
export function quantile(
  x: Tensor,
  q: number,
  axis: number | undefined,
  options: ReduceOptions = {},
): Tensor {
  requireFloat('quantile', x.node);
  requireOption('quantile', 'q', q, q >= 0 && q <= 1, 'a number from 0 to 1');
  return ofSorted('quantile', x, axis, options, (rows, last) => {
    const place = last.mul(q);
    const below = place.floor();
    const shape = [...rows.shape.slice(0, -1), 1];
    const [low, high] = [below, place.ceil()].map((p) => elementsAt(rows, p.cast('i32').broadcastTo(shape)));
    if (low === undefined || high === undefined) throw new RangeError('a quantile lies between two places');
    // Infinities of one sign have no distance.
    return low
      .isInf()
      .and(low.eq(high))
      .where(low, low.lerp(high, place.sub(below).broadcastTo(shape)));
  });
}

/** The method {@link Tensor.searchSorted}. */
export function searchSorted(x: Tensor, values: Tensor, options: SearchOptions = {}): Tensor {
  const op = 'searchSorted';
  requireTensor(op, values);
  requireOptions(op, options, ['right']);
  const { right = false } = options;
  requireFlag(op, 'right', right);
  requireDtype(op, x.dtype, NUMBERS);
  requireSameDtype(op, [x, values]);
  const last = normalAxis(op, x.shape.length, -1);
  const n = fixedExtent(op, x.shape, last);
  const isList = x.shape.length === 1;
  if (!isList && !sameShape(x.shape.slice(0, -1), values.shape.slice(0, -1))) {
    const text = `values ${shapeText(values.shape)} must have the rows of ${shapeText(x.shape)}, which is no list`;
    throw new ShapeError('shape-mismatch', op, text);
  }
  const none = values.fullLike(0, 'i32');
  if (n === 0) return none;
  return halvings(n).reduce((before, step) => {
    const next = before.add(step);
    const element = isList ? x.take(next.sub(1)) : elementsAt(x, next.sub(1));
    const isBefore = right ? comesFirst(element, values, false) : comesFirst(values, element, false).not();
    return before.add(next.le(n).and(isBefore).cast('i32').mul(step));
  }, none);
}

function sorting(
  op: string,
  x: Tensor,
  axis: number,
  options: SortOptions,
): { readonly at: number; readonly descending: boolean } {
  requireOptions(op, options, ['descending']);
  const { descending = false } = options;
  requireFlag(op, 'descending', descending);
  requireDtype(op, x.dtype, NUMBERS);
  return { at: normalAxis(op, x.shape.length, axis), descending };
}

function alongLast(x: Tensor, at: number, make: (rows: Tensor) => InOrder): InOrder {
  const { values, indices } = make(x.moveAxis(at, -1));
  return { values: values.moveAxis(-1, at), indices: indices.moveAxis(-1, at) };
}

/**
 * An element of each sorted row, or a NaN where there is one, which is the last.
 *
 * @param choose it out of rows `[..., n]`, given the number of the last live one, as a float: `[..., 1]`
 */
function ofSorted(
  op: string,
  x: Tensor,
  axis: number | undefined,
  options: ReduceOptions,
  choose: (rows: Tensor, last: Tensor) => Tensor,
): Tensor {
  requireOptions(op, options, ['keepDims']);
  const { keepDims = false } = options;
  requireFlag(op, 'keepDims', keepDims);
  if (axis === undefined) {
    const all = ofSorted(op, x.flatten(), 0, { keepDims: false }, choose);
    return keepDims ? all.reshape(x.shape.map(() => 1)) : all;
  }
  const at = normalAxis(op, x.shape.length, axis);
  const kept = x.shape.with(at, 1);
  if (dimAt(x.shape, at) === 0) {
    if (elementCount(kept) > 0)
      throw new ShapeError('empty', op, `${shapeText(x.shape)} has no elements along axis ${at}`);
    return x.reshape(keepDims ? kept : kept.toSpliced(at, 1));
  }
  const { values } = sorted(x.moveAxis(at, -1), false);
  const last = x.liveCount(at).sub(1);
  const chosen = choose(values, last);
  const greatest = elementsAt(values, last.cast('i32').broadcastTo(chosen.shape));
  const found = x.dtype === 'f32' ? greatest.isNaN().where(greatest, chosen) : chosen;
  return found.reshape(keepDims ? found.moveAxis(-1, at).shape : found.shape.slice(0, -1));
}

/** Rows `[..., n]` in order, and the places that their elements had. */
function sorted(x: Tensor, descending: boolean): InOrder {
  const last = dimAt(x.shape, x.shape.length - 1);
  if (elementCount(x.shape) === 0) return { values: x, indices: x.fullLike(0, 'i32') };
  if (typeof last === 'object' || last <= BLOCK) {
    const rank = ranks(x, descending);
    const indices = elementsByRank(rank, last);
    return { values: rearranged(x, indices, rank), indices };
  }
  const runs = mergedRuns(x, last, descending);
  return { values: rearranged(x, runs.places, ranksIn(runs, x, descending)), indices: runs.places };
}

/** The first `k` of rows in order: of blocks, the first `k` of each, and of those again, while blocks leave some out. */
function first(x: Tensor, k: number, descending: boolean): InOrder {
  const rank = x.shape.length;
  const n = extentOf(dimAt(x.shape, rank - 1));
  const lead = x.shape.slice(0, -1);
  if (n > BLOCK && 2 * k > BLOCK) {
    const { values, indices } = sorted(x, descending);
    const stops = [...lead.map(extentOf), k];
    return { values: values.slice([], stops), indices: indices.slice([], stops) };
  }
  if (n <= BLOCK || k === 0) {
    if (k === 0 || elementCount(x.shape) === 0) {
      const stops = [...lead.map(extentOf), k];
      return { values: x.slice([], stops), indices: x.fullLike(0, 'i32').slice([], stops) };
    }
    const places = ranks(x, descending);
    const indices = elementsByRank(places, k);
    return { values: rearranged(x, indices, places.lt(k).where(places, -1)), indices };
  }
  const count = Math.ceil(n / BLOCK);
  const length = Math.ceil(n / count);
  const blocks = paddedTo(x, count * length, descending).reshape([...lead, count, length]);
  const few = first(blocks, k, descending);
  const flat = (y: Tensor): Tensor => y.reshape([...lead, count * k]);
  const numbers = flat(few.indices.add(few.indices.iotaLike(rank - 1).mul(length)));
  const best = first(flat(few.values), k, descending);
  return { values: best.values, indices: elementsAt(numbers, best.indices) };
}

/** How many elements of its row come before each: by value, then by place; a NaN is greater than all numbers. */
function ranks(x: Tensor, descending: boolean): Tensor {
  const last = x.shape.length - 1;
  const dim = dimAt(x.shape, last);
  const all = [...x.shape, dim];
  const place = x.iotaLike(last);
  const noNumber = x.dtype === 'f32' ? x.isNaN() : undefined;
  // As an infinity that comes after all infinities, or before them.
  const value = noNumber === undefined ? x : noNumber.where(Infinity, x);
  const isLate = descending ? noNumber?.not() : noNumber;
  const tie = isLate === undefined ? place : isLate.where(place.add(extentOf(dim)), place);
  const own = (y: Tensor): Tensor => y.expandDims(-1).broadcastTo(all);
  const other = (y: Tensor): Tensor => y.expandDims(-2).broadcastTo(all);
  const isBetter = descending ? own(value).lt(other(value)) : other(value).lt(own(value));
  const isEarlier = own(value)
    .eq(other(value))
    .and(other(tie).lt(own(tie)));
  return isBetter.or(isEarlier).cast('i32').sum(-1);
}

/** The elements of ranks 0 to `k - 1`, by number. */
function elementsByRank(rank: Tensor, k: Dim): Tensor {
  const last = rank.shape.length - 1;
  const all = rank.expandDims(-2).broadcastTo([...rank.shape.slice(0, -1), k, dimAt(rank.shape, last)]);
  return all
    .eq(all.iotaLike(last))
    .where(all.iotaLike(last + 1), 0)
    .sum(-1);
}

/** More elements behind the others, which come last: nothing comes after them, and what is equal keeps its order. */
function paddedTo(x: Tensor, count: number, descending: boolean): Tensor {
  const last = x.shape.length - 1;
  const none = x.shape.map(() => 0);
  const isFloat = x.dtype === 'f32';
  const [low, high] =
    x.dtype === 'i32' || x.dtype === 'u32' ? wholeNumbers[x.dtype] : [-Infinity, Number.NaN];
  const value = descending ? low : isFloat ? Number.NaN : high;
  return x.pad(none, none.with(last, count - extentOf(dimAt(x.shape, last))), value);
}

/** Rows in order, `[..., runs, n]`, and the places that their elements had in the whole row. */
interface Runs {
  readonly values: Tensor;
  readonly places: Tensor;
}

/** Blocks in order, which are merged two by two until there is one. */
function mergedRuns(x: Tensor, n: number, descending: boolean): Runs {
  const rank = x.shape.length;
  let count = 1;
  while (BLOCK * count < n) count *= 2;
  const length = Math.ceil(n / count);
  const lead = x.shape.slice(0, -1);
  const blocks = paddedTo(x, length * count, descending).reshape([...lead, count, length]);
  const order = elementsByRank(ranks(blocks, descending), length);
  let runs: Runs = {
    values: elementsAt(blocks, order),
    places: order.add(order.iotaLike(rank - 1).mul(length)),
  };
  for (let size = length; size < length * count; size *= 2) runs = merged(runs, size, descending);
  const stops = x.shape.map(extentOf);
  const whole = (y: Tensor): Tensor => y.reshape([...lead, length * count]).slice([], stops);
  return { values: whole(runs.values), places: whole(runs.places) };
}

/**
 * Two runs each into one, every element for itself (Green, McColl and Bader, *GPU merge path*, 2012): among the first r
 * elements of the result, those of the first run are as many as come before their counterparts in the second, a number
 * that is found by halving.
 */
function merged(runs: Runs, size: number, descending: boolean): Runs {
  const { shape } = runs.values;
  const rank = shape.length;
  const pairs = [...shape.slice(0, -2), extentOf(dimAt(shape, rank - 2)) / 2, 2 * size];
  const values = runs.values.reshape(pairs);
  const number = runs.places.reshape(pairs).iotaLike(rank - 1);
  const isFirst = (a: Tensor, b: Tensor): Tensor =>
    comesFirst(elementsAt(values, a), elementsAt(values, b.add(size)), descending);
  const most = number.minimum(size);
  let taken = number.sub(size).maximum(0);
  for (const step of halvings(size)) {
    const next = taken.add(step);
    const goesOn = next.le(most).and(isFirst(next.sub(1), number.sub(next)));
    // A choice between two numbers would be nested as deep as there are steps.
    taken = taken.add(goesOn.cast('i32').mul(step));
  }
  const rest = number.sub(taken);
  const isOfFirst = taken.lt(size).and(rest.ge(size).or(isFirst(taken, rest)));
  const from = isOfFirst.where(taken, rest.add(size));
  return { values: elementsAt(values, from), places: elementsAt(runs.places.reshape(pairs), from) };
}

/** Of each element its place among all in order: how many come before it, which is found by halving. */
function ranksIn(runs: Runs, x: Tensor, descending: boolean): Tensor {
  const last = x.shape.length - 1;
  const n = extentOf(dimAt(x.shape, last));
  const own = x.iotaLike(last);
  let before = x.fullLike(0, 'i32');
  for (const step of halvings(n)) {
    const next = before.add(step);
    const [value, place] = [elementsAt(runs.values, next.sub(1)), elementsAt(runs.places, next.sub(1))];
    // One of an equal value comes first by its place; each comes first before itself.
    const isBefore = comesFirst(value, x, descending).and(
      comesFirst(x, value, descending).not().or(place.lt(own)),
    );
    before = before.add(next.le(n).and(isBefore).cast('i32').mul(step));
  }
  return before;
}

/** Powers of two, the largest first, whose sums are all numbers up to `n`. */
function halvings(n: number): number[] {
  const steps = [1];
  while ((steps[0] ?? n) < n) steps.unshift(2 * (steps[0] ?? n));
  return steps;
}

/** Whether a stands before b, which stood behind it: it does where they are equal. */
function comesFirst(a: Tensor, b: Tensor, descending: boolean): Tensor {
  if (a.dtype !== 'f32') return descending ? b.le(a) : a.le(b);
  const [x, y] = descending ? [b, a] : [a, b];
  return y.isNaN().or(x.isNaN().not().and(x.le(y)));
}
