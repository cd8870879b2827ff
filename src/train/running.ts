import type { Session } from '../runtime/index.ts';
import { InputError, SessionError, TrainingError } from '../runtime/issues.ts';
import type { Batches } from './batches.ts';
import type { FitProgress, FitRun } from './callback.ts';
import { Checkpoints, checkpointOf, loadCheckpoint } from './checkpoints.ts';
import { Count } from './count.ts';
import { Ending } from './ending.ts';
import { type Along, type Feed, feedOf, type Trained, type Waiting } from './feed.ts';
import type { FitEpoch, History } from './history.ts';
import type { Host } from './host.ts';
import { FeedError } from './issues.ts';
import { Listeners } from './listeners.ts';
import { NanError } from './nanError.ts';
import { isNames, type TakenOptions } from './options.ts';
import { NanSearch } from './origin.ts';
import { messageOf } from './pace.ts';
import type { FitPlace } from './place.ts';
import { Scalars } from './scalars.ts';
import { partsOf } from './split.ts';
import { lossOf } from './sums.ts';
import { Trainer } from './trainer.ts';
import { picked, type Validator, validatorOf } from './validate.ts';

/** A fit at work. */
export class Running implements FitRun {
  readonly session: Session;
  readonly history: History;
  readonly #options: TakenOptions;
  readonly #host: Host;
  readonly #listeners: Listeners;
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
  readonly #count = new Count();
  #stopped: string | undefined;
  /** Whether it stops in the middle of the epoch. */
  #stopsNow = false;
  readonly #ending: Ending;
  /** Whether it has begun, or gone on from a checkpoint: before, there is nothing to keep. */
  #isOpen = false;
  /** Whether the last checkpoint has all that is done. */
  #isKept = false;

  constructor(session: Session, options: TakenOptions, host: Host, history: History) {
    this.session = session;
    this.history = history;
    this.#options = options;
    this.#host = host;
    this.#listeners = new Listeners(options.callbacks);
    this.#scalars = new Scalars(session, options.params);
    this.#trainer = new Trainer(session, options, this.#scalars, () => this.#pause());
    this.#ending = new Ending(() => this.#trainer.pause());
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
    if (!this.#count.isRunning) return;
    this.#stopsNow = true;
    this.#trainer.pause();
  }

  scalar(name: string): number {
    return this.#scalars.lastOf(name);
  }

  setScalar(name: string, value: number): void {
    this.#scalars.set(name, value);
  }

  scaleScalar(name: string, factor: number, least?: number): void {
    this.#scalars.scale(name, factor, least);
  }

  async keep(name: string, bytes: Uint8Array): Promise<void> {
    if (this.#checkpoints === undefined) this.#kept.set(name, bytes);
    else await this.#checkpoints.keep(name, bytes);
  }

  async kept(name: string): Promise<Uint8Array | undefined> {
    return this.#checkpoints === undefined ? this.#kept.get(name) : this.#checkpoints.kept(name);
  }

  /** Opens the data, goes on from a checkpoint where it is asked to, and tells callbacks that it begins. */
  async begin(): Promise<void> {
    const { progress, signal } = this.#options;
    this.#listeners.reset();
    signal?.throwIfAborted();
    const { data, validation } = partsOf(this.session.program, this.#options);
    this.#ending.followSession(this.session);
    // Before all that waits: what is changed after the call does not count.
    await this.#open(data, validation);
    await this.#ending.follow(this.#options, this.#host);
    const line = progress === false ? undefined : await this.#host.progress?.(progress === true);
    if (line !== undefined) this.#listeners.add(line);
    else if (progress === true) {
      const text = 'only sessions of sinter show it, in Node: give callbacks.progressText elsewhere';
      throw new InputError('unknown', 'progress', text);
    }
    if (this.#host.originOf !== undefined)
      this.#search = new NanSearch(
        this.session,
        this.#host.bare ?? this.session,
        data,
        this.#options,
        this.#scalars,
      );
    await this.#resume();
    this.#isOpen = true;
    await this.#listeners.tell((callback) => callback.onTrainBegin?.(this));
  }

  /** Reads what is given, and uploads what is to stay. @throws what does not fit */
  async #open(data: Batches, validation: Batches | undefined): Promise<void> {
    const waiting: Waiting = (wait) => this.#ending.wait(wait);
    const feed = feedOf(this.session, data, this.#options, this.#trainer, waiting);
    const validator =
      validation === undefined
        ? undefined
        : validatorOf(this.session, validation, this.#options, this.#scalars, waiting, this.#host.hasUpdates);
    const [fed, validated] = await Promise.allSettled([feed, validator]);
    // What one of them holds is freed at the end, also where the other one was refused.
    if (fed.status === 'fulfilled') this.#feed = fed.value;
    if (validated.status === 'fulfilled') this.#validator = validated.value;
    for (const opened of [fed, validated]) if (opened.status === 'rejected') throw opened.reason;
  }

  /**
   * Goes on from the checkpoint that is resumed, where there is one. Nothing is changed where it does not fit.
   *
   * @throws SessionError `other-training`; FormatError
   */
  async #resume(): Promise<void> {
    const { resume, entry } = this.#options;
    const found =
      resume instanceof Uint8Array
        ? checkpointOf(resume)
        : resume === true
          ? await this.#checkpoints?.read()
          : undefined;
    if (found === undefined) return;
    const { place } = found;
    const refuse = (is: string, not: string): never => {
      throw new SessionError('other-training', `the checkpoint is of a fit ${is}, not ${not}`);
    };
    if (place.entry !== entry) refuse(`of ${place.entry}`, `of ${entry}`);
    const [was, is] = [place.stream, this.#feed?.place].map((stream) =>
      (stream ?? undefined) === undefined ? 'on arrays or a dataset' : 'on a stream of batches',
    );
    if (place.isBegun && was !== undefined && is !== undefined && was !== is) refuse(was, is);
    await loadCheckpoint(this.session, found);
    if (place.stream !== null) this.#feed?.goOnFrom(place.stream);
    await this.#restore(place);
    this.#isKept = resume === true;
  }

  async #restore(place: FitPlace): Promise<void> {
    for (const epoch of place.epochs) this.history.add(epoch);
    this.#isBegun = place.isBegun;
    this.#trained = place.trained ?? undefined;
    this.#count.restore(place);
    if (place.stopped !== '') this.#stopped = place.stopped;
    this.#scalars.restore(place.scalars);
    this.#checkpoints?.goOnFrom(place);
    await this.#listeners.restore(place.callbacks, this);
  }

  /** Where it stands, between steps. */
  #place(): FitPlace {
    return {
      entry: this.entry,
      epochs: this.history.epochs,
      stopped: this.#stopped ?? '',
      isBegun: this.#isBegun,
      trained: this.#trained ?? null,
      ...this.#count.state(),
      scalars: this.#scalars.state(),
      stream: this.#feed?.place ?? null,
      callbacks: this.#listeners.states(),
    };
  }

  async #checkpoint(): Promise<void> {
    await this.#checkpoints?.take(this.#host.bare ?? this.session, this.#place());
    this.#isKept = true;
  }

  /** For people. */
  #whereText(): string {
    const epoch = this.history.epochs.length + 1;
    const { steps } = this.#count;
    const where =
      this.#trained !== undefined
        ? `before the validation of epoch ${epoch} was done`
        : steps === 0
          ? `before epoch ${epoch}`
          : `in epoch ${epoch} after step ${steps}`;
    return this.#checkpoints === undefined || !this.#isOpen ? where : `${where}; resume: true goes on`;
  }

  /** Keeps what is done before an error is thrown that leaves the states whole. */
  async keepBefore(error: unknown): Promise<void> {
    const isWhole = error instanceof FeedError || this.#ending.isReason(error);
    if (isWhole && !this.session.disposed && this.#isOpen) await this.#checkpoint();
    this.#ending.tellPlace(() => this.#whereText());
  }

  /** The next epoch, with its validation; undefined after the last. */
  async epoch(): Promise<FitEpoch | undefined> {
    const number = this.history.epochs.length + 1;
    if (this.#stopped !== undefined) {
      this.history.stop(this.#stopped);
      return undefined;
    }
    if (number > this.epochs) return undefined;
    this.#ending.throwIfEnded();
    if (this.#trained === undefined) {
      await this.#listeners.tell((callback) => callback.onEpochBegin?.(number, this));
      const trained = await this.#train(number);
      if (trained === undefined) {
        if (this.#stopped !== undefined) this.history.stop(this.#stopped);
        return undefined;
      }
      this.#trained = trained;
    }
    this.#ending.throwIfEnded();
    let record = this.#trained;
    if (this.#validator !== undefined) {
      const validated = { ...record, validation: await this.#validator.evaluate(number) };
      // What was validated is validated again where it is resumed.
      this.#ending.throwIfEnded();
      await this.#listeners.tell((callback) => callback.onValidationEnd?.(validated, this));
      record = validated;
    }
    this.history.add(record);
    this.#trained = undefined;
    this.#isKept = false;
    await this.#listeners.tell((callback) => callback.onEpochEnd?.(record, this));
    if (this.#stopped !== undefined) this.history.stop(this.#stopped);
    this.#checkpoints?.throwIfFailed();
    const isLast = number === this.epochs || this.#stopped !== undefined;
    if (isLast || this.#checkpoints?.isDueAfter(number, this.#count.totalSteps) === true)
      await this.#checkpoint();
    return record;
  }

  /** Frees everything, and tells callbacks that it is over. */
  async end(failed: boolean): Promise<void> {
    this.#ending.dispose();
    this.#feed?.dispose();
    this.#validator?.dispose();
    const errors: unknown[] = [];
    try {
      // Also where a callback stopped it, or its loop was left.
      if (!failed && !this.#isKept) await this.#checkpoint();
      await this.#checkpoints?.finish();
    } catch (error) {
      errors.push(error);
    }
    errors.push(...(await this.#listeners.end(this)));
    // What ended the training is thrown already, and says more.
    if (!failed && errors.length > 0) throw errors[0];
  }

  /** Trains an epoch; undefined where a callback stopped it. */
  async #train(epoch: number): Promise<FitEpoch | undefined> {
    if (this.#feed === undefined) throw new RangeError('the data are not open');
    const isBegun = this.#isBegun;
    await this.#search?.remember(epoch, this.#count.steps);
    this.#count.start();
    let trained: Trained;
    try {
      trained = await this.#feed.train(epoch, isBegun, (along) => this.#progress(epoch, along));
    } catch (error) {
      if (error === STOPPED) return undefined;
      throw error instanceof TrainingError ? await this.#explained(error) : error;
    } finally {
      this.#count.stop();
    }
    const { metrics } = this.#options;
    const { scalars } = trained;
    const { seconds } = this.#count;
    this.#count.next();
    return {
      ...trained,
      scalars: metrics !== undefined && isNames(metrics) ? picked(scalars, metrics) : scalars,
      params: this.#scalars.last(),
      seconds,
    };
  }

  /** A NaN with the node that made it, where that can be known. */
  async #explained(error: TrainingError): Promise<TrainingError> {
    try {
      await this.#listeners.tell((callback) => callback.onNaN?.(error, this));
    } catch (cause) {
      return new NanError(error, `what hears of it failed: ${messageOf(cause)}`, cause);
    }
    const { originOf } = this.#host;
    if (originOf === undefined || this.#search === undefined)
      return new NanError(
        error,
        'compiled from its module in this process, compile(module).start(), fit says which node made it',
      );
    return this.#search.explained(error, originOf, this.history, this.#ending.signal);
  }

  #progress(epoch: number, { step, steps, scalars }: Along): void | Promise<void> {
    this.#isBegun = true;
    this.#isKept = false;
    this.#count.reach(step);
    if (this.#checkpoints?.isDue(this.#count.totalSteps) === true || this.#search?.isDue === true)
      this.#trainer.pause();
    if (!this.#listeners.hearSteps) return;
    const progress: FitProgress = {
      epoch,
      epochs: this.epochs,
      step,
      steps,
      totalSteps: this.#count.totalSteps,
      loss: lossOf(scalars),
      scalars,
      seconds: this.#count.seconds,
    };
    return this.#listeners.tell((callback) => callback.onSteps?.(progress, this));
  }

  /** Between steps, when the trainer was asked for it. */
  async #pause(): Promise<void> {
    this.#ending.throwIfEnded();
    if (this.#stopsNow) throw STOPPED;
    this.#checkpoints?.throwIfFailed();
    if (this.#checkpoints?.isDue(this.#count.totalSteps) === true) await this.#checkpoint();
    await this.#search?.remember(this.history.epochs.length + 1, this.#count.steps);
  }
}

/** Ends the steps of an epoch that a callback stopped. */
const STOPPED = new Error('a callback stopped the training');
