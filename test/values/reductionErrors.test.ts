import { describe, expect, it } from 'vitest';
import { defineModule, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import { batchNorm, standardize } from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import type { Given } from '../../src/reference/index.ts';
import { Dice } from '../oracle/dice.ts';
import { interpreted } from './interpreted.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

/** What rounding to float32 may add, relative to a number. */
const EPSILON = 2 ** -24;

/** Multiples of `EPSILON · log2(n)` that a sum of n terms may be off, relative to the sum of their sizes. */
const SUM_ERROR = 4;

/** The same for a variance, relative to itself: its terms are squares of differences. */
const VARIANCE_ERROR = 8;

/** Targets, with how many random entries they run, how long their sums are at most, and how many rows are normalised. */
const targets: readonly { target: Target; name: string; count: number; longest: number; samples: number }[] =
  [
    { target: reference, count: 5, longest: 5000, samples: 20 },
    { target: wasm(1), count: 14, longest: 1_000_000, samples: 40 },
    { target: wgsl('webgpu-software'), count: 5, longest: 100_000, samples: 40 },
    { target: interpreted('webgpu'), count: 8, longest: 5000, samples: 5 },
  ].map((row) => ({ ...row, name: row.target.name }));

/** A tensor `[rows, length, columns]` that is reduced along its middle, and what stands in it. */
interface Drawn {
  readonly rows: number;
  readonly length: number;
  readonly columns: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly mask: Float32Array;
}

function drawn(dice: Dice, longest: number): Drawn {
  const length = Math.max(1, Math.round(longest ** dice.unit()));
  const most = Math.floor(longest / length);
  const [rows, columns] = [dice.below(Math.min(5, most)) + 1, 1];
  const isTurned = dice.chance(0.3);
  const offset = dice.oneOf([0, 0, 1, 1000, 1e6]) * (dice.chance(0.5) ? 1 : -1);
  const scale = 10 ** dice.between(-3, 3);
  const isConstant = dice.chance(0.3);
  const count = rows * length * columns;
  const values = (): Float32Array =>
    Float32Array.from({ length: count }, () => (isConstant ? 0.1 : offset + scale * (2 * dice.unit() - 1)));
  const [x, y] = [values(), values()];
  const mask = Float32Array.from({ length: count }, () => Number(dice.chance(0.5)));
  return isTurned ? { rows: 1, length, columns: rows, x, y, mask } : { rows, length, columns, x, y, mask };
}

/** The terms of each element of a result. */
function* lines({ rows, length, columns }: Drawn): Generator<number[]> {
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      yield Array.from({ length }, (_, k) => (row * length + k) * columns + column);
}

/** A value in float64, and what a float32 computation may be off. */
interface Expected {
  readonly value: number;
  readonly most: number;
}

interface Reduction {
  readonly build: (x: Tensor, y: Tensor, mask: Tensor) => Tensor;
  readonly expected: (of: Drawn, at: readonly number[]) => Expected;
}

function sumOf(terms: readonly number[], by = 1): Expected {
  let [value, size] = [0, 0];
  for (const term of terms) {
    value += term;
    size += Math.abs(term);
  }
  return { value: value / by, most: (SUM_ERROR * EPSILON * (2 + Math.log2(terms.length)) * size) / by };
}

const take = (data: Float32Array, at: readonly number[]): number[] => at.map((k) => data[k] ?? 0);

function varianceOf(values: readonly number[]): Expected {
  const mean = sumOf(values).value / values.length;
  const value = sumOf(values.map((v) => (v - mean) ** 2)).value / values.length;
  return { value, most: VARIANCE_ERROR * EPSILON * (2 + Math.log2(values.length)) * value };
}

const reductions: Readonly<Record<string, Reduction>> = {
  sum: { build: (x) => x.sum(1), expected: ({ x }, at) => sumOf(take(x, at)) },
  mean: { build: (x) => x.mean(1), expected: ({ x }, at) => sumOf(take(x, at), at.length) },
  variance: { build: (x) => x.variance(1), expected: ({ x }, at) => varianceOf(take(x, at)) },
  max: {
    build: (x) => x.max(1),
    expected: ({ x }, at) => ({ value: take(x, at).reduce((m, v) => Math.max(m, v)), most: 0 }),
  },
  masked: {
    build: (x, _, mask) => mask.where(x, 0).sum(1),
    expected: ({ x, mask }, at) => sumOf(at.map((k) => (mask[k] === 1 ? (x[k] ?? 0) : 0))),
  },
  dot: {
    build: (x, y) => x.mul(y).sum(1),
    expected: ({ x, y }, at) => sumOf(at.map((k) => (x[k] ?? 0) * (y[k] ?? 0))),
  },
  squares: { build: (x) => x.square().sum(1), expected: ({ x }, at) => sumOf(take(x, at).map((v) => v * v)) },
  logSumExp: {
    build: (x) => x.logSumExp(1),
    expected: ({ x }, at) => {
      const values = take(x, at);
      const top = values.reduce((m, v) => Math.max(m, v));
      const value = top + Math.log(sumOf(values.map((v) => Math.exp(v - top))).value);
      const most = SUM_ERROR * EPSILON * (4 + Math.log2(values.length) + 2 * Math.abs(value));
      return { value, most };
    },
  },
};

const given = (data: ArrayLike<number>, shape: readonly number[]): Given => ({ shape: [...shape], data });

/** Runs one entry once over inputs of one shape. */
async function outputsOf(
  target: Target,
  build: (m: ModuleBuilder) => Record<string, Tensor>,
  inputs: Readonly<Record<string, Given>>,
): Promise<Readonly<Record<string, Given>>> {
  const session = await target.start(defineModule('reductions', (m) => m.entry('run', build(m))));
  try {
    return await session.step('run', { inputs });
  } finally {
    await session.dispose();
  }
}

/** Reductions of one random tensor, and those of their elements that are farther off than they may be. */
async function errorsOf(target: Target, seed: number, longest: number): Promise<string[]> {
  const dice = new Dice(seed ^ 0x3c6ef372);
  const of = drawn(dice, longest);
  const shape = [of.rows, of.length, of.columns];
  const names = dice.shuffled(Object.keys(reductions)).slice(0, dice.between(1, 4));
  const outputs = await outputsOf(
    target,
    (m) => {
      const [x, y] = [m.input('x', { shape }), m.input('y', { shape })];
      const mask = m.input('mask', { shape, dtype: 'bool' });
      return Object.fromEntries(names.map((name) => [name, reductions[name]?.build(x, y, mask) ?? x]));
    },
    { x: given(of.x, shape), y: given(of.y, shape), mask: given(of.mask, shape) },
  );
  const found: string[] = [];
  let k = 0;
  for (const at of lines(of)) {
    for (const name of names) {
      const wanted = reductions[name]?.expected(of, at);
      const actual = outputs[name]?.data[k] ?? Number.NaN;
      // The result is a float32, whatever computes it.
      const most = (wanted?.most ?? 0) + EPSILON * Math.abs(wanted?.value ?? 0);
      if (wanted !== undefined && Math.abs(actual - wanted.value) <= most) continue;
      found.push(
        `seed ${seed}, [${shape}] ${names}: ${name}[${k}] is ${actual}, not ${wanted?.value} (${most})`,
      );
    }
    k++;
  }
  return found;
}

/** Entries of each run; `SINTER_SEEDS=1000-2000` runs others. */
const [first, last] = (process.env.SINTER_SEEDS ?? '0').split('-').map(Number);

describe.each(targets)('on $name', ({ target, count, longest, samples }) => {
  it(`reductions of a tensor are off by no more than ${SUM_ERROR} ε log2 n, whatever the entry has besides`, async () => {
    const found: string[] = [];
    for (let seed = first ?? 0; seed < (last ?? count); seed++)
      found.push(...(await errorsOf(target, seed, longest)));
    expect(found).toEqual([]);
  });

  it('a variance keeps its digits beside any offset, and so does what is normalised by it', async () => {
    const dice = new Dice(7);
    const [length, eps] = [300, 1e-12];
    const offsets = Array.from({ length: samples }, () => 10 ** dice.between(-3, 7) * (dice.unit() - 0.5));
    const scales = Array.from({ length: samples }, () => 10 ** dice.between(-6, 6));
    const shape = [samples, length];
    const x = Float32Array.from(
      { length: samples * length },
      (_, k) =>
        (offsets[Math.floor(k / length)] ?? 0) + (scales[Math.floor(k / length)] ?? 1) * (dice.unit() - 0.5),
    );
    const outputs = await outputsOf(
      target,
      (m) => {
        const t = m.input('x', { shape });
        return {
          variance: t.variance(1),
          layer: standardize(t, [1], { eps }),
          batch: batchNorm(t.transpose(), { affine: false, eps }).output,
        };
      },
      { x: given(x, shape) },
    );
    for (let row = 0; row < samples; row++) {
      const values = Array.from(x.subarray(row * length, (row + 1) * length));
      const { value, most } = varianceOf(values);
      const what = `of row ${row}, ${offsets[row]} ± ${scales[row]}`;
      expect(
        Math.abs((outputs.variance?.data[row] ?? Number.NaN) - value),
        `variance ${what}`,
      ).toBeLessThanOrEqual(most);
      const mean = sumOf(values).value / length;
      const deviation = Math.sqrt(value + eps);
      // The mean itself is a float32.
      const off = 16 * EPSILON * (4 + (2 * Math.abs(mean)) / deviation);
      for (let k = 0; k < length; k++) {
        const normal = ((values[k] ?? 0) - mean) / deviation;
        for (const [name, at] of [
          ['layer', row * length + k],
          ['batch', k * samples + row],
        ] as const)
          expect(
            Math.abs((outputs[name]?.data[at] ?? Number.NaN) - normal),
            `${name} ${what}`,
          ).toBeLessThanOrEqual(off);
      }
    }
  });

  it('extrema, their places and sums of exponentials are what they are of infinities and a NaN', async () => {
    const line = (value: number, at: Readonly<Record<number, number>> = {}): number[] =>
      Array.from({ length: 1200 }, (_, k) => at[k] ?? value);
    const x = [
      line(-Infinity),
      line(Infinity),
      line(-Infinity, { 700: 2, 1199: 2 }),
      line(3, { 901: Infinity }),
      line(3, { 901: -Infinity }),
      line(3, { 1100: Number.NaN, 901: Number.NaN, 33: Infinity }),
    ];
    const shape = [x.length, 1200];
    const outputs = await outputsOf(
      target,
      (m) => {
        const t = m.input('x', { shape });
        return { logSumExp: t.logSumExp(1), max: t.max(1), argmax: t.argmax(1), argmin: t.argmin(1) };
      },
      { x: given(x.flat(), shape) },
    );
    const data = (name: string): number[] => Array.from(outputs[name]?.data ?? []);
    const log = (n: number): number => Math.log(n);
    const expected = [-Infinity, Infinity, 2 + log(2), Infinity, 3 + log(1199), Number.NaN];
    for (const [k, value] of data('logSumExp').entries()) {
      const wanted = expected[k] ?? 0;
      if (Number.isFinite(wanted)) expect(Math.abs(value - wanted)).toBeLessThan(2e-6 * wanted);
      else expect(value).toBe(wanted);
    }
    expect(data('max')).toEqual([-Infinity, Infinity, 2, Infinity, 3, Number.NaN]);
    expect(data('argmax')).toEqual([0, 0, 700, 901, 0, 901]);
    expect(data('argmin')).toEqual([0, 0, 0, 0, 901, 901]);
  });

  it('a variance is what it is of one element, of equal ones, of an infinity and of the largest numbers', async () => {
    const huge = 3e38;
    const rows: readonly (readonly [number[], number])[] = [
      [[1e20], 0],
      [[-huge, -huge, -huge, -huge], 0],
      [[2e19, -1e19, 2e19, -1e19], 2.25e38],
      [[huge, -huge], Infinity],
      [[1, 2, Infinity], Number.NaN],
      [[-Infinity, 2, 3], Number.NaN],
      [[1, Number.NaN, 3], Number.NaN],
      [Array.from({ length: 4096 }, (_, k) => 1e6 + (k % 2 === 0 ? -1 : 1)), 1],
      [[...Array.from({ length: 3000 }, () => 5), Infinity], Number.NaN],
    ];
    const outputs = await outputsOf(
      target,
      (m) =>
        Object.fromEntries(
          rows.flatMap(([values], k) => {
            const x = m.input(`x${k}`, { shape: [1, values.length] });
            const variance = x.variance(1);
            const gradient = gradients(variance.sum(), [x])[0] ?? x;
            return values.length === 1
              ? [[`v${k}`, variance] as const, [`g${k}`, gradient] as const]
              : [[`v${k}`, variance] as const];
          }),
        ),
      Object.fromEntries(
        rows.map(([values], k) => [`x${k}`, given(values.map(Math.fround), [1, values.length])]),
      ),
    );
    for (const [k, [values, expected]] of rows.entries()) {
      const found = Math.fround(outputs[`v${k}`]?.data[0] ?? -1);
      const what = `of ${values.slice(0, 5)}`;
      if (!Number.isFinite(expected)) expect(found, what).toBe(expected);
      else expect(Math.abs(found - expected), `${what}: ${found}`).toBeLessThanOrEqual(1e-6 * expected);
      if (values.length === 1 && Number.isFinite(values[0]))
        expect(outputs[`g${k}`]?.data[0], `gradient ${what}`).toBe(0);
    }
  });
});

it.each([wasm(1), wgsl('webgpu-software')])(
  'on $name a long sum has the same digits beside a variance',
  async (target) => {
    const shape = [1_000_000];
    const inputs = { x: given(new Float32Array(1_000_000).fill(0.1), shape) };
    const alone = await outputsOf(target, (m) => ({ sum: m.input('x', { shape }).sum() }), inputs);
    const beside = await outputsOf(
      target,
      (m) => {
        const x = m.input('x', { shape });
        return { sum: x.sum(), mean: x.mean(), variance: x.variance(), highest: x.max() };
      },
      inputs,
    );
    expect(beside.sum?.data[0]).toBe(alone.sum?.data[0]);
  },
);
