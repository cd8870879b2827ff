/** What gives items one by one, or, awaited, a result once all are there. */
export type Awaitable<Item, Result> = AsyncGenerator<Item, void, undefined> &
  Pick<Promise<Result>, 'then' | 'catch' | 'finally'>;

/**
 * A generator that may be awaited: it then runs to its end, once, however often it is awaited.
 *
 * @param result what awaiting it gives then
 */
export function awaitable<Item, Result>(
  items: AsyncGenerator<Item, void, undefined>,
  result: () => Result,
): Awaitable<Item, Result> {
  let rest: Promise<Result> | undefined;
  const run = (): Promise<Result> => {
    rest ??= (async () => {
      while (!(await items.next()).done);
      return result();
    })();
    return rest;
  };
  return Object.assign(items, {
    // biome-ignore lint/suspicious/noThenProperty: to await it is to run it
    then: (...args) => run().then(...args),
    catch: (...args) => run().catch(...args),
    finally: (...args) => run().finally(...args),
  } satisfies Pick<Promise<Result>, 'then' | 'catch' | 'finally'>);
}
