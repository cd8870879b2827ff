/** Elements that may be on their way at once. */
export const MOST_AHEAD = 2 ** 20;

/**
 * Runs ahead of its consumer: up to so many elements are asked for, and go through a function, before they are wanted. They
 * come in order. Errors come in their turn, after the elements before them; who leaves early waits for what is on its way.
 *
 * @param most elements on their way or kept, beside the one that the consumer has
 */
export async function* ahead<Element, Result>(
  source: AsyncIterable<Element>,
  most: number,
  change: (element: Element, position: number) => Result | Promise<Result>,
): AsyncGenerator<Awaited<Result>> {
  const iterator = source[Symbol.asyncIterator]();
  /** Whether the source has ended or thrown: then it is closed by itself. */
  let ended = false;
  /** Whether anybody wants more of it. */
  let wanted = true;
  let position = 0;
  /** Results on their way or there, by their numbers, and how many were taken. */
  const waiting = new Map<number, Promise<Awaited<Result>>>();
  let taken = 0;
  const changed = async (element: Element): Promise<Awaited<Result>> => await change(element, position++);
  const next = async (): Promise<void> => {
    let result: Promise<Awaited<Result>>;
    try {
      const given = await iterator.next();
      ended = given.done === true;
      if (given.done) return;
      result = changed(given.value);
    } catch (thrown) {
      ended = true;
      result = Promise.reject(thrown);
    }
    // It is reported in its turn, if that ever comes.
    result.catch(() => {});
    waiting.set(taken + waiting.size, result);
  };
  /** The question that is asked, one after the other: of a source that has ended no more, however many are wanted. */
  let asked: Promise<void> | undefined;
  const ask = (): void => {
    if (asked || ended || !wanted || waiting.size >= most) return;
    asked = next().then(() => {
      asked = undefined;
      ask();
    });
  };
  try {
    for (;;) {
      ask();
      while (waiting.size === 0 && asked) await asked;
      const first = waiting.get(taken);
      if (!first) return;
      const result = await first;
      waiting.delete(taken++);
      ask();
      yield result;
    }
  } finally {
    wanted = false;
    await asked;
    await Promise.allSettled(waiting.values());
    if (!ended) await iterator.return?.();
  }
}
