import type { LiveSizes } from './batches.ts';
import { elementCount } from './init.ts';
import { InputError } from './issues.ts';
import type { Entry, OutputSlot } from './program.ts';
import { asElements, type Output } from './values.ts';

/** An output's live part out of the results of one step, which lie from word `at` on. */
export function outputOf(slot: OutputSlot, results: Uint32Array, at: number, live: LiveSizes): Output {
  const shape = slot.shape.map((extent, d) => {
    const dim = slot.live[d];
    return dim ? Math.min(extent, dim.factor * (live.get(dim.size) ?? extent)) : extent;
  });
  const words = new Uint32Array(elementCount(shape));
  // From here on nothing is cut: whole blocks are copied.
  const depth = slot.shape.length - [...shape].reverse().findIndex((n, d) => n !== slot.shape.at(-1 - d));
  const cut = depth > slot.shape.length ? 0 : depth;
  const block = elementCount(slot.shape.slice(cut));
  let filled = 0;
  const copy = (d: number, row: number): void => {
    if (d === cut) {
      const from = at + slot.offset + row * block;
      words.set(results.subarray(from, from + block), filled);
      filled += block;
      return;
    }
    const extent = shape[d] ?? 0;
    for (let i = 0; i < extent; i++) copy(d + 1, row * (slot.shape[d] ?? 0) + i);
  };
  copy(0, 0);
  return { shape, data: asElements(slot.dtype, words) };
}

/** What the outputs of an entry come to over many steps. */
export interface Totals {
  /** Scalars: f32 as the mean over samples, integers and truth values as their sum. */
  readonly scalars: Readonly<Record<string, number>>;
  /**
   * Arrays: those with rows one after the other, others as scalars are. Sums of integers and truth values are
   * `Float64Array`, whatever their type: batches together may exceed 32 bits. They are exact up to 2⁵³.
   */
  readonly outputs: Readonly<Record<string, Output<Output['data'] | Float64Array<ArrayBuffer>>>>;
}

/** Adds up the outputs of an entry, step by step, in float64. */
export class Tally {
  readonly #parts: readonly {
    slot: OutputSlot;
    sum: Float64Array;
    rows: Output[];
    /** The one word of a scalar, as an element: nothing is made anew in a step. */
    word: Output['data'];
  }[];
  readonly #word = new Uint32Array(1);
  #weight = 0;

  /** @param only `scalars` where arrays do not matter */
  constructor(name: string, entry: Entry, only: 'scalars' | 'all') {
    const slots = entry.outputs.filter((slot) => only === 'all' || slot.shape.length === 0);
    for (const { name: output, live } of slots) {
      if (live.some((dim, d) => dim !== null && d > 0)) {
        const text = `an output of ${name} with a bounded size that is not its first has no sum over batches: use run`;
        throw new InputError('length', output, text);
      }
    }
    this.#parts = slots.map((slot) => ({
      slot,
      sum: new Float64Array(slot.live[0] ? 0 : elementCount(slot.shape)),
      rows: [],
      word: asElements(slot.dtype, this.#word),
    }));
  }

  /**
   * Adds one step.
   *
   * @param samples what the step's means weigh
   * @returns the name of a scalar that is NaN, where one is
   */
  add(results: Uint32Array, at: number, live: LiveSizes, samples: number): string | undefined {
    this.#weight += samples;
    let nan: string | undefined;
    for (const { slot, sum, rows, word } of this.#parts) {
      if (slot.shape.length === 0) {
        this.#word[0] = results[at + slot.offset] ?? 0;
        const value = word[0] ?? 0;
        sum[0] = (sum[0] ?? 0) + (slot.dtype === 'f32' ? samples : 1) * value;
        if (Number.isNaN(value)) nan ??= slot.name;
        continue;
      }
      const output = outputOf(slot, results, at, live);
      if (slot.live[0]) {
        rows.push(output);
        continue;
      }
      const weight = slot.dtype === 'f32' ? samples : 1;
      for (const [i, value] of output.data.entries()) sum[i] = (sum[i] ?? 0) + weight * value;
    }
    return nan;
  }

  /** The sums and means so far. */
  totals(): Totals {
    const scalars: [string, number][] = [];
    const outputs: [string, Totals['outputs'][string]][] = [];
    for (const { slot, sum, rows } of this.#parts) {
      const { name, dtype, shape } = slot;
      if (slot.live[0]) {
        outputs.push([name, concatenated(dtype, rows, shape.slice(1))]);
        continue;
      }
      const data = dtype === 'f32' ? Float32Array.from(sum, (s) => s / this.#weight) : sum.slice();
      if (shape.length > 0) outputs.push([name, { shape, data }]);
      else scalars.push([name, (sum[0] ?? 0) / (dtype === 'f32' ? this.#weight : 1)]);
    }
    return { scalars: Object.fromEntries(scalars), outputs: Object.fromEntries(outputs) };
  }
}

function concatenated(dtype: OutputSlot['dtype'], parts: readonly Output[], row: readonly number[]): Output {
  const count = parts.reduce((n, { shape }) => n + (shape[0] ?? 0), 0);
  const data = asElements(dtype, new Uint32Array(count * elementCount(row)));
  let filled = 0;
  for (const part of parts) {
    data.set(part.data, filled);
    filled += part.data.length;
  }
  return { shape: [count, ...row], data };
}
