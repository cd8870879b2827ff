/** From values to places on an axis, in pixels. */
export interface Scale {
  readonly at: (value: number) => number;
  /** Values at which the axis is marked. */
  readonly ticks: readonly number[];
}

/** By how much an axis of ratios goes on beyond what it holds. */
const ROOM = 1.8;

/** Two ends. */
export type Ends = readonly [number, number];

/** Equal differences are equal distances. */
export function linearScale([low, high]: Ends, [from, to]: Ends, count = 6): Scale {
  const span = high - low;
  return {
    at: (value) => (span === 0 ? from : from + ((value - low) / span) * (to - from)),
    ticks: niceTicks(low, high, count),
  };
}

/** Equal ratios are equal distances: for values above 0. */
export function logScale([low, high]: Ends, [from, to]: Ends, count = 6): Scale {
  const span = Math.log10(high) - Math.log10(low);
  return {
    at: (value) => (span === 0 ? from : from + ((Math.log10(value) - Math.log10(low)) / span) * (to - from)),
    ticks: logTicks(low, high, count),
  };
}

/** Multiples of 1, 2 or 5 times a power of ten, at most `count` and one more, from the first not below `low`. */
export function niceTicks(low: number, high: number, count: number): number[] {
  const span = high - low;
  if (!(span > 0) || count < 1) return [low];
  const power = 10 ** Math.floor(Math.log10(span / count));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power * count >= span) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // A product, not a running sum: errors do not add up. What is left of them is rounded away.
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** Values of 1, 2 and 5 times powers of ten, or, where those are more than `count`, powers of ten, or every so many of them. */
export function logTicks(low: number, high: number, count: number): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const powers = Array.from({ length: last - first + 3 }, (_, k) => first - 1 + k);
  const fine = powers
    .flatMap((power) => [1, 2, 5].map((factor) => Number(`${factor}e${power}`)))
    .filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
  if (fine.length <= count) return fine;
  const every = Math.max(1, Math.ceil((last - first + 1) / count));
  return powers
    .filter((power) => power >= first && power <= last && (power - first) % every === 0)
    .map((power) => Number(`1e${power}`));
}

/** Ends of an axis of ratios that holds some values above 0, with room beside the outermost. */
export function endsAround(values: readonly number[]): Ends {
  const [low, high] = extremes(values);
  return [low / ROOM, high * ROOM];
}

/** The least and the largest of some values, at least one. Not by spreading them: there may be many. */
export function extremes(values: readonly number[]): Ends {
  return values.reduce<Ends>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}
