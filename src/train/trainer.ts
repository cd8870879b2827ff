import type { Dataset, Epoch, Progress, Session } from '../runtime/index.ts';
import { SessionError } from '../runtime/issues.ts';
import type { TakenOptions } from './options.ts';
import type { Scalars } from './scalars.ts';

/** Where a dataset is trained on from, and what hears of it. */
export interface Passage {
  /** Epochs of the session's own count after which it ends. */
  readonly epochs: number;
  readonly shuffle: boolean;
  /** Whether steps of it are done. */
  readonly resume: boolean;
  /** Live extents of sizes, where arrays do not tell. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly onProgress: (progress: Progress) => unknown;
}

/** Trains a session on datasets, and can pause between steps. */
export class Trainer {
  readonly #session: Session;
  readonly #options: TakenOptions;
  readonly #scalars: Scalars;
  readonly #onPause: () => Promise<void>;
  #pause: AbortController | undefined;
  #wanted = false;

  /** @param onPause is called once the steps that run are done: training goes on after it, or ends with what it throws */
  constructor(session: Session, options: TakenOptions, scalars: Scalars, onPause: () => Promise<void>) {
    this.#session = session;
    this.#options = options;
    this.#scalars = scalars;
    this.#onPause = onPause;
  }

  /** Asks for a pause after the steps that run. */
  pause(): void {
    this.#wanted = true;
    this.#pause?.abort(new Error('training pauses'));
  }

  /** Trains the rest of an epoch on a dataset. @throws what `session.train` and `onPause` throw */
  async through(data: Dataset, { resume, onProgress, ...passage }: Passage): Promise<Epoch> {
    const { entry, onNaN, stepsPerSubmit } = this.#options;
    let isBegun = resume;
    for (;;) {
      if (this.#wanted) {
        this.#wanted = false;
        await this.#onPause();
      }
      const pause = new AbortController();
      this.#pause = pause;
      try {
        const epochs = await this.#session.train({
          ...passage,
          data,
          entry,
          params: this.#scalars.functions(),
          resume: isBegun,
          signal: pause.signal,
          onProgress: (progress) => {
            isBegun = true;
            return onProgress(progress);
          },
          ...(onNaN === undefined ? {} : { onNaN }),
          ...(stepsPerSubmit === undefined ? {} : { stepsPerSubmit }),
        });
        const epoch = epochs.at(-1);
        if (epoch !== undefined) return epoch;
        throw new SessionError(
          'other-training',
          `${entry}: has trained more epochs than the fit that goes on`,
        );
      } catch (error) {
        if (!(pause.signal.aborted && error === pause.signal.reason)) throw error;
      } finally {
        this.#pause = undefined;
      }
    }
  }
}
