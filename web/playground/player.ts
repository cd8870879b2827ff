import { type Dataset, DeviceError, type ProgramBase, SessionError } from '../../src/runtime/index.ts';
import type { Progress } from '../../src/runtime/options.ts';
import { Clock } from './clock.ts';
import { fed, isNumber } from './feed.ts';
import { Jobs } from './jobs.ts';
import type { Bench, Gallery, Lesson, LessonData } from './lessons/lesson.ts';
import { loadInto } from './loadInto.ts';
import { messageOf } from './messageOf.ts';
import { ModelError } from './modelError.ts';
import { deviceOf, type Running } from './openModel.ts';
import type { Ask, Tell } from './protocol.ts';
import type { Rows } from './rows.ts';
import { Slices, type Standing } from './slices.ts';
import { StepLog } from './stepLog.ts';

/** What is done beside training: how often, in milliseconds, and for which part of the time, about, at most. */
const beside = {
  views: { every: 500, share: 0.25 },
  test: { every: 2000, share: 0.1 },
  keep: { every: 4000, share: 0.05 },
} as const;

const besides = ['views', 'test', 'keep'] as const;

/** Epochs, as many as may be asked for. */
const ALWAYS = 2 ** 32 - 1;

/** Training was asked to pause, or to go on with other rows: what ends a call, and is not an error. */
const PAUSED = new Error('paused');

/** State that training goes on with elsewhere. */
export interface Kept {
  readonly step: number;
  readonly bytes: Uint8Array;
}

/** One model that was opened: trains, pauses, shows what it has learned, saves and loads. */
export class Player {
  readonly running: Running;
  /** The entry that trains. */
  readonly entry: string;
  readonly #lesson: Lesson;
  readonly #data: LessonData;
  readonly #gallery: Gallery;
  readonly #bench: Bench;
  readonly #tell: (tell: Tell) => void;
  readonly #onLost: (reason: string) => void;
  readonly #params: Map<string, number>;
  readonly #clock = new Clock(() => performance.now());
  readonly #jobs = new Jobs((error) => this.#failed(error));
  readonly #log: StepLog;
  readonly #due = new Map<keyof typeof beside, number>();
  readonly #done = new Set<keyof typeof beside>();

  #rows: Rows;
  #resident: { readonly rows: Rows; readonly dataset: Dataset } | undefined;
  #slices: Slices;
  #stop: AbortController | undefined;
  #isWanted = false;
  /** Whether steps run, or rest between two calls of `train`. */
  #isWorking = false;
  #ended: Promise<void> = Promise.resolve();
  #isClosed = false;
  #kept: Kept | undefined;

  /**
   * @param onLost is told once when the device goes away
   * @throws ModelError where the model does not fit the data
   */
  constructor(
    running: Running,
    entry: string,
    lesson: Lesson,
    data: LessonData,
    tell: (tell: Tell) => void,
    onLost: (reason: string) => void,
  ) {
    const { session } = running;
    const { program } = session;
    fed(program, entry, data.train);
    this.running = running;
    this.entry = entry;
    this.#lesson = lesson;
    this.#data = data;
    this.#rows = data.train;
    this.#tell = tell;
    this.#params = new Map(program.params.map(({ name, initial }) => [name, initial]));
    const params = (): Record<string, number> => Object.fromEntries(this.#params);
    this.#bench = {
      program,
      run: (name, inputs) => session.run(name, inputs, { params: params() }),
      evaluate: (name, given) => session.evaluate(name, { data: given, params: params() }),
      read: (state) => session.read(state),
    };
    this.#log = new StepLog(lossOf(program, entry), (logged) =>
      tell({
        kind: 'steps',
        step: this.#slices.step,
        epoch: this.#slices.epoch,
        ...logged,
        ...this.#clock.speed,
      }),
    );
    this.#gallery = lesson.gallery(this.#bench, data);
    this.#slices = this.#newSlices(0);
    let isTold = false;
    this.#onLost = (reason) => {
      if (isTold || this.#isClosed) return;
      isTold = true;
      onLost(reason);
    };
    deviceOf(session)?.lost.then(({ message }) => this.#onLost(message));
    if (data.more !== undefined) this.#await(data.more);
  }

  /** What a person may make for it. */
  get tries(): Lesson['tries'] {
    return this.#lesson.tries;
  }

  /** Run-time scalars as they are. */
  get params(): readonly { readonly name: string; readonly value: number }[] {
    return [...this.#params].map(([name, value]) => ({ name, value }));
  }

  /** The state that was kept last. */
  get kept(): Kept | undefined {
    return this.#kept;
  }

  /** Whether it is to train. */
  get isTraining(): boolean {
    return this.#isWanted;
  }

  /** Trains until it is paused. */
  train(): void {
    if (this.#isWanted || this.#isClosed) return;
    this.#isWanted = true;
    this.#tell({ kind: 'running', running: true });
    this.#ended = this.#ended.then(() => this.#trains());
  }

  /** Ends training after the steps that run. */
  async pause(): Promise<void> {
    this.#isWanted = false;
    this.#stop?.abort(PAUSED);
    await this.#ended;
  }

  /** Gives a run-time scalar another value, from the next step on. @throws RangeError where there is none of that name */
  param(name: string, value: number): void {
    if (!this.#params.has(name))
      throw new RangeError(`the model has no run-time scalar ${JSON.stringify(name)}`);
    if (!Number.isFinite(value)) throw new RangeError(`${name} must be a number, found ${value}`);
    this.#params.set(name, value);
  }

  /** Shows the model as it is. */
  show(): void {
    this.#soon(() => this.#views());
  }

  /** Shows what becomes of what a person made. */
  attempt(tried: Extract<Ask, { kind: 'try' }>): void {
    this.#soon(async () => {
      const views = (await this.#gallery.attempt?.(tried)) ?? [];
      this.#tell({ kind: 'views', views });
    });
  }

  /** Tells the weights as a file. */
  save(): void {
    this.#soon(async () => {
      const bytes = await this.running.session.saveWeights();
      this.#tell({ kind: 'saved', name: `${this.running.module.name}.safetensors`, bytes });
    });
  }

  /** Goes on with a state that was kept, or with the weights of a file; where they do not fit, nothing is changed. */
  load(name: string, file: Uint8Array | Blob): Promise<void> {
    return this.#soon(async () => {
      const standing = await loadInto(this.running.session, this.entry, name, file);
      if (standing !== undefined) this.#slices = this.#newSlices(standing.total, standing);
      this.#tell({ kind: 'loaded', name, step: this.#slices.step });
      await this.#keep();
      await this.#views();
    });
  }

  /** Keeps the state, and tells it. */
  keep(): Promise<void> {
    return this.#soon(() => this.#keep());
  }

  /** Ends everything, and frees the device. */
  close(): void {
    this.#isClosed = true;
    this.#isWanted = false;
    this.running.session.dispose();
  }

  /** Trains, call after call, until it is to pause: between two what it trains on may change. */
  async #trains(): Promise<void> {
    this.#isWorking = true;
    try {
      while (this.#isWanted) await this.#call();
    } catch (error) {
      this.#failed(error);
    }
    this.#isWanted = false;
    this.#isWorking = false;
    if (!this.#isClosed) {
      // Its speed is told with the last steps, before the clock forgets it.
      this.#log.flush();
      this.#tell({ kind: 'running', running: false });
    }
    this.#clock.stop();
    // Of a model that was closed it fails at once, so that nobody waits for it.
    await this.#jobs.work();
  }

  /** One call of `train`: goes on where training stands, or begins an epoch where that was of other rows. */
  async #call(): Promise<void> {
    const { session } = this.running;
    const data = await this.#uploaded();
    const stop = new AbortController();
    this.#stop = stop;
    const options = {
      data,
      entry: this.entry,
      epochs: ALWAYS,
      shuffle: true,
      params: Object.fromEntries(
        [...this.#params].map(([name, value]) => [name, () => this.#params.get(name) ?? value]),
      ),
      onProgress: (progress: Progress) => this.#heard(progress),
      signal: stop.signal,
    };
    this.#clock.begin();
    try {
      await session.train({ ...options, resume: true });
    } catch (error) {
      if (error === PAUSED) return;
      if (!(error instanceof SessionError && error.code === 'other-training')) throw error;
      this.#slices = this.#newSlices(this.#slices.step);
      await session.train(options).catch((cause: unknown) => {
        if (cause !== PAUSED) throw cause;
      });
    } finally {
      this.#clock.end();
      // Steps that were submitted before an abort are told when what training waits for is done, however late: before other rows come.
      await this.#jobs.work();
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  /** The rows on the device: those that came last. */
  async #uploaded(): Promise<Dataset> {
    const rows = this.#rows;
    if (this.#resident?.rows === rows) return this.#resident.dataset;
    this.#resident?.dataset.dispose();
    const dataset = await this.running.session.dataset(fed(this.#bench.program, this.entry, rows));
    this.#slices = this.#newSlices(this.#slices.step, this.#slices.standing);
    this.#resident = { rows, dataset };
    return dataset;
  }

  /** Hears of steps that ended. A promise makes training wait, at rest, until what else is to be done is done. */
  #heard(progress: Progress): Promise<void> | undefined {
    const slice = this.#slices.take(progress);
    if (slice !== undefined) {
      this.#clock.took(slice.steps);
      this.#log.take(slice);
    }
    const now = performance.now();
    for (const name of besides) {
      if ((this.#due.get(name) ?? 0) > now) continue;
      this.#due.set(name, Number.POSITIVE_INFINITY);
      void this.#jobs.add(() => this.#beside(name));
    }
    return this.#jobs.waits ? this.#rest() : undefined;
  }

  /** Does what waits while no step runs. */
  async #rest(): Promise<void> {
    this.#clock.end();
    await this.#jobs.work();
    this.#clock.begin();
  }

  /** Something that is done now and then; when it is done again depends on how long it took. */
  async #beside(name: keyof typeof beside): Promise<void> {
    const from = performance.now();
    await { views: () => this.#views(), test: () => this.#test(), keep: () => this.#keep() }[name]();
    const took = performance.now() - from;
    const { every, share } = beside[name];
    // The first time is slow, and says nothing of the next.
    const wait = this.#done.has(name) ? Math.min(Math.max(every, took / share), 4 * every) : every;
    this.#done.add(name);
    this.#due.set(name, from + wait);
  }

  async #views(): Promise<void> {
    this.#tell({ kind: 'views', views: await this.#gallery.views() });
  }

  /** How good it is on rows that it never trains on, where the model says how to judge. */
  async #test(): Promise<void> {
    const { test } = this.#data;
    const judge = this.#bench.program.entries.evaluate;
    if (test === undefined || judge === undefined) return;
    const { scalars } = await this.#bench.evaluate('evaluate', fed(this.#bench.program, 'evaluate', test));
    for (const [name, value] of Object.entries(scalars)) this.#log.measured(`test ${name}`, value);
  }

  async #keep(): Promise<void> {
    const bytes = await this.running.session.save();
    const { step } = this.#slices;
    this.#kept = { step, bytes };
    this.#tell({ kind: 'kept', step, name: `${this.running.module.name}.state.safetensors`, bytes });
  }

  /** Takes more rows when they have come, in place of those there are. */
  #await(more: () => Promise<Rows>): void {
    more().then(
      (rows) => {
        if (this.#isClosed) return;
        this.#rows = rows;
        this.#stop?.abort(PAUSED);
      },
      (error: unknown) => {
        const { count } = this.#rows;
        const message = `${messageOf(error)}; it goes on training on the first ${count} rows`;
        if (!this.#isClosed) this.#tell({ kind: 'error', message });
      },
    );
  }

  /** Does work when no step runs: at once, or when training rests. What fails is told, and changes nothing else. */
  #soon(job: () => Promise<void>): Promise<void> {
    const done = this.#jobs.add(job);
    if (!this.#isWorking) void this.#jobs.work();
    return done;
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    if (error instanceof DeviceError && error.code === 'lost') {
      this.#onLost(error.message);
      return;
    }
    const place = error instanceof ModelError && error.line !== undefined ? { line: error.line } : {};
    this.#tell({ kind: 'error', message: messageOf(error), ...place });
  }

  #newSlices(step: number, standing?: Standing): Slices {
    const { program } = this.#bench;
    const batch = batchOf(program, this.entry);
    return new Slices({ rows: this.#rows.count, batch }, step, standing);
  }
}

/** Rows of a step: the largest extent of the size by which an entry reads its inputs. */
function batchOf({ entries, inputs, sizes }: ProgramBase, entry: string): number {
  const read = inputs.filter(({ name }) => entries[entry]?.inputs.includes(name));
  const rows = read.find(({ size }) => size !== undefined)?.size;
  return sizes.find(({ name }) => name === rows)?.max ?? 1;
}

/** The output that is plotted as the loss: `loss`, or the first number. */
function lossOf({ entries }: ProgramBase, entry: string): string {
  const names = (entries[entry]?.outputs ?? []).filter(isNumber).map(({ name }) => name);
  return names.find((name) => name === 'loss') ?? names[0] ?? 'loss';
}
