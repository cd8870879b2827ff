import type { Callback, FitRun } from './callback.ts';
import type { FitPlace } from './place.ts';

/** The callbacks of a fit: they are told in order, and a checkpoint keeps their states. */
export class Listeners {
  readonly #callbacks: Callback[];

  constructor(callbacks: readonly Callback[]) {
    this.#callbacks = [...callbacks];
  }

  /** Whether one wants to hear of steps. */
  get hearSteps(): boolean {
    return this.#callbacks.some(({ onSteps }) => onSteps !== undefined);
  }

  /** Adds one behind the others. */
  add(callback: Callback): void {
    this.#callbacks.push(callback);
  }

  /** Has all forget what they saw in fits before. */
  reset(): void {
    for (const callback of this.#callbacks) callback.reset?.();
  }

  /** Calls all in order, each once the one before is done; waits only where one is async. */
  tell(call: (callback: Callback) => void | Promise<void>): void | Promise<void> {
    for (const [k, callback] of this.#callbacks.entries()) {
      const waits = call(callback);
      if (waits === undefined) continue;
      return (async () => {
        await waits;
        for (const next of this.#callbacks.slice(k + 1)) await call(next);
      })();
    }
  }

  /** Tells all that it is over. One may hold a file open, so every one hears of it. @returns what they threw */
  async end(run: FitRun): Promise<unknown[]> {
    const errors: unknown[] = [];
    for (const callback of this.#callbacks) {
      try {
        await callback.onTrainEnd?.(run.history, run);
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }

  /** Their states, each as JSON, by their names. */
  states(): FitPlace['callbacks'] {
    return Object.fromEntries(
      this.#callbacks.flatMap((callback) =>
        callback.state === undefined
          ? []
          : [[callback.name ?? '', JSON.stringify(callback.state())] as const],
      ),
    );
  }

  /** Gives each the state that a checkpoint kept of it. */
  async restore(states: FitPlace['callbacks'], run: FitRun): Promise<void> {
    for (const callback of this.#callbacks) {
      const { name = '' } = callback;
      const state = Object.hasOwn(states, name) ? states[name] : undefined;
      if (state !== undefined) await callback.restore?.(JSON.parse(state), run);
    }
  }
}
