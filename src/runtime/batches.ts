import type { Dataset } from './dataset.ts';
import { InputError, slotOf } from './issues.ts';
import type { Entry, ProgramBase } from './program.ts';

/** The live extent of each bounded size. */
export type LiveSizes = ReadonlyMap<string, number>;

/** How rows fall into steps. */
export interface Batches {
  readonly steps: number;
  /** Rows in all steps together. */
  readonly samples: number;
  readonly live: (step: number) => LiveSizes;
  /** Rows of a step: what its means weigh. */
  readonly weight: (step: number) => number;
}

/**
 * Cuts the rows of a dataset into batches, the last of which may have fewer rows. Where an entry reads nothing
 * by row, it runs one step.
 *
 * @param given sizes of batches, and live extents of sizes that no row tells
 * @throws InputError `unknown`, `range` for `given`; `length` where sizes do not make equally many batches
 */
export function batchesOf(
  program: ProgramBase,
  { inputs }: Entry,
  dataset: Dataset,
  given: Readonly<Record<string, number>> | undefined,
): Batches {
  const live = liveSizes(program, given, []);
  const counts = new Map<string, number>();
  for (const { name, size } of program.inputs) {
    if (size !== undefined && inputs.includes(name)) counts.set(size, dataset.rows.get(size) ?? 0);
  }
  let main: string | undefined;
  let steps = 1;
  for (const [size, count] of counts) {
    const own = Math.ceil(count / (live.get(size) ?? 1));
    if (main !== undefined && own !== steps) {
      throw new InputError('length', size, `its rows make ${own} batches, those of ${main} ${steps}`);
    }
    main ??= size;
    steps = own;
  }
  const last = new Map(live);
  for (const [size, count] of counts) last.set(size, count - (steps - 1) * (live.get(size) ?? 0));
  const at = (step: number): LiveSizes => (step === steps - 1 ? last : live);
  return {
    steps,
    samples: main === undefined ? 1 : (counts.get(main) ?? 0),
    live: at,
    weight: (step) => (main === undefined ? 1 : (at(step).get(main) ?? 0)),
  };
}

/**
 * The live extent of each size: what its rows tell, else what was given, else its maximum.
 *
 * @throws InputError `unknown`, `range`
 */
export function liveSizes(
  program: ProgramBase,
  given: Readonly<Record<string, number>> = {},
  rows: Iterable<readonly [string, number]>,
): Map<string, number> {
  const live = new Map(program.sizes.map((size) => [size.name, size.max]));
  for (const [name, extent] of [...Object.entries(given), ...rows]) {
    const { max } = slotOf('size', program.sizes, name);
    if (!Number.isInteger(extent) || extent < 1 || extent > max) {
      throw new InputError('range', name, `expected 1 to ${max}, found ${extent}`);
    }
    live.set(name, extent);
  }
  return live;
}
