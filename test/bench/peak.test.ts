import { describe, expect, it } from 'vitest';
import { peakOf } from '../../bench/peak.ts';
import { wasmText } from '../../bench/tables.ts';

describe('the peak that kernels are measured by', () => {
  it('is the better of the two ways on all threads', () => {
    expect(peakOf({ strict: [50, 90], relaxed: [55, 110] })).toBe(110);
    expect(peakOf({ strict: [50, 99], relaxed: [55, 98] })).toBe(99);
    expect(peakOf({ strict: [50, 99], relaxed: null })).toBe(99);
  });

  it('gives the part of it that a kernel reaches', () => {
    const time = { median: 1000, least: 900, most: 1100 };
    const kernel = {
      name: 'hidden',
      kind: 'contract',
      microseconds: time,
      flops: 25e6,
      predicted: { micros: 800, limit: 'latency' as const },
    };
    const text = wasmText(
      {
        workload: 'w1',
        target: 'wasm',
        threads: 2,
        steps: 200,
        wall: { median: 2000, least: 1900, most: 2100 },
        kernels: [kernel],
        groups: [kernel],
        flops: 50e6,
        peakBytes: 20,
        lowerBoundBytes: 10,
        compileMilliseconds: time,
        startMilliseconds: 30,
      },
      { strict: [50, 100], relaxed: null },
    );
    expect(text).toContain('2000.0 µs (1900.0 to 2100.0) a step, 500 steps a second');
    expect(text).toContain(
      '(least   900.0) µs  predicted    800.0 µs (latency)        25.00 MFLOP   25.0 GFLOP/s  25 % of the peak  contract',
    );
  });
});
