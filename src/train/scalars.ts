import type { Scalar, Session } from '../runtime/index.ts';
import { InputError, slotOf, unfit } from '../runtime/issues.ts';
import type { ParamSlot } from '../runtime/program.ts';

/** How callbacks have changed a run-time scalar. */
interface Change {
  value?: number;
  factor: number;
  /** What the factor does not bring it below. */
  least?: number;
}

/**
 * The run-time scalars of a fit: what was given for each step, as callbacks have changed it, and what the last step had.
 */
export class Scalars {
  readonly #slots: readonly ParamSlot[];
  readonly #given: Readonly<Record<string, Scalar>>;
  readonly #changes = new Map<string, Change>();
  readonly #last = new Map<string, number>();

  /** @throws InputError `unknown` for a name that the program does not have */
  constructor({ program }: Session, given: Readonly<Record<string, Scalar>> = {}) {
    this.#slots = program.params;
    this.#given = { ...given };
    for (const [name, scalar] of Object.entries(given)) {
      slotOf('run-time scalar', this.#slots, name);
      if (typeof scalar !== 'number' && typeof scalar !== 'function')
        unfit('type', name, 'a number, or a function of the step', scalar);
    }
    for (const { name, initial } of this.#slots) {
      const scalar = this.#givenOf(name);
      this.#last.set(name, typeof scalar === 'number' ? scalar : initial);
    }
  }

  /** For `session.train`: each asks for its value at every step. */
  functions(): Record<string, Scalar> {
    return Object.fromEntries(
      this.#slots.map(({ name, initial }) => {
        const given = this.#givenOf(name) ?? initial;
        const at = (step: number): number => {
          const change = this.#changes.get(name) ?? { factor: 1 };
          const now = scaled(change.value ?? (typeof given === 'function' ? given(step) : given), change);
          this.#last.set(name, now);
          return now;
        };
        return [name, at];
      }),
    );
  }

  /** What the last step had, by name. */
  last(): Record<string, number> {
    return Object.fromEntries(this.#last);
  }

  /** @throws InputError `unknown` */
  lastOf(name: string): number {
    slotOf('run-time scalar', this.#slots, name);
    return this.#last.get(name) ?? Number.NaN;
  }

  /** @throws InputError `unknown`, `type` */
  set(name: string, value: number): void {
    this.#require(name, value);
    this.#changes.set(name, { value, factor: 1 });
    this.#last.set(name, value);
  }

  /** @throws InputError `unknown`, `type` */
  scale(name: string, factor: number, least?: number): void {
    this.#require(name, factor);
    if (least !== undefined) this.#require(name, least);
    const before = this.#changes.get(name) ?? { factor: 1 };
    const bound = least === undefined ? {} : { least };
    this.#changes.set(name, { ...before, ...bound, factor: before.factor * factor });
    this.#last.set(name, scaled(this.lastOf(name), { factor, ...bound }));
  }

  /** What a checkpoint keeps of it. */
  state(): ScalarsState {
    return { changes: Object.fromEntries(this.#changes), last: this.last() };
  }

  /** Takes what a checkpoint kept; of scalars that the program has. */
  restore({ changes, last }: ScalarsState): void {
    for (const { name } of this.#slots) {
      const change = changes[name];
      const value = last[name];
      if (change !== undefined) this.#changes.set(name, change);
      if (value !== undefined) this.#last.set(name, value);
    }
  }

  #givenOf(name: string): Scalar | undefined {
    return Object.hasOwn(this.#given, name) ? this.#given[name] : undefined;
  }

  #require(name: string, value: number): void {
    slotOf('run-time scalar', this.#slots, name);
    if (!Number.isFinite(value)) throw new InputError('type', name, `expected a number, found ${value}`);
  }
}

/** A value as a factor changes it, which does not bring it below the least. */
function scaled(value: number, { factor, least = Number.NEGATIVE_INFINITY }: Change): number {
  return Math.max(value * factor, Math.min(value, least));
}

/** As plain data. */
export interface ScalarsState {
  readonly changes: Readonly<Record<string, Readonly<Change>>>;
  readonly last: Readonly<Record<string, number>>;
}
