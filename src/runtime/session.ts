import { batchesOf, liveSizes } from './batches.ts';
import { checkLengths, checkPresent, type Data, Dataset, takeArrays } from './dataset.ts';
import type { Engine, NamedEntry } from './engine.ts';
import { stateWords } from './initial.ts';
import { SessionError, slotOf, TrainingError } from './issues.ts';
import {
  type Epoch,
  type EvaluateOptions,
  type Progress,
  type RunOptions,
  type Training,
  type TrainOptions,
  takeOptions,
} from './options.ts';
import { outputOf, Tally, type Totals } from './outputs.ts';
import type { Timings } from './profiling.ts';
import type { ProgramBase } from './program.ts';
import {
  decodeSnapshot,
  type EntryPlace,
  encodeSnapshot,
  notBegun,
  type Place,
  type StateWords,
} from './saved.ts';
import { showSessions } from './shown.ts';
import { playSteps } from './steps.ts';
import { asElements, type Output, type Values } from './values.ts';

/**
 * A program at work: its state in an engine, and the calls that run its entries. Calls wait for one another, in
 * order; `train` takes a turn for each epoch, so that others may run between epochs.
 */
export class Session {
  readonly program: ProgramBase;
  /** Microseconds by the clock of what runs the program, for each entry that ran; where it is timed. */
  readonly timings: Timings;
  readonly #engine: Engine;
  readonly #datasets = new Set<Dataset>();
  #place: Place;
  #batch: Dataset | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #disposed = false;

  /** @internal use `start` */
  constructor(engine: Engine, seed = 0) {
    this.#engine = engine;
    this.program = engine.program;
    this.timings = engine.timings;
    this.#place = { seed, shuffles: 0, entries: {} };
  }

  /**
   * Uploads arrays to stay: for `train` and `evaluate`, as often as wanted. They are read before it returns, as is
   * everything that any call is given: what is changed later does not count.
   *
   * @throws InputError `unknown`, `type`, `length`, `range`; DeviceError `limit`, `memory`, `validation`
   */
  async dataset(data: Data): Promise<Dataset> {
    this.#check();
    const arrays = takeArrays(this.program, data);
    const dataset = await Dataset.allocate(this.#engine, arrays, arrays.pieces());
    this.#datasets.add(dataset);
    // The session may have ended meanwhile.
    if (this.#disposed) dataset.dispose();
    this.#check();
    return dataset;
  }

  /**
   * Trains: runs an entry over all rows of a dataset, epoch by epoch, a batch a step. The last batch of an
   * epoch may have fewer rows; every sample counts once.
   *
   * The session remembers, and saves, where each entry's training stands: how many epochs and steps are done, in which
   * order, and the sums of its outputs. With `resume: true` it goes on there, and ends with the same bits and the same
   * losses as if it had never stopped, whatever stopped it: a signal, an error, leaving the loop, another process.
   *
   * Await it, or iterate it for each epoch as it ends: `for await (const { loss } of session.train({ data }))`. Until
   * then nothing runs, and nothing of what it is given is read.
   *
   * @returns epochs, in order
   * @throws InputError; TrainingError `nan`; DeviceError; SessionError `disposed`, `unknown-entry`, `other-training`;
   *   what `onProgress` throws, and the signal's reason
   */
  train(options: TrainOptions): Training {
    const all: Epoch[] = [];
    const epochs = this.#epochs(options, all);
    let rest: Promise<readonly Epoch[]> | undefined;
    const run = (): Promise<readonly Epoch[]> => {
      rest ??= (async () => {
        while (!(await epochs.next()).done);
        return all;
      })();
      return rest;
    };
    return Object.assign(epochs, {
      // biome-ignore lint/suspicious/noThenProperty: to await a training is to run it
      then: (...args) => run().then(...args),
      catch: (...args) => run().catch(...args),
      finally: (...args) => run().finally(...args),
    } satisfies Pick<Training, 'then' | 'catch' | 'finally'>);
  }

  async *#epochs(options: TrainOptions, all: Epoch[]): AsyncGenerator<Epoch, void, undefined> {
    options = takeOptions('train', options);
    const { epochs = 1, entry: name = 'train', shuffle, resume, onNaN, onProgress, signal } = options;
    const entry = this.#entry(name);
    const dataset = await this.#resident(options.data);
    try {
      const batches = batchesOf(this.#engine, entry, dataset, options.sizes);
      const { steps, samples } = batches;
      const plan = `${samples} rows by ${batches.at(0).weight}${shuffle ? ', shuffled' : ''}, for ${entry.outputs.map((slot) => slot.name)}`;
      const before = resume ? await this.#exclusive(async () => this.#placeOf(entry).position) : notBegun;
      if (before.step && (before.plan !== plan || before.step > steps)) {
        const text = `${entry.name}: to resume in an epoch needs ${before.plan}; found ${plan}`;
        throw new SessionError('other-training', text);
      }
      const position = { ...before, plan };
      let begin = performance.now();
      while (position.epoch < epochs) {
        const epoch = position.epoch + 1;
        let waits: Promise<unknown> | undefined;
        // One after the other; none after one that failed. They are awaited when no step runs any more.
        const call = (work: () => unknown): void => {
          try {
            const result = waits ? waits.then(work) : work();
            if (Object(result).then) waits = Promise.resolve(result);
          } catch (error) {
            waits = Promise.reject(error);
          }
          waits?.catch(() => {});
        };
        const whole = await this.#exclusive(async () => {
          signal?.throwIfAborted();
          const tally = new Tally(
            entry.outputs.filter(({ shape }) => shape.length === 0),
            position.step * batches.at(0).weight,
            position.sums,
          );
          const told = (): Omit<Progress, 'step'> => {
            const { scalars } = tally.totals();
            const [first = Number.NaN] = Object.values(scalars);
            return { epoch, steps, scalars, loss: scalars.loss ?? first };
          };
          try {
            await playSteps(this.#engine, this.#placeOf(entry), entry, dataset, batches, options, {
              from: position.step,
              // Only now does it begin: what refuses its first step leaves all as it stands.
              upload: () => {
                this.#placeOf(entry).position = position;
                position.draw = shuffle ? position.draw || ++this.#place.shuffles : 0;
                dataset.order(this.#place.seed, position.draw);
              },
              take: (...step) => {
                position.step++;
                const nan = tally.add(...step);
                if (nan !== undefined && onNaN !== 'continue') {
                  const error = new TrainingError(entry.name, nan, epoch, position.step);
                  call(() => Promise.reject(error));
                }
              },
              onSubmit: () => {
                const progress = { ...told(), step: position.step };
                call(() => onProgress?.(progress));
              },
              goesOn: () => {
                signal?.throwIfAborted();
                return !waits;
              },
            });
          } finally {
            position.sums = tally.sums();
          }
          if (position.step < steps) return undefined;
          Object.assign(position, notBegun, { epoch, plan });
          return { ...told(), samples, seconds: (performance.now() - begin) / 1000 };
        });
        // Between turns: what a callback waits for may be calls of this session.
        await waits;
        if (!whole) continue;
        all.push(whole);
        yield whole;
        begin = performance.now();
      }
    } finally {
      this.#release(dataset, options.data);
    }
  }

  /**
   * Runs an entry over all rows of a dataset, in order, every sample once. Updates of states that the entry has are made.
   *
   * @returns means and sums of its outputs, and those with rows one after the other
   * @throws InputError; DeviceError; SessionError `disposed`, `unknown-entry`
   */
  async evaluate(name: string, options: EvaluateOptions): Promise<Totals & { readonly samples: number }> {
    const entry = this.#entry(name);
    options = takeOptions('evaluate', options);
    const dataset = await this.#resident(options.data);
    try {
      return await this.#exclusive(async () => {
        const batches = batchesOf(this.#engine, entry, dataset, options.sizes);
        const tally = new Tally(entry.outputs);
        await playSteps(this.#engine, this.#placeOf(entry), entry, dataset, batches, options, {
          upload: () => dataset.order(),
          take: (...step) => tally.add(...step),
        });
        return { samples: batches.samples, ...tally.totals() };
      });
    } finally {
      this.#release(dataset, options.data);
    }
  }

  /**
   * Runs an entry once over given arrays, of as many rows as the program declares or fewer.
   *
   * @returns its outputs, cut to the rows that were given
   * @throws InputError; DeviceError; SessionError `disposed`, `unknown-entry`
   */
  async run(name: string, inputs: Data = {}, options: RunOptions = {}): Promise<Record<string, Output>> {
    const entry = this.#entry(name);
    options = takeOptions('run', options);
    const arrays = takeArrays(this.program, inputs);
    checkPresent(entry, arrays.inputs);
    const live = liveSizes(this.program, options.sizes, arrays.rows);
    const pieces = [...arrays.pieces()];
    return this.#exclusive(async () => {
      checkLengths(arrays);
      const batch = await this.#hostBatch();
      let outputs: [string, Output][] = [];
      await playSteps(
        this.#engine,
        this.#placeOf(entry),
        entry,
        batch,
        { steps: 1, at: () => ({ live, weight: 1 }) },
        options,
        {
          upload: () => batch.write(pieces),
          take: (results, at) => {
            outputs = entry.outputs.map((slot) => [slot.name, outputOf(slot, results, at, live)]);
          },
        },
      );
      return Object.fromEntries(outputs);
    });
  }

  /** A state's values. @throws SessionError `unknown-state`, `disposed`; DeviceError */
  async read(name: string): Promise<Output> {
    const slot = slotOf('state', this.program.state, name);
    const words = await this.#exclusive(() => this.#engine.read(slot));
    return { shape: slot.shape, data: asElements(slot.dtype, words) };
  }

  /**
   * Gives a state new values: all, or with `from` as many as there are, from that element on.
   *
   * @throws InputError `length`, `type`, `range`; SessionError; nothing is written then
   */
  async write(name: string, values: Values, from?: number): Promise<void> {
    const given = stateWords(slotOf('state', this.program.state, name), values, from);
    await this.#exclusive(() => this.#write([given]));
  }

  /** Everything that the next step depends on: states, counts of steps, where training stands. */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#exclusive(async () => {
      const words = await Promise.all(this.program.state.map((slot) => this.#engine.read(slot)));
      return encodeSnapshot(this.program, this.#place, words);
    });
  }

  /** Goes on exactly where `save` was called. @throws FormatError; nothing is changed then */
  async load(saved: Uint8Array): Promise<void> {
    this.#check();
    const [place, states] = decodeSnapshot(this.program, saved);
    await this.#exclusive(async () => {
      await this.#write(states);
      this.#place = place;
    });
  }

  /** Whether it was disposed of. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** Frees everything, datasets too, and a device that it requested; calls that wait or run fail as `disposed`. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const dataset of this.#datasets) dataset.dispose();
    this.#engine.dispose();
  }

  /** Waits for the calls before, then works; what fails because the session or its engine ended says so. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(async () => {
      try {
        this.#check();
        return await work();
      } catch (error) {
        this.#check();
        throw error;
      }
    });
    this.#turn = done.catch(() => {});
    return done;
  }

  #check(): void {
    if (this.#disposed) throw new SessionError('disposed', 'the session is disposed');
    if (this.#engine.lost) throw this.#engine.lost;
  }

  #write(states: readonly StateWords[]): Promise<void> {
    return this.#engine.upload('states', () => {
      for (const state of states) this.#engine.write(...state);
    });
  }

  /** What is remembered of an entry: the dot keeps its name apart from those that every object has. */
  #placeOf({ name }: NamedEntry): EntryPlace {
    const { entries } = this.#place;
    const key = `.${name}`;
    entries[key] ??= { steps: 0, position: notBegun };
    return entries[key];
  }

  /** Room for one batch that the host uploads: every input at its largest, read in order. */
  async #hostBatch(): Promise<Dataset> {
    const inputs = new Set(this.program.inputs.map(({ name }) => name));
    this.#batch ??= await Dataset.allocate(this.#engine, { inputs, rows: liveSizes(this.program) });
    this.#datasets.add(this.#batch);
    return this.#batch;
  }

  #resident(data: Data | Dataset): Dataset | Promise<Dataset> {
    return data instanceof Dataset ? data : this.dataset(data);
  }

  /** Frees what `#resident` made. */
  #release(dataset: Dataset, data: Data | Dataset): void {
    if (dataset === data) return;
    this.#datasets.delete(dataset);
    dataset.dispose();
  }

  #entry(name: string): NamedEntry {
    this.#check();
    const entries = Object.entries(this.program.entries).map(([name, entry]) => ({ ...entry, name }));
    return slotOf('entry', entries, name);
  }
}

showSessions(Session);
