import { Dataset } from '../runtime/dataset.ts';
import type { Session } from '../runtime/index.ts';
import type { TrainingError } from '../runtime/issues.ts';
import type { Bare } from './bare.ts';
import type { Batches } from './batches.ts';
import type { History } from './history.ts';
import { NanError } from './nanError.ts';
import type { TakenOptions } from './options.ts';
import { messageOf, Pace, SearchEnded } from './pace.ts';
import { countIn, Replay, type Snapshot, statesIn } from './replay.ts';
import type { Scalars } from './scalars.ts';
import type { OriginOf } from './suspect.ts';

/** MiB of states that are kept in memory for it at most (assumed). */
const MOST_MIB = 256;

/** A snapshot that costs more than this share of the time since the last is not taken (assumed). */
const MOST_SHARE = 0.01;

/** Milliseconds from one snapshot in an epoch to the next at least: what the search may take to step again (assumed). */
const LEAST_PAUSE = 500;

/** Remembers states while training goes on, and finds where a NaN began. */
export class NanSearch {
  readonly #session: Session;
  readonly #bare: Bare;
  readonly #options: TakenOptions;
  readonly #data: Batches;
  readonly #scalars: Scalars;
  readonly #begin = performance.now();
  #snapshot: Snapshot | undefined;
  #taken = Number.NEGATIVE_INFINITY;
  #cost = 0;

  constructor(session: Session, bare: Bare, data: Batches, options: TakenOptions, scalars: Scalars) {
    this.#session = session;
    this.#bare = bare;
    this.#data = data;
    this.#options = options;
    this.#scalars = scalars;
  }

  /** Whether a snapshot in the middle of an epoch would be cheap, and save steps to a search. */
  get isDue(): boolean {
    const pause = Math.max(LEAST_PAUSE, this.#cost / MOST_SHARE);
    return this.#refusal === undefined && performance.now() - this.#taken > pause;
  }

  /** Takes a snapshot before what is left of an epoch, where that is cheap beside what has run. */
  async remember(epoch: number, steps: number): Promise<void> {
    if (this.#refusal !== undefined) return;
    const begin = performance.now();
    const changes = this.#changes();
    // The one before serves as long as its scalars were the same.
    if (this.#snapshot?.changes !== changes) this.#snapshot = undefined;
    if (begin - this.#taken < this.#cost / MOST_SHARE) return;
    const bytes = await this.#bare.save();
    const states = statesIn(this.#session.program, bytes);
    const nonFinite = countIn(states, (x) => !Number.isFinite(x));
    // Where more is not finite than before, this may be what is looked for later: the one before still serves.
    if (this.#snapshot === undefined || nonFinite <= this.#snapshot.nonFinite)
      this.#snapshot = { bytes, epoch, steps, changes, nonFinite };
    this.#taken = performance.now();
    this.#cost = this.#taken - begin;
  }

  /** Why no snapshots are taken, where none are. */
  get #refusal(): string | undefined {
    const { state, words } = this.#session.program.buffers;
    if (this.#data instanceof Dataset) return 'given arrays, fit says which node made it';
    if (this.#options.onNaN === 'continue') return "onNaN is 'continue'";
    if (state + words <= MOST_MIB * 2 ** 20) return undefined;
    return `its states are more than the ${MOST_MIB} MiB that are kept to look for where it began`;
  }

  /**
   * The error with where its NaN began, or why that is not known. The session and the scalars are as they were, whatever is found.
   *
   * @param originOf looks at a step
   * @param history says how many steps epochs had
   * @param signal ends the search
   */
  async explained(
    error: TrainingError,
    originOf: OriginOf,
    history: History,
    signal: AbortSignal,
  ): Promise<NanError> {
    if (this.#refusal !== undefined) return new NanError(error, this.#refusal);
    const snapshot = this.#snapshot;
    if (snapshot === undefined || snapshot.changes !== this.#changes())
      return new NanError(error, 'a callback changed run-time scalars since the last snapshot of the states');
    const pace = new Pace(signal, performance.now() - this.#begin);
    const scalars = this.#scalars.state();
    try {
      const after = await this.#bare.save();
      try {
        const replay = new Replay(this.#session, this.#bare, this.#data, this.#options, this.#scalars, pace);
        const begin = await replay.search(snapshot, error, originOf, history);
        return new NanError(error, begin);
      } finally {
        await this.#bare.load(after);
        this.#scalars.restore(scalars);
      }
    } catch (failure) {
      // The training is over for its NaN: what fails here does not stand in its place.
      if (failure instanceof SearchEnded) return new NanError(error, failure.message, failure.cause ?? error);
      return new NanError(error, `looking for where it began failed: ${messageOf(failure)}`, failure);
    } finally {
      pace.dispose();
    }
  }

  #changes(): string {
    return JSON.stringify(this.#scalars.state().changes);
  }
}
