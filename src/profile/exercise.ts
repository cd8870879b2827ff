import { drawInputs } from '../check/draws.ts';
import type { Module } from '../graph/index.ts';
import { batchBytes } from '../program/inputBytes.ts';
import { takeArrays } from '../runtime/dataset.ts';
import type { Data, Dataset, ProgramBase, Session } from '../runtime/wasm/index.ts';

/** Bytes of inputs that a call gets at most, unless one batch has more. */
const MOST_BYTES = 2 ** 25;

/** Runs an entry again and again, over the same batch. */
export interface Exercise {
  /** Steps that one call may have. */
  readonly most: number;
  /** Runs so many steps in one call. @returns milliseconds of `performance.now()` at which it began and had its results */
  readonly call: (steps: number) => Promise<readonly [begin: number, end: number]>;
}

/**
 * How an entry is run to be measured: as people run it. What updates states trains, over a dataset that stays on the
 * device; anything else is evaluated so, or, where its outputs cannot be put together over batches, called once a step, with
 * its inputs uploaded each time.
 *
 * @param seed of the inputs that are drawn; every bounded size is at its maximum
 * @param given inputs by name, in the place of drawn ones: rows are taken in order, again from the first one on after the last
 * @throws InputError for given inputs that the program does not have, or that hold no whole number of rows
 */
export function exerciseOf(
  session: Session,
  module: Module,
  entry: string,
  seed: number,
  given: Data = {},
): Exercise {
  const { program } = session;
  takeArrays(program, given);
  const own = program.entries[entry];
  const isTrained = module.entries.some(({ name, updates }) => name === entry && updates.length > 0);
  const isCut = own?.outputs.some(({ live }) => live.slice(1).some((dim) => dim !== null)) ?? false;
  if (isCut && !isTrained) {
    const inputs = inputsOf(module, program, entry, seed, given, 1);
    return { most: 1, call: () => timed(() => session.run(entry, inputs)) };
  }
  const isByRow = program.inputs.some(
    ({ name, size }) => size !== undefined && own?.inputs.includes(name) === true,
  );
  const bytes = batchBytes(program, own?.inputs ?? []);
  let held: { readonly steps: number; readonly dataset: Dataset } | undefined;
  return {
    most: isByRow ? Math.max(1, Math.floor(MOST_BYTES / bytes)) : 1,
    call: async (steps) => {
      if (held?.steps !== steps) {
        held?.dataset.dispose();
        const inputs = inputsOf(module, program, entry, seed, given, steps);
        held = { steps, dataset: await session.dataset(inputs) };
      }
      const data = held.dataset;
      return timed(async () => {
        if (isTrained) await session.train({ entry, data, onNaN: 'continue' });
        else await session.evaluate(entry, { data });
      });
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<readonly [begin: number, end: number]> {
  const begin = performance.now();
  await work();
  return [begin, performance.now()];
}

/** Inputs of an entry: those that are read by row have as many rows as so many steps read, the same again and again. */
function inputsOf(
  module: Module,
  program: ProgramBase,
  entry: string,
  seed: number,
  given: Data,
  steps: number,
): Data {
  return Object.fromEntries(
    Object.entries(drawInputs(module, entry, program.inputs, seed, 0)).map(([name, { data }]) => {
      const slot = program.inputs.find((one) => one.name === name);
      const own = Object.hasOwn(given, name) ? given[name] : undefined;
      const length = (slot?.size === undefined ? 1 : steps) * data.length;
      // What is given is checked by the session as it is: no type of the program's hides what does not fit it.
      const all = own === undefined ? new arrays[slot?.dtype ?? 'f32'](length) : new Float64Array(length);
      const source = own ?? data;
      for (let i = 0; i < length; i++) all[i] = source[i % source.length] ?? 0;
      return [name, all];
    }),
  );
}

/** What holds values of a type in the least memory. */
const arrays = {
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  u8: Uint8Array,
  bool: Uint8Array,
} as const;
