import { Dataset } from '../runtime/dataset.ts';
import type { Session } from '../runtime/index.ts';
import { InputError, SessionError, TrainingError } from '../runtime/issues.ts';
import type { RandomAccess } from '../weights/index.ts';
import type { Bare } from './bare.ts';
import { type Batches, isResident } from './batches.ts';
import type { Callback, FitProgress, FitRun } from './callback.ts';
import { Checkpoints, checkpointOf } from './checkpoints.ts';
import { type Along, type Feed, feedOf, type Trained, type Waiting } from './feed.ts';
import type { FitEpoch, History } from './history.ts';
import { FeedError } from './issues.ts';
import { isNames, type TakenOptions } from './options.ts';
import { NanError, type NanOrigin, NanSearch, type Suspect } from './origin.ts';
import type { FitPlace } from './place.ts';
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
  /** Where the NaN of a step begins: a program does not say, a module does. */
  readonly originOf?: (suspect: Suspect) => Promise<NanOrigin | undefined>;
  /** What the session's `save` and `load` are below the checksum: a checkpoint gets its own, and what stays in memory needs none. */
  readonly bare?: Bare;
  /** Aborts when the process is asked to end. */
  readonly signals?: () => Promise<{ readonly signal: AbortSignal; dispose(): void }>;
  /** Opens a file by its path, to be read in parts. */
  readonly openFile?: (path: string | URL) => Promise<RandomAccess & { close(): Promise<void> }>;
}

/** A fit at work. */
export class Running implements FitRun {
  readonly session: Session;
  readonly history: History;
  readonly #options: TakenOptions;
  readonly #host: Host;
  readonly #callbacks: Callback[];
  readonly #scalars: Scalars;
  readonly #trainer: Trainer;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #kept = new Map<string, Uint8Array>();
  #feed: Feed | undefined;
  #search: NanSearch | undefined;
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
    const { checkpoint } = options;
    if (checkpoint !== undefined)
      this.#checkpoints = new Checkpoints(checkpoint, () => this.#trainer.pause());
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
    if (this.#checkpoints === undefined) this.#kept.set(name, bytes);
    else await this.#checkpoints.keep(name, bytes);
  }

  async kept(name: string): Promise<Uint8Array | undefined> {
    return this.#checkpoints === undefined ? this.#kept.get(name) : this.#checkpoints.kept(name);
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
    const place = await this.#resumed();
    const stream = place?.stream ?? undefined;
    this.#feed = await feedOf(this.session, data, this.#options, this.#trainer, waiting, stream);
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
    if (this.#host.originOf !== undefined)
      this.#search = new NanSearch(
        this.session,
        this.#host.bare ?? this.session,
        data,
        this.#options,
        this.#scalars,
      );
    if (place !== undefined) await this.#restore(place);
    await this.#tell((callback) => callback.onTrainBegin?.(this));
  }

  /** Loads the checkpoint that is resumed, where there is one. @throws SessionError `other-training` */
  async #resumed(): Promise<FitPlace | undefined> {
    const { resume, entry } = this.#options;
    const found =
      resume instanceof Uint8Array
        ? checkpointOf(resume)
        : resume === true
          ? await this.#checkpoints?.read()
          : undefined;
    if (found === undefined) return undefined;
    const { place, bytes } = found;
    if (place.entry !== entry)
      throw new SessionError(
        'other-training',
        `the checkpoint is of a fit of ${place.entry}, not of ${entry}`,
      );
    await this.session.load(bytes);
    return place;
  }

  async #restore(place: FitPlace): Promise<void> {
    for (const epoch of place.epochs) this.history.add(epoch);
    this.#isBegun = place.isBegun;
    this.#trained = place.trained ?? undefined;
    this.#totalSteps = place.totalSteps;
    this.#counted = place.steps;
    this.#seconds = place.seconds;
    if (place.stopped !== '') this.#stopped = place.stopped;
    this.#scalars.restore(place.scalars);
    this.#checkpoints?.goOnFrom(place);
    for (const { name = '', restore } of this.#callbacks) {
      const state = Object.hasOwn(place.callbacks, name) ? place.callbacks[name] : undefined;
      if (state !== undefined) await restore?.(JSON.parse(state), this);
    }
  }

  /** Where it stands, between steps. */
  #place(): FitPlace {
    const states = this.#callbacks.flatMap(({ name = '', state }) =>
      state === undefined ? [] : [[name, JSON.stringify(state())] as const],
    );
    return {
      entry: this.entry,
      epochs: this.history.epochs,
      stopped: this.#stopped ?? '',
      isBegun: this.#isBegun,
      trained: this.#trained ?? null,
      totalSteps: this.#totalSteps,
      steps: this.#counted,
      seconds: this.#seconds + this.#sinceThen(),
      scalars: this.#scalars.state(),
      stream: this.#feed?.place ?? null,
      callbacks: Object.fromEntries(states),
    };
  }

  async #checkpoint(): Promise<void> {
    await this.#checkpoints?.take(this.#host.bare ?? this.session, this.#place());
  }

  /** Keeps what is done before an error is thrown that leaves the states whole. */
  async keepBefore(error: unknown): Promise<void> {
    const { signal } = this.#ending;
    const isWhole = error instanceof FeedError || (signal.aborted && error === signal.reason);
    if (isWhole && this.#feed !== undefined) await this.#checkpoint();
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
    if (number > this.epochs) return undefined;
    if (this.#stopped !== undefined) {
      this.history.stop(this.#stopped);
      return undefined;
    }
    signal.throwIfAborted();
    if (this.#trained === undefined) {
      await this.#tell((callback) => callback.onEpochBegin?.(number, this));
      const trained = await this.#train(number);
      if (trained === undefined) {
        if (this.#stopped !== undefined) this.history.stop(this.#stopped);
        await this.#checkpoint();
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
    this.#checkpoints?.throwIfFailed();
    const isLast = number === this.epochs || this.#stopped !== undefined;
    if (isLast || this.#checkpoints?.isDueAfter(number, this.#totalSteps) === true) await this.#checkpoint();
    return record;
  }

  /** Frees everything, and tells callbacks that it is over. */
  async end(failed: boolean): Promise<void> {
    for (const ending of this.#endings) ending();
    this.#feed?.dispose();
    this.#validator?.dispose();
    const errors: unknown[] = [];
    try {
      await this.#checkpoints?.finish();
    } catch (error) {
      errors.push(error);
    }
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
    await this.#search?.remember(epoch, this.#counted);
    this.#since = performance.now();
    let trained: Trained;
    try {
      trained = await this.#feed.train(epoch, isBegun, (along) => this.#progress(epoch, along));
    } catch (error) {
      if (error === STOPPED) return undefined;
      throw error instanceof TrainingError ? await this.#explained(error) : error;
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

  /** A NaN with the node that made it, where that can be known. */
  async #explained(error: TrainingError): Promise<TrainingError> {
    const { originOf } = this.#host;
    if (originOf === undefined || this.#search === undefined)
      return new NanError(
        error,
        'compiled from its module in this process, compile(module).start(), fit says which node made it',
      );
    return this.#search.explained(error, originOf);
  }

  #progress(epoch: number, { step, steps, scalars }: Along): void | Promise<void> {
    this.#isBegun = true;
    this.#totalSteps += step - this.#counted;
    this.#counted = step;
    if (this.#checkpoints?.isDue(this.#totalSteps) === true) this.#trainer.pause();
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
    this.#checkpoints?.throwIfFailed();
    if (this.#checkpoints?.isDue(this.#totalSteps) === true) await this.#checkpoint();
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
