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
  /** Kept when the source was asked for the last time: one question after the other. */
  let asked: Promise<unknown> = Promise.resolve();
  const ask = (): Promise<IteratorResult<Awaited<Result>>> => {
    const next = asked.then(async (): Promise<IteratorResult<Element>> => {
      if (ended || !wanted) return { done: true, value: undefined };
      try {
        const given = await iterator.next();
        ended = given.done === true;
        return given;
      } catch (thrown) {
        ended = true;
        throw thrown;
      }
    });
    asked = next.catch(() => {});
    const result = next.then(
      async (given): Promise<IteratorResult<Awaited<Result>>> =>
        given.done
          ? { done: true, value: undefined }
          : { done: false, value: await change(given.value, position++) },
    );
    // It is reported in its turn, if that ever comes.
    result.catch(() => {});
    return result;
  };
  const waiting = Array.from({ length: most }, ask);
  try {
    for (let first = waiting.shift(); first; first = waiting.shift()) {
      const next = await first;
      if (next.done) return;
      waiting.push(ask());
      yield next.value;
    }
  } finally {
    wanted = false;
    await asked;
    await Promise.allSettled(waiting);
    if (!ended) await iterator.return?.();
  }
}
