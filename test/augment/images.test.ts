import { describe, expect, it } from 'vitest';
import * as augment from '../../src/augment/index.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import {
  defineModule,
  evaluation,
  type GraphIssue,
  type Module,
  type Tensor,
} from '../../src/graph/index.ts';
import { extentOf } from '../../src/loops/index.ts';
import * as nn from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { referenceSession } from '../../src/reference/index.ts';
import type { Session } from '../../src/runtime/index.ts';
import { start } from '../../src/runtime/wasm/index.ts';
import { loadAssembler } from '../../src/wasm/assemble.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { moduleOf } from '../nn/layers.ts';
import { seeded } from '../random/session.ts';
import { reference } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { wgsl } from '../values/wgsl.ts';
import { at, different, type Images, sampleOf, samplesOf } from './plain.ts';

const images = different([6, 2, 4, 5]);
const [, , ROWS, COLUMNS] = images.shape;

/** The numbers from one to another, both included. */
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, k) => from + k);

/** All pairs of rows and columns. */
function places(rows: readonly number[], columns: readonly number[]): (readonly [number, number])[] {
  return rows.flatMap((i) => columns.map((j) => [i, j] as const));
}

/** What may be done to sample b, each by its name. */
type Ways = (b: number, of?: Images) => (readonly [name: string, sample: number[]])[];

const nearest = (i: number, count: number): number => Math.min(Math.max(i, 0), count - 1);

/** A part of a sample of some rows and columns, from a place on. */
const part =
  (
    rows: number,
    columns: number,
    from: readonly number[],
    to: readonly number[],
    outside: number | 'edge',
  ): Ways =>
  (b, of = images) =>
    places(numbers(from[0] ?? 0, to[0] ?? 0), numbers(from[1] ?? 0, to[1] ?? 0)).map(([y, x]) => [
      `${y},${x}`,
      sampleOf([1, 2, rows, columns], (c, i, j) =>
        outside === 'edge'
          ? at(of, b, c, nearest(i + y, ROWS), nearest(j + x, COLUMNS), 0)
          : at(of, b, c, i + y, j + x, outside),
      ),
    ]);

/** What is linear in x, and what may come of a sample. */
const linear: Readonly<Record<string, { readonly build: (x: Tensor) => Tensor; readonly ways?: Ways }>> = {
  flip: {
    build: (x) => augment.flip(x, { direction: 'both' }),
    ways: (b) =>
      places([0, 1], [0, 1]).map(([v, h]) => [
        `${v},${h}`,
        sampleOf(images.shape, (c, i, j) =>
          at(images, b, c, v ? ROWS - 1 - i : i, h ? COLUMNS - 1 - j : j, 0),
        ),
      ]),
  },
  shift: { build: (x) => augment.shift(x, [1, 2]), ways: part(4, 5, [-1, -2], [1, 2], 0) },
  shiftEdge: {
    build: (x) => augment.shift(x, 1, { fill: 'edge' }),
    ways: part(4, 5, [-1, -1], [1, 1], 'edge'),
  },
  crop: { build: (x) => augment.crop(x, [3, 2]), ways: part(3, 2, [0, 0], [1, 3], 0) },
  cropPadded: {
    build: (x) => augment.crop(x, [4, 7], { padding: [0, 1] }),
    ways: part(4, 7, [0, -1], [0, -1], 0),
  },
  cutout: {
    build: (x) => augment.cutout(x, [2, 3], { probability: 0.75 }),
    ways: (b) => [
      ['none', samplesOf(images)[b] ?? []],
      ...places(numbers(0, ROWS - 1), numbers(0, COLUMNS - 1)).map(([y, x]) => {
        const isCut = (i: number, j: number): boolean => i >= y - 1 && i < y + 1 && j >= x - 1 && j < x + 2;
        const sample = sampleOf(images.shape, (c, i, j) => (isCut(i, j) ? 0 : at(images, b, c, i, j, 0)));
        return [`${y},${x}`, sample] as const;
      }),
    ],
  },
  rotate: { build: (x) => augment.rotate(x, 40) },
  scale: { build: (x) => augment.scale(x, [0.7, 1.4], { padding: 'reflection' }) },
  contrast: { build: (x) => augment.contrast(x, 0.5) },
};

const changes: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  added: (x) => augment.noise(x, 0.5),
  lit: (x) => augment.brightness(x, 0.25),
  ...Object.fromEntries(Object.entries(linear).map(([name, { build }]) => [name, build])),
};

/** Those of which each differs from the others, and from `gridSample`, in how it is computed. */
const few = ['added', 'lit', 'flip', 'shift', 'cutout', 'contrast'];

/** All of them of a state. @param withSlopes whether gradients of their sums come too, each element weighted by its number */
function augmented(withSlopes: boolean, names: readonly string[] = Object.keys(changes)): Module {
  return defineModule('augmented', (m) => {
    const x = m.state('x', { shape: images.shape, init: nn.init.values(images.data) });
    const outputs = names.flatMap((name) => {
      const y = changes[name]?.(x) ?? x;
      if (!withSlopes) return [[name, y] as const];
      const count = y.shape.reduce<number>((n, dim) => (typeof dim === 'number' ? n * dim : n), 1);
      const weights = y.iota([count], 0).cast('f32').reshape(y.shape);
      const [slope = x] = gradients(y.mul(weights).sum(), [x]);
      return [[name, y] as const, [`${name} slope`, slope] as const];
    });
    m.entry('run', Object.fromEntries(outputs));
  });
}

/** What an output of images says of each sample: the name of what was done to it. */
function found(name: string, data: readonly number[]): string[] {
  const ways = linear[name]?.ways;
  const size = data.length / images.shape[0];
  return Array.from({ length: images.shape[0] }, (_, b) => {
    const own = data.slice(b * size, (b + 1) * size).join();
    return ways?.(b).find(([, sample]) => sample.join() === own)?.[0] ?? 'nothing known';
  });
}

describe.each([reference, wasm(1), wgsl('webgpu-software')])('on $name', (target) => {
  it('samples are what plain loops make of them, others at each step', async () => {
    const names = target.name === reference.name ? Object.keys(changes) : few;
    const session = await target.start(augmented(false, names));
    const steps = [await session.step('run'), await session.step('run')];
    await session.dispose();
    for (const name of names) {
      const ways = linear[name]?.ways;
      const outputs = steps.map((step) => Array.from(step[name]?.data ?? []));
      expect(outputs[0]?.length).toBeGreaterThan(0);
      if (ways !== undefined) {
        const done = outputs.map((data) => found(name, data));
        expect(done.flat(), name).not.toContain('nothing known');
      }
      if (name !== 'cropPadded') expect(outputs[1], name).not.toEqual(outputs[0]);
    }
    // A number for each sample, or each element, of the range.
    const differences = (name: string): number[] =>
      images.data.map((v, k) => (steps[0]?.[name]?.data[k] ?? 0) - v);
    const size = images.data.length / images.shape[0];
    const lit = samplesOf({ shape: images.shape, data: differences('lit') });
    for (const sample of lit) for (const value of sample) expect(value).toBeCloseTo(sample[0] ?? 0, 4);
    expect(new Set(lit.map(([first = 0]) => first.toFixed(3))).size).toBeGreaterThan(3);
    expect(Math.max(...lit.map(([first = 0]) => Math.abs(first)))).toBeLessThanOrEqual(0.25);
    expect(new Set(differences('added').map((v) => v.toFixed(3))).size).toBeGreaterThan(size);
    // By one factor for a sample away from the mean of a channel, which is between its middle elements.
    const channel = ROWS * COLUMNS;
    const contrasted = Array.from(steps[0]?.contrast?.data ?? []);
    const factors = numbers(0, 2 * images.shape[0] - 1).map((n) => {
      const own = contrasted.slice(n * channel, (n + 1) * channel);
      const factor = ((own.at(-1) ?? 0) - (own[0] ?? 0)) / (channel - 1);
      const mean = n * channel + (channel + 1) / 2;
      for (const [k, value] of own.entries())
        expect(value).toBeCloseTo(mean + factor * (n * channel + k + 1 - mean), 3);
      return factor;
    });
    for (const [n, factor] of factors.entries()) expect(factor).toBeCloseTo(factors[n - (n % 2)] ?? 0, 4);
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.499);
    expect(Math.max(...factors)).toBeLessThanOrEqual(1.501);
  });
});

it('gradients pass through: of what is linear they are those of the linear map, of what is added the cotangents', async () => {
  const session = await reference.start(augmented(true));
  const found = await session.step('run');
  await session.dispose();
  const of = (name: string): number[] => Array.from(found[name]?.data ?? []);
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, v, k) => sum + v * (b[k] ?? 0), 0);
  for (const name of Object.keys(linear)) {
    // Of a linear map A, the gradient of w · A x is Aᵀ w: (Aᵀ w) · x = w · A x.
    const value = dot(of(name), numbers(0, of(name).length - 1));
    expect(dot(of(`${name} slope`), images.data) / value, name).toBeCloseTo(1, 5);
  }
  for (const name of ['added', 'lit'])
    expect(of(`${name} slope`), name).toEqual(numbers(0, images.data.length - 1));
});

const SAMPLES = 400;

/** What is drawn at some steps for many samples, on WebAssembly. */
async function drawn(
  build: (x: Tensor) => Tensor,
  shape: readonly number[],
  data: readonly number[],
  steps = 4,
): Promise<number[]> {
  const many = defineModule('many', (m) => {
    const x = m.input('x', { shape });
    m.entry('run', { y: build(x) });
  });
  const session = await seeded(many, 11);
  const all: number[] = [];
  for (let step = 0; step < steps; step++)
    all.push(...Array.from((await session.run('run', { x: data })).y?.data ?? []));
  session.dispose();
  return all;
}

/** How far counts are from being alike, by Pearson's statistic less its mean, in its deviations. */
function unevenness(counts: readonly number[]): number {
  const wanted = counts.reduce((a, b) => a + b, 0) / counts.length;
  const statistic = counts.reduce((sum, count) => sum + (count - wanted) ** 2 / wanted, 0);
  const freedom = counts.length - 1;
  return (statistic - freedom) / Math.sqrt(2 * freedom);
}

/** How often each of some values is there. */
const countsOf = (values: readonly number[], kinds: readonly number[]): number[] =>
  kinds.map((kind) => values.filter((value) => value === kind).length);

describe('what is drawn', () => {
  it('flips a sample as often as is said, and shifts it by each distance alike', async () => {
    const pair = Array.from({ length: SAMPLES }, () => [1, 2]).flat();
    const flipped = await drawn((x) => augment.flip(x, { probability: 0.25 }), [SAMPLES, 1, 1, 2], pair);
    const isFlipped = flipped.filter((value, k) => k % 2 === 0 && value === 2).length;
    // 1,600 of which a quarter is flipped: 5 standard deviations.
    expect(Math.abs(isFlipped - 400)).toBeLessThan(5 * Math.sqrt(300));
    const row = Array.from({ length: SAMPLES }, () => [1, 2, 3, 4, 5]).flat();
    const moved = await drawn((x) => augment.shift(x, [0, 2]), [SAMPLES, 1, 1, 5], row);
    expect(
      unevenness(
        countsOf(
          moved.filter((_, k) => k % 5 === 2),
          [1, 2, 3, 4, 5],
        ),
      ),
    ).toBeLessThan(4);
  });

  it('cuts out around each element alike, turns, enlarges and lights evenly, and makes noise of its deviation', async () => {
    const ones = new Array<number>(SAMPLES * 4).fill(1);
    const cut = await drawn((x) => augment.cutout(x, 1), [SAMPLES, 1, 2, 2], ones);
    expect(
      unevenness([0, 1, 2, 3].map((place) => cut.filter((v, k) => k % 4 === place && v === 0).length)),
    ).toBeLessThan(4);
    const lit = await drawn((x) => augment.brightness(x, 2), [SAMPLES, 1], ones.slice(0, SAMPLES));
    const tenths = lit.map((value) => Math.floor(((value - 1 + 2) / 4) * 10));
    expect(unevenness(countsOf(tenths, numbers(0, 9)))).toBeLessThan(4);
    const noisy = await drawn((x) => augment.noise(x, 3), [SAMPLES * 4], ones);
    const mean = noisy.reduce((a, b) => a + b, 0) / noisy.length;
    const variance = noisy.reduce((sum, v) => sum + (v - mean) ** 2, 0) / noisy.length;
    const size = Math.sqrt(noisy.length);
    expect(Math.abs(mean - 1)).toBeLessThan((4 * 3) / size);
    expect(Math.abs(variance - 9)).toBeLessThan((4 * 9 * Math.SQRT2) / size);
    // The last element of a row lies at 0.75 from the middle: its place among 1, 2, 3, 4 says by how much it was enlarged.
    const row = Array.from({ length: SAMPLES }, () => [1, 2, 3, 4]).flat();
    const nearer = await drawn(
      (x) => augment.scale(x, [1, 2], { padding: 'border' }),
      [SAMPLES, 1, 1, 4],
      row,
    );
    const factors = nearer.filter((_, k) => k % 4 === 3).map((value) => 1.5 / (value - 2.5));
    expect(Math.min(...factors)).toBeGreaterThan(0.999);
    expect(
      unevenness(
        countsOf(
          factors.map((f) => Math.floor((f - 1) * 8)),
          numbers(0, 7),
        ),
      ),
    ).toBeLessThan(4);
    // A slope across the image, read beside the middle, says by which angle it was turned.
    const slope = Array.from({ length: SAMPLES }, () => numbers(-1, 1).flatMap(() => [-1, 0, 1])).flat();
    const turned = await drawn(
      (x) => augment.rotate(x, 30, { padding: 'border' }),
      [SAMPLES, 1, 3, 3],
      slope,
    );
    const angles = turned.filter((_, k) => k % 9 === 1).map((sine) => (Math.asin(sine) * 180) / Math.PI);
    expect(
      unevenness(
        countsOf(
          angles.map((a) => Math.floor((a + 30) / 6)),
          numbers(0, 9),
        ),
      ),
    ).toBeLessThan(4);
  });
});

/** The first step's outputs of a module that takes x as an input, by the reference evaluator. */
function once(module: Module, data: readonly number[]): number[][] {
  const shape = (module.inputs[0]?.shape ?? []).map(extentOf);
  const x = { shape, data: [...data] };
  const outputs = referenceSession(module, {}, { seed: 5 }).step('run', { inputs: { x } });
  return Object.values(outputs).map((output) => Array.from(output.data));
}

function ofInput(shape: readonly number[], dtype: 'f32' | 'u8', build: (x: Tensor) => Tensor[]): Module {
  return defineModule('input', (m) => {
    const x = m.input('x', { shape, dtype });
    m.entry('run', Object.fromEntries(build(x).map((y, k) => [`y${k}`, y])));
  });
}

describe('augmentation', () => {
  it('is the same with the channels last, of bytes, and under the same names', () => {
    const [b, c, h, w] = images.shape;
    const all =
      (layout: 'nchw' | 'nhwc') =>
      (x: Tensor): Tensor[] =>
        [
          augment.flip({ layout, direction: 'both', name: 'flip' }),
          augment.crop(3, { padding: 1, layout, name: 'crop' }),
          augment.rotate(20, { layout, name: 'rotate' }),
          augment.cutout(2, { layout, name: 'cutout' }),
          augment.contrast(0.1, { layout, name: 'contrast' }),
        ].map((change) => change(x));
    const first = once(ofInput(images.shape, 'f32', all('nchw')), images.data);
    const last = ofInput([b, h, w, c], 'f32', (x) => all('nhwc')(x).map((y) => y.permute([0, 3, 1, 2])));
    const turned = samplesOf(images).flatMap((sample) =>
      sampleOf([1, h, w, c], (i, j, k) => sample[(k * h + i) * w + j] ?? 0),
    );
    const other = once(last, turned);
    expect(other.map((values) => values.length)).toEqual(first.map((values) => values.length));
    for (const [n, values] of other.entries())
      for (const [k, value] of values.entries()) expect(value).toBeCloseTo(first[n]?.[k] ?? Number.NaN, 3);
    const bytes = images.data.map((value) => value % 256);
    expect(once(ofInput(images.shape, 'u8', all('nchw')), bytes)).toEqual(
      once(ofInput(images.shape, 'f32', all('nchw')), bytes),
    );
  });

  it('is off in evaluation, where crops are the middle', () => {
    defineModule('evaluated', (m) => {
      const x = m.input('x', { shape: images.shape });
      const bytes = m.input('bytes', { shape: images.shape, dtype: 'u8' });
      for (const change of [
        augment.flip(),
        augment.shift(1),
        augment.crop([4, 5], { padding: 2, fill: 'edge' }),
        augment.rotate(10),
        augment.scale([1, 2]),
        augment.cutout(2),
        augment.noise(0.1),
        augment.brightness(0.1),
        augment.contrast(0.1),
      ]) {
        expect(evaluation(change(x)).node).toBe(x.node);
        expect(evaluation(change(bytes)).node).toBe(bytes.cast('f32').node);
      }
      for (const change of [augment.noise(0), augment.brightness(0), augment.contrast(0)])
        expect(change(x).node).toBe(x.node);
      m.entry('run', { x });
    });
    const middle = once(
      ofInput(images.shape, 'f32', (x) => [evaluation(augment.crop(x, [2, 3]))]),
      images.data,
    );
    expect(middle[0]).toEqual(
      samplesOf(images).flatMap((_, b) => part(2, 3, [1, 1], [1, 1], 0)(b)[0]?.[1] ?? []),
    );
    const wider = (x: Tensor): Tensor[] => [
      evaluation(augment.crop(x, [6, 5], { padding: [2, 0], fill: -1 })),
    ];
    expect(once(ofInput(images.shape, 'f32', wider), images.data)[0]).toEqual(
      samplesOf(images).flatMap((_, b) => part(6, 5, [-1, 0], [-1, 0], -1)(b)[0]?.[1] ?? []),
    );
  });

  it('changes rows of a dataset as they are read, of a short last batch too', async () => {
    const sample = images.shape.slice(1);
    const bounded = defineModule('bounded', (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 4 }), ...sample], dtype: 'u8' });
      m.entry('run', { y: augment.shift(x, [1, 2]) });
    });
    const session = await seeded(bounded, 5);
    const data = images.data.map((value) => value % 256);
    const { outputs } = await session.evaluate('run', { data: { x: data } });
    session.dispose();
    const rows = Array.from(outputs.y?.data ?? []);
    expect(rows).toHaveLength(images.data.length);
    const bytes = { ...images, data };
    const ways = linear.shift?.ways;
    for (const [b, moved] of samplesOf({ shape: images.shape, data: rows }).entries())
      expect(ways?.(b, bytes).map(([, way]) => way.join())).toContain(moved.join());
  });

  it('goes on where it was saved as if it had not stopped', async () => {
    const own = ofInput(images.shape, 'f32', (x) => [augment.noise(augment.shift(augment.flip(x), 1), 0.1)]);
    const { program } = compileToWasm(own, await loadAssembler());
    const started = (seed: number): Promise<Session> => start(program, { threads: 1, seed });
    const [whole, first, second] = [await started(5), await started(5), await started(9)];
    const step = async (session: Session): Promise<number[]> =>
      Array.from((await session.run('run', { x: images.data })).y0?.data ?? []);
    const all = [await step(whole), await step(whole)];
    expect(await step(first)).toEqual(all[0]);
    await second.load(await first.save());
    expect(await step(second)).toEqual(all[1]);
    for (const session of [whole, first, second]) session.dispose();
  });

  const code: GraphIssue = 'option';
  it.each<[refused: (x: Tensor) => Tensor, code: GraphIssue, text: string]>([
    [
      (x) => augment.flip(x, { probability: 2 }),
      code,
      'augment.flip: probability is 2: it must be a number from 0 to 1',
    ],
    [
      (x) => augment.flip(x, { direction: untyped('left') }),
      code,
      'augment.flip: direction is "left": it must be one of horizontal, vertical, both',
    ],
    [(x) => augment.crop(x, [5, 5]), code, 'augment.crop: size is 5 rows: there are 4'],
    [
      (x) => augment.crop(x, [4, 8], { padding: 1 }),
      code,
      'augment.crop: size is 8 columns: there are 5, and 1 on each side',
    ],
    [
      (x) => augment.shift(x, -1),
      code,
      'augment.shift: most is -1: it must be a whole number from 0 on, or a list of 2, one an axis of space',
    ],
    [
      (x) => augment.noise(x, Number.NaN),
      code,
      'augment.noise: deviation is NaN: it must be a finite number from 0 on (f32)',
    ],
    [
      (x) => augment.scale(x, [2, 1]),
      code,
      'augment.scale: the range is [2, 1]: it must be [low, high], finite factors above 0 in order',
    ],
    [
      (x) => augment.cutout(x, 2, untyped({ size: 1 })),
      code,
      'augment.cutout: there is no option "size": the options are fill, probability, layout, name',
    ],
    [
      (x) => augment.noise(x.cast('i32'), 1),
      'dtype',
      'augment.noise: operand of type i32; takes f32 or u8: cast it first',
    ],
    [
      (x) => augment.flip(x.flatten(1)),
      'rank',
      'augment.flip: takes [batch, channels, height, width], or the channels last, not [6, 40]',
    ],
  ])('what is out of range, unknown or of another shape is refused: %#', (refused, expected, text) => {
    expectRefusal(() => moduleOf(images.shape, refused), expected, text, 'images.test.ts');
  });
});
