import { Dataset } from '../runtime/dataset.ts';
import type { Session } from '../runtime/index.ts';
import { InputError } from '../runtime/issues.ts';
import { type Batches, isResident } from './batches.ts';
import type { Callback, FitProgress, FitRun } from './callback.ts';
import { type Along, type Feed, feedOf, type Trained, type Waiting } from './feed.ts';
import { type FitEpoch, History } from './history.ts';
import { type FitOptions, isNames, type TakenOptions, takeFitOptions } from './options.ts';
import { Scalars } from './scalars.ts';
import { splitRows } from './split.ts';
import { lossOf } from './sums.ts';
import { Trainer } from './trainer.ts';
import { picked, type Validator, validatorOf } from './validate.ts';

/** What a door knows beside the session that it started. */
export interface Host {
  /** Whether an entry updates states: a program does not say, a module does. */
  readonly hasUpdates?: (entry: string) => boolean;
  /** What shows how far a fit is: where there is a terminal, or where somebody asks for it. */
  readonly progress?: (isAsked: boolean) => Promise<Callback | undefined>;
  /** Aborts when the process is asked to end. */
  readonly signals?: () => Promise<{ readonly signal: AbortSignal; dispose(): void }>;
}

/**
 * A fit that runs when it is asked to, once. Iterated (`for await`), it gives each epoch as it ends; awaited, it runs all that
 * are left, and gives the history. Neither iterated nor awaited, it does nothing.
 */
export interface Fit
  extends AsyncGenerator<FitEpoch, void, undefined>,
    Pick<Promise<History>, 'then' | 'catch' | 'finally'> {
  /** The epochs that are done. */
  readonly history: History;
}

/**
 * Trains a session for some epochs, validates after each, and tells callbacks how it goes: `session.train` and
 * `session.evaluate`, with what everybody writes around them.
 *
 * ```ts
 * const history = await fit(session, { data: { x, y }, validation: 0.1, epochs: 5, callbacks: [earlyStopping()] });
 * ```
 *
 * @throws InputError for options and data that do not fit; FeedError where a stream does not give what it should;
 *   TrainingError `nan`; SessionError; DeviceError; what callbacks throw, and the signal's reason. The states are those of
 *   the last whole step then
 */
export function fit(session: Session, options: FitOptions, host: Host = {}): Fit {
  const history = new History();
  const epochs = epochsOf(session, options, host, history);
  let rest: Promise<History> | undefined;
  const run = (): Promise<History> => {
    rest ??= (async () => {
      while (!(await epochs.next()).done);
      return history;
    })();
    return rest;
  };
  return Object.assign(epochs, {
    history,
    // biome-ignore lint/suspicious/noThenProperty: to await a fit is to run it
    then: (...args) => run().then(...args),
    catch: (...args) => run().catch(...args),
    finally: (...args) => run().finally(...args),
  } satisfies Pick<Fit, 'history' | 'then' | 'catch' | 'finally'>);
}

async function* epochsOf(
  session: Session,
  given: FitOptions,
  host: Host,
  history: History,
): AsyncGenerator<FitEpoch, void, undefined> {
  const running = new Running(session, takeFitOptions(session, given), host, history);
  let failed = true;
  try {
    await running.begin();
    for (;;) {
      const epoch = await running.epoch();
      if (epoch === undefined) break;
      yield epoch;
    }
    failed = false;
  } finally {
    await running.end(failed);
  }
}

/** A fit at work. */
class Running implements FitRun {
  readonly session: Session;
  readonly history: History;
  readonly #options: TakenOptions;
  readonly #host: Host;
  readonly #callbacks: Callback[];
  readonly #scalars: Scalars;
  readonly #trainer: Trainer;
  readonly #kept = new Map<string, Uint8Array>();
  #feed: Feed | undefined;
  #validator: Validator | undefined;
  /** Whether a step of this fit is done. */
  #isBegun = false;
  /** What the training of the epoch came to whose validation is not done. */
  #trained: FitEpoch | undefined;
  #totalSteps = 0;
  /** Steps of the epoch that are counted in `#totalSteps`. */
  #counted = 0;
  #seconds = 0;
  #since: number | undefined;
  #stopped: string | undefined;
  /** Whether it stops in the middle of the epoch. */
  #stopsNow = false;
  /** Aborts when a signal does that ends the fit. */
  readonly #ending = new AbortController();
  /** What is undone at the end. */
  readonly #endings: (() => void)[] = [];

  constructor(session: Session, options: TakenOptions, host: Host, history: History) {
    this.session = session;
    this.history = history;
    this.#options = options;
    this.#host = host;
    this.#callbacks = [...options.callbacks];
    this.#scalars = new Scalars(session, options.params);
    this.#trainer = new Trainer(session, options, this.#scalars, () => this.#pause());
  }

  get entry(): string {
    return this.#options.entry;
  }

  get epochs(): number {
    return this.#options.epochs;
  }

  stop(reason: string): void {
    this.#stopped ??= reason;
    if (this.#since === undefined) return;
    this.#stopsNow = true;
    this.#trainer.pause();
  }

  scalar(name: string): number {
    return this.#scalars.lastOf(name);
  }

  setScalar(name: string, value: number): void {
    this.#scalars.set(name, value);
  }

  scaleScalar(name: string, factor: number): void {
    this.#scalars.scale(name, factor);
  }

  async keep(name: string, bytes: Uint8Array): Promise<void> {
    this.#kept.set(name, bytes);
  }

  async kept(name: string): Promise<Uint8Array | undefined> {
    return this.#kept.get(name);
  }

  /** Opens the data, and tells callbacks that it begins. */
  async begin(): Promise<void> {
    const { signal, signals, progress } = this.#options;
    if (signal !== undefined) this.#follow(signal);
    if (signals === true) {
      const asked = await this.#host.signals?.();
      if (asked === undefined) {
        const text =
          'only sessions of sinter hear them, in Node: give signal, as stopOnSignals of sinter/node makes';
        throw new InputError('unknown', 'signals', text);
      }
      this.#endings.push(() => asked.dispose());
      this.#follow(asked.signal);
    }
    this.#ending.signal.throwIfAborted();
    const line = progress === false ? undefined : await this.#host.progress?.(progress === true);
    if (line !== undefined) this.#callbacks.push(line);
    const { data, validation } = this.#parts();
    const waiting: Waiting = (wait) => untilAborted(wait, this.#ending.signal);
    this.#feed = await feedOf(this.session, data, this.#options, this.#trainer, waiting, undefined);
    if (validation !== undefined) {
      const { hasUpdates } = this.#host;
      this.#validator = await validatorOf(
        this.session,
        validation,
        this.#options,
        this.#scalars,
        waiting,
        hasUpdates,
      );
    }
    await this.#tell((callback) => callback.onTrainBegin?.(this));
  }

  /** Ends the fit when a signal aborts, with its reason. */
  #follow(signal: AbortSignal): void {
    const end = (): void => {
      this.#ending.abort(signal.reason);
      this.#trainer.pause();
    };
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
    this.#endings.push(() => signal.removeEventListener('abort', end));
  }

  /** The next epoch, with its validation; undefined after the last. */
  async epoch(): Promise<FitEpoch | undefined> {
    const { signal } = this.#ending;
    const number = this.history.epochs.length + 1;
    if (this.#stopped !== undefined) this.history.stop(this.#stopped);
    if (number > this.epochs || this.#stopped !== undefined) return undefined;
    signal.throwIfAborted();
    if (this.#trained === undefined) {
      await this.#tell((callback) => callback.onEpochBegin?.(number, this));
      const trained = await this.#train(number);
      if (trained === undefined) {
        if (this.#stopped !== undefined) this.history.stop(this.#stopped);
        return undefined;
      }
      this.#trained = trained;
    }
    signal.throwIfAborted();
    let record = this.#trained;
    if (this.#validator !== undefined) {
      const validated = { ...record, validation: await this.#validator.evaluate() };
      await this.#tell((callback) => callback.onValidationEnd?.(validated, this));
      record = validated;
    }
    this.history.add(record);
    this.#trained = undefined;
    await this.#tell((callback) => callback.onEpochEnd?.(record, this));
    return record;
  }

  /** Frees everything, and tells callbacks that it is over. */
  async end(failed: boolean): Promise<void> {
    for (const ending of this.#endings) ending();
    this.#feed?.dispose();
    this.#validator?.dispose();
    const errors: unknown[] = [];
    // Every callback hears of the end: one may hold a file open.
    for (const callback of this.#callbacks) {
      try {
        await callback.onTrainEnd?.(this.history, this);
      } catch (error) {
        errors.push(error);
      }
    }
    // What ended the training is thrown already, and says more.
    if (!failed && errors.length > 0) throw errors[0];
  }

  /** What is trained on, and what is validated on. */
  #parts(): { readonly data: Batches; readonly validation: Batches | undefined } {
    const { data, validation } = this.#options;
    if (typeof validation !== 'number') return { data, validation };
    if (data instanceof Dataset || !isResident(data)) {
      const text =
        'a share is taken of arrays: give the validation data themselves beside a dataset or a stream';
      throw new InputError('type', 'validation', text);
    }
    const [first, last] = splitRows(this.session.program, data, validation);
    return { data: first, validation: last };
  }

  /** Trains an epoch; undefined where a callback stopped it. */
  async #train(epoch: number): Promise<FitEpoch | undefined> {
    if (this.#feed === undefined) throw new RangeError('the data are not open');
    const isBegun = this.#isBegun;
    this.#since = performance.now();
    let trained: Trained;
    try {
      trained = await this.#feed.train(epoch, isBegun, (along) => this.#progress(epoch, along));
    } catch (error) {
      if (error === STOPPED) return undefined;
      throw error;
    } finally {
      this.#seconds += this.#sinceThen();
      this.#since = undefined;
    }
    const { metrics } = this.#options;
    const { scalars } = trained;
    const seconds = this.#seconds;
    this.#counted = 0;
    this.#seconds = 0;
    return {
      ...trained,
      scalars: metrics !== undefined && isNames(metrics) ? picked(scalars, metrics) : scalars,
      params: this.#scalars.last(),
      seconds,
    };
  }

  #progress(epoch: number, { step, steps, scalars }: Along): void | Promise<void> {
    this.#isBegun = true;
    this.#totalSteps += step - this.#counted;
    this.#counted = step;
    if (this.#callbacks.every(({ onSteps }) => onSteps === undefined)) return;
    const progress: FitProgress = {
      epoch,
      epochs: this.epochs,
      step,
      steps,
      totalSteps: this.#totalSteps,
      loss: lossOf(scalars),
      scalars,
      seconds: this.#seconds + this.#sinceThen(),
    };
    return this.#tell((callback) => callback.onSteps?.(progress, this));
  }

  #sinceThen(): number {
    return this.#since === undefined ? 0 : (performance.now() - this.#since) / 1000;
  }

  /** Between steps, when the trainer was asked for it. */
  async #pause(): Promise<void> {
    this.#ending.signal.throwIfAborted();
    if (this.#stopsNow) throw STOPPED;
  }

  /** Calls all callbacks in order, each once the one before is done; waits only where one is async. */
  #tell(call: (callback: Callback) => void | Promise<void>): void | Promise<void> {
    for (const [k, callback] of this.#callbacks.entries()) {
      const waits = call(callback);
      if (waits === undefined) continue;
      return (async () => {
        await waits;
        for (const next of this.#callbacks.slice(k + 1)) await call(next);
      })();
    }
  }
}

/** Ends the steps of an epoch that a callback stopped. */
const STOPPED = new Error('a callback stopped the training');

/** Waits, but no longer than until a signal aborts. @throws its reason */
async function untilAborted<T>(wait: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([wait, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
