import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineModule, type Module, type Tensor } from '../../src/graph/index.ts';
import * as metrics from '../../src/metrics/index.ts';
import type { Session } from '../../src/runtime/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { seeded } from '../random/session.ts';
import { reference } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { wgsl } from '../values/wgsl.ts';
import { plainConfusion, plainCounts, plainHits } from './plain.ts';

const CLASSES = 4;
const MOST = 12;
const IGNORED = -1;
const THRESHOLDS = [-0.5, 0.25, 0.5, 2];

const module = defineModule('metrics', (m) => {
  const batch = m.size('batch', { max: MOST });
  const logits = m.input('logits', { shape: [batch, CLASSES] });
  const labels = m.input('labels', { shape: [batch], dtype: 'i32' });
  const some = m.input('some', { shape: [batch], dtype: 'i32' });
  const scores = m.input('scores', { shape: [batch, 1] });
  const coins = m.input('coins', { shape: [batch], dtype: 'u8' });
  m.entry('run', {
    accuracy: metrics.accuracy(logits, labels),
    top2: metrics.topK(logits, labels, 2),
    hits: metrics.hits(logits, some, { ignoreIndex: IGNORED }),
    top3: metrics.hits(logits, some, { ignoreIndex: IGNORED, k: 3 }),
    confusion: metrics.confusionMatrix(logits, labels),
    someConfusion: metrics.confusionMatrix(logits, some, { ignoreIndex: IGNORED }),
    ofClasses: metrics.confusionMatrix(logits.argmax(-1), labels, { classes: CLASSES }),
    binary: metrics.accuracy(scores, coins, { threshold: 0.5 }),
    binaryConfusion: metrics.confusionMatrix(scores, coins.cast('f32'), { threshold: 0.5 }),
    counts: metrics.binaryCounts(scores, coins.cast('i32'), { thresholds: THRESHOLDS }),
    residuals: metrics.residuals(logits, labels.expandDims(-1).broadcastTo([batch, CLASSES]), { center: 1 }),
  });
});

interface Row {
  readonly logits: readonly number[];
  readonly label: number;
  readonly isIgnored: boolean;
  readonly score: number;
  readonly coin: number;
}

/** Rows, of which some have equal logits, some a NaN. */
const row: fc.Arbitrary<Row> = fc.record({
  logits: fc.array(
    fc.oneof({ weight: 12, arbitrary: fc.integer({ min: -3, max: 3 }) }, fc.constant(Number.NaN)),
    {
      minLength: CLASSES,
      maxLength: CLASSES,
    },
  ),
  label: fc.integer({ min: 0, max: CLASSES - 1 }),
  isIgnored: fc.boolean(),
  score: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(-1, 0, 0.25, 0.4, 0.5, 0.75, 3) },
    fc.constant(Number.NaN),
  ),
  coin: fc.integer({ min: 0, max: 1 }),
});

/** What rows are as inputs. */
function inputsOf(rows: readonly Row[]): Record<string, number[]> {
  return {
    logits: rows.flatMap(({ logits }) => logits),
    labels: rows.map(({ label }) => label),
    some: rows.map(({ label, isIgnored }) => (isIgnored ? IGNORED : label)),
    scores: rows.map(({ score }) => score),
    coins: rows.map(({ coin }) => coin),
  };
}

/** Whole numbers that plain loops over rows give. */
function countsOf(rows: readonly Row[]): Record<string, number[]> {
  const all = { logits: rows.map(({ logits }) => logits), labels: rows.map(({ label }) => label) };
  const some = { ...all, labels: rows.map(({ label, isIgnored }) => (isIgnored ? IGNORED : label)) };
  const [scores, coins] = [rows.map(({ score }) => score), rows.map(({ coin }) => coin)];
  const [tp = 0, fp = 0, tn = 0, fn = 0] = plainCounts(scores, coins, [0.5]);
  return {
    hits: plainHits(some, 1, IGNORED),
    top3: plainHits(some, 3, IGNORED),
    confusion: plainConfusion(all, CLASSES),
    someConfusion: plainConfusion(some, CLASSES, IGNORED),
    ofClasses: plainConfusion(all, CLASSES),
    binaryConfusion: [tn, fp, fn, tp],
    counts: plainCounts(scores, coins, THRESHOLDS),
  };
}

/** Means that plain loops over rows give. */
function meansOf(rows: readonly Row[]): Record<string, number> {
  const all = { logits: rows.map(({ logits }) => logits), labels: rows.map(({ label }) => label) };
  return {
    accuracy: plainHits(all, 1)[0] / rows.length,
    top2: plainHits(all, 2)[0] / rows.length,
    binary: rows.filter(({ score, coin }) => score > 0.5 === coin > 0).length / rows.length,
  };
}

const [sampled = []] = fc.sample(fc.array(row, { minLength: MOST, maxLength: MOST }), {
  seed: 7,
  numRuns: 1,
});

describe.each([reference, wasm(2), wgsl('webgpu-software')])('metrics on $name', (target) => {
  it('are those of plain loops: with NaN, equal logits and ignored labels, of a whole batch and a short one', async () => {
    const session = await target.start(module);
    for (const count of [MOST, 5]) {
      const rows = sampled.slice(0, count);
      const given = Object.entries(inputsOf(rows)).map(([name, data]) => {
        const shape = name === 'logits' ? [count, CLASSES] : name === 'scores' ? [count, 1] : [count];
        return [name, { shape, data }] as const;
      });
      const found = await session.step('run', { inputs: Object.fromEntries(given), live: { batch: count } });
      for (const [name, counts] of Object.entries(countsOf(rows)))
        expect(Array.from(found[name]?.data ?? []), name).toEqual(counts);
      for (const [name, mean] of Object.entries(meansOf(rows)))
        expect(found[name]?.data[0], name).toBeCloseTo(mean, 6);
    }
    await session.dispose();
  });
});

describe('over batches', () => {
  let session: Session;
  beforeAll(async () => {
    session = await seeded(module, 1);
  });
  afterAll(() => session.dispose());

  it('of any cut counts are the same as of all at once, and means are those over samples', async () => {
    const cut = fc.array(row, { minLength: 1, maxLength: 3 * MOST });
    await fc.assert(
      fc.asyncProperty(cut, async (rows) => {
        const { outputs, scalars } = await session.evaluate('run', { data: inputsOf(rows) });
        for (const [name, counts] of Object.entries(countsOf(rows)))
          expect(Array.from(outputs[name]?.data ?? []), name).toEqual(counts);
        for (const [name, mean] of Object.entries(meansOf(rows)))
          expect(scalars[name], name).toBeCloseTo(mean, 6);
      }),
      { numRuns: 25, seed: 3 },
    );
  });

  it('of a regression are those of scikit-learn, which are said by its documentation', async () => {
    const targets = [0.5, 1, -1, 1, 7, -6];
    const predictions = [0, 2, -1, 2, 8, -5];
    const regression = defineModule('regression', (m) => {
      const batch = m.size('batch', { max: 2 });
      const [x, y] = ['x', 'y'].map((name) => m.input(name, { shape: [batch, 2] }));
      if (x && y) m.entry('run', { residuals: metrics.residuals(x, y) });
    });
    const other = await seeded(regression, 1);
    const { outputs } = await other.evaluate('run', { data: { x: predictions, y: targets } });
    other.dispose();
    const { residuals } = outputs;
    if (residuals === undefined) throw new Error('the entry gives residuals');
    expect(residuals.shape).toEqual([4, 2]);
    expect(metrics.r2(residuals)).toBeCloseTo(0.936800526, 6);
    expect(metrics.mae(residuals)).toBeCloseTo(0.75, 6);
    expect(metrics.rmse(residuals)).toBeCloseTo(Math.sqrt(0.7083333), 6);
  });

  it('of predicted classes those of an input are checked, and computed ones outside count as the nearest', async () => {
    const session = await seeded(
      defineModule('classes', (m) => {
        const size = m.size('batch', { max: 4 });
        const [p, y] = ['p', 'y'].map((name) => m.input(name, { shape: [size], dtype: 'i32' }));
        if (p === undefined || y === undefined) throw new Error('there are two inputs');
        const classes = 3;
        m.entry('checked', { confusion: metrics.confusionMatrix(p, y, { classes }) });
        m.entry('computed', { confusion: metrics.confusionMatrix(y.mul(4).sub(1), y, { classes }) });
      }),
      1,
    );
    const y = [0, 1, 2, 2, 0];
    const outside = session.evaluate('checked', { data: { p: [0, 1, 2, 5, 0], y } });
    await expect(outside).rejects.toThrow('p: expected 0 to 2 at index 3, found 5');
    const { outputs } = await session.evaluate('checked', { data: { p: [0, 1, 2, 1, 2], y } });
    expect(Array.from(outputs.confusion?.data ?? [])).toEqual([1, 0, 1, 0, 1, 0, 0, 1, 1]);
    const computed = (await session.evaluate('computed', { data: { y } })).outputs;
    expect(Array.from(computed.confusion?.data ?? [])).toEqual([2, 0, 0, 0, 0, 1, 0, 0, 2]);
    session.dispose();
  });

  it('of which none counts the share is NaN', async () => {
    const rows = sampled.map((one) => ({ ...one, isIgnored: true }));
    const { outputs } = await session.evaluate('run', { data: inputsOf(rows) });
    const { hits } = outputs;
    expect(hits?.data).toEqual(Float64Array.of(0, 0));
    expect(hits && metrics.hitRate(hits)).toBeNaN();
  });

  it('labels that are no class are refused as they come in', async () => {
    const data = { ...inputsOf(sampled), labels: sampled.map((_, k) => k) };
    await expect(session.evaluate('run', { data })).rejects.toThrow(/labels: .*4/);
  });
});

/** A module with one output of two inputs. */
function built(
  build: (x: Tensor, y: Tensor) => Tensor,
  shapes: readonly [number[], number[]],
  dtype: 'f32' | 'i32',
): Module {
  return defineModule('refused', (m) => {
    const [x, y] = [m.input('x', { shape: shapes[0] }), m.input('y', { shape: shapes[1], dtype })];
    m.entry('run', { out: build(x, y) });
  });
}

describe('what does not fit is refused', () => {
  it.each<[name: string, refused: () => unknown, code: 'option' | 'shape-mismatch' | 'dtype', text: string]>([
    [
      'scores without a threshold',
      () => built((x, y) => metrics.accuracy(x, y), [[4], [4]], 'i32'),
      'option',
      'accuracy: [4] for labels [4] is one score a sample: say by threshold above what it is class 1, 0 for logits and 0.5 for probabilities',
    ],
    [
      'other labels',
      () => built((x, y) => metrics.topK(x, y, 1), [[4, 3], [5]], 'i32'),
      'shape-mismatch',
      "topK: predictions [4, 3] do not fit labels [5]: they must be [..., classes] for labels [...], or of the labels' shape",
    ],
    [
      'labels that are floats',
      () => built((x, y) => metrics.confusionMatrix(x, y), [[4, 3], [4]], 'f32'),
      'dtype',
      'confusionMatrix: labels of type f32: classes are integers; of two classes with one score each, give a threshold',
    ],
    [
      'k beyond the classes',
      () => built((x, y) => metrics.topK(x, y, 4), [[4, 3], [4]], 'i32'),
      'option',
      'topK: k is 4: it must be a whole number from 1 to 3, the number of classes',
    ],
    [
      'another number of classes',
      () => built((x, y) => metrics.confusionMatrix(x, y, { classes: 4 }), [[4, 3], [4]], 'i32'),
      'option',
      'confusionMatrix: classes is 4: it must be 3, as many as the predictions have',
    ],
    [
      'classes without their number',
      () => built((x, y) => metrics.confusionMatrix(x.cast('i32'), y), [[4], [4]], 'i32'),
      'option',
      'confusionMatrix: classes is missing: of predicted classes it says how many there are',
    ],
    [
      'thresholds out of order',
      () => built((x, y) => metrics.binaryCounts(x, y, { thresholds: [0.5, 0.5] }), [[4], [4]], 'i32'),
      'option',
      'binaryCounts: thresholds must be one number or more, in rising order (f32)',
    ],
    [
      'a threshold that is none',
      () => built((x, y) => metrics.accuracy(x, y, { threshold: untyped('0.5') }), [[4], [4]], 'i32'),
      'option',
      'accuracy: threshold is "0.5": it must be a number',
    ],
    [
      'residuals of other shapes',
      () => built((x, y) => metrics.residuals(x, y), [[4, 1], [4]], 'f32'),
      'shape-mismatch',
      'residuals: prediction [4, 1] and target [4] must have one shape, [batch, ...]',
    ],
  ])('%s', (_, refused, code, text) => {
    expectRefusal(refused, code, text, 'graph.test.ts');
  });
});
