import type { Dataset } from './dataset.ts';
import type { Engine, NamedEntry } from './engine.ts';
import { InputError, isWhole, slotOf, unfit } from './issues.ts';
import type { ProgramBase } from './program.ts';

/** The live extent of each bounded size. */
export type LiveSizes = ReadonlyMap<string, number>;

/** What one step runs over. */
export interface Batch {
  readonly live: LiveSizes;
  /** Its rows: what its means weigh. */
  readonly weight: number;
}

/** How rows fall into steps. */
export interface Batches {
  readonly steps: number;
  /** Rows in all steps together. */
  readonly samples: number;
  readonly at: (step: number) => Batch;
}

/**
 * Cuts the rows of a dataset into batches, the last of which may have fewer rows. Where an entry reads nothing
 * by row, it runs one step.
 *
 * @param given sizes of batches, and live extents of sizes that no row tells
 * @throws what `dataset.check` throws; InputError `unknown`, `range` for `given`; `length` where sizes do not make
 *   equally many batches
 */
export function batchesOf(
  engine: Engine,
  entry: NamedEntry,
  dataset: Dataset,
  given: Readonly<Record<string, number>> | undefined,
): Batches {
  dataset.check(engine, entry);
  const { program } = engine;
  const live = liveSizes(program, given);
  const rest = new Map(live);
  let main: string | undefined;
  let [steps, samples, weight] = [1, 1, 1];
  for (const { name, size } of program.inputs) {
    if (!size || !entry.inputs.includes(name)) continue;
    const count = dataset.rows.get(size) ?? 0;
    const most = live.get(size) ?? 1;
    const own = Math.ceil(count / most);
    if (!main) [main, steps, samples, weight] = [size, own, count, most];
    if (own !== steps) unfit('length', size, `rows for ${steps} batches, as those of ${main}`, own);
    rest.set(size, count - (steps - 1) * most);
  }
  const full = { live, weight };
  const last = { live: rest, weight: samples - (steps - 1) * weight };
  return { steps, samples, at: (step) => (step < steps - 1 ? full : last) };
}

/**
 * The live extent of each size: what its rows tell, else what was given, else its maximum.
 *
 * @throws InputError `unknown`, `range`; `length` where rows are not as many as was given
 */
export function liveSizes(
  program: ProgramBase,
  given: Readonly<Record<string, number>> = {},
  rows: Iterable<readonly [string, number]> = [],
): Map<string, number> {
  const told = new Map<string, number>();
  for (const [name, extent] of [...Object.entries(given), ...rows]) {
    const { max } = slotOf('size', program.sizes, name);
    if (!isWhole(extent, 1, max)) unfit('range', name, `1 to ${max}`, extent);
    const before = told.get(name) ?? extent;
    if (before !== extent) throw new InputError('length', name, `${extent} rows given, sizes says ${before}`);
    told.set(name, extent);
  }
  return new Map(program.sizes.map(({ name, max }) => [name, told.get(name) ?? max]));
}
