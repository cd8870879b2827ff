import type { View } from '../protocol.ts';
import type { Rows } from '../rows.ts';
import { type Bench, floats, gives, type Lesson } from './lesson.ts';
import { range } from './pictures.ts';

/** Points of both arms together. */
const POINTS = 512;

/** Turns of each arm, and how far points are off it. */
const TURNS = 1.75;
const BLUR = 0.03;

/** Points along each side of the plane that is coloured. */
const SIDE = 48;

/** Where the plane ends. */
const REACH = 1.2;

/** Two spirals: points of two arms, and whose each point of the plane is taken for. */
export const spirals: Lesson = {
  tries: 'nothing',
  data: async () => ({ train: arms() }),
  gallery: (bench, { train }) => ({ views: () => plane(bench, train) }),
};

/** Points that lie evenly along two arms, and off them by a pattern that repeats nowhere near. */
export function arms(): Rows {
  const x = new Float32Array(2 * POINTS);
  const y = new Int32Array(POINTS);
  for (const k of range(POINTS)) {
    const arm = k % 2;
    const along = Math.sqrt((k + 1) / POINTS);
    const angle = 2 * Math.PI * (TURNS * along + arm / 2);
    const [right, up] = [(k * 0.618034) % 1, (k * 0.754878) % 1];
    x[2 * k] = along * Math.cos(angle) + BLUR * (2 * right - 1);
    x[2 * k + 1] = along * Math.sin(angle) + BLUR * (2 * up - 1);
    y[k] = arm;
  }
  return {
    count: POINTS,
    columns: { x: { dtype: 'f32', shape: [2], values: x }, y: { dtype: 'i32', shape: [], values: y } },
  };
}

async function plane(bench: Bench, { count, columns }: Rows): Promise<View[]> {
  const at = (k: number): number => ((k + 0.5) / SIDE) * 2 * REACH - REACH;
  const points = columns.x?.values ?? [];
  const shown = {
    kind: 'points',
    title: 'The plane',
    x: floats(range(count).map((k) => points[2 * k] ?? 0)),
    y: floats(range(count).map((k) => points[2 * k + 1] ?? 0)),
    classes: Uint8Array.from(range(count), (k) => columns.y?.values[k] ?? 0),
    range: [-REACH, REACH, -REACH, REACH],
  } as const;
  if (!gives(bench, 'predict', 'shares')) return [shown];
  // From the lower left, row by row.
  const x = Float32Array.from(range(SIDE * SIDE).flatMap((k) => [at(k % SIDE), at(Math.floor(k / SIDE))]));
  const { outputs } = await bench.evaluate('predict', { x });
  const shares = outputs.shares?.data ?? [];
  const values = floats(range(SIDE * SIDE).map((k) => shares[2 * k + 1] ?? 0));
  return [{ ...shown, field: { width: SIDE, height: SIDE, values } }];
}
