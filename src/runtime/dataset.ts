import type { Block, Engine } from './engine.ts';
import { elementCount } from './init.ts';
import { InputError, SessionError, unknown } from './issues.ts';
import type { InputSlot, ProgramBase } from './program.ts';
import { permutation, rowNumbers } from './random.ts';
import { type Values, valueWords } from './values.ts';

/** Arrays by input name, each element after element, rows first. */
export type Data = Readonly<Record<string, Values>>;

/**
 * Inputs that lie where the program runs: for each bounded size the numbers of its rows in the order in which they are
 * read, then each input. Steps find them through the words of their step block.
 */
export class Dataset {
  /** Rows of each bounded size. */
  readonly rows: ReadonlyMap<string, number>;
  /** @internal */
  readonly inputs: ReadonlySet<string>;
  /** Step fields and the word in `block` that each holds, for a step that starts at row 0. @internal */
  readonly starts: ReadonlyMap<string, number>;
  /** @internal */
  readonly block: Block;
  readonly #engine: Engine;
  readonly #orders: readonly Order[];
  #disposed = false;

  private constructor(engine: Engine, inputs: ReadonlySet<string>, layout: Layout, block: Block) {
    this.#engine = engine;
    this.#orders = layout.orders;
    this.inputs = inputs;
    this.rows = layout.rows;
    this.starts = layout.starts;
    this.block = block;
  }

  /**
   * Room for the named inputs with so many rows of each size, and `data` in it; row numbers are in order.
   *
   * @throws DeviceError `limit`, `memory`; InputError `type`, `range`
   * @internal
   */
  static async allocate(
    engine: Engine,
    inputs: ReadonlySet<string>,
    rows: ReadonlyMap<string, number>,
    data: Data = {},
  ): Promise<Dataset> {
    const layout = layOut(engine.program, inputs, rows);
    const block = await engine.allocate(layout.words);
    try {
      const dataset = new Dataset(engine, inputs, layout, block);
      dataset.order();
      dataset.write(data);
      return dataset;
    } catch (error) {
      block.dispose();
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

  /** Puts the rows in order, or in the order of the `draw`th shuffle of a seed. @internal */
  order(seed = 0, draw?: number): void {
    for (const order of this.#orders) {
      if (order.draw === draw && order.seed === seed) continue;
      const { count, capacity } = order;
      const numbers =
        draw === undefined ? rowNumbers(count, capacity) : permutation(seed, draw, count, capacity);
      this.block.write(order.start, numbers);
      order.draw = draw;
      order.seed = seed;
    }
  }

  /**
   * Uploads checked arrays.
   *
   * @throws InputError `type`, `range`, before anything is written
   * @internal
   */
  write(data: Data): void {
    const writes = this.#engine.program.inputs.flatMap((slot) => {
      const values = Object.hasOwn(data, slot.name) ? data[slot.name] : undefined;
      const start = this.starts.get(slot.base);
      if (!values || start === undefined) return [];
      return [{ start, bytes: valueWords(slot, values) }];
    });
    for (const { start, bytes } of writes) this.block.write(start, bytes);
  }

  /**
   * @throws SessionError `disposed`, `other-session`; InputError `missing` where an entry reads what is not there
   * @internal
   */
  check(engine: Engine, entry: string, inputs: readonly string[]): void {
    if (this.#disposed) throw new SessionError('disposed', 'the dataset is disposed');
    if (this.#engine !== engine) throw new SessionError('other-session', 'the dataset is of another session');
    checkPresent(entry, inputs, (name) => this.inputs.has(name));
  }

  /** Frees its memory; a step that was submitted before still runs. */
  dispose(): void {
    this.#disposed = true;
    this.block.dispose();
  }
}

interface Order {
  readonly start: number;
  readonly count: number;
  readonly capacity: number;
  draw: number | undefined | null;
  seed: number;
}

interface Layout {
  readonly words: number;
  readonly rows: ReadonlyMap<string, number>;
  readonly starts: ReadonlyMap<string, number>;
  readonly orders: readonly Order[];
}

function layOut(
  program: ProgramBase,
  inputs: ReadonlySet<string>,
  rows: ReadonlyMap<string, number>,
): Layout {
  const starts = new Map<string, number>();
  const orders: Order[] = [];
  let words = 0;
  for (const size of program.sizes) {
    const count = rows.get(size.name);
    if (size.rows === undefined || count === undefined) continue;
    // The last batch may start at any row: all the numbers that a step can read lie inside.
    const capacity = aligned(count + size.max);
    starts.set(size.rows, words);
    orders.push({ start: words, count, capacity, draw: null, seed: 0 });
    words += capacity;
  }
  for (const slot of program.inputs) {
    if (!inputs.has(slot.name)) continue;
    const elements = rowElements(slot) * (slot.size ? (rows.get(slot.size) ?? 0) : 1);
    starts.set(slot.base, words);
    words += aligned(slot.dtype === 'u8' ? Math.ceil(elements / 4) : elements);
  }
  return { words, rows, starts, orders };
}

function aligned(words: number): number {
  return Math.ceil(words / 4) * 4;
}

/** Elements of a row; of the whole input where it is not read by row. */
function rowElements({ shape, size }: InputSlot): number {
  return elementCount(size ? shape.slice(1) : shape);
}

/** @throws InputError `missing` */
export function checkPresent(entry: string, inputs: readonly string[], has: (name: string) => boolean): void {
  const missing = inputs.find((name) => !has(name));
  if (missing !== undefined) {
    throw new InputError('missing', missing, `${entry} reads this input: give it, as an array`);
  }
}

/**
 * How many rows of each bounded size the arrays hold.
 *
 * @throws InputError `unknown`, `type`, `length`: a name that is no input, something that is no array, or
 *   arrays that hold no whole number of rows or not equally many
 */
export function countRows(program: ProgramBase, data: Data): Map<string, number> {
  const rows = new Map<string, number>();
  for (const [name, values] of Object.entries(data)) {
    const slot = program.inputs.find((input) => input.name === name);
    if (!slot) throw new InputError('unknown', name, unknown('input', program.inputs));
    if (!Number.isInteger(values?.length)) throw new InputError('type', name, 'expected an array');
    const { length } = values;
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
  return rows;
}
