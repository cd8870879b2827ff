import { InputError, isWhole, unfit } from '../runtime/issues.ts';
import { permutation } from '../runtime/random.ts';
import { ahead, MOST_AHEAD } from './ahead.ts';
import { type Batch, batched, type NumberArray, type SampleOf } from './batch.ts';
import { checkCount, checkOptions, placed } from './issues.ts';
import {
  applied,
  chosen,
  filtered,
  isHeldOut,
  iteratorOf,
  mapped,
  repeated,
  type Source,
  shuffled,
  skipped,
  sourced,
  taken,
  zipped,
} from './operators.ts';

/** Elements, or a function that gives those of an epoch (counted from 1). */
export type StreamSource<Element> = Source<Element> | ((epoch: number) => Source<Element>);

/** How a stream is shuffled. */
export interface ShuffleOptions {
  /**
   * Elements that are kept to draw from: at least as many as there are mix all with all. Must be given, except for what is
   * there by number (an array, rows of arrays), which is always mixed whole.
   */
  readonly buffer?: number;
  /** An unsigned 32-bit integer, 0 by default: with the epoch it says the order. */
  readonly seed?: number;
}

/** Elements that are there by number. */
interface Listed<Element> {
  readonly count: number;
  readonly at: (index: number) => Element;
  /** Which of them comes at a place of an epoch. */
  readonly order: (epoch: number) => (place: number) => number;
}

/** What stands behind a stream. */
interface Origin<Element> {
  readonly elements: (epoch: number) => Source<Element>;
  /** Where elements are there by number. */
  readonly listed?: Listed<Element> | undefined;
  /** How many there are, where that is known without reading them. */
  readonly count?: number | undefined;
  /** Whether its elements are batches for certain, which `batch` made. */
  readonly isBatched?: boolean | undefined;
  /** What to do where an element has, or may have, another position in another epoch. */
  readonly varies?: string | undefined;
}

/**
 * Elements that come one after the other, as they are asked for: samples, batches, lines, whatever a source gives. A stream
 * is a recipe, and may be read as often as its source: nothing is read before `for await`, or whoever takes
 * `elements(epoch)`, asks for it, and leaving a loop closes the source. The same epoch has the same elements, in the same
 * order, in every process.
 *
 * What a source or a function throws comes as a `StreamError` that names the element and the epoch.
 */
export class DataStream<Element> implements AsyncIterable<Element> {
  readonly #origin: Origin<Element>;

  private constructor(origin: Origin<Element>) {
    this.#origin = origin;
  }

  /**
   * A stream of anything that is iterated, at once or asynchronously. A generator can be read once: give the function that
   * makes it, which is told the epoch.
   *
   * @throws InputError `type` for what is not iterated; when it is read: `missing` for a generator that was read before
   */
  static from<Element>(source: StreamSource<Element>): DataStream<Element> {
    if (Array.isArray(source)) {
      const elements: readonly Element[] = source;
      return DataStream.#list({ count: elements.length, at: (k) => elementAt(elements, k), order: inOrder });
    }
    const open =
      typeof source === 'function' ? (epoch: number) => iteratorOf(source(epoch)) : iterators(source);
    // What is told the epoch may give others in each.
    const varies =
      typeof source === 'function' && source.length > 0
        ? 'its source is told the epoch, and may give another order in each; split one that is not told'
        : undefined;
    return new DataStream({ elements: (epoch) => sourced(() => open(epoch), epoch), varies });
  }

  /**
   * Elements that are there by number: each is asked for by its own, from 0 on. `shuffle` then mixes all of them, and keeps none.
   *
   * @throws InputError `range`
   */
  static numbered<Element>(count: number, at: (index: number) => Element): DataStream<Element> {
    checkCount('count', count, 0);
    return DataStream.#list({ count, at, order: inOrder });
  }

  /**
   * The rows of arrays as samples: of each array a row, which shares its memory.
   *
   * @param data arrays by name, rows first, as `session.train` takes them
   * @param count how many rows there are
   * @throws InputError `range`, `length`: no whole number of rows, or an array that does not hold as many
   */
  static rows<Arrays extends Readonly<Record<string, NumberArray>>>(
    data: Arrays,
    count: number,
  ): DataStream<Arrays> {
    checkCount('count', count, 0);
    const columns = Object.entries(data).map(([name, array]) => {
      const width = count === 0 ? 0 : array.length / count;
      if (!Number.isInteger(width)) unfit('length', name, `a multiple of ${count} elements`, array.length);
      return { name, array, width };
    });
    const at = (k: number): Arrays => {
      const row: Record<string, NumberArray> = {};
      for (const { name, array, width } of columns) row[name] = array.subarray(k * width, (k + 1) * width);
      // The same names, and a part of each array is of its type.
      return row as Arrays;
    };
    return DataStream.#list({ count, at, order: inOrder });
  }

  /**
   * Elements of several streams together, by the streams' names: `zip({ x: images, y: labels })`. All have to be as long.
   *
   * @throws InputError when it is read: `length` where one ends before another
   */
  static zip<Parts extends Readonly<Record<string, unknown>>>(
    streams: {
      readonly [Name in keyof Parts]: DataStream<Parts[Name]>;
    },
  ): DataStream<Parts> {
    const entries: [string, DataStream<unknown>][] = Object.entries(streams);
    const varies = entries.map(([, stream]) => stream.#origin.varies).find((why) => why !== undefined);
    const counts = new Set(entries.map(([, stream]) => stream.count));
    const [count] = counts.size === 1 ? counts : [];
    return new DataStream({
      // The names are those of the streams.
      elements: (epoch) => zipped(entries, epoch) as AsyncGenerator<Parts>,
      isBatched: entries.some(([, stream]) => stream.isBatched),
      varies,
      count,
    });
  }

  static #list<Element>(listed: Listed<Element>, varies?: string): DataStream<Element> {
    const elements = function* (epoch: number): Generator<Element> {
      const order = listed.order(epoch);
      for (let place = 0; place < listed.count; place++) yield given(listed, order(place), epoch);
    };
    return new DataStream({ elements, listed, varies, count: listed.count });
  }

  /** How many elements there are, where that is known without reading them. */
  get count(): number | undefined {
    return this.#origin.count;
  }

  /** Whether its elements are batches that `batch` made, as they are or changed. */
  get isBatched(): boolean {
    return this.#origin.isBatched ?? false;
  }

  /** The elements of an epoch, counted from 1: the same whenever they are asked for. */
  async *elements(epoch: number): AsyncGenerator<Element, void, undefined> {
    checkCount('epoch', epoch, 1);
    yield* this.#origin.elements(epoch);
  }

  /** The elements of the first epoch. */
  [Symbol.asyncIterator](): AsyncGenerator<Element, void, undefined> {
    return this.elements(1);
  }

  /**
   * Each element through a function, which is told its position too, and may be asynchronous. Results come in order.
   *
   * @param options `concurrency`: how many may be on their way at once, 1 by default, a million at most
   */
  map<Result>(
    change: (element: Element, position: number) => Result | Promise<Result>,
    options: { readonly concurrency?: number } = {},
  ): DataStream<Awaited<Result>> {
    if (typeof change !== 'function') unfit('type', 'map', 'a function of an element', change);
    const { concurrency = 1 } = options;
    checkOptions(options, { concurrency: true });
    checkCount('concurrency', concurrency, 1, MOST_AHEAD);
    return this.#then(
      (source, epoch) =>
        concurrency === 1
          ? mapped(source, change, epoch)
          : ahead(source, concurrency, (element, position) =>
              applied('map', change, element, position, epoch),
            ),
      this.count,
    );
  }

  /** The elements for which a function, which may be asynchronous, says yes. */
  filter(keeps: (element: Element, position: number) => boolean | Promise<boolean>): DataStream<Element> {
    if (typeof keeps !== 'function') unfit('type', 'filter', 'a function of an element', keeps);
    return this.#then((source, epoch) => filtered(source, keeps, epoch));
  }

  /** The first `count` elements; no more are asked for. */
  take(count: number): DataStream<Element> {
    checkCount('count', count, 0);
    const { listed, varies } = this.#origin;
    if (listed) return DataStream.#list({ ...listed, count: Math.min(count, listed.count) }, varies);
    const known = this.count;
    return this.#then((source) => taken(source, count), known === undefined ? known : Math.min(count, known));
  }

  /** The elements after the first `count`. */
  skip(count: number): DataStream<Element> {
    checkCount('count', count, 0);
    const { listed, varies } = this.#origin;
    const known = this.count;
    if (!listed)
      return this.#then(
        (source) => skipped(source, count),
        known === undefined ? known : Math.max(0, known - count),
      );
    const first = Math.min(count, listed.count);
    const order = (epoch: number): ((place: number) => number) => {
      const before = listed.order(epoch);
      return (place) => before(first + place);
    };
    return DataStream.#list({ ...listed, count: listed.count - first, order }, varies);
  }

  /**
   * Two streams of this one's elements, the second with the given part of them: `const [train, validation] =
   * stream.split(0.1)`. The part is spread over the stream, by the seed; each is read by itself. Shuffle after it, not
   * before: an element must be in the same part in each epoch.
   *
   * @param fraction between 0 and 1
   * @throws InputError `range`; `type` for a stream whose elements have other positions in other epochs, or whose source is told
   *   the epoch
   */
  split(
    fraction: number,
    options: { readonly seed?: number } = {},
  ): [DataStream<Element>, DataStream<Element>] {
    const { seed = 0 } = options;
    checkOptions(options, { seed: true });
    if (!(fraction > 0 && fraction < 1)) unfit('range', 'fraction', 'a number between 0 and 1', fraction);
    checkSeed(seed);
    const { listed, varies } = this.#origin;
    if (varies) throw new InputError('type', 'split', `an element would be in both parts: ${varies}`);
    const part = (second: boolean): DataStream<Element> => {
      const isChosen = (position: number): boolean => isHeldOut(position, fraction, seed) === second;
      if (!listed) return this.#then((source) => chosen(source, isChosen));
      const before = listed.order(1);
      const places = Uint32Array.from({ length: listed.count }, (_, place) => place).filter(isChosen);
      return DataStream.#list({
        ...listed,
        count: places.length,
        order: () => (k) => before(places[k] ?? 0),
      });
    };
    return [part(false), part(true)];
  }

  /**
   * Another order in each epoch, by seed and epoch alone. What is there by number is in an order drawn from all (that of
   * `session.train` with that seed); else each element is drawn from a buffer of the next ones.
   *
   * @throws InputError `range`; `missing` where a buffer has to be given
   */
  shuffle(options: ShuffleOptions = {}): DataStream<Element> {
    const { buffer, seed = 0 } = options;
    checkOptions(options, { buffer: true, seed: true });
    if (buffer !== undefined) checkCount('buffer', buffer, 1);
    checkSeed(seed);
    const { listed } = this.#origin;
    const varies = 'split before shuffle, not after';
    if (listed) {
      const { count } = listed;
      const order = (epoch: number): ((place: number) => number) => {
        const before = listed.order(epoch);
        const places = permutation(seed, epoch - 1, count);
        return (place) => before(places[place] ?? 0);
      };
      return DataStream.#list({ ...listed, order }, varies);
    }
    if (buffer === undefined)
      throw new InputError(
        'missing',
        'buffer',
        'say how many elements of a stream to keep, shuffle({ buffer: 1000 })',
      );
    return this.#then((source, epoch) => shuffled(source, buffer, seed, epoch), this.count, varies);
  }

  /**
   * Batches of `size` samples: for each name the elements of their rows, one after the other, in an array of the samples'
   * type (numbers and plain arrays in a Float64Array). A last batch may be shorter.
   *
   * @param options `partial: false` leaves a shorter last batch out
   * @throws InputError when it is read: for a sample that is not like the first one, with its position
   */
  batch<Row extends SampleOf<Row>>(
    this: DataStream<Row>,
    size: number,
    options: { readonly partial?: boolean } = {},
  ): DataStream<Batch<Row>> {
    checkCount('size', size, 1);
    checkOptions(options, { partial: true });
    const { elements, varies, count } = this.#origin;
    const { partial = true } = options;
    const batches = count === undefined ? count : (partial ? Math.ceil : Math.floor)(count / size);
    return new DataStream({
      // The builder makes what the type says, of samples that are what theirs says.
      elements: (epoch) => batched(elements(epoch), size, partial) as AsyncGenerator<Batch<Row>>,
      isBatched: true,
      varies,
      count: batches,
    });
  }

  /**
   * Several passes as one: what is shuffled has another order in each. Epoch 2 goes on where epoch 1 ends.
   *
   * @param times without end by default
   */
  repeat(times = Infinity): DataStream<Element> {
    if (times !== Infinity) checkCount('times', times, 0);
    const { elements, count } = this.#origin;
    return new DataStream({
      elements: (epoch) => repeated(elements, times, epoch),
      isBatched: this.isBatched,
      varies: 'split before repeat, not after',
      count: count === undefined || times === Infinity ? undefined : count * times,
    });
  }

  /** Asks for up to `count` elements (a million at most) before they are wanted, 1 by default: a source works while its consumer does. */
  prefetch(count = 1): DataStream<Element> {
    checkCount('count', count, 1, MOST_AHEAD);
    return this.#then((source) => ahead(source, count, (element) => element), this.count);
  }

  /** All elements of an epoch, the first by default, in an array. */
  async toArray(epoch = 1): Promise<Element[]> {
    const all: Element[] = [];
    for await (const element of this.elements(epoch)) all.push(element);
    return all;
  }

  #then<Result>(
    operate: (source: AsyncIterable<Element>, epoch: number) => AsyncIterable<Result>,
    count?: number,
    varies = this.#origin.varies,
  ): DataStream<Result> {
    return new DataStream({
      elements: (epoch) => operate(this.elements(epoch), epoch),
      count,
      isBatched: this.isBatched,
      varies,
    });
  }
}

/** The element of a number; what it throws says which. */
function given<Element>({ at }: Listed<Element>, index: number, epoch: number): Element {
  try {
    return at(index);
  } catch (thrown) {
    throw placed('source', index, epoch, thrown);
  }
}

const inOrder = (): ((place: number) => number) => (place) => place;

function elementAt<Element>(elements: readonly Element[], index: number): Element {
  if (index >= elements.length) unfit('length', 'array', `${index + 1} elements, as before`, elements.length);
  return elements[index] as Element;
}

/** What gives an iterator whenever a source is read; of one that is its own iterator, once. */
function iterators<Element>(source: Source<Element>): () => Iterator<Element> | AsyncIterator<Element> {
  const given: unknown = source;
  if (Object(given) !== given || !(Symbol.asyncIterator in source || Symbol.iterator in source))
    unfit('type', 'source', 'something to iterate, or a function that gives it', given);
  let isRead = false;
  return () => {
    const iterator = iteratorOf(source);
    if (Object.is(iterator, source) && isRead)
      throw new InputError('missing', 'source', 'a generator is read once: give the function that makes it');
    isRead = true;
    return iterator;
  };
}

function checkSeed(seed: number): void {
  if (!isWhole(seed, 0, 2 ** 32 - 1)) unfit('range', 'seed', `0 to ${2 ** 32 - 1}`, seed);
}
