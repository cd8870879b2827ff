import type { Dtype } from './dtype.ts';
import type { ScalarOp } from './scalar.ts';

/** A closed interval of numbers. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** All values of an i32. */
export const I32: Range = { low: -2147483648, high: 2147483647 };

/** All values of a type. */
export function fullRange(dtype: Dtype): Range {
  switch (dtype) {
    case 'f32':
      return { low: -Infinity, high: Infinity };
    case 'i32':
      return I32;
    case 'u32':
      return { low: 0, high: 4294967295 };
    case 'u8':
      return { low: 0, high: 255 };
    case 'bool':
      return { low: 0, high: 1 };
    default:
      return dtype satisfies never;
  }
}

/** Whether `inner` lies in `outer`. */
export function within(inner: Range, outer: Range): boolean {
  return outer.low <= inner.low && inner.high <= outer.high;
}

/** The smallest interval that holds both. */
export function union(a: Range, b: Range): Range {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

/** What lies in both; `a` itself where nothing does. */
export function intersection(a: Range, b: Range): Range {
  const [low, high] = [Math.max(a.low, b.low), Math.min(a.high, b.high)];
  return low <= high ? { low, high } : a;
}

/** `factor * range`, for a factor other than 0; without a negative zero. */
export function scaled(range: Range, factor: number): Range {
  const [a, b] = [range.low * factor + 0, range.high * factor + 0];
  return factor >= 0 ? { low: a, high: b } : { low: b, high: a };
}

/** The integers x with `factor * x` in `range`. */
export function scaledInverse(range: Range, factor: number): Range {
  const [a, b] = [range.low / factor, range.high / factor];
  return factor > 0 ? { low: Math.ceil(a), high: Math.floor(b) } : { low: Math.ceil(b), high: Math.floor(a) };
}

/** The interval after a cast, saturating; a NaN becomes 0. */
export function castRange(range: Range, from: Dtype, to: Dtype): Range {
  if (to === 'bool') {
    if (range.low > 0 || range.high < 0) return { low: 1, high: 1 };
    return { low: 0, high: range.low === 0 && range.high === 0 ? 0 : 1 };
  }
  if (to === 'f32') return { low: Math.fround(range.low), high: Math.fround(range.high) };
  const full = fullRange(to);
  const clamp = (x: number): number => Math.min(Math.max(Math.trunc(x), full.low), full.high);
  const { low, high } = { low: clamp(range.low), high: clamp(range.high) };
  return from === 'f32' ? union({ low, high }, { low: 0, high: 0 }) : { low, high };
}

/** The interval of an operation on one integer; undefined where nothing is known. */
export function unaryRange(op: ScalarOp, x: Range): Range | undefined {
  switch (op) {
    case 'neg':
      return { low: -x.high, high: -x.low };
    case 'abs':
      if (x.low >= 0) return x;
      return { low: Math.max(0, -x.high), high: Math.max(-x.low, x.high) };
    case 'sign':
      return { low: Math.sign(x.low), high: Math.sign(x.high) };
    case 'relu':
      return { low: Math.max(0, x.low), high: Math.max(0, x.high) };
    default:
      return undefined;
  }
}

/** The interval of an operation on two integers; undefined where nothing is known. */
export function binaryRange(op: ScalarOp, x: Range, y: Range): Range | undefined {
  const hull = (...values: number[]): Range => ({ low: Math.min(...values), high: Math.max(...values) });
  switch (op) {
    case 'add':
      return { low: x.low + y.low, high: x.high + y.high };
    case 'sub':
      return { low: x.low - y.high, high: x.high - y.low };
    case 'mul':
      return hull(x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high);
    case 'min':
      return { low: Math.min(x.low, y.low), high: Math.min(x.high, y.high) };
    case 'max':
      return { low: Math.max(x.low, y.low), high: Math.max(x.high, y.high) };
    case 'idiv': {
      if (y.low <= 0) return undefined;
      const quotient = (n: number, d: number): number => Math.floor(n / d);
      return hull(
        quotient(x.low, y.low),
        quotient(x.low, y.high),
        quotient(x.high, y.low),
        quotient(x.high, y.high),
      );
    }
    case 'mod': {
      if (y.low <= 0) return { low: Math.min(0, y.low + 1), high: Math.max(0, y.high - 1) };
      const k = y.low;
      const turn = Math.floor(x.low / k);
      if (y.high === k && turn === Math.floor(x.high / k)) {
        return { low: x.low - turn * k, high: x.high - turn * k };
      }
      return { low: 0, high: x.low >= 0 ? Math.min(y.high - 1, x.high) : y.high - 1 };
    }
    case 'bitAnd': {
      const bounds = [x, y].flatMap(({ low, high }) => (low >= 0 ? [high] : []));
      return bounds.length === 0 ? undefined : { low: 0, high: Math.min(...bounds) };
    }
    case 'bitOr':
    case 'bitXor':
      if (x.low < 0 || y.low < 0) return undefined;
      // All bits up to the highest one of both.
      return { low: 0, high: 2 ** (32 - Math.clz32(Math.max(x.high, y.high))) - 1 };
    case 'shiftLeft': {
      if (y.low !== y.high || y.low < 0 || y.low > 31) return undefined;
      return { low: x.low * 2 ** y.low, high: x.high * 2 ** y.low };
    }
    case 'shiftRight': {
      if (y.low < 0 || y.high > 31) return { low: Math.min(0, x.low), high: Math.max(-1, x.high) };
      const shifted = (n: number, by: number): number => Math.floor(n / 2 ** by);
      return hull(
        shifted(x.low, y.low),
        shifted(x.low, y.high),
        shifted(x.high, y.low),
        shifted(x.high, y.high),
      );
    }
    default:
      return undefined;
  }
}
