/** Images by plain loops: `[samples, channels, rows, columns]`, row by row. */
export interface Images {
  readonly shape: readonly [samples: number, channels: number, rows: number, columns: number];
  readonly data: readonly number[];
}

/** Images of which all elements differ, none of them 0. */
export function different(shape: Images['shape']): Images {
  const count = shape.reduce((n, extent) => n * extent, 1);
  return { shape, data: Array.from({ length: count }, (_, k) => k + 1) };
}

/** One sample at a channel, row and column; `outside` where there is none. */
export function at(
  { shape, data }: Images,
  b: number,
  c: number,
  i: number,
  j: number,
  outside: number,
): number {
  const [, channels, rows, columns] = shape;
  if (i < 0 || j < 0 || i >= rows || j >= columns) return outside;
  return data[((b * channels + c) * rows + i) * columns + j] ?? Number.NaN;
}

/** One sample of images whose elements a function gives. */
export function sampleOf(
  shape: Images['shape'],
  element: (c: number, i: number, j: number) => number,
): number[] {
  const [, channels, rows, columns] = shape;
  const all: number[] = [];
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) all.push(element(c, i, j));
  return all;
}

/** The samples of images, each by itself. */
export function samplesOf({ shape, data }: Images): number[][] {
  const size = shape[1] * shape[2] * shape[3];
  return Array.from({ length: shape[0] }, (_, b) => data.slice(b * size, (b + 1) * size));
}
