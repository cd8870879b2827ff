import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BinaryName } from '../../src/functions/index.ts';
import {
  apply,
  applyScalar,
  cast,
  type Expr,
  float,
  load,
  type ScalarOp,
  scalarOps,
} from '../../src/loops/index.ts';
import { pairBounds, unaryBounds } from '../functions/bounds.ts';
import { scales } from '../functions/errors.ts';
import { globalId, kernelOf, storeOf, tensorOf } from '../kernels/buildKernel.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { runOnDevice } from './kernelDevice.ts';

const COUNT = 1 << 16;
const SMALLEST_NORMAL = 2 ** -126;

const special = [
  0,
  -0,
  1,
  -1,
  Infinity,
  -Infinity,
  Number.NaN,
  SMALLEST_NORMAL,
  3.4028235e38,
  -3.4028235e38,
  88.72283,
  88.72284,
  -103.97,
  -104,
  -87.3,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  8388607.5,
  8388609,
  2147483648,
  -2147483648,
  2147483520,
  4294967296,
  4294967040,
  100,
  -100,
  1000,
  -1000,
  20,
  9.01,
  1 - 2 ** -24,
  1 + 2 ** -23,
  0.92773,
  0.625,
  4.1,
  -1e-30,
];

/** Special values, then floats uniform in their bits (no subnormals), then floats near the origin. */
function inputs(): Float64Array {
  const view = new DataView(new ArrayBuffer(4));
  let state = 12345;
  return Float64Array.from({ length: COUNT }, (_, k) => {
    const given = special[k];
    if (given !== undefined) return Math.fround(given);
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    if (k % 2 === 0) return Math.fround(((state >>> 8) / 2 ** 24 - 0.5) * (k % 4 === 0 ? 8 : 220));
    view.setUint32(0, state ^ (state >>> 15));
    const value = view.getFloat32(0);
    return Math.abs(value) < SMALLEST_NORMAL ? 0 : value;
  });
}

/** Distance of `got` from `want` in units in the last place of float32, there or at `scale` where it is larger. */
function ulps(got: number, want: number, scale: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.max(Math.abs(want), scale))));
  return Math.abs(got - want) / 2 ** (exponent - 23);
}

/** Worst error over the inputs in ulp; infinite where special values, infinities or NaNs differ. */
function worstError(
  xs: Float64Array,
  got: Float64Array,
  reference: (x: number, k: number) => number,
  scale: (x: number) => number = () => 0,
): number {
  let worst = 0;
  xs.forEach((x, k) => {
    const [value, want] = [got[k] ?? Number.NaN, reference(x, k)];
    if (Object.is(value, want) || value === Math.fround(want)) return;
    if (value === 0 && Math.abs(want) < SMALLEST_NORMAL) return;
    if (Number.isNaN(value) && Number.isNaN(want)) return;
    worst = Math.max(
      worst,
      Number.isFinite(value) && Number.isFinite(want) ? ulps(value, want, scale(x)) : Infinity,
    );
  });
  return worst;
}

const xs = inputs();
const x = tensorOf('x', 'state', [COUNT]);
const at = globalId(64);
const ofX = load(x, [at]);
/** Each special value meets each other one; then others in another order. */
const seconds = Float64Array.from(xs, (_, k) => {
  const count = special.length;
  const other = k < count * count ? special[Math.floor(k / count)] : xs[(k * 40503 + 7) % COUNT];
  return Math.fround(other ?? 0);
});
const firsts = Float64Array.from(xs, (value, k) =>
  k < special.length ** 2 ? (xs[k % special.length] ?? 0) : value,
);
const [first, second] = [tensorOf('first', 'state', [COUNT]), tensorOf('second', 'state', [COUNT])];

/** The operations of one float that give a float. */
type FloatFunction = {
  [Op in ScalarOp]: (typeof scalarOps)[Op] extends {
    arity: 1;
    operands: 'float' | 'number';
    result: 'same';
  }
    ? Op
    : never;
}[ScalarOp];

/** Errors allowed, in units in the last place of the float32 result. */
const bounds = {
  exp: 1,
  log: 1,
  log1p: 1.01,
  expm1: 1.5,
  tanh: 2,
  sigmoid: 3,
  erf: 2,
  ...unaryBounds,
  sqrt: 0.5,
  floor: 0,
  ceil: 0,
  trunc: 0,
  round: 0,
  sign: 0,
  relu: 0,
  abs: 0,
  neg: 0,
  isNan: 0,
} satisfies Record<FloatFunction | 'isNan', number>;

const other: Record<string, { readonly expr: Expr; readonly reference: (x: number) => number }> = {
  'a cast to i32 saturates and takes NaN for 0': { expr: cast(ofX, 'i32'), reference: castTo('i32') },
  'a cast to u32 saturates and takes NaN for 0': { expr: cast(ofX, 'u32'), reference: castTo('u32') },
  'a cast to bool holds for all but zeros': { expr: cast(ofX, 'bool'), reference: castTo('bool') },
  'x = x fails for a NaN': { expr: apply('eq', ofX, ofX), reference: (v) => (Number.isNaN(v) ? 0 : 1) },
  'x ≠ x holds for a NaN': { expr: apply('ne', ofX, ofX), reference: (v) => (Number.isNaN(v) ? 1 : 0) },
  'max keeps a NaN': { expr: apply('max', ofX, float(1)), reference: (v) => Math.max(v, 1) },
  'min keeps a NaN': { expr: apply('min', float(1), ofX), reference: (v) => Math.min(v, 1) },
  'x · 0 is NaN for infinities and NaN': { expr: apply('mul', ofX, float(0)), reference: (v) => v * 0 },
  '0 / x is NaN for zeros and NaN': { expr: apply('div', float(0), ofX), reference: (v) => 0 / v },
  'x below infinity': {
    expr: apply('lt', ofX, float(Infinity)),
    reference: (v) => (v < Infinity ? 1 : 0),
  },
};

function castTo(dtype: 'i32' | 'u32' | 'bool'): (x: number) => number {
  return (v) => applyScalar('cast', [v], dtype, true);
}

describe('scalar operations on WGSL', () => {
  const values = new Map<string, Float64Array>();
  let device: GPUDevice;

  beforeAll(async () => {
    device = await freshDevice();
    const cases = [
      ...(Object.keys(bounds) as (keyof typeof bounds)[]).map((op) => [op, apply(op, ofX)] as const),
      ...(Object.keys(pairBounds) as BinaryName[]).map(
        (op) => [op, apply(op, load(first, [at]), load(second, [at]))] as const,
      ),
      ...Object.entries(other).map(([name, { expr }]) => [name, expr] as const),
    ];
    const runs = cases.map(([, value]) => {
      const result = tensorOf('result', 'temp', [COUNT], value.dtype);
      return {
        kernel: kernelOf([storeOf(result, [at], value)], { workgroup: 64, grid: COUNT / 64 }),
        memory: new Map([
          [x, xs],
          [first, firsts],
          [second, seconds],
        ]),
      };
    });
    const results = await runOnDevice(device, runs);
    cases.forEach(([name], k) => {
      values.set(name, [...(results[k]?.values() ?? [])][0] ?? new Float64Array(0));
    });
  });

  afterAll(() => device.destroy());

  for (const [op, bound] of Object.entries(bounds) as [keyof typeof bounds, number][]) {
    test(`${op} is within ${bound} ulp of float64 on the whole range, special values included`, () => {
      const { evaluate } = scalarOps[op];
      const got = values.get(op) ?? new Float64Array(0);
      expect(got).toHaveLength(COUNT);
      expect(worstError(xs, got, (v) => Number(evaluate(v)), scales[op])).toBeLessThanOrEqual(bound);
    });
  }

  for (const [op, bound] of Object.entries(pairBounds) as [BinaryName, number][]) {
    test(`${op} is within ${bound} ulp of float64, special values included`, () => {
      const { evaluate } = scalarOps[op];
      const got = values.get(op) ?? new Float64Array(0);
      expect(got).toHaveLength(COUNT);
      const error = worstError(firsts, got, (v, k) => evaluate(v, seconds[k] ?? 0));
      expect(error).toBeLessThanOrEqual(bound);
    });
  }

  for (const [name, { reference }] of Object.entries(other)) {
    test(name, () => {
      const got = values.get(name) ?? new Float64Array(0);
      expect(got).toHaveLength(COUNT);
      expect(worstError(xs, got, reference)).toBe(0);
    });
  }
});
