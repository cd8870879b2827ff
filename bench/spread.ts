/** Of several samples of the same quantity: the one in the middle, and the two at the ends. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The spread of samples; NaN throughout where there are none. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (k: number): number => sorted[k] ?? Number.NaN;
  return { median: at(sorted.length >> 1), least: at(0), most: at(sorted.length - 1) };
}

/** `median unit (least to most)`, for tables. */
export function spreadText({ median, least, most }: Spread, unit: string, digits = 1): string {
  return `${median.toFixed(digits)} ${unit} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}
