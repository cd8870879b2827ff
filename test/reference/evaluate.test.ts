import { describe, expect, test } from 'vitest';
import { concat, defineModule, type Module } from '../../src/graph/index.ts';
import { evaluate, type Feeds } from '../../src/reference/index.ts';

describe('the reference evaluator', () => {
  test('reduces over the live rows of a bounded size only', () => {
    const rows = outputsOf(
      (m) => {
        const x = m.input('x', { shape: [m.size('batch', { max: 4 }), 2] });
        return { sum: x.sum(0), mean: x.mean(0), max: x.max(), last: x.argmin(0), spread: x.variance(0) };
      },
      { inputs: { x: { shape: [3, 2], data: [1, 2, 3, 4, 8, 0] } }, live: { batch: 3 } },
    );
    expect(rows).toEqual({
      sum: [12, 6],
      mean: [4, 2],
      max: [8],
      last: [0, 2],
      spread: [(9 + 1 + 16) / 3, (0 + 4 + 4) / 3],
    });
  });

  test('sums a product over a bounded inner size over its live elements only', () => {
    const { product } = outputsOf(
      (m) => {
        const x = m.input('x', { shape: [m.size('n', { max: 3 }), 2] });
        return { product: x.transpose().matmul(x) };
      },
      { inputs: { x: { shape: [1, 2], data: [3, 5] } }, live: { n: 1 } },
    );
    expect(product).toEqual([9, 15, 15, 25]);
  });

  test('carries a bounded size through a reshape that merges it', () => {
    const { sum } = outputsOf(
      (m) => {
        const x = m.input('x', { shape: [m.size('n', { max: 5 }), 3] });
        return { sum: x.reshape([-1]).sum() };
      },
      { inputs: { x: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] } }, live: { n: 2 } },
    );
    expect(sum).toEqual([21]);
  });

  test('moves elements as NumPy does', () => {
    const x = { shape: [2, 3], data: [0, 1, 2, 3, 4, 5] };
    const moved = outputsOf(
      (m) => {
        const t = m.input('x', { shape: [2, 3] });
        return {
          permuted: t.permute([1, 0]),
          sliced: t.slice([0, 2], [2, undefined], [1, -2]),
          padded: t.pad([0, 1], [1, 0], 9),
          flipped: t.flip(1),
          joined: concat([t, t.slice([1])], 0),
          spread: t.sum(1, { keepDims: true }).broadcastTo([2, 2, 2]),
        };
      },
      { inputs: { x } },
    );
    expect(moved).toEqual({
      permuted: [0, 3, 1, 4, 2, 5],
      sliced: [2, 0, 5, 3],
      padded: [9, 0, 1, 2, 9, 3, 4, 5, 9, 9, 9, 9],
      flipped: [2, 1, 0, 5, 4, 3],
      joined: [0, 1, 2, 3, 4, 5, 3, 4, 5],
      spread: [3, 3, 12, 12, 3, 3, 12, 12],
    });
  });

  test('slides a window without turning it, over padding, gaps and crops, for each group', () => {
    const given = { shape: [1, 2, 1, 4], data: [1, 2, 3, 4, 5, 6, 7, 8] };
    const window = { shape: [2, 1, 1, 2], data: [1, 10, 100, 1000] };
    const found = outputsOf(
      (m) => {
        const [x, w] = [m.input('x', { shape: given.shape }), m.input('w', { shape: window.shape })];
        return {
          plain: x.convolve(w),
          padded: x.convolve(w, { low: [1], high: [1], stride: [2] }),
          apart: x.convolve(w, { windowDilation: [3] }),
          gaps: x.convolve(w, { inputDilation: [2] }),
          cropped: x.convolve(w, { low: [-1], high: [-1] }),
        };
      },
      { inputs: { x: given, w: window } },
    );
    expect(found).toEqual({
      plain: [21, 32, 43, 6500, 7600, 8700],
      padded: [10, 32, 4, 5000, 7600, 800],
      apart: [41, 8500],
      gaps: [1, 20, 2, 30, 3, 40, 500, 6000, 600, 7000, 700, 8000],
      cropped: [32, 7600],
    });
  });

  test('sums a convolution over the live features of a bounded size only', () => {
    const { y } = outputsOf(
      (m) => {
        const x = m.input('x', { shape: [m.size('n', { max: 3 }), 1, 1, 2] }).transpose(0, 2);
        return { y: x.convolve(x) };
      },
      { inputs: { x: { shape: [2, 1, 1, 2], data: [1, 2, 3, 4] } }, live: { n: 2 } },
    );
    expect(y).toEqual([1 + 4 + 9 + 16]);
  });

  test('takes windows, and adds them up where they lie', () => {
    const moved = outputsOf(
      (m) => {
        const x = m.input('x', { shape: [4] });
        const overlapping = { axes: [0], window: [3], low: [1], high: [1] };
        const apart = { axes: [0], window: [1], stride: [3] };
        return {
          overlapping: x.windows({ ...overlapping, value: 9 }),
          dilated: x.windows({ axes: [0], window: [2], dilation: [2] }),
          added: x.windows(overlapping).foldWindows([4], overlapping),
          placed: x.windows(apart).foldWindows([4], apart),
        };
      },
      { inputs: { x: { shape: [4], data: [1, 2, 3, 4] } } },
    );
    expect(moved).toEqual({
      overlapping: [9, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 9],
      dilated: [1, 3, 2, 4],
      added: [2, 6, 9, 8],
      placed: [1, 0, 0, 4],
    });
  });

  test('wraps integers to 32 bits and saturates casts', () => {
    const { product, sum, cast, truth } = outputsOf(
      (m) => {
        const n = m.input('n', { shape: [2], dtype: 'i32' });
        const x = m.input('x', { shape: [5] });
        return { product: n.mul(n), sum: n.sum(), cast: x.cast('i32'), truth: x.cast('bool') };
      },
      {
        inputs: {
          n: { shape: [2], data: [65537, 2147483647] },
          x: { shape: [5], data: [-1.9, 3e9, Number.NaN, -0, -Infinity] },
        },
      },
    );
    expect(product).toEqual([131073, 1]);
    expect(sum).toEqual([65537 + 2147483647 - 2 ** 32]);
    expect(cast).toEqual([-1, 2147483647, 0, 0, -(2 ** 31)]);
    expect(truth).toEqual([1, 1, 1, 0, 1]);
  });

  test('knows erf to full precision', () => {
    const points = [-4, -1, -0.01, 0, 0.5, 2.9, 3.1, 6];
    const { erf } = outputsOf((m) => ({ erf: m.input('x', { shape: [8] }).erf() }), {
      inputs: { x: { shape: [8], data: points } },
    });
    // Values of the standard library of C.
    const known = [
      -0.9999999845827421, -0.8427007929497149, -0.011283415555849616, 0, 0.5204998778130465,
      0.9999589021219005, 0.9999883513426328, 1,
    ];
    for (const [k, value] of known.entries()) expect(erf?.[k]).toBeCloseTo(value, 14);
  });

  test('gives the first extremum, and a NaN before any number', () => {
    const { max, argmax, argmin } = outputsOf(
      (m) => {
        const x = m.input('x', { shape: [2, 4] });
        return { max: x.max(1), argmax: x.argmax(1), argmin: x.argmin(1) };
      },
      { inputs: { x: { shape: [2, 4], data: [1, 7, 7, 1, 2, Number.NaN, 9, Number.NaN] } } },
    );
    expect(max).toEqual([7, Number.NaN]);
    expect(argmax).toEqual([1, 1]);
    expect(argmin).toEqual([0, 1]);
  });

  test('gives no number as the mean of none, and the neutral elements as their sum and product', () => {
    const none = outputsOf(
      (m) => {
        const x = m.input('x', { shape: [0, 2] });
        return { mean: x.mean(0), all: x.mean(), sum: x.sum(0), product: x.prod(0), largest: x.max(1) };
      },
      { inputs: { x: { shape: [0, 2], data: [] } } },
    );
    expect(none).toEqual({
      mean: [Number.NaN, Number.NaN],
      all: [Number.NaN],
      sum: [0, 0],
      product: [1, 1],
      largest: [],
    });
  });

  test('keeps infinities in a logarithm of a sum of exponentials', () => {
    const { lse } = outputsOf((m) => ({ lse: m.input('x', { shape: [3, 2] }).logSumExp(1) }), {
      inputs: { x: { shape: [3, 2], data: [1000, 1000, -Infinity, -Infinity, 1, Infinity] } },
    });
    expect(lse).toEqual([1000 + Math.log(2), -Infinity, Infinity]);
  });

  test('reads the nearest row where an index lies outside', () => {
    const { rows, chosen } = outputsOf(
      (m) => {
        const x = m.input('x', { shape: [2, 2] });
        const at = m.input('at', { shape: [2], dtype: 'i32' });
        return { rows: x.take(at), chosen: x.pick(at) };
      },
      { inputs: { x: { shape: [2, 2], data: [1, 2, 3, 4] }, at: { shape: [2], data: [-3, 9] } } },
    );
    expect(rows).toEqual([1, 2, 3, 4]);
    expect(chosen).toEqual([1, 4]);
  });

  test('says which input is missing', () => {
    const module = defineModule('m', (m) => m.entry('run', { y: m.input('x', { shape: [1] }).neg() }));
    const nodes = module.entries.flatMap((entry) => entry.outputs.map(({ node }) => node));
    expect(() => evaluate(nodes, {})).toThrow('no value for input "x"');
  });
});

type Build = Parameters<typeof defineModule>[1];
type Outputs = Parameters<Parameters<Build>[0]['entry']>[1];

function outputsOf(build: (m: Parameters<Build>[0]) => Outputs, feeds: Feeds): Record<string, number[]> {
  const module: Module = defineModule('m', (m) => m.entry('run', build(m)));
  const outputs = module.entries.flatMap((entry) => entry.outputs);
  const values = evaluate(
    outputs.map(({ node }) => node),
    feeds,
  );
  return Object.fromEntries(outputs.map(({ name }, k) => [name, [...(values[k]?.data ?? [])]]));
}
