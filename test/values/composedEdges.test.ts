import { describe, expect, it } from 'vitest';
import { defineModule, einsum, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import type { Given } from '../../src/reference/index.ts';
import { Dice } from '../oracle/dice.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

const targets: readonly Target[] = [reference, wasm(1), wgsl('webgpu-software')];

type Outputs = Readonly<Record<string, Tensor>>;
type Inputs = Readonly<Record<string, Given | readonly number[]>>;

/** What an entry gives, as lists of numbers. */
async function run(
  target: Target,
  build: (m: ModuleBuilder) => Outputs,
  inputs: Inputs,
  live: Readonly<Record<string, number>> = {},
): Promise<Readonly<Record<string, readonly number[]>>> {
  const module = defineModule('edges', (m) => m.entry('run', build(m)));
  const session = await target.start(module);
  const given = Object.entries(inputs).map(([name, value]) => [
    name,
    'shape' in value ? value : { shape: [value.length], data: value },
  ]);
  const outputs = await session.step('run', { inputs: Object.fromEntries(given), live });
  await session.dispose();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data)]));
}

const gradientOf = (y: Tensor, x: Tensor): Tensor => gradients(y.sum(), [x])[0] ?? x;

// What a driver makes of floats may depend on the kernels that it gets.
describe.each([...targets, wgsl('webgpu')])('on $name', (target) => {
  it('floats that are no numbers are told apart, and signs of zeros', async () => {
    const xs = [0, -0, 1, -2, Infinity, -Infinity, Number.NaN, 3.4028234663852886e38, -(2 ** -126)];
    const found = await run(
      target,
      (m) => {
        const x = m.input('x', { shape: [xs.length] });
        const signed = x.fullLike(3).copysign(x);
        return {
          isNaN: x.isNaN(),
          isInf: x.isInf(),
          isFinite: x.isFinite(),
          signed,
          // The sign of a zero, as that of what it divides.
          ofZero: m
            .input('zero', { shape: [xs.length] })
            .copysign(x)
            .reciprocal(),
          ofX: x.copysign(-1),
          gradient: gradientOf(x.copysign(x.neg()), x).sub(2),
        };
      },
      { x: xs, zero: xs.map(() => 0) },
    );
    expect(found).toEqual({
      isNaN: xs.map((x) => Number(Number.isNaN(x))),
      isInf: xs.map((x) => Number(Math.abs(x) === Infinity)),
      isFinite: xs.map((x) => Number(Number.isFinite(x))),
      signed: [3, -3, 3, -3, 3, -3, 3, 3, -3],
      ofZero: [1, -1, 1, -1, 1, -1, 1, 1, -1].map((sign) => sign * Infinity),
      ofX: xs.map((x) => -Math.abs(x)),
      gradient: [-2, -2, -3, -3, -3, -3, Number.NaN, -3, -3],
    });
  });

  it('hypot neither overflows nor underflows, to 2 ulp, whatever the exponents', async () => {
    const dice = new Dice(5);
    const [large, small] = [2 ** 127, 2 ** -126];
    const pairs = [
      [3, -4],
      [0, 0],
      [large, large],
      [large, 1],
      [small, small],
      [Infinity, Number.NaN],
      [Number.NaN, -Infinity],
      [Number.NaN, 1],
    ];
    for (let e = -125; e < 126; e++) {
      for (const apart of [0, 1, 6, 12, 30]) {
        const other = Math.max(-125, e - apart);
        pairs.push([(1 + dice.unit()) * 2 ** e, (1 + dice.unit()) * 2 ** other].map(Math.fround));
      }
    }
    const [x, y] = [0, 1].map((k) => pairs.map((pair) => pair[k] ?? 0));
    const { hypot = [] } = await run(
      target,
      (m) => ({
        hypot: m.input('x', { shape: [pairs.length] }).hypot(m.input('y', { shape: [pairs.length] })),
      }),
      { x: x ?? [], y: y ?? [] },
    );
    const wrong = pairs.flatMap(([a = 0, b = 0], k) => {
      const [is = 0, want] = [hypot[k], Math.hypot(a, b)];
      const near = Object.is(is, want) || Math.abs(is - want) <= 2 * 2 ** -23 * want;
      return near ? [] : [`hypot(${a}, ${b}) is ${is}, not ${want}`];
    });
    expect(wrong).toEqual([]);
  });
});

describe.each(targets)('on $name', (target) => {
  it('what is not chosen may be anything, in value and in gradient', async () => {
    const xs = [1, Number.NaN, Infinity, 2];
    const found = await run(
      target,
      (m) => {
        const x = m.input('x', { shape: [2, 2] });
        const lower = x.tril();
        const upper = x.flip(1).triu();
        const masked = x.maskedFill(x.isFinite().not(), 5);
        const diagonal = einsum('ii->i', x);
        const weight = m.input('weight', { shape: [2] });
        const lerped = weight.lerp(x.select(1, 0), weight);
        return {
          lower,
          upper,
          masked,
          diagonal,
          lowerGradient: gradientOf(lower.square(), x),
          maskedGradient: gradientOf(masked.square(), x),
          diagonalGradient: gradientOf(diagonal.square(), x),
          lerped,
        };
      },
      { x: { shape: [2, 2], data: xs }, weight: [0.5, 1] },
    );
    expect(found).toEqual({
      lower: [1, 0, Infinity, 2],
      upper: [Number.NaN, 1, 0, Infinity],
      masked: [1, 5, 5, 2],
      diagonal: [1, 2],
      lowerGradient: [2, 0, Infinity, 4],
      maskedGradient: [2, 0, 0, 4],
      diagonalGradient: [2, 0, 0, 4],
      lerped: [0.75, Number.NaN],
    });
  });

  it('reductions have the values of PyTorch for none, one and zeros, and gradients there', async () => {
    const found = await run(
      target,
      (m) => {
        const x = m.input('x', { shape: [2, 3] });
        const none = m.input('none', { shape: [2, 0] });
        const corrected = x.slice([0, 0], [2, 1]);
        return {
          any: x.any(1),
          all: x.all(1),
          count: x.countNonzero(),
          anyOfNone: none.any(1),
          allOfNone: none.all(1, { keepDims: true }),
          std: x.std(1),
          stdGradient: gradientOf(x.std(1), x),
          norm: x.norm(2, 1),
          normGradient: gradientOf(x.norm(2, 1), x),
          zero: x.norm(0, 0),
          ofOne: corrected.variance(1, { correction: 1 }),
          normOfNone: none.norm(2, 1),
        };
      },
      { x: { shape: [2, 3], data: [0, 0, 0, 0, Number.NaN, -2] }, none: { shape: [2, 0], data: [] } },
    );
    const nan = Number.NaN;
    expect(found).toEqual({
      any: [0, 1],
      all: [0, 0],
      count: [2],
      anyOfNone: [0, 0],
      allOfNone: [1, 1],
      std: [0, nan],
      stdGradient: [0, 0, 0, nan, nan, nan],
      norm: [0, nan],
      normGradient: [0, 0, 0, nan, nan, nan],
      zero: [0, 1, 1],
      ofOne: [nan, nan],
      normOfNone: [0, 0],
    });
  });

  it('rows that are live count, and no others', async () => {
    const found = await run(
      target,
      (m) => {
        const rows = m.size('rows', { max: 6 });
        const x = m.input('x', { shape: [rows, 2] });
        const at = m.input('at', { shape: [rows], dtype: 'i32' });
        const zeros = x.fullLike(0);
        const table = x.iota([3, 2], 0).cast('f32').mul(0);
        return {
          any: x.gt(5).any(),
          all: x.gt(0).all(0),
          count: x.countNonzero(),
          variance: x.variance(0, { correction: 1 }),
          norm: x.norm(1, 0),
          flat: x.flatten(),
          twice: x.repeatInterleave(2, 0),
          wide: x.tile([1, 2]),
          upper: x.triu(),
          table: table.indexAdd(0, at, x),
          // Computed, so that they may be out of range: the last that is live takes them.
          live: zeros.indexAdd(0, at.add(2), x),
          scattered: zeros.scatterAdd(0, at.add(2).expandDims(1).broadcastTo(x.shape), x),
          columns: zeros.scatterAdd(1, at.expandDims(1), x),
          gram: einsum('bi,bj->ij', x, x),
          products: einsum('bi,ci->', x, x),
          diagonal: einsum('bb->b', x.matmul(x.transpose())),
        };
      },
      { x: { shape: [3, 2], data: [1, 2, 3, 4, 5, 6] }, at: [0, 1, 0] },
      { rows: 3 },
    );
    expect(found).toEqual({
      any: [1],
      all: [1, 1],
      count: [6],
      variance: [4, 4],
      norm: [9, 12],
      flat: [1, 2, 3, 4, 5, 6],
      twice: [1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6],
      wide: [1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6],
      upper: [1, 2, 0, 4, 0, 0],
      table: [6, 8, 3, 4, 0, 0],
      live: [0, 0, 0, 0, 9, 12],
      scattered: [0, 0, 0, 0, 9, 12],
      columns: [1, 0, 0, 3, 5, 0],
      gram: [35, 44, 44, 56],
      products: [225],
      diagonal: [5, 25, 61],
    });
  });

  it('indices that are computed and out of range add to the nearest element', async () => {
    const found = await run(
      target,
      (m) => {
        const x = m.input('x', { shape: [2, 3] });
        const at = m.input('at', { shape: [2, 2], dtype: 'i32' }).sub(1);
        const source = x.slice([0, 0], [2, 2]);
        const y = x.scatterAdd(1, at, source);
        return {
          y,
          gradient: gradientOf(y.square(), x),
          rows: x.indexAdd(0, at.select(0, 0), x.flip(0)),
          whole: x.cast('i32').scatterAdd(1, at, source.cast('i32')),
        };
      },
      { x: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }, at: { shape: [2, 2], data: [0, 7, 2, 2] } },
    );
    // At [-1, 6] and [1, 1]: of the first row in 0 and 2, of the second twice in 1.
    expect(found).toEqual({
      y: [2, 2, 5, 4, 14, 6],
      gradient: [8, 14, 10, 36, 56, 12],
      rows: [5, 7, 9, 5, 7, 9],
      whole: [2, 2, 5, 4, 14, 6],
    });
  });
});

it('given indices are checked as they come in, those of sums too', async () => {
  for (const name of ['indexAdd', 'scatterAdd'] as const) {
    const failed = run(
      wasm(1),
      (m) => {
        const x = m.input('x', { shape: [3] });
        return { y: x[name](0, m.input('at', { shape: [2], dtype: 'i32' }), x.slice([1])) };
      },
      { x: [1, 2, 3], at: [0, 3] },
    );
    await expect(failed).rejects.toMatchObject({ name: 'InputError', code: 'range', input: 'at' });
  }
});
