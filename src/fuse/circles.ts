/**
 * The circles of a directed graph: its strongly connected components of two items and more. Tarjan's algorithm, without
 * recursion: what depends on one another may be a long chain.
 *
 * @param roots what circles are looked for from; of a circle that no way from these leads to, nothing is known
 * @param after what an item leads to
 */
export function circlesFrom<T>(roots: Iterable<T>, after: (item: T) => Iterable<T>): Set<T>[] {
  const found: Set<T>[] = [];
  /** For each item that was met its number, and the least one that is on the way still and that it leads to. */
  const met = new Map<T, { readonly number: number; low: number; isOpen: boolean }>();
  const way: T[] = [];
  const calls: { readonly item: T; readonly rest: Iterator<T> }[] = [];
  const enter = (item: T): void => {
    met.set(item, { number: met.size, low: met.size, isOpen: true });
    way.push(item);
    calls.push({ item, rest: after(item)[Symbol.iterator]() });
  };
  for (const root of roots) {
    if (!met.has(root)) enter(root);
    for (let call = calls.at(-1); call !== undefined; call = calls.at(-1)) {
      const own = met.get(call.item);
      if (own === undefined) break;
      const next = call.rest.next();
      if (next.done !== true) {
        const other = met.get(next.value);
        if (other === undefined) enter(next.value);
        else if (other.isOpen) own.low = Math.min(own.low, other.number);
        continue;
      }
      calls.pop();
      const caller = calls.at(-1);
      const from = caller === undefined ? undefined : met.get(caller.item);
      if (from !== undefined) from.low = Math.min(from.low, own.low);
      if (own.low < own.number) continue;
      const circle = new Set<T>();
      for (let item = way.pop(); item !== undefined; item = way.pop()) {
        const its = met.get(item);
        if (its !== undefined) its.isOpen = false;
        circle.add(item);
        if (item === call.item) break;
      }
      if (circle.size > 1) found.push(circle);
    }
  }
  return found;
}
