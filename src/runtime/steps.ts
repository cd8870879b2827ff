import type { Batch, Batches } from './batches.ts';
import type { Dataset } from './dataset.ts';
import type { Engine, NamedEntry } from './engine.ts';
import { slotOf, unfit } from './issues.ts';
import type { RunOptions, Scalar } from './options.ts';
import type { ParamSlot } from './program.ts';
import type { EntryPlace } from './saved.ts';
import { valueWords } from './values.ts';

/** How the steps of one run go, and what becomes of their results. */
export interface Course {
  /** The first step of its batches; 0 by default. */
  readonly from?: number;
  /** As of `Playback`. */
  readonly upload: () => void;
  /** Is given the results of each step in order, from word `at` on. */
  readonly take: (results: Uint32Array, at: number, batch: Batch) => void;
  /** Called when the results of a submit have been taken. */
  readonly onSubmit?: () => void;
  /** As of `Playback`. */
  readonly goesOn?: () => boolean;
}

/**
 * Runs steps of an entry over a dataset, a batch each: sets their fields, takes their results in order, and counts them
 * in `place`.
 *
 * @throws InputError `unknown`, `type` for run-time scalars; what `dataset.check`, the engine and the course throw
 */
export async function playSteps(
  engine: Engine,
  place: EntryPlace,
  entry: NamedEntry,
  dataset: Dataset,
  batches: Omit<Batches, 'samples'>,
  options: RunOptions & { readonly stepsPerSubmit?: number },
  { from = 0, upload, take, onSubmit, goesOn }: Course,
): Promise<void> {
  const { sizes, params } = engine.program;
  const scalars = takeScalars(params, options.params);
  const before = place.steps;
  const base = dataset.block.start;
  await engine
    .play({
      entry,
      upload,
      data: dataset.block,
      steps: batches.steps - from,
      stepsPerSubmit: options.stepsPerSubmit,
      goesOn: () => {
        dataset.check(engine, entry);
        return goesOn?.() ?? true;
      },
      fill: (i, set) => {
        const number = from + i;
        if (i === 0) for (const [field, word] of dataset.starts) set(field, base + word);
        for (const { name, live, rows = '' } of sizes) {
          set(live, batches.at(number).live.get(name) ?? 0);
          const start = dataset.starts.get(rows);
          if (start !== undefined) set(rows, base + start + number * (batches.at(0).live.get(name) ?? 0));
        }
        const step = before + i + 1;
        set('step', step);
        for (const param of scalars)
          if (i === 0 || typeof param.scalar === 'function') set(param.field, valueAt(param, step));
      },
      take: (results, first, count) => {
        place.steps = before + first + count;
        for (let i = 0; i < count; i++) {
          take(results, i * entry.resultWords, batches.at(from + first + i));
        }
        onSubmit?.();
      },
    })
    .catch((error: unknown) => {
      dataset.forgetOrder();
      throw error;
    });
}

/** What run-time scalars are to be: what was given, else their declared values. @throws InputError `unknown` */
function takeScalars(
  params: readonly ParamSlot[],
  given: RunOptions['params'] = {},
): readonly Readonly<GivenScalar>[] {
  const scalars = params.map((slot): GivenScalar => ({ ...slot, scalar: slot.initial }));
  for (const [name, scalar] of Object.entries(given))
    slotOf('run-time scalar', scalars, name).scalar = scalar;
  return scalars;
}

/** A run-time scalar, and what it is to be. */
interface GivenScalar extends ParamSlot {
  scalar: Scalar;
}

/** A run-time scalar's value at a step, checked. A NaN would make states NaN before any output tells. */
function valueAt(param: GivenScalar, step: number): number {
  const { name, scalar } = param;
  const value = typeof scalar === 'function' ? scalar(step) : scalar;
  valueWords(param, [value]);
  if (Number.isNaN(value)) unfit('type', name, 'a number', value);
  return value;
}
