import type { Block, Engine } from './engine.ts';
import { elementCount, inFours } from './init.ts';
import { InputError, SessionError, slotOf } from './issues.ts';
import { named } from './options.ts';
import type { InputSlot, ProgramBase } from './program.ts';
import { permutation, rowNumbers } from './random.ts';
import { showDatasets } from './shown.ts';
import { type Values, valueWords, type Words } from './values.ts';

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
  /** @internal */
  readonly inputs: Names;
  /** Step fields and the word in `block` that each holds, for a step that starts at row 0. @internal */
  readonly starts = new Map<string, number>();
  /** @internal */
  readonly block: Block;
  readonly #engine: Engine;
  readonly #orders: Order[] = [];
  /** Which shuffle the row numbers are; empty where it is not known. */
  #shuffle = '';
  #disposed = false;

  private constructor(engine: Engine, inputs: Names, rows: ReadonlyMap<string, number>) {
    this.#engine = engine;
    this.inputs = inputs;
    this.rows = rows;
    let words = 0;
    for (const size of engine.program.sizes) {
      const count = rows.get(size.name);
      if (size.rows === undefined || count === undefined) continue;
      // The last batch may start at any row: all the numbers that a step can read lie inside.
      const capacity = inFours(count + size.max);
      this.starts.set(size.rows, words);
      this.#orders.push({ start: words, count, capacity });
      words += capacity;
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
  static async allocate(
    engine: Engine,
    inputs: Names,
    rows: ReadonlyMap<string, number>,
    pieces: Iterable<Piece> = [],
  ): Promise<Dataset> {
    let made: Dataset | undefined;
    try {
      return await engine.upload('the dataset', () => {
        const dataset = new Dataset(engine, inputs, rows);
        made = dataset;
        dataset.order();
        dataset.write(pieces);
        return dataset;
      });
    } catch (error) {
      made?.dispose();
      throw error;
    }
  }

  /**
   * The number of samples: rows of the first bounded size, 1 where nothing is read by row.
   */
  get count(): number {
    const [first = 1] = this.rows.values();
    return first;
  }

  /** Puts the rows in order, or in the order of the `draw`th shuffle of a seed, as part of an upload. @internal */
  order(seed = 0, draw?: number): void {
    const shuffle = `${seed} ${draw}`;
    if (shuffle === this.#shuffle) return;
    this.#shuffle = shuffle;
    for (const { start, count, capacity } of this.#orders) {
      const numbers =
        draw === undefined ? rowNumbers(count, capacity) : permutation(seed, draw, count, capacity);
      this.block.write(start, numbers);
    }
  }

  /** Takes no order for granted: the upload of the last may have been refused. @internal */
  forgetOrder(): void {
    this.#shuffle = '';
  }

  /** Writes pieces, as part of an upload. @internal */
  write(pieces: Iterable<Piece>): void {
    for (const { base, at, words } of pieces) {
      const start = this.starts.get(base);
      if (start !== undefined) this.block.write(start + at, words);
    }
  }

  /**
   * @throws SessionError `disposed`, `other-session`; InputError `missing` where an entry reads what is not there
   * @internal
   */
  check(engine: Engine, entry: string, inputs: readonly string[]): void {
    if (this.#disposed) throw new SessionError('disposed', 'the dataset is disposed');
    if (this.#engine !== engine) throw new SessionError('other-session', 'the dataset is of another session');
    checkPresent(entry, inputs, this.inputs);
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

/** Where the row numbers of a size lie, how many there are, and room for how many. */
interface Order {
  readonly start: number;
  readonly count: number;
  readonly capacity: number;
}

/** Elements of a row; of the whole input where it is not read by row. */
function rowElements({ shape, size }: InputSlot): number {
  return elementCount(size ? shape.slice(1) : shape);
}

/** @throws InputError `missing` */
export function checkPresent(entry: string, inputs: readonly string[], given: Names): void {
  const missing = inputs.find((name) => !given.has(name));
  if (missing !== undefined) {
    throw new InputError('missing', missing, `${entry} reads this input: give it, as an array`);
  }
}

/** Arrays that were given, each read once: what a getter says later does not count. */
export interface Arrays {
  readonly inputs: Names;
  /** Rows of each bounded size. */
  readonly rows: ReadonlyMap<string, number>;
  /** Copies of the values, made one after the other as they are asked for. @throws InputError `type`, `range` */
  readonly pieces: () => Iterable<Piece>;
}

/** A part of an input's values. */
export interface Piece {
  /** The input's. */
  readonly base: string;
  /** The word of the input that it starts at. */
  readonly at: number;
  readonly words: Words;
}

/** Elements of a piece: large datasets are converted without a second copy of them as a whole. A multiple of four. */
const PIECE = 1 << 18;

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
    if (!Number.isInteger(length)) throw new InputError('type', name, 'expected an array');
    inputs.set(name, [slot, values, length]);
    const row = rowElements(slot);
    if (!slot.size) {
      if (length !== row) throw new InputError('length', name, `expected ${row} elements, found ${length}`);
      continue;
    }
    const known = rows.get(slot.size);
    const count = row === 0 ? known : length / row;
    if (count === undefined) continue;
    if (!Number.isInteger(count) || (row === 0 && length > 0))
      throw new InputError('length', name, `expected rows of ${row} elements, found ${length} elements`);
    if (count === 0) throw new InputError('length', name, 'expected at least one row, found none');
    if (known !== undefined && known !== count) {
      throw new InputError(
        'length',
        name,
        `expected ${known} rows, as other inputs of ${slot.size}; found ${count}`,
      );
    }
    rows.set(slot.size, count);
  }
  return {
    inputs,
    rows,
    *pieces() {
      for (const [slot, values, length] of inputs.values()) {
        for (let i = 0; i < length; i += PIECE) {
          const words = valueWords(slot, values, i, Math.min(PIECE, length - i));
          yield { base: slot.base, at: slot.dtype === 'u8' ? i / 4 : i, words };
        }
      }
    },
  };
}
