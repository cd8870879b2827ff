/** `843`, `12,300`, `0.0123`, `1.2e-5`. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '−∞' : '∞';
  const size = Math.abs(value);
  if (size >= 1000 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US');
  return size > 0 && size < 1e-3 ? value.toExponential(1).replaceAll('-', '−') : digits(value);
}

/** A part from 0 to 1 as `97.3 %`. */
export function percentText(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

/** Three digits that count, without zeros behind the point. */
function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/**
 * Where a slider of a positive quantity stands, 0 to 1, and the value at a place: both logarithmic, over two decades on either side
 * of `middle`.
 */
export function logScale(middle: number): {
  readonly placeOf: (value: number) => number;
  readonly valueAt: (place: number) => number;
} {
  const [low, high] = [Math.log10(middle) - 2, Math.log10(middle) + 2];
  return {
    placeOf: (value) => Math.min(1, Math.max(0, (Math.log10(value) - low) / (high - low))),
    valueAt: (place) => Number((10 ** (low + place * (high - low))).toPrecision(2)),
  };
}
