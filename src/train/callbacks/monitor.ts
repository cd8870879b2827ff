import { InputError, isWhole, unfit } from '../../runtime/issues.ts';
import { checkOption } from '../../runtime/options.ts';
import type { Json } from '../callback.ts';
import { type FitEpoch, namesOf, valueIn } from '../history.ts';
import { type Mode, modeOf } from '../mode.ts';
import { didYouMeanIn } from '../names.ts';

/** What is watched from epoch to epoch. */
export interface MonitorOptions {
  /**
   * A value of an epoch by its name: `loss`, a scalar output, `val_loss`, `val_` and a value of the validation. By default
   * `val_loss` where there is validation, else `loss`.
   */
  readonly monitor?: string;
  /** Whether the least or the most is best; by default as the name says, see `modeOf`; needed where it does not. */
  readonly mode?: Mode;
  /** By how much a value has to be better than the best to count as better; 0 by default. */
  readonly minDelta?: number;
}

/** The names of {@link MonitorOptions}. */
export const monitorOptions = ['monitor', 'mode', 'minDelta'] as const;

/** The best value of what is watched. */
export class Monitor {
  readonly #options: MonitorOptions;
  #best: number | undefined;

  /** @throws InputError `type`, `range`; `missing` where neither `mode` nor the name says what is better */
  constructor(options: MonitorOptions) {
    const { monitor, mode, minDelta = 0 } = options;
    this.#options = { ...options };
    requireNumber('minDelta', minDelta, 0);
    if (monitor !== undefined && typeof monitor !== 'string')
      unfit('type', 'monitor', 'the name of a value of an epoch', monitor);
    if (mode !== undefined) checkOption('mode', mode, ['min', 'max']);
    else if (monitor !== undefined) modeOf(monitor);
  }

  /** Forgets what was best. */
  reset(): void {
    this.#best = undefined;
  }

  /** Its value; undefined before the first epoch. */
  get best(): number | undefined {
    return this.#best;
  }

  /** The name of what it watches in an epoch. */
  nameIn({ validation }: FitEpoch): string {
    return this.#options.monitor ?? (validation === undefined ? 'loss' : 'val_loss');
  }

  /**
   * Whether an epoch is better than the best before, which it then is itself. NaN is never better.
   *
   * @throws InputError `unknown` where the epoch has no such value
   */
  improves(epoch: FitEpoch): boolean {
    const name = this.nameIn(epoch);
    const value = valueIn(epoch, name);
    if (value === undefined)
      throw new InputError(
        'unknown',
        name,
        `no such value of an epoch to monitor${didYouMeanIn(name, namesOf(epoch))}`,
      );
    const { mode = modeOf(name), minDelta = 0 } = this.#options;
    const isBetter =
      this.#best === undefined
        ? !Number.isNaN(value)
        : mode === 'min'
          ? value < this.#best - minDelta
          : value > this.#best + minDelta;
    if (isBetter) this.#best = value;
    return isBetter;
  }

  /** What a checkpoint keeps of it. */
  state(): Json {
    return this.#best === undefined ? null : String(this.#best);
  }

  /** Takes what `state` gave. */
  restore(state: Json | undefined): void {
    this.#best = typeof state === 'string' ? Number(state) : undefined;
  }
}

/** A member of a state that a checkpoint kept. */
export function memberOf(state: Json, name: string): Json | undefined {
  return isMembers(state) && Object.hasOwn(state, name) ? state[name] : undefined;
}

/** A count that a checkpoint kept; 0 where it kept none. */
export function countIn(state: Json, name: string): number {
  const count = memberOf(state, name);
  return typeof count === 'number' ? count : 0;
}

function isMembers(state: Json): state is { readonly [name: string]: Json | undefined } {
  return typeof state === 'object' && state !== null && !Array.isArray(state);
}

/** @throws InputError `range` for what is not a whole number from 0 */
export function requireCount(name: string, value: number): void {
  if (!isWhole(value, 0, Infinity)) unfit('range', name, 'a whole number from 0', value);
}

/** @throws InputError `range` for what is not a number of at least this one */
export function requireNumber(name: string, value: number, least: number): void {
  if (typeof value !== 'number' || !(value >= least)) unfit('range', name, `${least} or more`, value);
}
