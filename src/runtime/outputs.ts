import type { Batch, LiveSizes } from './batches.ts';
import { elementCount } from './init.ts';
import { InputError } from './issues.ts';
import type { OutputSlot } from './program.ts';
import { asElements, type Output } from './values.ts';

/** An output's live part out of the results of one step, which lie from word `at` on. */
export function outputOf(slot: OutputSlot, results: Uint32Array, at: number, live: LiveSizes): Output {
  const full = slot.shape;
  const shape = full.map((extent, d) => {
    const dim = slot.live[d];
    return dim ? Math.min(extent, dim.factor * (live.get(dim.size) ?? extent)) : extent;
  });
  const words = new Uint32Array(elementCount(shape));
  // From here on nothing is cut: whole blocks are copied.
  const cut = shape.findLastIndex((extent, d) => extent !== full[d]) + 1;
  const block = elementCount(full.slice(cut));
  let filled = 0;
  const copy = (d: number, row: number): void => {
    if (d === cut) {
      const from = at + slot.offset + row * block;
      words.set(results.subarray(from, from + block), filled);
      filled += block;
    } else for (let i = 0; i < (shape[d] ?? 0); i++) copy(d + 1, row * (full[d] ?? 0) + i);
  };
  copy(0, 0);
  return { shape, data: asElements(slot.dtype, words) };
}

/** What the outputs of an entry come to over many steps. */
export interface Totals<
  out Scalars = Readonly<Record<string, number>>,
  out Arrays = Readonly<Record<string, Output<Output['data'] | Float64Array<ArrayBuffer>>>>,
> {
  /** Scalars: f32 as the mean over samples, integers and truth values as their sum. */
  readonly scalars: Scalars;
  /**
   * Arrays: those with rows one after the other, others as scalars are. Sums of integers and truth values are
   * `Float64Array`, whatever their type: batches together may exceed 32 bits. They are exact up to 2⁵³.
   */
  readonly outputs: Arrays;
}

/** Adds up the outputs of an entry, step by step, in float64. */
export class Tally {
  readonly #parts: readonly (readonly [slot: OutputSlot, sum: Float64Array, rows: Output[]])[];
  #weight: number;

  /**
   * @param outputs those that matter
   * @param weight the samples of steps before, of which `sums` tells
   * @throws InputError `length` for an output that batches cut elsewhere than at its end
   */
  constructor(outputs: readonly OutputSlot[], weight = 0, sums = '') {
    this.#weight = weight;
    this.#parts = outputs.map((slot, k) => {
      if (slot.live.slice(1).some(Boolean))
        throw new InputError('length', slot.name, 'has no sum over batches: use run');
      const before = weight && Number(sums.split(',')[k]);
      return [slot, new Float64Array(slot.live[0] ? 0 : elementCount(slot.shape)).fill(before), []];
    });
  }

  /**
   * Adds one step.
   *
   * @returns the name of a scalar that is NaN, where one is
   */
  add(results: Uint32Array, at: number, batch: Batch): string | undefined {
    this.#weight += batch.weight;
    let nan: string | undefined;
    for (const [slot, sum, rows] of this.#parts) {
      const { name, dtype, shape, offset } = slot;
      if (slot.live[0]) rows.push(outputOf(slot, results, at, batch.live));
      const weight = dtype === 'f32' ? batch.weight : 1;
      const elements = asElements(dtype, results);
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + weight * (elements[at + offset + i] ?? 0);
      if (shape.length === 0 && Number.isNaN(elements[at + offset])) nan ??= name;
    }
    return nan;
  }

  /** The sums of scalars so far, as text: JSON has no NaN. */
  sums(): string {
    return this.#parts.map(([, sum]) => sum).join();
  }

  /** The sums and means so far. */
  totals(): Totals {
    const scalars: [string, number][] = [];
    const outputs: [string, Totals['outputs'][string]][] = [];
    for (const [slot, sum, rows] of this.#parts) {
      const { name, dtype, shape } = slot;
      const isMean = dtype === 'f32';
      const totals = sum.map((s) => s / (isMean ? this.#weight : 1));
      if (slot.live[0]) outputs.push([name, concatenated(dtype, rows, shape.slice(1))]);
      else if (shape.length === 0) scalars.push([name, totals[0] ?? 0]);
      else outputs.push([name, { shape, data: isMean ? Float32Array.from(totals) : totals }]);
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
