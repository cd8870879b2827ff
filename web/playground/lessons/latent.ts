import type { View } from '../protocol.ts';
import { type Bench, floats, gives, type Lesson, type LessonData } from './lesson.ts';
import { labelAt, mnist, pixelsAt } from './mnist.ts';
import { digitImage, range, tiled } from './pictures.ts';

/** Digits of the test set that are shown as points. */
const POINTS = 500;

/** Digits along each side of the plane. */
const ACROSS = 9;

/** Where the plane ends: almost all of a normal distribution lies within. */
const REACH = 2.5;

/** A plane of digits: what each point of it is decoded to, and where digits lie on it. */
export const latent: Lesson = {
  tries: 'nothing',
  data: async (_, shelf) => mnist(shelf),
  gallery: (bench, data) => ({
    views: async () => [...(await plane(bench)), ...(await points(bench, data))],
  }),
};

/** What points of a grid are decoded to, the upper left one first. */
async function plane(bench: Bench): Promise<View[]> {
  if (!gives(bench, 'decode', 'pixels')) return [];
  const at = (k: number): number => ((2 * k) / (ACROSS - 1) - 1) * REACH;
  const point = Float32Array.from(
    range(ACROSS * ACROSS).flatMap((k) => [at(k % ACROSS), -at(Math.floor(k / ACROSS))]),
  );
  const { outputs } = await bench.evaluate('decode', { point });
  const pixels = outputs.pixels?.data ?? [];
  const images = range(ACROSS * ACROSS).map((k) =>
    digitImage(Array.from(pixels.slice(784 * k, 784 * (k + 1)))),
  );
  return [{ kind: 'images', title: 'The plane, decoded', signed: false, images: [tiled(images, ACROSS)] }];
}

/** Where digits of the test set lie. */
async function points(bench: Bench, { test, train }: LessonData): Promise<View[]> {
  if (!gives(bench, 'encode', 'mean')) return [];
  const rows = test ?? train;
  const count = Math.min(POINTS, rows.count);
  const x = new Uint8Array(784 * count);
  for (const row of range(count)) x.set(pixelsAt(rows, row), 784 * row);
  const { outputs } = await bench.evaluate('encode', { x });
  const codes = outputs.mean?.data ?? [];
  return [
    {
      kind: 'points',
      title: 'Digits on the plane',
      x: floats(range(count).map((row) => codes[2 * row] ?? 0)),
      y: floats(range(count).map((row) => codes[2 * row + 1] ?? 0)),
      classes: Uint8Array.from(range(count), (row) => labelAt(rows, row)),
      range: [-REACH - 1, REACH + 1, -REACH - 1, REACH + 1],
    },
  ];
}
