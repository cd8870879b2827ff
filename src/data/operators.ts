import { clipped } from '../runtime/clipped.ts';
import { InputError } from '../runtime/issues.ts';
import { uniform } from '../runtime/random.ts';
import { placed } from './issues.ts';
import { Kept } from './kept.ts';

/** What is iterated, at once or step by step. */
export type Source<Element> = Iterable<Element> | AsyncIterable<Element>;

/** The streams of random numbers here, apart from those of first values and of shuffles in a session. */
const BUFFER_STREAM = -2;
const SPLIT_STREAM = -3;

// Each operator is a generator over its source: one that is left early returns, and so closes what it reads.

/** Elements of a source whose errors say where they came: an epoch and a number. */
export async function* sourced<Element>(
  open: () => Iterator<Element> | AsyncIterator<Element>,
  epoch: number,
): AsyncGenerator<Element> {
  let position = 0;
  // Only what the source throws is caught: what a consumer throws into its loop is its own.
  const asked = async <T>(act: () => T | Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (thrown) {
      throw placed('source', position, epoch, thrown);
    }
  };
  const iterator = await asked(open);
  let isOpen = false;
  try {
    for (; ; position++) {
      isOpen = false;
      const next = await asked(() => iterator.next());
      if (next.done) return;
      isOpen = true;
      yield next.value;
    }
  } finally {
    if (isOpen) await asked(() => iterator.return?.());
  }
}

/** An iterator of either kind. */
export function iteratorOf<Element>(source: Source<Element>): Iterator<Element> | AsyncIterator<Element> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** Each element through a function, one after the other. */
export async function* mapped<Element, Result>(
  source: AsyncIterable<Element>,
  change: (element: Element, position: number) => Result | Promise<Result>,
  epoch: number,
): AsyncGenerator<Awaited<Result>> {
  let position = 0;
  for await (const element of source) yield await applied('map', change, element, position++, epoch);
}

/** A function's result for an element; what it throws says where. */
export async function applied<Element, Result>(
  code: 'map' | 'filter',
  change: (element: Element, position: number) => Result | Promise<Result>,
  element: Element,
  position: number,
  epoch: number,
): Promise<Awaited<Result>> {
  try {
    return await change(element, position);
  } catch (thrown) {
    throw placed(code, position, epoch, thrown);
  }
}

/** The elements for which a function says yes. */
export async function* filtered<Element>(
  source: AsyncIterable<Element>,
  keeps: (element: Element, position: number) => boolean | Promise<boolean>,
  epoch: number,
): AsyncGenerator<Element> {
  let position = 0;
  for await (const element of source)
    if (await applied('filter', keeps, element, position++, epoch)) yield element;
}

/** The first elements; no more are asked for. */
export async function* taken<Element>(
  source: AsyncIterable<Element>,
  count: number,
): AsyncGenerator<Element> {
  if (count === 0) return;
  let left = count;
  for await (const element of source) {
    yield element;
    if (--left === 0) return;
  }
}

/** The elements after the first ones. */
export async function* skipped<Element>(
  source: AsyncIterable<Element>,
  count: number,
): AsyncGenerator<Element> {
  let left = count;
  for await (const element of source) {
    if (left > 0) left--;
    else yield element;
  }
}

/**
 * Elements in another order: each is drawn from a buffer of the next ones, as of `tf.data`. Seed and epoch alone say which.
 */
export async function* shuffled<Element>(
  source: AsyncIterable<Element>,
  most: number,
  seed: number,
  epoch: number,
): AsyncGenerator<Element> {
  const kept = new Kept<Element>(most);
  let count = 0;
  let draws = 0;
  const place = (): number => Math.floor(uniform(seed, BUFFER_STREAM, draws++, epoch) * count);
  for await (const element of source) {
    if (count < most) {
      kept.put(count++, element);
      continue;
    }
    const at = place();
    const drawn = kept.take(at);
    kept.put(at, element);
    yield drawn;
  }
  while (count > 0) {
    const at = place();
    const drawn = kept.take(at);
    count--;
    if (at < count) kept.put(at, kept.take(count));
    yield drawn;
  }
}

/**
 * Whether the element at a position belongs to the smaller part of a split: of each run of `1 / fraction` positions one,
 * drawn from the seed, so that parts have their sizes exactly, and no period of the data falls into one of them.
 */
export function isHeldOut(position: number, fraction: number, seed: number): boolean {
  const run = Math.floor(position * fraction);
  const [first, end] = [startOf(run, fraction), startOf(run + 1, fraction)];
  return position === first + Math.floor(uniform(seed, SPLIT_STREAM, run, 0) * (end - first));
}

/** The first position of a run: the first whose product with the fraction, as it is rounded, is not below. */
function startOf(run: number, fraction: number): number {
  let first = Math.ceil(run / fraction);
  while (first > 0 && (first - 1) * fraction >= run) first--;
  while (first * fraction < run) first++;
  return first;
}

/** The elements at the positions for which a function says yes. */
export async function* chosen<Element>(
  source: AsyncIterable<Element>,
  isChosen: (position: number) => boolean,
): AsyncGenerator<Element> {
  let position = 0;
  for await (const element of source) if (isChosen(position++)) yield element;
}

/** The elements of several epochs as one: of epoch `epoch` those of the `times` epochs that fall into it. */
export async function* repeated<Element>(
  elements: (epoch: number) => Source<Element>,
  times: number,
  epoch: number,
): AsyncGenerator<Element> {
  const before = times === Infinity ? epoch - 1 : (epoch - 1) * times;
  for (let pass = 1; pass <= times; pass++) {
    let isEmpty = true;
    for await (const element of elements(before + pass)) {
      isEmpty = false;
      yield element;
    }
    // Nothing, repeated without end, would never give an element, and never end.
    if (isEmpty && times === Infinity) return;
  }
}

/** Elements of several streams at the same position, by the streams' names. */
export async function* zipped(
  streams: readonly (readonly [string, { elements: (epoch: number) => AsyncIterable<unknown> }])[],
  epoch: number,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const names = streams.map(([name]) => name);
  const iterators = streams.map(([, stream]) => stream.elements(epoch)[Symbol.asyncIterator]());
  try {
    for (let position = 0; iterators.length > 0; position++) {
      const given = await Promise.all(iterators.map((iterator) => iterator.next()));
      const ended = given.findIndex(({ done }) => done);
      if (ended < 0) {
        yield Object.fromEntries(given.map(({ value }, k) => [names[k], value]));
        continue;
      }
      const going = given.findIndex(({ done }) => !done);
      if (going < 0) return;
      const text = `it ends after ${position} elements, and ${clipped(names[going] ?? '')} goes on`;
      throw new InputError('length', names[ended] ?? '', text);
    }
  } finally {
    await Promise.allSettled(iterators.map((iterator) => iterator.return?.()));
  }
}
