/** Samples of one quantity: the one in the middle, and those a quarter from each end. In the unit of the samples. */
export interface Quartiles {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** The quartiles of samples, each of them a sample: half of all lie from `low` to `high`. NaN throughout where there are none. */
export function quartilesOf(samples: readonly number[]): Quartiles {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.round(part * (sorted.length - 1))] ?? Number.NaN;
  return { low: at(1 / 4), median: at(1 / 2), high: at(3 / 4) };
}
