import { bitsOf, floatOf } from '../../src/functions/index.ts';

/** Floats whose bits are a stride apart, and the neighbours of powers of two and of some edges; of either sign. */
export function sample(stride: number, edges: readonly number[]): Float32Array<ArrayBuffer> {
  const bits: number[] = [];
  for (let pattern = 0; pattern < 2 ** 32; pattern += stride) bits.push(pattern);
  for (const centre of [...Array.from({ length: 256 }, (_, e) => e << 23), ...edges.map(bitsOf)]) {
    for (const near of [-2, -1, 0, 1, 2]) {
      bits.push((centre + near) & 0x7fffffff, (centre + near) | 0x80000000);
    }
  }
  return new Float32Array(new Uint32Array(bits).buffer);
}

/**
 * Error of `got` in units in the last place that float32 has at `want`; infinite where one of them is a NaN or infinite and
 * the other is not, and where signs differ, a zero's too.
 */
export function errorInUlp(got: number, want: number): number {
  const rounded = Math.fround(want);
  if (Object.is(got, rounded)) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(rounded)) return Infinity;
  if (Math.sign(1 / got) !== Math.sign(1 / want)) return Infinity;
  const exponent = Math.max(-126, ((bitsOf(rounded) >>> 23) & 255) - 127);
  return Math.abs(got - want) / 2 ** (exponent - 23);
}

/** The largest error over results, and the place of it. */
export function worst(
  got: Float32Array,
  want: (k: number) => number,
): { readonly ulp: number; readonly at: number } {
  let found = { ulp: 0, at: 0 };
  got.forEach((value, at) => {
    const ulp = errorInUlp(value, want(at));
    if (ulp > found.ulp) found = { ulp, at };
  });
  return found;
}

/** The bits of a float, in which all NaNs are one. */
export function canonicalBits(x: number): number {
  return bitsOf(Number.isNaN(x) ? floatOf(0x7fc00000) : x);
}
