import { afterAll, describe, expect, test } from 'vitest';
import { defineModule, type Module, type Tensor } from '../../src/graph/index.ts';
import { type Given, referenceSession, type StepFeeds } from '../../src/reference/index.ts';
import { type RandomOptions, randomModule } from '../oracle/randomGraph.ts';
import { expectClose } from '../values/closeness.ts';
import { mathFunctions } from '../values/mathFunctions.ts';
import { valueSuite } from '../values/suite.ts';
import { OnnxRuntime, onnxTarget } from './onnxRuntime.ts';

const runtime = new OnnxRuntime();
afterAll(() => runtime.close());
const target = onnxTarget(runtime);

valueSuite(target);

/** Compares some steps of a random module with the reference: outputs of each, then states. */
async function compareRandom(seed: number, options: RandomOptions): Promise<void> {
  const { module, states, step } = randomModule(seed, options);
  const session = await target.start(module, states);
  const reference = referenceSession(module, states);
  for (let k = 0; k < 3; k++) {
    for (const { name: entry } of module.entries) {
      const found = await session.step(entry, step(k));
      for (const [name, value] of Object.entries(reference.step(entry, step(k)))) {
        const what = `${name} of ${entry} of seed ${seed}, step ${k}`;
        expectClose(found[name], value, value.dtype === 'f32' ? 2e-4 : 0, what);
      }
    }
  }
  for (const { name } of module.states) {
    const value = reference.read(name);
    expectClose(await session.read(name), value, value.dtype === 'f32' ? 2e-4 : 0, `${name} of seed ${seed}`);
  }
  await session.dispose();
}

const [from = 0, to = 40] = (process.env.SINTER_SEEDS ?? '').split('-').filter(Boolean).map(Number);
const seeds = Array.from({ length: to - from }, (_, k) => from + k);

describe('random graphs have the values of the reference', () => {
  test.each(seeds)('seed %i', (seed) => compareRandom(seed, { withState: true }));
  test.each(seeds)('seed %i, with gradients', (seed) =>
    compareRandom(seed, { differentiable: true, withGradients: true, withState: true }),
  );
});

/** Numbers at which formulas end: no numbers, infinities, zeros of both signs, integers, poles, and what no integer holds. */
const special = [
  Number.NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3,
  -3,
  1e-30,
  -1e-30,
  1e-6,
  20,
  -20,
  90,
  -90,
  1e10,
  -1e10,
  3e38,
  2147483648,
  -2147483649,
  4294967296,
  0.3,
  -0.3,
  0.999,
  7.25,
].map(Math.fround);

/** ONNX Runtime takes very small values of `Sigmoid` for 0. */
const { sigmoid: _, ...compared } = mathFunctions;

/** Functions of one float. */
const functions = {
  ...compared,
  sqrt: (x) => x.sqrt(),
  // It is 0 at 1 and 2, where the reference has what its formula's rounding leaves.
  lgamma: (x) => x.lgamma().add(1),
  sign: (x) => x.sign(),
  round: (x) => x.round(),
  trunc: (x) => x.trunc(),
  relu: (x) => x.relu(),
  abs: (x) => x.abs(),
  isNan: (x) => x.isNaN(),
  i32: (x) => x.cast('i32'),
  u32: (x) => x.cast('u32'),
  bool: (x) => x.cast('bool'),
} satisfies Record<string, (x: Tensor) => Tensor>;

/** Functions of two, of all pairs. */
const pairs = {
  maximum: (x, y) => x.maximum(y),
  minimum: (x, y) => x.minimum(y),
  lt: (x, y) => x.lt(y),
  eq: (x, y) => x.eq(y),
  ne: (x, y) => x.ne(y),
  pow: (x, y) => x.pow(y),
  atan2: (x, y) => x.atan2(y),
  fmod: (x, y) => x.fmod(y),
  remainder: (x, y) => x.mod(y),
} satisfies Record<string, (x: Tensor, y: Tensor) => Tensor>;

const whole = [0, 1, -1, 2, -3, 7, 31, 32, 33, -32, 100, -101, 2147483647, -2147483648];

/** Functions of pairs of integers. */
const ofIntegers = {
  floorDiv: (x, y) => x.floorDiv(y),
  mod: (x, y) => x.mod(y),
  shiftLeft: (x, y) => x.shiftLeft(y),
  shiftRight: (x, y) => x.shiftRight(y),
  and: (x, y) => x.bitAnd(y),
  or: (x, y) => x.bitOr(y),
  xor: (x, y) => x.bitXor(y),
  not: (x) => x.bitNot(),
  add: (x, y) => x.add(y),
  sub: (x, y) => x.sub(y),
  mul: (x, y) => x.mul(y),
  neg: (x) => x.neg(),
  max: (x, y) => x.maximum(y),
  lt: (x, y) => x.lt(y),
} satisfies Record<string, (x: Tensor, y: Tensor) => Tensor>;

/** Expects each value to be near the one that is expected of it, in relation to it, or the same where it is not finite. */
function expectEach(
  found: Given | undefined,
  expected: Given,
  what: string,
  operand: (k: number) => string,
): void {
  for (let k = 0; k < expected.data.length; k++) {
    const [value = 0, wanted = 0] = [found?.data[k], expected.data[k]];
    const isNear = Object.is(value, wanted) || Math.abs(value - wanted) <= 1e-5 * Math.abs(wanted) + 1e-37;
    expect(isNear, `${what} of ${operand(k)} is ${value}, not ${wanted}`).toBe(true);
  }
}

/** Runs one module on both. */
async function compareEach(
  module: Module,
  inputs: StepFeeds['inputs'],
  operand: (k: number) => string,
): Promise<void> {
  const session = await target.start(module);
  const given = inputs === undefined ? {} : { inputs };
  const found = await session.step('run', given);
  const wanted = referenceSession(module, {}, { precision: 'f32' }).step('run', given);
  for (const [name, value] of Object.entries(wanted)) expectEach(found[name], value, name, operand);
  await session.dispose();
}

describe('special values are those of the reference', () => {
  test('of functions of one float', async () => {
    const module = defineModule('functions', (m) => {
      const x = m.input('x', { shape: [special.length] });
      m.entry('run', Object.fromEntries(Object.entries(functions).map(([name, build]) => [name, build(x)])));
    });
    const x = { shape: [special.length], data: special };
    await compareEach(module, { x }, (k) => String(special[k]));
  });

  test('of pairs of floats', async () => {
    const n = special.length;
    const module = defineModule('pairs', (m) => {
      const [x, y] = [m.input('x', { shape: [n, 1] }), m.input('y', { shape: [1, n] })];
      const [a, b] = [x.broadcastTo([n, n]), y.broadcastTo([n, n])];
      m.entry('run', Object.fromEntries(Object.entries(pairs).map(([name, build]) => [name, build(a, b)])));
    });
    const inputs = { x: { shape: [n, 1], data: special }, y: { shape: [1, n], data: special } };
    await compareEach(module, inputs, (k) => `${special[Math.floor(k / n)]} and ${special[k % n]}`);
  });

  test.each(['i32', 'u32'] as const)('of pairs of integers, %s', async (dtype) => {
    const n = whole.length;
    const data = dtype === 'i32' ? whole : whole.map((x) => x >>> 0);
    const module = defineModule('integers', (m) => {
      const [x, y] = [m.input('x', { shape: [n, 1], dtype }), m.input('y', { shape: [1, n], dtype })];
      const [a, b] = [x.broadcastTo([n, n]), y.broadcastTo([n, n])];
      const made = Object.entries(ofIntegers).map(([name, build]) => [name, build(a, b)] as const);
      const other = a.cast(dtype === 'i32' ? 'u32' : 'i32');
      m.entry('run', { ...Object.fromEntries(made), other, float: a.cast('f32') });
    });
    const inputs = { x: { shape: [n, 1], data }, y: { shape: [1, n], data } };
    await compareEach(module, inputs, (k) => `${data[Math.floor(k / n)]} and ${data[k % n]}`);
  });

  test('of extrema over numbers among which is a NaN, at any place', async () => {
    const n = 20;
    const module = defineModule('extrema', (m) => {
      const x = m.input('x', { shape: [n + 1, n] });
      const entry = {
        max: x.max(1),
        min: x.min(1),
        argmax: x.argmax(1),
        argmin: x.argmin(1),
        all: x.argmax(),
      };
      m.entry('run', { ...entry, columns: x.max(0), places: x.argmin(0), sum: x.logSumExp(1) });
    });
    // Row k has a NaN at k, the last row none; equal numbers, of which the first counts.
    const data = Array.from({ length: (n + 1) * n }, (_, k) =>
      k % (n + 1) === 0 ? Number.NaN : (k * 7) % 5,
    );
    await compareEach(module, { x: { shape: [n + 1, n], data } }, (k) => `line ${k}`);
  });
});

describe('a bounded size', () => {
  test('may be 0: of nothing there are sums, extrema and means, and no places', async () => {
    const module = defineModule('none', (m) => {
      const x = m.input('x', { shape: [m.size('n', { max: 9 }), 4] });
      const product = x.transpose().matmul(x);
      m.entry('run', {
        sum: x.sum(0),
        max: x.max(0),
        least: x.min(),
        factors: x.prod(0),
        mean: x.mean(0),
        spread: x.variance(0),
        exponentials: x.logSumExp(0),
        product,
        y: x.mul(2).reshape([x.shape[0] ?? 1, 2, 2]),
      });
    });
    const session = await target.start(module);
    const feeds = { inputs: { x: { shape: [0, 4], data: [] } }, live: { n: 0 } };
    const found = await session.step('run', feeds);
    for (const [name, { shape, data }] of Object.entries(referenceSession(module).step('run', feeds))) {
      expect(found[name]?.shape, name).toEqual(shape);
      expect(Array.from(found[name]?.data ?? []), name).toEqual(Array.from(data));
    }
    await session.dispose();
  });

  test('has any extent, and places count by the largest', async () => {
    const module = defineModule('bounded', (m) => {
      const n = m.size('n', { max: 9 });
      const x = m.input('x', { shape: [n, 4] });
      const crossed = x.matmul(x.transpose());
      m.entry('run', {
        crossed,
        places: x.transpose().argmax(),
        all: crossed.argmax(),
        mean: x.mean(0),
        spread: x.variance(0),
        last: x.flip([1]).sum(0),
        merged: x
          .reshape([{ size: n, factor: 4 }])
          .iotaLike(0)
          .cast('f32'),
        softmax: crossed.softmax(1),
        scan: x.cumsum(1),
      });
    });
    const session = await target.start(module);
    const reference = referenceSession(module, {}, { precision: 'f32' });
    for (const live of [9, 1, 4]) {
      const data = Array.from({ length: 4 * live }, (_, k) => Math.fround(Math.sin(k * 3 + live)));
      const feeds = { inputs: { x: { shape: [live, 4], data } }, live: { n: live } };
      const found = await session.step('run', feeds);
      for (const [name, value] of Object.entries(reference.step('run', feeds))) {
        expectClose(found[name], value, 1e-5, `${name} of ${live} rows`);
      }
    }
    await session.dispose();
  });
});

test.each([22, 23, 24, 25])('version %i of the operators means the same', async (opset) => {
  const { module, states, step } = randomModule(3, { withState: true });
  const session = await onnxTarget(runtime, { opset }).start(module, states);
  const found = await session.step('run', step(0));
  for (const [name, value] of Object.entries(referenceSession(module, states).step('run', step(0)))) {
    expectClose(found[name], value, 2e-4, name);
  }
  await session.dispose();
});
