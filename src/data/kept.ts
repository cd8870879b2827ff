import { kinds, type NumberArray } from './batch.ts';

/**
 * Bytes of a sample at most that is kept by its values. Objects of a small one take as much memory as its values, or more; to
 * copy a larger one is not worth it (assumed).
 */
const SMALL_BYTES = 2 ** 12;

/** Bytes that are allocated at a time: as much at most is there for nothing (assumed). */
const BLOCK_BYTES = 2 ** 18;

/** Of an array exactly of these: what is derived from one, as a `Buffer` is, is kept itself. */
type Kind = (typeof kinds)[keyof typeof kinds];

const all: readonly Kind[] = Object.values(kinds);

/** The values of all samples under one name. */
interface Column {
  readonly name: string;
  /** What holds them: of plain numbers, a Float64Array. */
  readonly kind: Kind;
  /** Elements of a sample's array; undefined for plain numbers. */
  readonly length: number | undefined;
  /** Samples of a block. */
  readonly samples: number;
  readonly blocks: NumberArray[];
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Elements that are kept for a while, at numbered places. Small samples (plain objects of numbers and typed arrays, each as the
 * first) are kept by their values, in few large arrays, and who takes one gets a copy; any other element is kept itself. Ten
 * thousand digits in a buffer that shuffles are 8 MB of values. As objects they live long enough for V8 to make more room for
 * young objects, and cost the process 85 MB (Node 20, `process.resourceUsage().maxRSS` with and without).
 */
export class Kept<Element> {
  readonly #most: number;
  /** What the first element has; none where it is not a small sample. */
  #columns: readonly Column[] | undefined;
  // In boxes, as an element may be anything.
  readonly #others = new Map<number, { readonly element: Element }>();

  /** @param most how many places there are */
  constructor(most: number) {
    this.#most = most;
  }

  /** Puts an element at a place, counted from 0, which is free. */
  put(at: number, element: Element): void {
    this.#columns ??= columnsOf(element, this.#most);
    if (isLike(this.#columns, element)) write(this.#columns, at, element);
    else this.#others.set(at, { element });
  }

  /** Takes the element that was put at a place. */
  take(at: number): Element {
    const other = this.#others.get(at);
    // What is read has the names, types and values of what was put.
    if (other === undefined) return read(this.#columns ?? [], at) as Element;
    this.#others.delete(at);
    return other.element;
  }
}

function columnsOf(element: unknown, most: number): readonly Column[] {
  if (!isPlain(element)) return [];
  const columns: Column[] = [];
  let bytes = 0;
  for (const [name, value] of Object.entries(element)) {
    const kind = typeof value === 'number' ? Float64Array : all.find((one) => isExactly(one, value));
    if (kind === undefined) return [];
    const length = lengthOf(value);
    const size = (length ?? 1) * kind.BYTES_PER_ELEMENT;
    const samples = Math.min(most, Math.max(1, Math.floor(BLOCK_BYTES / Math.max(1, size))));
    columns.push({ name, kind, length, samples, blocks: [] });
    bytes += size;
  }
  return bytes <= SMALL_BYTES ? columns : [];
}

/** Whether an element has what columns hold, and nothing else. */
function isLike(columns: readonly Column[], element: unknown): element is Fields {
  if (columns.length === 0 || !isPlain(element)) return false;
  if (Reflect.ownKeys(element).length !== columns.length) return false;
  return columns.every(({ name, kind, length }) => {
    const value = element[name];
    if (length === undefined) return typeof value === 'number';
    return isExactly(kind, value) && lengthOf(value) === length;
  });
}

function isPlain(value: unknown): value is Fields {
  return value instanceof Object && Object.getPrototypeOf(value) === Object.prototype;
}

function isExactly(kind: Kind, value: unknown): value is NumberArray {
  return value instanceof kind && Object.getPrototypeOf(value) === kind.prototype;
}

function lengthOf(value: unknown): number | undefined {
  return ArrayBuffer.isView(value) && 'length' in value ? Number(value.length) : undefined;
}

function write(columns: readonly Column[], at: number, sample: Fields): void {
  for (const { name, kind, length = 1, samples, blocks } of columns) {
    const block = Math.floor(at / samples);
    const start = (at % samples) * length;
    const value = sample[name];
    const values = blocks[block] ?? new kind(samples * length);
    blocks[block] = values;
    if (typeof value === 'number') values[start] = value;
    else if (isExactly(kind, value)) values.set(value, start);
  }
}

function read(columns: readonly Column[], at: number): Fields {
  const fields = columns.map(({ name, length, samples, blocks }): [string, unknown] => {
    const block = blocks[Math.floor(at / samples)];
    const start = (at % samples) * (length ?? 1);
    return [name, length === undefined ? block?.[start] : block?.slice(start, start + length)];
  });
  return Object.fromEntries(fields);
}
