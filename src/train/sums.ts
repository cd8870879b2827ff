import type { OutputSlot } from '../runtime/index.ts';

/** Sums of an entry's scalar outputs over parts of an epoch: blocks of a stream, or an epoch that was gone on with. */
export class Sums {
  readonly #means: ReadonlySet<string>;
  #samples = 0;
  #sums: Record<string, number> = {};

  constructor(outputs: readonly OutputSlot[], { samples, sums }: SumsState = nothing) {
    this.#means = new Set(outputs.filter(({ dtype }) => dtype === 'f32').map(({ name }) => name));
    this.#samples = samples;
    this.#sums = Object.fromEntries(Object.entries(sums).map(([name, text]) => [name, Number(text)]));
  }

  get samples(): number {
    return this.#samples;
  }

  /** Adds what `train` or `evaluate` gave of a part. */
  add(samples: number, scalars: Readonly<Record<string, number>>): void {
    this.#sums = this.#with(samples, scalars);
    this.#samples += samples;
  }

  /** The scalars of all parts, and of one more that is not added yet. */
  totals(samples = 0, scalars: Readonly<Record<string, number>> = {}): Record<string, number> {
    const all = samples + this.#samples;
    return Object.fromEntries(
      Object.entries(this.#with(samples, scalars)).map(([name, sum]) => [
        name,
        this.#means.has(name) ? sum / all : sum,
      ]),
    );
  }

  /** What a checkpoint keeps: sums as text, since JSON has no NaN. */
  state(): SumsState {
    return {
      samples: this.#samples,
      sums: Object.fromEntries(Object.entries(this.#sums).map(([name, sum]) => [name, String(sum)])),
    };
  }

  #with(samples: number, scalars: Readonly<Record<string, number>>): Record<string, number> {
    const sums = { ...this.#sums };
    for (const [name, value] of Object.entries(scalars))
      sums[name] = (sums[name] ?? 0) + (this.#means.has(name) ? samples * value : value);
    return sums;
  }
}

/** As plain data. */
export interface SumsState {
  readonly samples: number;
  readonly sums: Readonly<Record<string, string>>;
}

const nothing: SumsState = { samples: 0, sums: {} };

/** The loss among scalar outputs: the one of that name, else the first; NaN where there is none. */
export function lossOf(scalars: Readonly<Record<string, number>>): number {
  const [first = Number.NaN] = Object.values(scalars);
  return Object.hasOwn(scalars, 'loss') ? (scalars.loss ?? first) : first;
}
