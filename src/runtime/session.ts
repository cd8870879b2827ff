import { type Batches, batchesOf, type LiveSizes, liveSizes } from './batches.ts';
import { checkPresent, type Data, Dataset, takeArrays } from './dataset.ts';
import type { Engine, Region, Timings } from './engine.ts';
import { elementCount } from './init.ts';
import { stateOf, stateWords } from './initial.ts';
import { InputError, SessionError, slotOf, TrainingError, unknown } from './issues.ts';
import {
  type Epoch,
  type EvaluateOptions,
  type RunOptions,
  type Scalar,
  type TrainOptions,
  takeOptions,
} from './options.ts';
import { outputOf, Tally, type Totals } from './outputs.ts';
import type { Entry, ParamSlot, ProgramBase, StateSlot } from './program.ts';
import { decodeSnapshot, encodeSnapshot } from './saved.ts';
import { showSessions } from './shown.ts';
import { asElements, type Output, type Values, valueWords, type Words } from './values.ts';

/**
 * A program at work: its state in an engine, and the calls that run its entries. Calls wait for one another, in
 * order; `train` takes a turn for each epoch, so that others may run between epochs.
 */
export class Session {
  readonly program: ProgramBase;
  readonly #engine: Engine;
  readonly #datasets = new Set<Dataset>();
  readonly #steps = new Map<string, number>();
  #seed: number;
  #shuffles = 0;
  #batch: Dataset | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #disposed = false;

  /** @internal use `start` */
  constructor(engine: Engine, seed = 0) {
    this.#engine = engine;
    this.program = engine.program;
    this.#seed = seed;
  }

  /** Microseconds by the clock of what runs the program, for each entry that ran; see `profile` of `start`. */
  get timings(): Timings {
    return this.#engine.timings;
  }

  /**
   * Uploads arrays to stay: for `train` and `evaluate`, as often as wanted. They are read before it returns, as is
   * everything that any call is given: what is changed later does not count.
   *
   * @throws InputError `unknown`, `type`, `length`, `range`; DeviceError `limit`, `memory`, `validation`
   */
  async dataset(data: Data): Promise<Dataset> {
    this.#check();
    const { inputs, rows, pieces } = takeArrays(this.program, data);
    const dataset = await Dataset.allocate(this.#engine, inputs, rows, pieces());
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
   * @yields at the end of each epoch
   * @throws InputError; TrainingError `nan`; DeviceError; SessionError `disposed`, `unknown-entry`
   */
  async *train(options: TrainOptions): AsyncGenerator<Epoch, void, undefined> {
    options = takeOptions('train', options);
    const {
      epochs = 1,
      entry: name = 'train',
      shuffle = false,
      onNaN = 'stop',
      onProgress,
      signal,
    } = options;
    const entry = this.#entry(name);
    const dataset = await this.#resident(options.data);
    try {
      for (let epoch = 1; epoch <= epochs; epoch++) {
        yield await this.#exclusive(async () => {
          signal?.throwIfAborted();
          const begin = performance.now();
          const batches = this.#batches(name, entry, dataset, options.sizes);
          const draw = shuffle ? [this.#seed, this.#shuffles++] : [];
          const tally = new Tally(name, entry, 'scalars');
          const { steps, samples } = batches;
          let done = 0;
          await this.#play(
            name,
            entry,
            dataset,
            batches,
            options,
            () => dataset.order(...draw),
            (results, at, live, weight) => {
              signal?.throwIfAborted();
              done++;
              const nan = tally.add(results, at, live, weight);
              if (nan !== undefined && onNaN === 'stop') throw new TrainingError(name, nan, epoch, done);
            },
            () => onProgress?.({ epoch, step: done, steps, loss: lossOf(tally.totals()) }),
          );
          const totals = tally.totals();
          const seconds = (performance.now() - begin) / 1000;
          return { epoch, steps, samples, scalars: totals.scalars, loss: lossOf(totals), seconds };
        });
      }
    } finally {
      this.#release(dataset, options.data);
    }
  }

  /**
   * Runs an entry over all rows of a dataset, in order, every sample once.
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
        const batches = this.#batches(name, entry, dataset, options.sizes);
        const tally = new Tally(name, entry, 'all');
        await this.#play(
          name,
          entry,
          dataset,
          batches,
          options,
          () => dataset.order(),
          (...step) => void tally.add(...step),
        );
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
    checkPresent(name, entry.inputs, arrays.inputs);
    const live = liveSizes(this.program, options.sizes, arrays.rows);
    const pieces = [...arrays.pieces()];
    return this.#exclusive(async () => {
      const batch = await this.#hostBatch();
      const outputs: [string, Output][] = [];
      await this.#play(
        name,
        entry,
        batch,
        { steps: 1, samples: 1, live: () => live, weight: () => 1 },
        options,
        () => batch.write(pieces),
        (results, at) => {
          for (const slot of entry.outputs) outputs.push([slot.name, outputOf(slot, results, at, live)]);
        },
      );
      return Object.fromEntries(outputs);
    });
  }

  /** A state's values. @throws SessionError `unknown-state`, `disposed`; DeviceError */
  async read(name: string): Promise<Output> {
    const slot = stateOf(this.program, name);
    const words = await this.#exclusive(() => this.#engine.read([region(slot)]));
    return { shape: slot.shape, data: asElements(slot.dtype, words) };
  }

  /** Gives a state new values. @throws InputError `length`, `type`; SessionError; nothing is written then */
  async write(name: string, values: Values): Promise<void> {
    const slot = stateOf(this.program, name);
    const words = stateWords(slot, values);
    await this.#exclusive(() => this.#write([{ slot, words }]));
  }

  /** Everything that the next step depends on: states, counts of steps, the shuffles' place. */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#exclusive(async () => {
      const words = await this.#engine.read(this.program.state.map(region));
      const steps = Object.fromEntries(this.#steps);
      return encodeSnapshot(this.program, { seed: this.#seed, steps, shuffles: this.#shuffles, words });
    });
  }

  /** Goes on exactly where `save` was called. @throws FormatError; nothing is changed then */
  async load(saved: Uint8Array): Promise<void> {
    this.#check();
    const { seed, steps, shuffles, words } = decodeSnapshot(this.program, saved);
    await this.#exclusive(async () => {
      let end = 0;
      await this.#write(
        this.program.state.map((slot) => {
          const at = end;
          end += elementCount(slot.shape);
          return { slot, words: words.subarray(at, end) };
        }),
      );
      this.#seed = seed;
      this.#shuffles = shuffles;
      this.#steps.clear();
      for (const [name, count] of Object.entries(steps)) this.#steps.set(name, count);
    });
  }

  /** Whether it was disposed of. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** Frees everything, datasets too; calls that wait or run fail as `disposed`. */
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
    if (this.#disposed) throw new SessionError('disposed', 'the session is disposed: start another');
    if (this.#engine.lost) throw this.#engine.lost;
  }

  #write(states: readonly { readonly slot: StateSlot; readonly words: Words }[]): Promise<void> {
    return this.#engine.upload('states', () => {
      for (const { slot, words } of states) this.#engine.write(slot, words);
    });
  }

  async #play(
    name: string,
    entry: Entry,
    dataset: Dataset,
    batches: Batches,
    options: RunOptions & { readonly stepsPerSubmit?: number },
    upload: () => void,
    take: (results: Uint32Array, at: number, live: LiveSizes, samples: number) => void,
    onSubmit?: () => void,
  ): Promise<void> {
    const params = this.#params(options.params);
    const { sizes } = this.program;
    const before = this.#steps.get(name) ?? 0;
    const base = dataset.block.start;
    await this.#engine
      .play({
        name,
        entry,
        upload,
        data: dataset.block,
        steps: batches.steps,
        stepsPerSubmit: options.stepsPerSubmit,
        fill: (i, set) => {
          const live = batches.live(i);
          if (i === 0) for (const [field, word] of dataset.starts) set(field, base + word);
          for (const size of sizes) {
            const extent = live.get(size.name) ?? size.max;
            set(size.live, extent);
            const { rows = '' } = size;
            const start = dataset.starts.get(rows);
            if (start !== undefined) set(rows, base + start + i * (batches.live(0).get(size.name) ?? 0));
          }
          const step = before + i + 1;
          this.#steps.set(name, step);
          set('step', step);
          for (const { slot, value } of params) {
            if (typeof value === 'function') set(slot.field, scalarOf(slot, value(step)));
            else if (i === 0) set(slot.field, value);
          }
        },
        take: (results, first, count) => {
          for (let i = 0; i < count; i++)
            take(results, i * entry.resultWords, batches.live(first + i), batches.weight(first + i));
          onSubmit?.();
        },
      })
      .catch((error: unknown) => {
        dataset.forgetOrder();
        throw error;
      });
  }

  #batches(name: string, entry: Entry, dataset: Dataset, sizes: RunOptions['sizes']): Batches {
    dataset.check(this.#engine, name, entry.inputs);
    return batchesOf(this.program, entry, dataset, sizes);
  }

  /** @throws InputError `unknown`, `type` */
  #params(given: RunOptions['params'] = {}): { readonly slot: ParamSlot; readonly value: Scalar }[] {
    const { params } = this.program;
    const values = new Map(Object.entries(given));
    for (const [name, value] of values) {
      const slot = slotOf('run-time scalar', params, name);
      if (typeof value !== 'function') scalarOf(slot, value);
    }
    return params.map((slot) => ({ slot, value: values.get(slot.name) ?? slot.initial }));
  }

  /** Room for one batch that the host uploads: every input at its largest, read in order. */
  async #hostBatch(): Promise<Dataset> {
    this.#batch ??= await Dataset.allocate(
      this.#engine,
      new Map(this.program.inputs.map(({ name }) => [name, name])),
      liveSizes(this.program, {}, []),
    );
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

  #entry(name: string): Entry {
    const entries = new Map(Object.entries(this.program.entries));
    const entry = entries.get(name);
    if (entry) return entry;
    throw new SessionError('unknown-entry', `${name}: ${unknown('entry', [...entries.keys()])}`);
  }
}

showSessions(Session);

/** A run-time scalar, checked. A NaN would make states NaN before any output tells. */
function scalarOf(slot: ParamSlot, value: number): number {
  valueWords(slot, [value]);
  if (Number.isNaN(value)) throw new InputError('type', slot.name, 'is NaN');
  return value;
}

function region({ arena, offset, shape }: StateSlot): Region {
  return { arena, offset, words: elementCount(shape) };
}

function lossOf({ scalars }: Totals): number {
  const [first = Number.NaN] = Object.values(scalars);
  return scalars.loss ?? first;
}
