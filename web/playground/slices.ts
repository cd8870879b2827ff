import type { Progress } from '../../src/runtime/options.ts';

/** How the rows of an epoch fall into steps. */
export interface Epochs {
  /** Rows of an epoch. */
  readonly rows: number;
  /** Rows of a step; the last of an epoch may have fewer. */
  readonly batch: number;
}

/** Where training stands: epochs that are done, and steps of the one after them. */
export interface Standing {
  readonly epoch: number;
  readonly step: number;
}

/** What slices of steps came to, out of the means of the epoch so far that training tells. */
export class Slices {
  readonly #epochs: Epochs;
  #before: { epoch: number; rows: number; scalars: Readonly<Record<string, number>> | undefined };
  #step: number;
  #inEpoch: number;

  /**
   * @param step steps that were trained in all
   * @param standing where the session stands, and how its means so far came to be is not known
   */
  constructor(epochs: Epochs, step = 0, standing: Standing = { epoch: 0, step: 0 }) {
    this.#epochs = epochs;
    this.#step = step;
    this.#inEpoch = standing.step;
    const scalars = standing.step === 0 ? {} : undefined;
    this.#before = { epoch: standing.epoch + 1, rows: standing.step * epochs.batch, scalars };
  }

  /** Steps that were trained in all. */
  get step(): number {
    return this.#step;
  }

  /** Counts from 1. */
  get epoch(): number {
    return this.#before.epoch;
  }

  /** Where training stands. */
  get standing(): Standing {
    return { epoch: this.#before.epoch - 1, step: this.#inEpoch };
  }

  /** Means over the steps since the last word; undefined of the first word after training went on in an epoch. */
  take({ epoch, step, scalars }: Pick<Progress, 'epoch' | 'step' | 'scalars'>): Slice | undefined {
    if (epoch !== this.#before.epoch) {
      this.#before = { epoch, rows: 0, scalars: {} };
      this.#inEpoch = 0;
    }
    const steps = step - this.#inEpoch;
    this.#inEpoch = step;
    this.#step += steps;
    const before = this.#before;
    const rows = Math.min(step * this.#epochs.batch, this.#epochs.rows);
    this.#before = { epoch, rows, scalars };
    if (before.scalars === undefined || rows === before.rows) return undefined;
    const sums = before.scalars;
    const means = Object.entries(scalars).map(
      ([name, mean]) =>
        [name, (mean * rows - (sums[name] ?? 0) * before.rows) / (rows - before.rows)] as const,
    );
    return { steps, at: this.#step, means: Object.fromEntries(means) };
  }
}

/** Some steps that were taken in one go. */
export interface Slice {
  readonly steps: number;
  /** The number of the last one, counted in all. */
  readonly at: number;
  /** Of scalar outputs, by name. */
  readonly means: Readonly<Record<string, number>>;
}
