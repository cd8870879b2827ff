import type { DispatchReport } from '../src/index.ts';
import { correlationText } from './correlation.ts';
import { type Peak, peakOf } from './peak.ts';
import { type Spread, spread } from './spread.ts';

/** One kernel of a step: microseconds on all threads together, or by the device's clock; floating-point operations. */
export interface KernelTime {
  readonly name: string;
  readonly kind: string;
  readonly microseconds: Spread;
  readonly flops: number;
  /** What the model of time says of it, without the dispatch. */
  readonly predicted: DispatchReport['predicted'];
}

/**
 * The kernels of an entry with what they took.
 *
 * @param columns microseconds of each dispatch, a sample a step
 * @param last how many samples count: those before are of warming up
 */
export function kernelTimes(
  dispatches: readonly Pick<DispatchReport, 'name' | 'kind' | 'flops' | 'predicted'>[],
  columns: readonly (readonly number[])[],
  last: number,
): KernelTime[] {
  return dispatches.map(({ name, kind, flops, predicted }, k) => {
    return { name, kind, flops, predicted, microseconds: spread((columns[k] ?? []).slice(-last)) };
  });
}

/**
 * A line for each kernel: its part of the sum of all, what it took, what the model predicts and by which term, and how
 * fast it computes.
 *
 * @param peak of the same machine at the same time, where it is known
 */
export function kernelLines(kernels: readonly KernelTime[], peak: Peak | null): string[] {
  const sum = kernels.reduce((total, { microseconds }) => total + microseconds.median, 0);
  return kernels.map(({ name, kind, microseconds: { median, least }, flops, predicted }) => {
    const part = `${((100 * median) / sum).toFixed(1).padStart(5)} %`;
    const time = `${median.toFixed(1).padStart(10)} (least ${least.toFixed(1).padStart(7)}) µs`;
    const model = `predicted ${predicted.micros.toFixed(1).padStart(8)} µs (${predicted.limit})`.padEnd(34);
    return `    ${part} ${time}  ${model}  ${rateText(flops, median, peak)}  ${kind.padEnd(8)}  ${name}`;
  });
}

/** How well the model orders the kernels. */
export function predictionLine(kernels: readonly KernelTime[]): string {
  const pairs = kernels.map(({ predicted, microseconds }) => {
    return { predicted: predicted.micros, measured: microseconds.median };
  });
  return `    ${correlationText(pairs)}`;
}

/** Operations and how many a second, as a part of the peak where it is known. */
export function rateText(flops: number, microseconds: number, peak: Peak | null): string {
  const rate = flops / microseconds / 1e3;
  const work = `${(flops / 1e6).toFixed(2).padStart(8)} MFLOP ${rate.toFixed(1).padStart(6)} GFLOP/s`;
  if (peak === null) return work;
  return `${work} ${((100 * rate) / peakOf(peak)).toFixed(0).padStart(3)} % of the peak`;
}
