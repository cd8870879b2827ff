import type { Given, NDArray } from '../reference/index.ts';

/** What a tensor should be: by the reference evaluator in float64, and rounded to float32 at every operation. */
export interface Expected {
  readonly f64: NDArray;
  readonly f32: NDArray;
}

/** The element of a tensor that is the farthest off. */
export interface Difference {
  readonly index: readonly number[];
  readonly actual: number;
  readonly expected: number;
  /** What `|actual - expected|` may be. */
  readonly allowed: number;
  /** `|actual - expected|` over what is allowed: above 1 it differs; infinite where they had to be equal. */
  readonly excess: number;
  /** Whether it is more than rounding: beyond what is allowed. */
  readonly differs: boolean;
}

/** How many times the reference's own rounding a target's may be: it adds in another order. */
const MORE_ROUNDING = 4;
/** The smallest normal float32: targets may take what is smaller for zero. */
const SMALLEST_NORMAL = 2 ** -126;

/** Tolerance in words, as help and reports give it. */
export const toleranceForm =
  '|a - b| <= tolerance * max(|b|, rms(b)) + 4 * max|b32 - b|: b is the reference in float64, b32 in float32; integers are equal, a NaN is equal to a NaN, an infinity to one of its sign; where float32 overflows, either to a NaN';

/**
 * Compares a tensor with what it should be, element by element:
 *
 * ```
 * |a - b| <= tolerance * max(|b|, rms(b)) + 4 * max|b32 - b| + 2^-126
 * ```
 *
 * `b` is the reference in float64, `b32` the same rounded to float32 at every operation: what separates the two is
 * what float32 does to this computation, whichever target runs it (a sum that cancels, a quotient of two roundings),
 * and no fault of the target. Integers and bools must equal one of the two. A NaN equals a NaN, an infinity one of
 * its sign.
 *
 * Where float32 overflows and float64 does not, in any element of the tensor, elements may be infinite, though not of the
 * sign that `b32` has not, or NaN: whether the parts of a sum become an infinity, or a NaN of two, or stay below depends on
 * their order. What is finite is compared with `b32` where float32 lacks `b`.
 *
 * @returns the element with the largest difference for what is allowed there; undefined of no elements
 * @throws RangeError where the tensors differ in size
 */
export function worstDifference(
  actual: Given,
  expected: Expected,
  tolerance: number,
): Difference | undefined {
  const { f64, f32 } = expected;
  if (actual.data.length !== f64.data.length)
    throw new RangeError(`${actual.data.length} elements to compare with ${f64.data.length}`);
  const isFloat = f64.dtype === 'f32';
  const { rms, spread, overflows } = isFloat ? scaleOf(expected) : { rms: 0, spread: 0, overflows: false };
  let worst: (Omit<Difference, 'index'> & { readonly place: number }) | undefined;
  for (let i = 0; i < f64.data.length; i++) {
    const a = actual.data[i] ?? Number.NaN;
    const [exact, rounded] = [f64.data[i] ?? Number.NaN, f32.data[i] ?? Number.NaN];
    const isOverflow = overflows && Number.isFinite(exact) && !Number.isFinite(a) && a !== -rounded;
    const wanted = isOverflow ? a : wantedOf(a, exact, rounded, isFloat);
    const distance = distanceOf(a, wanted);
    const scale = Math.max(Math.abs(wanted), isFloat ? rms : 1);
    const allowed = isFloat ? tolerance * (Number.isFinite(scale) ? scale : 0) + spread + SMALLEST_NORMAL : 0;
    const excess = distance === 0 ? 0 : distance / allowed;
    if (worst !== undefined && excess <= worst.excess) continue;
    worst = { actual: a, expected: wanted, allowed, excess, differs: excess > 1, place: i };
  }
  if (worst === undefined) return undefined;
  const { place, ...difference } = worst;
  return { index: indexOf(place, f64.shape), ...difference };
}

/** The index of an element, row-major. */
export function indexOf(flat: number, shape: readonly number[]): number[] {
  let rest = flat;
  const index = shape.map(() => 0);
  for (let k = shape.length - 1; k >= 0; k--) {
    const extent = shape[k] ?? 1;
    index[k] = rest % extent;
    rest = Math.floor(rest / extent);
  }
  return index;
}

/**
 * Of elements that are finite in both: their root mean square, and what rounding to float32 allows. And whether others
 * are finite in float64 only.
 */
function scaleOf({ f64, f32 }: Expected): Scale {
  let squares = 0;
  let count = 0;
  let apart = 0;
  let overflows = false;
  for (let i = 0; i < f64.data.length; i++) {
    const [exact, rounded] = [f64.data[i] ?? 0, f32.data[i] ?? 0];
    if (!Number.isFinite(exact)) continue;
    if (!Number.isFinite(rounded)) {
      overflows = true;
      continue;
    }
    squares += exact * exact;
    count++;
    apart = Math.max(apart, Math.abs(exact - rounded));
  }
  return { rms: count === 0 ? 0 : Math.sqrt(squares / count), spread: MORE_ROUNDING * apart, overflows };
}

interface Scale {
  readonly rms: number;
  readonly spread: number;
  readonly overflows: boolean;
}

/** What an element should be: the float64 value, unless it is one that float32 lacks, or an integer of another choice. */
function wantedOf(actual: number, exact: number, rounded: number, isFloat: boolean): number {
  if (isFloat && Number.isFinite(exact)) {
    if (Number.isFinite(rounded)) return exact;
    if (!Number.isFinite(Math.fround(exact))) return rounded;
  }
  return distanceOf(actual, rounded) < distanceOf(actual, exact) ? rounded : exact;
}

function distanceOf(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  const distance = Math.abs(a - b);
  return Number.isNaN(distance) ? Infinity : distance;
}
