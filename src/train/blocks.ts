import { takeArrays } from '../runtime/dataset.ts';
import type { Data, InputSlot, ProgramBase, Values } from '../runtime/index.ts';
import { InputError, reasonOf } from '../runtime/issues.ts';
import { valueTypes, valueWords } from '../runtime/values.ts';
import type { OpenEpoch } from './batches.ts';
import { FeedError } from './issues.ts';

/** Batches of a stream that go to the device together. */
export interface Block {
  /** Batches of the epoch before it. */
  readonly first: number;
  /** How many it has. */
  readonly batches: number;
  /** Of all of them, one after the other; the next block is written over it. */
  readonly data: Data;
  /** Rows of a whole batch, of each bounded size that tells. */
  readonly rows: Readonly<Record<string, number>>;
}

/**
 * Bytes of a block, unless one batch has more: two of them lie on the device, so that one trains while the next comes.
 * A third of a second of a perceptron's training on two cores, and far less than any device has (assumed).
 */
export const BLOCK_BYTES = 2 ** 24;

/**
 * Batches of a block at most: a stream that takes long for each is told of now and then, and what a call of `train` costs
 * by itself is small beside so many steps (assumed).
 */
const MOST_BATCHES = 64;

/** The values of an input. */
interface Column {
  readonly array: Float32Array | Int32Array | Uint32Array | Uint8Array;
  filled: number;
}

/** One batch, looked at. */
interface Batch {
  readonly arrays: ReadonlyMap<string, readonly [slot: InputSlot, values: Values]>;
  readonly rows: ReadonlyMap<string, number>;
  /** Whether it has fewer rows than the first of the epoch. */
  readonly isShort: boolean;
}

/**
 * The batches of one epoch of a stream, in blocks. A batch with fewer rows than the first ends its block, since steps over rows
 * that lie one after the other can only be short at the end. Which batches a block has depends on its place and on the sizes of
 * batches alone, so that an epoch that is gone on with is cut as it was before.
 */
export class BlockReader {
  readonly #program: ProgramBase;
  readonly #epoch: number;
  readonly #mayBeSamples: boolean;
  readonly #batches: AsyncIterator<Data> | Iterator<Data>;
  /**
   * The values of a block's batches one after the other, in the same arrays for all blocks: a batch is copied as it comes, so that
   * nothing of a stream of gigabytes lives long enough to wait for a collection of all garbage.
   */
  readonly #columns = new Map<string, Column>();
  #read = 0;
  #model: Batch | undefined;
  #reading = false;
  #done = false;

  /** @throws FeedError `failed` where the stream does not open */
  constructor(program: ProgramBase, epoch: number, open: OpenEpoch) {
    this.#program = program;
    this.#epoch = epoch;
    this.#mayBeSamples = open.mayBeSamples === true;
    try {
      this.#batches = open(epoch);
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  /**
   * Reads batches that were trained before. Their values are not looked at.
   *
   * @param count to leave out
   * @throws FeedError `failed`, `short`, `batch`, `shape`
   */
  async skip(count: number): Promise<void> {
    while (this.#read < count) {
      const at = this.#read + 1;
      if ((await this.#next()) === undefined)
        throw new FeedError(
          'short',
          this.#epoch,
          at,
          `it ends here, where ${count} batches were trained before`,
        );
    }
  }

  /**
   * The next block; undefined at the end.
   *
   * @throws FeedError; no batch of the block counts then
   */
  async next(): Promise<Block | undefined> {
    const first = this.#read;
    let model: Batch | undefined;
    let batches = 0;
    // Blocks grow, so that the first steps are soon told of.
    let most = Math.min(first + 1, MOST_BATCHES);
    while (batches < most) {
      const batch = await this.#next();
      if (batch === undefined) break;
      if (model === undefined) {
        model = batch;
        most = Math.min(most, this.#capacity());
        this.#begin(batch, most);
      }
      this.#append(batch, first + ++batches);
      if (batch.isShort) break;
    }
    if (model === undefined) {
      if (first === 0) throw new FeedError('empty', this.#epoch, 1, EMPTY);
      return undefined;
    }
    const data = Object.fromEntries(
      Array.from(this.#columns, ([name, { array, filled }]) => [name, array.subarray(0, filled)]),
    );
    return { first, batches, data, rows: Object.fromEntries(this.#model?.rows ?? model.rows) };
  }

  /** Closes the stream; does not wait where a batch is being read. */
  async close(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    const closing = (async () => this.#batches.return?.())();
    // A generator closes once it has given what it was asked for: it may never do that.
    if (this.#reading) closing.catch(() => {});
    else await closing;
  }

  /** Batches of a block, by the bytes of the first batch; one where an input is not read by row. */
  #capacity(): number {
    let bytes = 1;
    for (const [slot, values] of this.#model?.arrays.values() ?? []) {
      if (slot.size === undefined) return 1;
      bytes += values.length * (slot.dtype === 'u8' ? 1 : 4);
    }
    return Math.max(1, Math.floor(BLOCK_BYTES / bytes));
  }

  async #next(): Promise<Batch | undefined> {
    if (this.#done) return undefined;
    const at = this.#read + 1;
    let result: IteratorResult<Data>;
    this.#reading = true;
    try {
      result = await this.#batches.next();
    } catch (cause) {
      // What throws is over: it is not closed.
      this.#done = true;
      throw this.#failed(cause);
    } finally {
      this.#reading = false;
    }
    if (result.done) {
      this.#done = true;
      return undefined;
    }
    const batch = this.#looked(result.value, at);
    this.#read = at;
    return batch;
  }

  /** @throws FeedError `batch`, `shape` */
  #looked(data: Data, at: number): Batch {
    const { inputs, rows } = this.#blamed(at, () => takeArrays(this.#program, data));
    const arrays = new Map([...inputs].map(([name, [slot, values]]) => [name, [slot, values] as const]));
    this.#model ??= { arrays, rows, isShort: false };
    const model = this.#model;
    if (at === 1 && this.#mayBeSamples) this.#requireBatch(rows);
    const names = [...model.arrays.keys()].sort().join(', ');
    const found = [...arrays.keys()].sort().join(', ');
    let isShort = false;
    const refuse = (text: string): never => {
      throw new FeedError('shape', this.#epoch, at, text);
    };
    if (found !== names) refuse(`expected ${names}, as in the first batch, found ${found}`);
    for (const { name, max } of this.#program.sizes) {
      const count = rows.get(name);
      const whole = model.rows.get(name);
      if (count === undefined || whole === undefined) continue;
      if (count > max) refuse(`has ${count} rows, and ${name} ${max} at most`);
      if (count > whole)
        refuse(`has ${count} rows, and the first batch ${whole}: later ones may have fewer, not more`);
      isShort ||= count < whole;
    }
    return { arrays, rows, isShort };
  }

  /** @throws FeedError `batch` for what is a single sample where batches have more */
  #requireBatch(rows: ReadonlyMap<string, number>): void {
    const sizes = this.#program.sizes.filter(({ name }) => rows.has(name));
    const [size] = sizes;
    if (size === undefined || sizes.some(({ name, max }) => max === 1 || rows.get(name) !== 1)) return;
    const text = `it is a single sample, and ${size.name} takes ${size.max}: make batches of the stream, .batch(${size.max}); .batch(1), if one row each is meant`;
    throw new FeedError('batch', this.#epoch, 1, text);
  }

  /** Makes room for so many batches like one, in the arrays of the block before where they are long enough. */
  #begin({ arrays }: Batch, batches: number): void {
    for (const [name, [slot, values]] of arrays) {
      const length = values.length * batches;
      const before = this.#columns.get(name);
      if (before && before.array.length >= length) before.filled = 0;
      else this.#columns.set(name, { array: new valueTypes[slot.dtype][0](length), filled: 0 });
    }
  }

  /** Puts a batch behind those of the block. @throws FeedError `batch` for a value that does not fit */
  #append({ arrays }: Batch, at: number): void {
    for (const [name, [slot, values]] of arrays) {
      const column = this.#columns.get(name);
      if (column === undefined) throw new RangeError(`there is no room for ${name}`);
      if (isAsStored(slot, values)) column.array.set(values, column.filled);
      else {
        const words = this.#blamed(at, () => valueWords(slot, values));
        // Bytes are made up to whole words.
        column.array.set(words.subarray(0, values.length), column.filled);
      }
      column.filled += values.length;
    }
  }

  #blamed<T>(at: number, work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (!(cause instanceof InputError)) throw cause;
      throw new FeedError('batch', this.#epoch, at, cause.message, { cause });
    }
  }

  #failed(cause: unknown): FeedError {
    const text = `the stream failed: ${reasonOf(cause)}`;
    return new FeedError('failed', this.#epoch, this.#read + 1, text, { cause });
  }
}

const EMPTY =
  'there is none: an iterable that can be walked through once serves one epoch; give a function, (epoch) => batches';

/** Whether values need neither a look at each nor another type. */
function isAsStored({ dtype, range }: InputSlot, values: Values): values is Values & ArrayBufferView {
  return dtype !== 'bool' && range === undefined && values instanceof valueTypes[dtype][0];
}
