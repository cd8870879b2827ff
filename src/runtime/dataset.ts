import type { Block, Engine, NamedEntry } from './engine.ts';
import { elementCount } from './init.ts';
import { InputError, isWhole, SessionError, slotOf, unfit } from './issues.ts';
import { named } from './options.ts';
import type { InputSlot, ProgramBase } from './program.ts';
import { permutation, rowNumbers } from './random.ts';
import { showDatasets } from './shown.ts';
import { inFours, type Values, valueWords, type Words } from './values.ts';

/** Arrays by input name, each element after element, rows first. */
export type Data = Readonly<Record<string, Values>>;

/** Says which inputs there are. */
type Names = Pick<ReadonlyMap<string, unknown>, 'has' | 'keys'>;

/**
 * Inputs that lie where the program runs: for each bounded size the numbers of its rows in the order in which they are
 * read, then each input. Steps find them through the words of their step block.
 */
export class Dataset {
  /** Rows of each bounded size. */
  readonly rows: ReadonlyMap<string, number>;
  /** The number of samples: rows of the first bounded size, 1 where nothing is read by row. */
  readonly count: number;
  /** @internal */
  readonly inputs: Names;
  /** Step fields and the word in `block` that each holds, for a step that starts at row 0. @internal */
  readonly starts = new Map<string, number>();
  /** @internal */
  readonly block: Block;
  readonly #engine: Engine;
  /** How many rows each order has, by the word in `block` where their numbers start. */
  readonly #orders = new Map<number, number>();
  /** Which shuffle the row numbers are, 0 where they are in order; undefined where it is not known. */
  #shuffle: string | number | undefined;
  #disposed = false;

  private constructor(engine: Engine, { inputs, rows }: Contents) {
    this.#engine = engine;
    this.inputs = inputs;
    this.rows = rows;
    const [samples = 1] = rows.values();
    this.count = samples;
    let words = 0;
    for (const size of engine.program.sizes) {
      const count = rows.get(size.name);
      if (!size.rows || !count) continue;
      this.starts.set(size.rows, words);
      this.#orders.set(words, count);
      // The last batch may start at any row: all the numbers that a step can read lie inside.
      words += inFours(count + size.max);
    }
    for (const slot of engine.program.inputs) {
      if (!inputs.has(slot.name)) continue;
      const elements = rowElements(slot) * (slot.size ? (rows.get(slot.size) ?? 0) : 1);
      this.starts.set(slot.base, words);
      words += inFours(slot.dtype === 'u8' ? elements / 4 : elements);
    }
    this.block = engine.allocate(words);
  }

  /**
   * Room for the named inputs with so many rows of each size, and `pieces` in it; row numbers are in order. Everything
   * is read and written before it first waits.
   *
   * @throws DeviceError `limit`, `memory`, `validation`; InputError `type`, `range`
   * @internal
   */
  static async allocate(engine: Engine, contents: Contents, pieces: Iterable<Piece> = []): Promise<Dataset> {
    let made: Dataset | undefined;
    try {
      return await engine.upload('the dataset', () => {
        made = new Dataset(engine, contents);
        made.order();
        made.write(pieces);
        return made;
      });
    } catch (error) {
      made?.dispose();
      throw error;
    }
  }

  /**
   * Puts the rows in the order of the `draw`th shuffle of a seed, counted from 1, or in order for 0; as part of an upload.
   *
   * @internal
   */
  order(seed = 0, draw = 0): void {
    const shuffle = draw && `${seed} ${draw}`;
    if (shuffle === this.#shuffle) return;
    this.#shuffle = shuffle;
    for (const [start, count] of this.#orders)
      this.block.write(start, draw ? permutation(seed, draw - 1, count) : rowNumbers(count));
  }

  /** Takes no order for granted: the upload of the last may have been refused. @internal */
  forgetOrder(): void {
    this.#shuffle = undefined;
  }

  /** Writes pieces, as part of an upload. @internal */
  write(pieces: Iterable<Piece>): void {
    for (const [base, at, words] of pieces) {
      const start = this.starts.get(base);
      if (start !== undefined) this.block.write(start + at, words);
    }
  }

  /**
   * @throws SessionError `disposed`, `other-session`; InputError `missing` where an entry reads what is not there
   * @internal
   */
  check(engine: Engine, entry: NamedEntry): void {
    if (this.#disposed) throw new SessionError('disposed', 'the dataset is disposed');
    if (this.#engine !== engine) throw new SessionError('other-session', 'the dataset is of another session');
    checkPresent(entry, this.inputs);
  }

  /** Whether it was disposed of. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** Frees its memory; a step that was submitted before still runs. */
  dispose(): void {
    this.#disposed = true;
    this.block.dispose();
  }
}

showDatasets(Dataset);

/** Elements of a row; of the whole input where it is not read by row. */
function rowElements({ shape, size }: InputSlot): number {
  return elementCount(size ? shape.slice(1) : shape);
}

/** @throws InputError `missing` */
export function checkPresent({ name, inputs }: NamedEntry, given: Names): void {
  for (const input of inputs)
    if (!given.has(input)) throw new InputError('missing', input, `${name} reads this input: give an array`);
}

/** What a dataset holds: which inputs, and how many rows of each bounded size. */
interface Contents {
  readonly inputs: Names;
  readonly rows: ReadonlyMap<string, number>;
}

/** Arrays that were given, each read once: what a getter says later does not count. */
export interface Arrays extends Contents {
  readonly inputs: ReadonlyMap<string, readonly [slot: InputSlot, values: Values, length: number]>;
  /** Copies of the values, made one after the other as they are asked for. @throws InputError `type`, `range` */
  readonly pieces: () => Iterable<Piece>;
}

/** A part of an input's values: the input's base, and the word of it where it starts. */
export type Piece = readonly [base: string, at: number, words: Words];

/** Elements of a piece: large datasets are converted without a second copy of them as a whole. A multiple of four. */
const PIECE = 2 ** 18;

/**
 * Looks at arrays: which inputs they are for, and how many rows of each bounded size they hold.
 *
 * @throws InputError `unknown`, `type`, `length`: a name that is no input, something that is no array, or
 *   arrays that hold no whole number of rows or not equally many
 */
export function takeArrays(program: ProgramBase, data: Data): Arrays {
  const rows = new Map<string, number>();
  const inputs = new Map<string, readonly [slot: InputSlot, values: Values, length: number]>();
  for (const [name, values] of Object.entries(named('data', data))) {
    const slot = slotOf('input', program.inputs, name);
    const length = values?.length;
    if (!Number.isInteger(length)) unfit('type', name, 'an array', values);
    inputs.set(name, [slot, values, length]);
    const row = rowElements(slot);
    if (!slot.size) {
      if (length !== row) unfit('length', name, `${row} elements`, length);
      continue;
    }
    // Rows of no elements may be any number.
    if (row + length === 0) continue;
    const count = length / row;
    const known = rows.get(slot.size) ?? count;
    if (!isWhole(count, 1, Infinity)) unfit('length', name, `one or more rows of ${row} elements`, length);
    if (known !== count) unfit('length', name, `${known} rows, as other inputs of ${slot.size}`, count);
    rows.set(slot.size, count);
  }
  return {
    inputs,
    rows,
    *pieces() {
      for (const [slot, values, length] of inputs.values()) {
        for (let i = 0; i < length; i += PIECE) {
          const words = valueWords(slot, values, i, Math.min(PIECE, length - i));
          yield [slot.base, slot.dtype === 'u8' ? i / 4 : i, words];
        }
      }
    },
  };
}

/**
 * Requires lists to be as long as they were when they were taken. Their numbers were copied then; but who has made one
 * longer or shorter since, before the call's turn came, meant one of the two, and it is not ours to say which.
 *
 * @throws InputError `length`
 */
export function checkLengths({ inputs }: Arrays): void {
  for (const [{ name }, values, length] of inputs.values())
    if (Array.isArray(values) && values.length !== length)
      unfit('length', name, `${length} elements`, values.length);
}
