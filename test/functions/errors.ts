import { bitsOf, floatOf } from '../../src/functions/index.ts';
import { scalarOps } from '../../src/loops/index.ts';

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

const word = new DataView(new ArrayBuffer(8));

/**
 * Error of `got` in units in the last place that float32 has at `want`, or at `scale` where that is larger; infinite where one
 * of them is no number or overflows and the other does not, and where signs differ, a zero's too.
 */
export function errorInUlp(got: number, want: number, scale = 0): number {
  const rounded = Math.fround(want);
  if (Object.is(got, rounded)) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(rounded)) return Infinity;
  if (scale === 0 && Math.sign(1 / got) !== Math.sign(1 / want)) return Infinity;
  word.setFloat64(0, Math.max(Math.abs(want), scale));
  const exponent = ((word.getUint32(0) >>> 20) & 0x7ff) - 1023;
  return Math.abs(got - want) / 2 ** (Math.max(exponent, -126) - 23);
}

/**
 * Of functions that are reflected at 0 and have zeros below it: what errors there are relative to, if it is larger than the
 * value. (1 - x of the digamma is a sum of which one part is as large.)
 */
export const scales: Readonly<Record<string, (x: number) => number>> = {
  lgamma: (x) => (x < 0 ? Math.max(1, Math.abs(scalarOps.lgamma.evaluate(-x))) : 0),
  digamma: (x) => (x < 0 ? Math.max(1, Math.abs(scalarOps.digamma.evaluate(1 - x))) : 0),
  tetragamma: (x) => (x < 0 ? 1 : 0),
};

/** The largest error over results, and the place of it. */
export function worst(
  got: Float32Array,
  want: (k: number) => number,
  scale: (k: number) => number = () => 0,
): { readonly ulp: number; readonly at: number } {
  let found = { ulp: 0, at: 0 };
  got.forEach((value, at) => {
    const ulp = errorInUlp(value, want(at), scale(at));
    if (ulp > found.ulp) found = { ulp, at };
  });
  return found;
}

/** The bits of a float, in which all NaNs are one. */
export function canonicalBits(x: number): number {
  return bitsOf(Number.isNaN(x) ? floatOf(0x7fc00000) : x);
}
