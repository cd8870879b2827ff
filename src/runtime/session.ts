import { checkPresent, countRows, type Data, Dataset } from './dataset.ts';
import { type DeviceOptions, requestDevice } from './device.ts';
import { checkProgram } from './format.ts';
import { decodeWords, elementCount, firstValue } from './init.ts';
import { DeviceError, InputError, SessionError, TrainingError } from './issues.ts';
import { type LiveSizes, outputOf, Tally, type Totals } from './outputs.ts';
import type { Entry, Program, StateSlot } from './program.ts';
import { type Profiling, type Region, Replayer } from './replayer.ts';
import { decodeSnapshot, encodeSnapshot } from './saved.ts';
import { asElements, type Output, type Values, valueWords } from './values.ts';

/** How a session starts; where it requests a device of its own, from which GPU or adapter. */
export interface StartOptions extends DeviceOptions {
  /** Of first values and shuffles, an unsigned 32-bit integer; 0 by default. */
  readonly seed?: number;
  /** A device of the caller's, who destroys it; by default the session requests its own, from `adapter` or `gpu` where given. */
  readonly device?: GPUDevice;
  /** Values of states by name, in place of their declared first ones. */
  readonly initial?: Data;
  /** What the device's clock times, where it can: see `timings`. Timed dispatches run one by one. */
  readonly profile?: Profiling;
}

/** A run-time scalar: a value, or one for each step of the entry (counted from 1). */
export type Scalar = number | ((step: number) => number);

/** What every way of running an entry takes. */
export interface RunOptions {
  /** Run-time scalars by name; those that are not given have their declared value. */
  readonly params?: Readonly<Record<string, Scalar>>;
  /** Live extents of bounded sizes, where arrays do not tell; for rows of a dataset the size of a batch. */
  readonly sizes?: Readonly<Record<string, number>>;
}

export interface EvaluateOptions extends RunOptions {
  /** Arrays, or a dataset of this session. */
  readonly data: Data | Dataset;
  /** By default as many as take some time, 256 at most. */
  readonly stepsPerSubmit?: number;
}

export interface TrainOptions extends EvaluateOptions {
  /** `train` by default. */
  readonly entry?: string;
  /** 1 by default. */
  readonly epochs?: number;
  /** Whether each epoch reads the rows in an order of its own, drawn from the seed. */
  readonly shuffle?: boolean;
  /** What to do when a scalar output is NaN; `stop` by default. */
  readonly onNaN?: 'stop' | 'continue';
  /** Called when the results of a submit are there. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops before the next submit; `train` then throws its reason. Steps that were submitted count. */
  readonly signal?: AbortSignal;
}

/** Where training is: `step` of `steps` of an epoch are done. */
export interface Progress {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the epoch so far, as in Epoch. */
  readonly loss: number;
}

/** What an epoch came to. */
export interface Epoch {
  /** Counts from 1. */
  readonly epoch: number;
  readonly steps: number;
  readonly samples: number;
  /** Scalar outputs: f32 as the mean over samples, integers as their sum. */
  readonly scalars: Readonly<Record<string, number>>;
  /** The scalar output `loss`, or the first one; NaN where there is none. */
  readonly loss: number;
  readonly seconds: number;
}

/**
 * Starts a program: gets a device, compiles its kernels, draws the first values.
 *
 * @throws FormatError where `program` is none; DeviceError `no-webgpu`, `no-adapter`, `limit`, `shader`,
 *   `memory`; InputError where `initial` does not fit
 */
export async function start(program: Program, options: StartOptions = {}): Promise<Session> {
  checkProgram(program);
  const device = options.device ?? (await requestDevice(options));
  let replayer: Replayer | undefined;
  try {
    replayer = await Replayer.create(device, program, options.profile ?? 'none');
    return new Session(replayer, options);
  } catch (error) {
    replayer?.dispose();
    if (options.device === undefined) device.destroy();
    throw error;
  }
}

/**
 * A program at work: its state on a device, and the calls that run its entries. Calls wait for one another, in
 * order; `train` takes a turn for each epoch, so that others may run between epochs.
 */
export class Session {
  readonly program: Program;
  readonly device: GPUDevice;
  readonly #replayer: Replayer;
  readonly #ownsDevice: boolean;
  readonly #datasets = new Set<Dataset>();
  readonly #steps = new Map<string, number>();
  #seed: number;
  #shuffles = 0;
  #batch: Dataset | undefined;
  #turn: Promise<void> = Promise.resolve();
  #disposed = false;
  #lost: DeviceError | undefined;

  /** @internal use `start` */
  constructor(replayer: Replayer, options: StartOptions) {
    this.#replayer = replayer;
    this.program = replayer.program;
    this.device = replayer.device;
    this.#ownsDevice = options.device === undefined;
    this.#seed = (options.seed ?? 0) >>> 0;
    this.device.lost.then(({ message }) => {
      this.#lost = new DeviceError('lost', `the device was lost: ${message}`);
    });
    const initial = options.initial ?? {};
    const given = Object.entries(initial).map(([name, values]) => this.#stateWords(name, values));
    for (const { arena, offset, words } of this.program.constants) {
      this.#upload(arena, offset, decodeWords(words));
    }
    for (const slot of this.program.state) {
      if (!Object.hasOwn(initial, slot.name))
        this.#upload(slot.arena, slot.offset, firstValue(slot, this.#seed));
    }
    for (const { slot, words } of given) this.#upload(slot.arena, slot.offset, words);
  }

  /** Microseconds by the device's clock, for each entry that ran; see `StartOptions.profile`. */
  get timings(): ReadonlyMap<string, readonly (readonly number[])[]> {
    return this.#replayer.timings;
  }

  /** The buffers of the program on the device, for tests and tools. */
  get arenas(): Replayer['arenas'] {
    return this.#replayer.arenas;
  }

  /**
   * Uploads arrays to stay: for `train` and `evaluate`, as often as wanted.
   *
   * @throws InputError `unknown`, `type`, `length`, `range`; DeviceError `limit`, `memory`
   */
  async dataset(data: Data): Promise<Dataset> {
    this.#check();
    const rows = countRows(this.program, data);
    const dataset = await Dataset.allocate(this.#replayer, new Set(Object.keys(data)), rows);
    try {
      dataset.write(data);
      this.#check();
    } catch (error) {
      dataset.dispose();
      throw error;
    }
    this.#datasets.add(dataset);
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
          const begin = performance.now();
          if (shuffle) dataset.order(this.#seed, this.#shuffles++);
          else dataset.order();
          const tally = new Tally(name, entry, 'scalars');
          const batches = this.#batches(name, dataset, options);
          const { steps, samples } = batches;
          let done = 0;
          await this.#play(
            name,
            dataset,
            batches,
            options,
            (results, live, weight) => {
              signal?.throwIfAborted();
              done++;
              const nan = tally.add(results, live, weight);
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
    const entry = this.#entry(name);
    const dataset = await this.#resident(options.data);
    try {
      return await this.#exclusive(async () => {
        dataset.order();
        const tally = new Tally(name, entry, 'all');
        const batches = this.#batches(name, dataset, options);
        await this.#play(name, dataset, batches, options, (...step) => void tally.add(...step));
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
    const entry = this.#entry(name);
    checkPresent(name, entry.inputs, (input) => Object.hasOwn(inputs, input));
    const rows = countRows(this.program, inputs);
    return this.#exclusive(async () => {
      const { program } = this;
      this.#batch ??= await Dataset.allocate(
        this.#replayer,
        new Set(program.inputs.map((slot) => slot.name)),
        new Map(program.sizes.map((size) => [size.name, size.max])),
      );
      const live = this.#liveSizes(options.sizes, rows);
      this.#batch.write(inputs);
      const outputs: [string, Output][] = [];
      await this.#play(
        name,
        this.#batch,
        { steps: 1, samples: 1, live: () => live, weight: () => 1 },
        options,
        (results) => {
          for (const slot of entry.outputs) outputs.push([slot.name, outputOf(slot, results, live)]);
        },
      );
      return Object.fromEntries(outputs);
    });
  }

  /** A state's values. @throws SessionError `unknown-state`, `disposed`; DeviceError */
  async read(name: string): Promise<Output> {
    const slot = this.#state(name);
    const words = await this.#exclusive(() => this.#replayer.read([region(slot)]));
    return { shape: slot.shape, data: asElements(slot.dtype, words) };
  }

  /** Gives a state new values. @throws InputError `length`, `type`; SessionError; nothing is written then */
  async write(name: string, values: Values): Promise<void> {
    const { slot, words } = this.#stateWords(name, values);
    await this.#exclusive(async () => this.#upload(slot.arena, slot.offset, words));
  }

  /** Everything that the next step depends on: states, counts of steps, the shuffles' place. */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#exclusive(async () => {
      const words = await this.#replayer.read(this.program.state.map(region));
      const steps = Object.fromEntries(this.#steps);
      return encodeSnapshot(this.program, { seed: this.#seed, steps, shuffles: this.#shuffles, words });
    });
  }

  /** Goes on exactly where `save` was called. @throws FormatError; nothing is changed then */
  async load(saved: Uint8Array): Promise<void> {
    const { seed, steps, shuffles, words } = decodeSnapshot(this.program, saved);
    await this.#exclusive(async () => {
      let at = 0;
      for (const slot of this.program.state) {
        const end = at + elementCount(slot.shape);
        this.#upload(slot.arena, slot.offset, words.subarray(at, end));
        at = end;
      }
      this.#seed = seed;
      this.#shuffles = shuffles;
      this.#steps.clear();
      for (const [name, count] of Object.entries(steps)) this.#steps.set(name, count);
    });
  }

  /** Frees everything, datasets and an own device too; calls that wait or run fail as `disposed`. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const dataset of this.#datasets) dataset.dispose();
    this.#replayer.dispose();
    if (this.#ownsDevice) this.device.destroy();
  }

  /** Waits for the calls before, then works; what fails because the session or its device ended says so. */
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
      if (error instanceof DeviceError) this.#check();
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
    dataset: Dataset,
    batches: Batches,
    options: RunOptions & { readonly stepsPerSubmit?: number },
    take: (results: Uint32Array, live: LiveSizes, samples: number) => void,
    onSubmit?: () => void,
  ): Promise<void> {
    const params = this.#params(options.params);
    const { sizes } = this.program;
    const before = this.#steps.get(name) ?? 0;
    await this.#replayer.play({
      entry: name,
      data: dataset.group,
      steps: batches.steps,
      stepsPerSubmit: options.stepsPerSubmit,
      fill: (i, set) => {
        const live = batches.live(i);
        if (i === 0) for (const [field, word] of dataset.starts) set(field, word);
        for (const size of sizes) {
          const extent = live.get(size.name) ?? size.max;
          set(size.live, extent);
          const start = size.rows === undefined ? undefined : dataset.starts.get(size.rows);
          if (size.rows !== undefined && start !== undefined) {
            set(size.rows, start + i * (batches.live(0).get(size.name) ?? 0));
          }
        }
        const step = before + i + 1;
        this.#steps.set(name, step);
        set('step', step);
        for (const { field, value } of params) {
          if (typeof value === 'function') set(field, value(step));
          else if (i === 0) set(field, value);
        }
      },
      take: (results, first, count, stride) => {
        for (let i = 0; i < count; i++) {
          const own = results.subarray(i * stride, (i + 1) * stride);
          take(own, batches.live(first + i), batches.weight(first + i));
        }
        onSubmit?.();
      },
    });
  }

  /** How the rows of a dataset fall into steps. */
  #batches(name: string, dataset: Dataset, { sizes }: RunOptions): Batches {
    const entry = this.#entry(name);
    dataset.check(name, entry.inputs);
    const live = this.#liveSizes(sizes, new Map());
    const read = this.program.inputs.flatMap((slot) =>
      slot.size !== undefined && entry.inputs.includes(slot.name) ? [slot.size] : [],
    );
    const counts = new Map(read.map((size) => [size, dataset.rows.get(size) ?? 0]));
    const steps = new Map(
      [...counts].map(([size, count]) => [size, Math.ceil(count / (live.get(size) ?? 1))]),
    );
    const [main] = read;
    const most = main === undefined ? 1 : (steps.get(main) ?? 0);
    for (const [size, own] of steps) {
      if (own !== most)
        throw new InputError('length', size, `its rows make ${own} batches, those of ${main} ${most}`);
    }
    const liveAt = (i: number): LiveSizes => {
      if (i > 0 && i < most - 1) return live;
      const cut = [...counts].map(([size, count]): [string, number] => {
        const batch = live.get(size) ?? 0;
        return [size, Math.min(batch, count - i * batch)];
      });
      return new Map([...live, ...cut]);
    };
    const [first, last] = [liveAt(0), liveAt(most - 1)];
    const at = (i: number): LiveSizes => (i === 0 ? first : i === most - 1 ? last : live);
    return {
      steps: most,
      samples: main === undefined ? most : (counts.get(main) ?? 0),
      live: at,
      weight: (i) => (main === undefined ? 1 : (at(i).get(main) ?? 0)),
    };
  }

  /** @throws InputError `unknown`, `range` */
  #liveSizes(given: RunOptions['sizes'], rows: ReadonlyMap<string, number>): Map<string, number> {
    const live = new Map(this.program.sizes.map((size) => [size.name, size.max]));
    for (const [name, extent] of [...Object.entries(given ?? {}), ...rows]) {
      const max = live.get(name);
      if (max === undefined) throw new InputError('unknown', name, 'no such size');
      if (!Number.isInteger(extent) || extent < 1 || extent > max) {
        throw new InputError('range', name, `expected 1 to ${max}, found ${extent}`);
      }
    }
    for (const [name, extent] of [...Object.entries(given ?? {}), ...rows]) live.set(name, extent);
    return live;
  }

  /** @throws InputError `unknown`, `type` */
  #params(given: RunOptions['params'] = {}): { readonly field: string; readonly value: Scalar }[] {
    for (const [name, value] of Object.entries(given)) {
      const slot = this.program.params.find((param) => param.name === name);
      if (slot === undefined) throw new InputError('unknown', name, 'no such run-time scalar');
      if (typeof value !== 'function') valueWords(slot, [value]);
    }
    return this.program.params.map(({ name, field, initial }) => ({ field, value: given[name] ?? initial }));
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
    const known = Object.keys(this.program.entries).join(', ');
    throw new SessionError('unknown-entry', `no entry ${name}; there are ${known}`);
  }

  #state(name: string): StateSlot {
    this.#check();
    const slot = this.program.state.find((state) => state.name === name);
    if (slot) return slot;
    const known = this.program.state.map((state) => state.name).join(', ');
    throw new SessionError('unknown-state', `no state ${name}; there are ${known}`);
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

  #upload(arena: 'state' | 'words', offset: number, words: ArrayBufferView<ArrayBuffer>): void {
    this.device.queue.writeBuffer(this.#replayer.arenas[arena], offset * 4, words);
  }
}

interface Batches {
  readonly steps: number;
  readonly samples: number;
  readonly live: (i: number) => LiveSizes;
  readonly weight: (i: number) => number;
}

function region({ arena, offset, shape }: StateSlot): Region {
  return { arena, offset, words: elementCount(shape) };
}

function lossOf({ scalars }: Totals): number {
  const [first = Number.NaN] = Object.values(scalars);
  return scalars.loss ?? first;
}
