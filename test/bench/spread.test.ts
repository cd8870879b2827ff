import { describe, expect, it } from 'vitest';
import { spread, spreadText } from '../../bench/spread.ts';

describe('the spread of samples', () => {
  it('is the one in the middle and those at the ends, in whatever order they came', () => {
    expect(spread([9, 10, 1, 100, 2])).toEqual({ median: 9, least: 1, most: 100 });
  });

  it('takes the later of the two in the middle', () => {
    expect(spread([4, 3, 2, 1]).median).toBe(3);
  });

  it('is NaN where there are none', () => {
    expect(spread([])).toEqual({ median: Number.NaN, least: Number.NaN, most: Number.NaN });
  });

  it('prints with its unit', () => {
    expect(spreadText({ median: 2, least: 1.25, most: 10 }, 'µs')).toBe('2.0 µs (1.3 to 10.0)');
  });
});
