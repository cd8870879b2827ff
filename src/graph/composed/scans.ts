import { elementCount, extentOf, LARGEST_FLOAT, limitsOf } from '../../loops/index.ts';
import { requireFlag, requireOptions } from '../arguments.ts';
import { NUMBERS, requireDtype } from '../ops/definition.ts';
import { dimAt, normalAxis } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { joined } from './movement.ts';

/** Options of a running extremum. */
export interface RunningOptions {
  /** From the last element to the first. False by default. */
  readonly reverse?: boolean;
}

/** Options of a scan. */
export interface ScanOptions extends RunningOptions {
  /** Without the element itself, so that the first result is that of no elements. False by default. */
  readonly exclusive?: boolean;
}

/**
 * Elements of a block: within one, each result looks at all of its elements. By the model of time of `webgpu` and `wasm`, for
 * 1,000 to 1,000,000 elements, 8 is best on WebAssembly, where work counts, and 32 on a GPU, where levels do.
 */
const BLOCK = 16;

/** What a scan combines by. */
interface Combining {
  /** The elements along an axis, of which there may be one alone. */
  readonly reduced: (x: Tensor, axis: number) => Tensor;
  /** Results of two runs of elements, one after the other. */
  readonly joined: (a: Tensor, b: Tensor) => Tensor;
  /** What changes no result. */
  readonly identity: (x: Tensor) => number;
}

const sums: Combining = {
  reduced: (x, axis) => x.sum(axis),
  joined: (a, b) => a.add(b),
  identity: () => 0,
};
const products: Combining = {
  reduced: (x, axis) => x.prod(axis),
  joined: (a, b) => a.mul(b),
  identity: () => 1,
};
const maxima: Combining = {
  reduced: (x, axis) => x.max(axis),
  joined: (a, b) => a.maximum(b),
  identity: (x) => limitsOf(x.dtype)[0],
};
const minima: Combining = {
  reduced: (x, axis) => x.min(axis),
  joined: (a, b) => a.minimum(b),
  identity: (x) => limitsOf(x.dtype)[1],
};
const logSums: Combining = {
  reduced: (x, axis) => x.logSumExp(axis),
  joined: (a, b) => joined(a, [a.expandDims(0), b.expandDims(0)], 0).logSumExp(0),
  identity: () => -LARGEST_FLOAT,
};

/** From the largest float to the one below it. */
const LARGEST_STEP = 2 ** 104;

/** The method {@link Tensor.cumsum}. */
export function cumsum(x: Tensor, axis: number, options?: ScanOptions): Tensor {
  return scanOf('cumsum', x, axis, sums, options);
}

/** The method {@link Tensor.cumprod}. */
export function cumprod(x: Tensor, axis: number, options?: ScanOptions): Tensor {
  return scanOf('cumprod', x, axis, products, options);
}

/**
 * In place of -infinity the least float: of infinities there are no differences, which gradients are made of. It adds
 * nothing to any other number. The least float itself becomes the next one, so that it stays finite.
 */
export function logCumSumExp(x: Tensor, axis: number, options?: ScanOptions): Tensor {
  requireDtype('logCumSumExp', x.dtype, ['f32']);
  const above = x.le(-LARGEST_FLOAT).where(x.add(LARGEST_STEP), x);
  const finite = above.lt(-LARGEST_FLOAT).where(-LARGEST_FLOAT, above);
  const logs = scanOf('logCumSumExp', finite, axis, logSums, options);
  return logs.le(-LARGEST_FLOAT).where(-Infinity, logs);
}

/** The methods {@link Tensor.cummax} and {@link Tensor.cummin}: with the gradient of what is chosen by its index. */
export function runningExtremum(
  op: 'cummax' | 'cummin',
  x: Tensor,
  axis: number,
  options: RunningOptions = {},
): Tensor {
  const { at, reverse } = running(op, x, axis, options);
  const value = scanned(x, at, op === 'cummax' ? maxima : minima, { reverse });
  if (x.dtype !== 'f32' || elementCount(x.shape) === 0) return value;
  const attrs = { axis: at, reverse: Number(reverse) };
  return x.wrap(x.graph.build(op, [value.node, x.node], attrs));
}

/**
 * The methods {@link Tensor.cumargmax} and {@link Tensor.cumargmin}: an element that is the extremum of all up to it is one
 * that later ones are of, until the next such element, and so the last of them is the index.
 */
export function runningIndex(
  op: 'cumargmax' | 'cumargmin',
  x: Tensor,
  axis: number,
  options: RunningOptions = {},
): Tensor {
  const { at, reverse } = running(op, x, axis, options);
  const value = scanned(x, at, op === 'cumargmax' ? maxima : minima, { reverse });
  const isEqual = x.eq(value);
  // Of what is not a number each is an extremum, and nothing after it but another one.
  const isOne = x.dtype === 'f32' ? x.isNaN().or(value.isNaN().not().and(isEqual)) : isEqual;
  const places = x.iotaLike(at);
  if (reverse) return scanned(isOne.where(places, limitsOf(places.dtype)[1]), at, minima, { reverse });
  return scanned(isOne.where(places, limitsOf(places.dtype)[0]), at, maxima, { reverse });
}

function running(
  op: string,
  x: Tensor,
  axis: number,
  options: RunningOptions,
): { readonly at: number; readonly reverse: boolean } {
  requireOptions(op, options, ['reverse']);
  const { reverse = false } = options;
  requireFlag(op, 'reverse', reverse);
  requireDtype(op, x.dtype, NUMBERS);
  return { at: normalAxis(op, x.shape.length, axis), reverse };
}

function scanOf(
  op: string,
  x: Tensor,
  axis: number,
  combining: Combining,
  options: ScanOptions = {},
): Tensor {
  requireOptions(op, options, ['exclusive', 'reverse']);
  const { exclusive = false, reverse = false } = options;
  for (const [name, flag] of Object.entries({ exclusive, reverse })) requireFlag(op, name, flag);
  requireDtype(op, x.dtype, NUMBERS);
  return scanned(x, normalAxis(op, x.shape.length, axis), combining, { exclusive, reverse });
}

/**
 * In parallel: within blocks each result reduces the elements up to it, and is joined with what all blocks before make,
 * which is a scan again of one element a block. Work is that of `BLOCK` elements each, depth the logarithm. A bounded axis
 * cannot be cut into blocks, and is one.
 */
function scanned(x: Tensor, at: number, combining: Combining, options: ScanOptions): Tensor {
  const dim = dimAt(x.shape, at);
  if (elementCount(x.shape) === 0) return x;
  if (typeof dim === 'object' || dim <= BLOCK) return withinBlock(x, at, combining, options);
  const count = Math.ceil(dim / BLOCK);
  const length = Math.ceil(dim / count);
  const rest = count * length - dim;
  const none = x.shape.map(() => 0);
  const whole = x.pad(none, none.with(at, rest), combining.identity(x));
  const blocks = whole.reshape(x.shape.toSpliced(at, 1, count, length));
  const before = scanned(combining.reduced(blocks, at + 1), at, combining, { ...options, exclusive: true });
  const within = withinBlock(blocks, at + 1, combining, options);
  const carried = before.expandDims(at + 1).broadcastTo(within.shape);
  const [first, second] = options.reverse === true ? [within, carried] : [carried, within];
  return combining.joined(first, second).reshape(whole.shape).slice([], x.shape.map(extentOf));
}

/** Each result a reduction of those elements that come up to its own: others are left out, whatever they are. */
function withinBlock(x: Tensor, at: number, combining: Combining, options: ScanOptions): Tensor {
  const all = x.expandDims(at).broadcastTo(x.shape.toSpliced(at, 0, dimAt(x.shape, at)));
  const [own, other] = [all.iotaLike(at), all.iotaLike(at + 1)];
  const [first, last] = options.reverse === true ? [own, other] : [other, own];
  const counts = options.exclusive === true ? first.lt(last) : first.le(last);
  return combining.reduced(counts.where(all, combining.identity(x)), at + 1);
}
