import { clipped, listed } from '../runtime/clipped.ts';
import { InputError, type InputErrorCode, unfit } from '../runtime/issues.ts';

/** The typed arrays of numbers, by their names. */
export const kinds = {
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
} as const;

type Kind = keyof typeof kinds;

/** A typed array of numbers. */
export type NumberArray = InstanceType<(typeof kinds)[Kind]>;

/** One row of each input, by its name: its elements, or its only one. */
export type Sample = Readonly<Record<string, number | ArrayLike<number>>>;

/** A type of samples: each of its properties is a row of an input. */
export type SampleOf<Row> = { readonly [Name in keyof Row]: number | ArrayLike<number> };

/** What samples are put together to: for each input the elements of its rows, in an array of the samples' type. */
export type Batch<Row> = {
  readonly [Name in keyof Row]: Row[Name] extends NumberArray ? Row[Name] : Float64Array<ArrayBuffer>;
};

/** A batch of whatever samples. */
export type AnyBatch = Readonly<Record<string, NumberArray>>;

/** How the rows of an input lie in a batch. */
interface Column {
  /** What its rows are: a typed array, a plain one, or a single number. */
  readonly kind: Kind | 'numbers' | 'number';
  /** Elements of a row. */
  readonly width: number;
  /** Rows of the batch that is being made; undefined before its first. */
  array: NumberArray | undefined;
}

/** Puts samples together to batches; all have to be as the first was. */
export class BatchBuilder {
  readonly #size: number;
  readonly #columns = new Map<string, Column>();
  /** Samples that were taken, and how many of them are in the batch that is being made. */
  #position = 0;
  #rows = 0;

  /** @param size samples of a batch */
  constructor(size: number) {
    this.#size = size;
  }

  /**
   * Takes a sample.
   *
   * @returns the batch that it fills, undefined where there is room left
   * @throws InputError `type`, `length`, `missing`, `unknown` for what is unlike the first sample, with its position
   */
  add(sample: Sample): AnyBatch | undefined {
    const position = this.#position;
    if (Object(sample) !== sample) unfit('type', `element ${position}`, 'arrays or numbers by name', sample);
    let count = 0;
    for (const name of Object.keys(sample)) {
      const row = sample[name];
      const column = this.#columns.get(name) ?? this.#declare(name, row);
      this.#take(name, column, row);
      count++;
    }
    if (count < this.#columns.size) {
      const missing = [...this.#columns.keys()].find((name) => !Object.hasOwn(sample, name)) ?? '';
      throw this.#unlike('missing', missing, 'it has none');
    }
    this.#position++;
    return ++this.#rows === this.#size ? this.rest() : undefined;
  }

  /** The batch of the samples that are left, shorter than others; undefined where there are none. */
  rest(): AnyBatch | undefined {
    if (this.#rows === 0) return undefined;
    const arrays = [...this.#columns].map(([name, column]): [string, NumberArray] => {
      const full = column.array ?? new Float64Array();
      // Who has a batch keeps it: the next one has arrays of its own.
      column.array = undefined;
      return [name, full.subarray(0, this.#rows * column.width)];
    });
    this.#rows = 0;
    return Object.fromEntries(arrays);
  }

  #declare(name: string, row: unknown): Column {
    if (this.#position > 0) {
      const names = [...this.#columns.keys()].map(clipped);
      throw this.#unlike('unknown', name, `there are ${listed(names)}`);
    }
    const kind = kindOf(row);
    if (kind === undefined) unfit('type', name, 'a number or an array of numbers in element 0', row);
    const column: Column = { kind, width: isArrayLike(row) ? row.length : 1, array: undefined };
    this.#columns.set(name, column);
    return column;
  }

  #take(name: string, column: Column, row: unknown): void {
    const { kind, width } = column;
    const isTyped = kind !== 'number' && kind !== 'numbers';
    column.array ??= new (isTyped ? kinds[kind] : Float64Array)(this.#size * width);
    const { array } = column;
    const start = this.#rows * width;
    if (isTyped) {
      // One look for each row: to find out of which type it is would take longer than to copy it.
      if (!(row instanceof kinds[kind])) throw this.#ofAnotherType(name, column, row);
      if (row.length !== width) throw this.#ofAnotherLength(name, column, row);
      array.set(row, start);
      return;
    }
    if (kindOf(row) !== kind) throw this.#ofAnotherType(name, column, row);
    if (typeof row === 'number') array[start] = row;
    if (!isArrayLike(row)) return;
    if (row.length !== width) throw this.#ofAnotherLength(name, column, row);
    for (let i = 0; i < width; i++) {
      const value = row[i];
      if (typeof value !== 'number') unfit('type', name, `numbers in element ${this.#position}`, value, i);
      array[start + i] = value;
    }
  }

  #ofAnotherType(name: string, { kind }: Column, row: unknown): InputError {
    return this.#unlike('type', name, `it is of ${kindOf(row) ?? typeof row}, that of ${kind}`);
  }

  #ofAnotherLength(name: string, { width }: Column, { length }: ArrayLike<unknown>): InputError {
    return this.#unlike('length', name, `it has ${length} elements, that ${width}`);
  }

  #unlike(code: InputErrorCode, name: string, text: string): InputError {
    return new InputError(code, name, `element ${this.#position} is not like the first one: ${text}`);
  }
}

function kindOf(row: unknown): Column['kind'] | undefined {
  if (typeof row === 'number') return 'number';
  if (isNumberArray(row)) return kindNames.find((name) => row instanceof kinds[name]);
  return isArrayLike(row) && !ArrayBuffer.isView(row) ? 'numbers' : undefined;
}

const kindNames: readonly Kind[] = [
  'Float32Array',
  'Float64Array',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
];

function isNumberArray(row: unknown): row is NumberArray {
  return kindNames.some((name) => row instanceof kinds[name]);
}

function isArrayLike(row: unknown): row is ArrayLike<unknown> {
  return typeof row === 'object' && row !== null && 'length' in row && Number.isInteger(row.length);
}

/**
 * Batches of so many samples.
 *
 * @param partial whether a last batch with fewer is given too
 */
export async function* batched(
  source: Iterable<Sample> | AsyncIterable<Sample>,
  size: number,
  partial: boolean,
): AsyncGenerator<AnyBatch> {
  const builder = new BatchBuilder(size);
  // Samples that are there at once are taken without a promise for each: it would take longer than to copy them.
  if (Symbol.iterator in source) {
    for (const sample of source) {
      const full = builder.add(sample);
      if (full) yield full;
    }
  } else {
    for await (const sample of source) {
      const full = builder.add(sample);
      if (full) yield full;
    }
  }
  const rest = partial ? builder.rest() : undefined;
  if (rest) yield rest;
}
