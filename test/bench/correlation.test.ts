import { describe, expect, it } from 'vitest';
import { correlationText, rankCorrelation } from '../../bench/correlation.ts';

describe('the rank correlation', () => {
  it('is 1 where two series order everything alike, whatever their values, and -1 the other way round', () => {
    expect(rankCorrelation([1, 2, 30, 400], [5, 6, 7, 8])).toBeCloseTo(1, 12);
    expect(rankCorrelation([1, 2, 30, 400], [8, 7, 6, 5])).toBeCloseTo(-1, 12);
  });

  it('gives equal values the mean of their ranks', () => {
    // Ranks 0.5, 0.5, 2 and 0, 1, 2: 1.5 / √(1.5 · 2).
    expect(rankCorrelation([3, 3, 9], [1, 2, 3])).toBeCloseTo(1.5 / Math.sqrt(3), 12);
  });

  it('is 1 − 6 Σd² / n(n² − 1) where no values are equal', () => {
    expect(rankCorrelation([1, 2, 3, 4, 5], [2, 1, 4, 5, 3])).toBeCloseTo(1 - (6 * 8) / (5 * 24), 12);
  });

  it('is not known of one pair, or where a series has one value', () => {
    expect(rankCorrelation([1], [1])).toBeNaN();
    expect(rankCorrelation([1, 1], [1, 2])).toBeNaN();
    expect(correlationText([{ predicted: 1, measured: 2 }])).toMatch(/: too few, of 1$/);
  });
});
