import { describe, expect, it } from 'vitest';
import { defineModule, type GraphIssue, stack, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { reference, type Target } from '../values/targets.ts';
import { wgsl } from '../values/wgsl.ts';

const image = [0, 7, 3, 10, 9, 5, 1, 8, 7, 3, 10, 6];
const places = [-1, -1, 0.1, 0.3, 0.9, -0.7, 1.4, 0.2, -2.3, 1.7, 0.5, 0.5];

/** What PyTorch's `grid_sample` gives of an image of 3 × 4, and gradients of the sum weighted by 1 to 6. */
const wanted: readonly (readonly [
  padding: 'zeros' | 'border' | 'reflection',
  alignCorners: boolean,
  y: readonly number[],
  ofImage: readonly number[],
  ofPlaces: readonly number[],
])[] = [
  [
    'zeros',
    false,
    [0, 4.765, 6.65, 0, 0, 7.125],
    [0.25, 0, 0, 1.995, 0, 0.33, 1.52, 0.75, 0, 0.27, 2.88, 2.25],
    [0, 0, 3.8, 17.1, -57, 31.5, 0, 0, 0, 0, -15, 31.5],
  ],
  [
    'zeros',
    true,
    [0, 3.945, 8.35, 3.04, 0, 5.875],
    [1, 0, 0.315, 1.785, 0, 0.49, 3.295, 2.795, 0, 0.21, 2.64, 1.07],
    [10.5, 9, -2.1, 10.3, 31.5, -6, -45.6, -3.2, 0, 0, 13.5, 37.5],
  ],
  [
    'border',
    false,
    [0, 4.765, 10, 7.4, 7, 7.125],
    [1, 0, 0, 3, 0, 0.33, 1.52, 3.55, 5, 0.27, 2.88, 3.45],
    [0, 0, 3.8, 17.1, 0, 0, 0, -12, 0, 0, -15, 31.5],
  ],
  [
    'reflection',
    false,
    [0, 4.765, 10, 6.29, 5.255, 7.125],
    [1, 0, 0, 3, 0, 0.33, 4.835, 2.985, 0, 0.27, 5.265, 3.315],
    [0, 0, 3.8, 17.1, 0, 0, -29.6, 7.8, -20.5, -59.25, -15, 31.5],
  ],
  [
    'reflection',
    true,
    [0, 3.945, 8.35, 4.72, 3.735, 5.875],
    [1, 0, 0.315, 1.785, 0, 0.665, 8.54, 2.795, 0, 0.285, 4.545, 1.07],
    [0, 0, -2.1, 10.3, 31.5, -6, -28.8, 18.4, 5.25, -42.25, 13.5, 37.5],
  ],
];

const targets: readonly Target[] = [reference, wgsl('webgpu-software')];

describe.each(targets)('an image at places, on $name', (target) => {
  it('has the values and gradients of PyTorch', async () => {
    // Targets differ in nothing but the operations that all of them are made of.
    const cases = target === reference ? wanted : wanted.slice(3, 4);
    const module = defineModule('grid', (m) => {
      const rows = m.size('rows', { max: 3 });
      const x = m.input('x', { shape: [rows, 1, 3, 4] });
      const grid = m.input('grid', { shape: [rows, 2, 3, 2] });
      for (const [padding, alignCorners] of cases) {
        const y = nn.gridSample(x, grid, { padding, alignCorners });
        const weights = y.iotaLike(2).mul(3).add(y.iotaLike(3)).add(1).cast('f32');
        const [ofImage = x, ofPlaces = x] = gradients(y.mul(weights).sum(), [x, grid]);
        m.entry(`${padding} ${alignCorners}`, { y, ofImage, ofPlaces });
      }
      const nearest = (padding: 'border' | 'reflection'): Tensor =>
        nn.gridSample(x, grid, { method: 'nearest', padding, alignCorners: true });
      m.entry('nearest', { border: nearest('border'), mirrored: nearest('reflection') });
    });
    const session = await target.start(module);
    const inputs = {
      x: { shape: [2, 1, 3, 4], data: [...image, ...image] },
      grid: { shape: [2, 2, 3, 2], data: [...places, ...places] },
    };
    const feeds = { inputs, live: { rows: 2 } };
    for (const [padding, alignCorners, ...values] of cases) {
      const found = await session.step(`${padding} ${alignCorners}`, feeds);
      for (const [k, name] of ['y', 'ofImage', 'ofPlaces'].entries()) {
        const own = values[k] ?? [];
        for (const [i, value] of [...own, ...own].entries())
          expect(found[name]?.data[i], `${name}, ${padding}, ${alignCorners}`).toBeCloseTo(value, 3);
      }
    }
    const nearest = await session.step('nearest', feeds);
    const row = (name: string): number[] => Array.from(nearest[name]?.data ?? []).slice(6);
    expect(row('border')).toEqual([0, 1, 10, 8, 7, 10]);
    expect(row('mirrored')).toEqual([0, 1, 10, 1, 1, 10]);
    await session.dispose();
  });
});

/** What is read of a row of 10, 20, 50 at places, and how it changes with them. */
function alongRow(xs: readonly number[], options: nn.GridSampleOptions): { y: number[]; slopes: number[] } {
  const module = defineModule('row', (m) => {
    const x = m.literal([10, 20, 50], { shape: [1, 1, 1, 3] });
    const at = m.input('at', { shape: [1, 1, xs.length] });
    const y = nn.gridSample(x, stack([at, at.fullLike(0)], -1), options);
    const [slopes = at] = gradients(y.sum(), [at]);
    m.entry('run', { y, slopes });
  });
  const inputs = { at: { shape: [1, 1, xs.length], data: xs } };
  const { y, slopes } = referenceSession(module).step('run', { inputs });
  return { y: [...(y?.data ?? [])], slopes: [...(slopes?.data ?? [])].map((slope) => slope + 0) };
}

it.each<[options: nn.GridSampleOptions, slopes: readonly number[]]>([
  [{ padding: 'border', alignCorners: true }, [0, 30, 0, 10, 0, 0]],
  [{ padding: 'reflection', alignCorners: true }, [0, 30, 0, 10, -30, -30]],
  [{ padding: 'border' }, [0, 45, 0, 15, 0, 0]],
  [{ padding: 'reflection' }, [0, 45, 0, 15, -45, -45]],
])('places at the ends have no slope, as in PyTorch: %j', (options, slopes) => {
  expect(alongRow([-1, 0, 1, -0.5, -2.5, 1.5], options).slopes).toEqual(slopes);
});

it('places that are not numbers, or infinite, give NaN between elements and 0 at the nearest, or an end', () => {
  const odd = [Number.NaN, Infinity, -Infinity];
  const of = (options: nn.GridSampleOptions): number[] => alongRow(odd, options).y;
  const none = [Number.NaN, Number.NaN, Number.NaN];
  expect(of({})).toEqual(none);
  expect(of({ padding: 'border' })).toEqual([Number.NaN, 50, 10]);
  expect(of({ padding: 'reflection' })).toEqual(none);
  expect(of({ method: 'nearest' })).toEqual([0, 0, 0]);
  expect(of({ method: 'nearest', padding: 'border' })).toEqual([0, 50, 10]);
  expect(of({ method: 'nearest', padding: 'reflection' })).toEqual([0, 0, 0]);
});

it.each<[build: (x: Tensor, grid: Tensor) => Tensor, code: GraphIssue, text: string]>([
  [
    (x, grid) => nn.gridSample(x, grid.slice([1])),
    'shape-mismatch',
    'gridSample: the grid must be [batch, rows, columns, 2], with the batch of [2, 1, 3, 4], not [1, 2, 3, 2]',
  ],
  [
    (x, grid) => nn.gridSample(x, grid, { padding: untyped('wrap') }),
    'option',
    'gridSample: padding is "wrap": it must be one of zeros, border, reflection',
  ],
  [
    (x, grid) => nn.gridSample(x.cast('i32'), grid),
    'dtype',
    'gridSample: operand of type i32; takes f32: cast it first',
  ],
])('what does not fit is refused: %#', (build, code, text) => {
  const declare = (): unknown =>
    defineModule('grid', (m) => {
      const y = build(m.input('x', { shape: [2, 1, 3, 4] }), m.input('grid', { shape: [2, 2, 3, 2] }));
      m.entry('run', { y });
    });
  expect(expectRefusal(declare, code, text, 'gridSample.test.ts').code).toBe(code);
});
