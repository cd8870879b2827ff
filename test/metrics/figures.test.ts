import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as metrics from '../../src/metrics/index.ts';
import { InputError } from '../../src/runtime/issues.ts';
import { untyped } from '../graph/refusal.ts';
import { plainCounts } from './plain.ts';

/** A confusion matrix of labels and predictions. */
function confusionOf(
  classes: number,
  labels: readonly number[],
  predicted: readonly number[],
): metrics.Counts {
  const data = new Float64Array(classes * classes);
  labels.forEach((label, k) => {
    const at = label * classes + (predicted[k] ?? 0);
    data[at] = (data[at] ?? 0) + 1;
  });
  return { shape: [classes, classes], data };
}

function countsOf(
  scores: readonly number[],
  labels: readonly number[],
  thresholds: readonly number[],
): metrics.Counts {
  return { shape: [4, thresholds.length], data: plainCounts(scores, labels, thresholds) };
}

describe('of a confusion matrix', () => {
  it("precision, recall and f1 are those of scikit-learn's documentation", () => {
    const confusion = confusionOf(3, [0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1]);
    const { precision, recall, f1 } = metrics;
    expect(precision(confusion)).toBeCloseTo(0.2222, 4);
    expect(precision(confusion, { average: 'micro' })).toBeCloseTo(1 / 3, 12);
    expect(precision(confusion, { average: 'weighted' })).toBeCloseTo(0.2222, 4);
    expect(recall(confusion, { average: 'macro' })).toBeCloseTo(1 / 3, 12);
    expect(f1(confusion, { average: 'macro' })).toBeCloseTo(0.26666, 4);
    expect(f1(confusion, { average: 'weighted' })).toBeCloseTo(0.26666, 4);
    const binary = confusionOf(2, [0, 1, 0, 0, 1, 0], [0, 1, 1, 0, 0, 1]);
    expect([precision(binary), recall(binary)]).toEqual([1 / 3, 1 / 2]);
    expect(f1(binary)).toBeCloseTo(0.4, 12);
    expect(recall(binary, { positive: 0 })).toBe(1 / 2);
  });

  it('classes that are nowhere are left out of means, and those without predictions count as 0', () => {
    const confusion = confusionOf(4, [0, 0, 1], [0, 0, 0]);
    expect(metrics.precision(confusion, { average: 'macro' })).toBeCloseTo(1 / 3, 12);
    expect(metrics.recall(confusion, { average: 'macro' })).toBe(1 / 2);
    expect(metrics.perClass(confusion)[1]).toEqual({
      precision: 0,
      recall: 0,
      f1: 0,
      iou: 0,
      support: 1,
      predicted: 0,
    });
    const none = confusionOf(2, [], []);
    for (const average of ['binary', 'macro', 'micro', 'weighted'] as const)
      expect(metrics.f1(none, { average })).toBeNaN();
  });

  it("the mean intersection over union is that of Keras's documentation", () => {
    expect(metrics.meanIou(confusionOf(2, [0, 0, 1, 1], [0, 1, 0, 1]))).toBeCloseTo(0.33333334, 6);
    expect(metrics.meanIou(confusionOf(5, [0, 0, 1, 1], [0, 0, 1, 1]))).toBe(1);
  });

  it('what is another array, or an unknown average, is refused', () => {
    const flat = { shape: [4], data: [1, 2, 3, 4] };
    expect(() => metrics.f1(flat)).toThrow(
      new InputError(
        'length',
        'f1',
        'takes a confusion matrix [classes, classes], not an array of the shape [4] with 4 elements',
      ),
    );
    expect(() => metrics.recall(untyped(3))).toThrow(/recall: takes a confusion matrix .* session.evaluate/);
    const binary = confusionOf(2, [0], [1]);
    expect(() => metrics.precision(binary, { average: untyped('none') })).toThrow(
      /average is none: it must be one of/,
    );
    expect(() => metrics.precision(binary, { average: 'binary', positive: 2 })).toThrow(
      /positive is 2: there are 2 classes/,
    );
  });
});

describe('of counts at thresholds', () => {
  it("the area under the curve is that of Keras's documentation", () => {
    const counts = countsOf([0, 0.5, 0.3, 0.9], [0, 0, 1, 1], [-1e-7, 0.5, 1 + 1e-7]);
    expect(metrics.auc(counts)).toBe(0.75);
  });

  it('with a threshold between all scores it is the share of pairs in order, half of those that tie', () => {
    const score = fc.integer({ min: 0, max: 9 });
    const sample = fc.tuple(score, fc.integer({ min: 0, max: 1 }));
    fc.assert(
      fc.property(score, score, fc.array(sample, { maxLength: 40 }), (low, high, more) => {
        const samples = [[low, 0], [high, 1], ...more] as const;
        const [scores, labels] = [samples.map(([s]) => s), samples.map(([, label]) => label)];
        const [ones, zeros] = [1, 0].map((kind) => scores.filter((_, k) => labels[k] === kind));
        const pairs = (ones ?? []).flatMap((a) => (zeros ?? []).map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
        const thresholds = Array.from({ length: 9 }, (_, k) => k + 0.5);
        const area = metrics.auc(countsOf(scores, labels, thresholds));
        expect(area).toBeCloseTo(pairs.reduce((a: number, b) => a + b, 0) / pairs.length, 9);
      }),
      { seed: 5 },
    );
  });

  it('precision by recall is integrated along true positives that grow in proportion', () => {
    const counts = countsOf(
      [0.9, 0.8, 0.7, 0.6, 0.55, 0.4, 0.3, 0.1],
      [1, 0, 1, 1, 0, 0, 1, 0],
      [0.2, 0.5, 0.65, 0.85],
    );
    const points = metrics.precisionRecallCurve(counts);
    expect(points[0]).toEqual({ precision: 0.5, recall: 1 });
    expect(points.at(-1)).toEqual({ precision: 1, recall: 0 });
    // In small steps between the counts of neighbouring thresholds.
    const ends = [
      [4, 4],
      [4, 3],
      [3, 2],
      [2, 1],
      [1, 0],
      [0, 0],
    ] as const;
    const STEPS = 20_000;
    let area = 0;
    ends.slice(1).forEach(([tp, fp], k) => {
      const [fromTp = 0, fromFp = 0] = ends[k] ?? [];
      for (let step = 0; step < STEPS; step++) {
        const share = (step + 0.5) / STEPS;
        const [t, f] = [tp + share * (fromTp - tp), fp + share * (fromFp - fp)];
        area += ((t / (t + f)) * (fromTp - tp)) / STEPS / 4;
      }
    });
    expect(metrics.auc(counts, { curve: 'pr' })).toBeCloseTo(area, 6);
  });

  it('curves run from all to none, and lack what is not there', () => {
    const counts = countsOf([0.2, 0.8], [0, 1], [0.5]);
    expect(metrics.rocCurve(counts)).toEqual([
      { falsePositiveRate: 1, truePositiveRate: 1 },
      { falsePositiveRate: 0, truePositiveRate: 1 },
      { falsePositiveRate: 0, truePositiveRate: 0 },
    ]);
    expect(metrics.auc(countsOf([0.2, 0.8], [1, 1], [0.5]))).toBeNaN();
    expect(() => metrics.auc(counts, { curve: untyped('det') })).toThrow(
      /curve is det: it must be roc or pr/,
    );
    expect(() => metrics.rocCurve({ shape: [2, 2], data: [1, 2, 3, 4] })).toThrow(
      /takes counts \[4, thresholds\]/,
    );
  });
});

describe('of means', () => {
  it('the perplexity is the exponential of the loss', () => {
    expect(metrics.perplexity(Math.log(50))).toBeCloseTo(50, 9);
    expect(() => metrics.perplexity(untyped(undefined))).toThrow(InputError);
  });

  it('r2 is 1 where targets of one value are all predicted right, else 0', () => {
    const residuals = (square: number): metrics.Counts => ({ shape: [4], data: [square, square, 2, 4] });
    expect([metrics.r2(residuals(0)), metrics.r2(residuals(1))]).toEqual([1, 0]);
    expect(metrics.r2(residuals(Number.NaN))).toBeNaN();
  });

  it('r2 takes what float32 leaves of the variance of equal targets for nothing', () => {
    for (const target of [0.1, 0.3, 7.3, 100.7, 2001].map(Math.fround)) {
      const square = Math.fround(target * target);
      for (const ulps of [-4, -1, 0, 1, 4]) {
        const data = [0.01 * square, 0.1 * target, target, square * (1 + ulps * 2 ** -23)];
        expect(metrics.r2({ shape: [4], data })).toBe(0);
      }
    }
    // Targets that deviate by a hundredth of their mean are not equal.
    expect(metrics.r2({ shape: [4], data: [2, 1, 100, 10_001] })).toBe(-1);
  });
});
