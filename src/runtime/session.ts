import { type Batches, batchesOf, type LiveSizes, liveSizes } from './batches.ts';
import { checkPresent, countRows, type Data, Dataset } from './dataset.ts';
import type { Engine, Region, Timings } from './engine.ts';
import { decodeWords, elementCount, firstValue } from './init.ts';
import { type DeviceError, InputError, SessionError, TrainingError, unknown } from './issues.ts';
import {
  checkOptions,
  type Epoch,
  type EvaluateOptions,
  type RunOptions,
  type Scalar,
  type SessionOptions,
  type TrainOptions,
} from './options.ts';
import { outputOf, Tally, type Totals } from './outputs.ts';
import type { Entry, ParamSlot, ProgramBase, StateSlot } from './program.ts';
import { decodeSnapshot, encodeSnapshot } from './saved.ts';
import { asElements, type Output, type Values, valueWords } from './values.ts';

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
  #turn: Promise<void> = Promise.resolve();
  #disposed = false;
  #lost: DeviceError | undefined;

  /** @internal use `start` */
  constructor(engine: Engine, options: SessionOptions) {
    this.#engine = engine;
    this.program = engine.program;
    this.#seed = options.seed ?? 0;
    engine.lost.then((error) => {
      this.#lost = error;
    });
    const initial = options.initial ?? {};
    const given = Object.entries(initial).map(([name, values]) => this.#stateWords(name, values));
    for (const { arena, offset, words } of this.program.constants) {
      engine.write(arena, offset, decodeWords(words));
    }
    for (const slot of this.program.state) {
      if (!Object.hasOwn(initial, slot.name))
        engine.write(slot.arena, slot.offset, firstValue(slot, this.#seed));
    }
    for (const { slot, words } of given) engine.write(slot.arena, slot.offset, words);
  }

  /** Microseconds by the clock of what runs the program, for each entry that ran; see `profile` of `start`. */
  get timings(): Timings {
    return this.#engine.timings;
  }

  /**
   * Uploads arrays to stay: for `train` and `evaluate`, as often as wanted.
   *
   * @throws InputError `unknown`, `type`, `length`, `range`; DeviceError `limit`, `memory`
   */
  async dataset(data: Data): Promise<Dataset> {
    this.#check();
    const rows = countRows(this.program, data);
    const dataset = await Dataset.allocate(this.#engine, new Set(Object.keys(data)), rows, data);
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
    checkOptions('train', options);
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
          if (shuffle) dataset.order(this.#seed, this.#shuffles++);
          else dataset.order();
          const tally = new Tally(name, entry, 'scalars');
          const { steps, samples } = batches;
          let done = 0;
          await this.#play(
            name,
            entry,
            dataset,
            batches,
            options,
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
      if (dataset !== options.data) this.#release(dataset);
    }
  }

  /**
   * Runs an entry over all rows of a dataset, in order, every sample once.
   *
   * @returns means and sums of its outputs, and those with rows one after the other
   * @throws InputError; DeviceError; SessionError `disposed`, `unknown-entry`
   */
  async evaluate(name: string, options: EvaluateOptions): Promise<Totals & { readonly samples: number }> {
    checkOptions('evaluate', options);
    const entry = this.#entry(name);
    const dataset = await this.#resident(options.data);
    try {
      return await this.#exclusive(async () => {
        const batches = this.#batches(name, entry, dataset, options.sizes);
        dataset.order();
        const tally = new Tally(name, entry, 'all');
        await this.#play(name, entry, dataset, batches, options, (...step) => void tally.add(...step));
        return { samples: batches.samples, ...tally.totals() };
      });
    } finally {
      if (dataset !== options.data) this.#release(dataset);
    }
  }

  /**
   * Runs an entry once over given arrays, of as many rows as the program declares or fewer.
   *
   * @returns its outputs, cut to the rows that were given
   * @throws InputError; DeviceError; SessionError `disposed`, `unknown-entry`
   */
  async run(name: string, inputs: Data = {}, options: RunOptions = {}): Promise<Record<string, Output>> {
    checkOptions('run', options);
    const entry = this.#entry(name);
    checkPresent(name, entry.inputs, (input) => Object.hasOwn(inputs, input));
    const rows = countRows(this.program, inputs);
    return this.#exclusive(async () => {
      const live = liveSizes(this.program, options.sizes, rows);
      const batch = await this.#hostBatch();
      batch.write(inputs);
      const outputs: [string, Output][] = [];
      await this.#play(
        name,
        entry,
        batch,
        { steps: 1, samples: 1, live: () => live, weight: () => 1 },
        options,
        (results, at) => {
          for (const slot of entry.outputs) outputs.push([slot.name, outputOf(slot, results, at, live)]);
        },
      );
      return Object.fromEntries(outputs);
    });
  }

  /** A state's values. @throws SessionError `unknown-state`, `disposed`; DeviceError */
  async read(name: string): Promise<Output> {
    const slot = this.#state(name);
    const words = await this.#exclusive(() => this.#engine.read([region(slot)]));
    return { shape: slot.shape, data: asElements(slot.dtype, words) };
  }

  /** Gives a state new values. @throws InputError `length`, `type`; SessionError; nothing is written then */
  async write(name: string, values: Values): Promise<void> {
    const { slot, words } = this.#stateWords(name, values);
    await this.#exclusive(async () => this.#engine.write(slot.arena, slot.offset, words));
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
      let at = 0;
      for (const slot of this.program.state) {
        const end = at + elementCount(slot.shape);
        this.#engine.write(slot.arena, slot.offset, words.subarray(at, end));
        at = end;
      }
      this.#seed = seed;
      this.#shuffles = shuffles;
      this.#steps.clear();
      for (const [name, count] of Object.entries(steps)) this.#steps.set(name, count);
    });
  }

  /** Frees everything, datasets too; calls that wait or run fail as `disposed`. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const dataset of this.#datasets) dataset.dispose();
    this.#engine.dispose();
  }

  /** Waits for the calls before, then works; what fails because the session or its engine ended says so. */
  async #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    let end = (): void => {};
    this.#turn = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    try {
      this.#check();
      return await work();
    } catch (error) {
      this.#check();
      throw error;
    } finally {
      end();
    }
  }

  #check(): void {
    if (this.#disposed) throw new SessionError('disposed', 'the session is disposed: start another');
    if (this.#lost) throw this.#lost;
  }

  async #play(
    name: string,
    entry: Entry,
    dataset: Dataset,
    batches: Batches,
    options: RunOptions & { readonly stepsPerSubmit?: number },
    take: (results: Uint32Array, at: number, live: LiveSizes, samples: number) => void,
    onSubmit?: () => void,
  ): Promise<void> {
    const params = this.#params(options.params);
    const { sizes } = this.program;
    const before = this.#steps.get(name) ?? 0;
    const base = dataset.block.start;
    await this.#engine.play({
      name,
      entry,
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
    });
  }

  #batches(name: string, entry: Entry, dataset: Dataset, sizes: RunOptions['sizes']): Batches {
    dataset.check(this.#engine, name, entry.inputs);
    return batchesOf(this.program, entry, dataset, sizes);
  }

  /** @throws InputError `unknown`, `type` */
  #params(given: RunOptions['params'] = {}): { readonly slot: ParamSlot; readonly value: Scalar }[] {
    const { params } = this.program;
    for (const [name, value] of Object.entries(given)) {
      const slot = params.find((param) => param.name === name);
      if (!slot) throw new InputError('unknown', name, unknown('run-time scalar', params));
      if (typeof value !== 'function') scalarOf(slot, value);
    }
    return params.map((slot) => ({
      slot,
      value: (Object.hasOwn(given, slot.name) ? given[slot.name] : undefined) ?? slot.initial,
    }));
  }

  /** Room for one batch that the host uploads: every input at its largest, read in order. */
  async #hostBatch(): Promise<Dataset> {
    const { inputs, sizes } = this.program;
    if (!this.#batch) {
      this.#batch = await Dataset.allocate(
        this.#engine,
        new Set(inputs.map((slot) => slot.name)),
        new Map(sizes.map((size) => [size.name, size.max])),
      );
      this.#datasets.add(this.#batch);
    }
    return this.#batch;
  }

  async #resident(data: Data | Dataset): Promise<Dataset> {
    if (!(data instanceof Dataset)) return this.dataset(data);
    this.#check();
    return data;
  }

  #release(dataset: Dataset): void {
    this.#datasets.delete(dataset);
    dataset.dispose();
  }

  #entry(name: string): Entry {
    this.#check();
    const { entries } = this.program;
    const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (entry) return entry;
    throw new SessionError('unknown-entry', `${name}: ${unknown('entry', Object.keys(entries))}`);
  }

  #state(name: string): StateSlot {
    this.#check();
    const slot = this.program.state.find((state) => state.name === name);
    if (slot) return slot;
    throw new SessionError('unknown-state', `${name}: ${unknown('state', this.program.state)}`);
  }

  /** @throws InputError `length`, `type` */
  #stateWords(name: string, values: Values): { slot: StateSlot; words: ArrayBufferView<ArrayBuffer> } {
    const slot = this.#state(name);
    const count = elementCount(slot.shape);
    if (values?.length !== count) {
      throw new InputError('length', name, `expected ${count} elements, found ${values?.length}`);
    }
    return { slot, words: valueWords(slot, values) };
  }
}

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
