/** From values to places on an axis, in pixels. */
export interface Scale {
  readonly at: (value: number) => number;
  /** Values at which the axis is marked. */
  readonly ticks: readonly number[];
}

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
    ticks: decadeTicks(low, high, count),
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

/** Powers of ten between two values, every so many that there are `count` at most. */
export function decadeTicks(low: number, high: number, count: number): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first + 1) / count));
  const ticks: number[] = [];
  for (let power = first; power <= last; power += every) ticks.push(Number(`1e${power}`));
  return ticks;
}

/** The powers of ten around some values above 0: the ends of an axis that holds them all. */
export function decadesAround(values: readonly number[]): Ends {
  const [low, high] = extremes(values);
  return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high) + 1e-9)];
}

/** The least and the largest of some values, at least one. Not by spreading them: there may be many. */
export function extremes(values: readonly number[]): Ends {
  return values.reduce<Ends>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}
