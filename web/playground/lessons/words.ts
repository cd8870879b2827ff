import { ModelError } from '../modelError.ts';
import type { View } from '../protocol.ts';
import { type Bench, floats, type Lesson } from './lesson.ts';
import { range } from './pictures.ts';
import { ontoPlane } from './plane.ts';
import { kindNames, words as known, neighbours } from './sentences.ts';

/** The state whose rows are the vectors. */
const TABLE = 'words.weight';

/** Sentences that are read. */
const SENTENCES = 4000;

/** Words of a small world: vectors of them, from where they lie farthest apart. */
export const words: Lesson = {
  tries: 'nothing',
  data: async (program) => {
    const table = program.state.find(({ name }) => name === TABLE);
    if (table !== undefined && (table.shape[0] ?? 0) < known.length)
      throw new ModelError(
        `the example has ${known.length} words: the table ${TABLE} has ${table.shape[0]} rows`,
      );
    const pairs = neighbours(SENTENCES);
    const column = (place: 0 | 1) =>
      ({ dtype: 'i32', shape: [], values: Int32Array.from(pairs, (pair) => pair[place]) }) as const;
    return { train: { count: pairs.length, columns: { word: column(0), beside: column(1) } } };
  },
  gallery: (bench) => ({ views: () => plane(bench) }),
};

async function plane(bench: Bench): Promise<View[]> {
  if (!bench.program.state.some(({ name, shape }) => name === TABLE && shape.length === 2)) return [];
  const { shape, data } = await bench.read(TABLE);
  const width = shape[1] ?? 1;
  const points = ontoPlane(
    range(known.length).map((row) => Array.from(data.slice(row * width, (row + 1) * width))),
  );
  const reach = 1.15 * Math.max(1e-6, ...points.flat().map(Math.abs));
  return [
    {
      kind: 'points',
      title: 'Words that are used alike',
      x: floats(points.map(([x]) => x)),
      y: floats(points.map(([, y]) => y)),
      classes: Uint8Array.from(known, ({ kind }) => kind),
      classNames: kindNames,
      labels: known.map(({ word }) => word),
      range: [-reach, reach, -reach, reach],
    },
  ];
}
