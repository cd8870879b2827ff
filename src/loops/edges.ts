import { byteSize, extentOf, type Load, type Loop, loadsIn, loopLoads, type Tensor } from './index.ts';
import { memoized } from './memo.ts';

/** Which loop writes each tensor. */
export function writers(loops: readonly Loop[]): Map<Tensor, Loop> {
  const result = new Map<Tensor, Loop>();
  for (const loop of loops) for (const out of loop.outs) result.set(out.tensor, loop);
  return result;
}

/** Bytes of a tensor's elements, at its bounded sizes' maxima. */
export function tensorBytes(tensor: Tensor): number {
  return byteSize(tensor.dtype) * tensorSize(tensor);
}

/** Which loops read each tensor, in order, each once. */
export function readers(loops: readonly Loop[]): Map<Tensor, Loop[]> {
  return readersAmong(loops, tensorsRead);
}

/** Which of some items read each tensor, in order. @param reads what one reads, each once */
export function readersAmong<T>(items: readonly T[], reads: (item: T) => Iterable<Tensor>): Map<Tensor, T[]> {
  const result = new Map<Tensor, T[]>();
  for (const item of items) {
    for (const tensor of reads(item)) {
      const list = result.get(tensor);
      if (list === undefined) result.set(tensor, [item]);
      else list.push(item);
    }
  }
  return result;
}

/** The distinct tensors that a loop loads. */
export const tensorsRead = memoized(
  (loop: Loop): ReadonlySet<Tensor> => new Set(loopLoads(loop).map((l) => l.tensor)),
);

/** Every distinct load of a loop's reductions. */
export const loadsReduced = memoized((loop: Loop): readonly Load[] =>
  loadsIn(...loop.reductions.map((r) => r.body)),
);

/** The distinct tensors that a loop's reductions load. */
export const tensorsReduced = memoized(
  (loop: Loop): ReadonlySet<Tensor> => new Set(loadsReduced(loop).map((l) => l.tensor)),
);

/** Whether a loop writes a state over the old value that it reads. */
export function writesOver(loop: Loop): boolean {
  return loop.outs.some(({ tensor: { over } }) => over !== undefined && tensorsRead(loop).has(over));
}

/** Elements of a tensor at its bounded sizes' maxima. */
export function tensorSize(tensor: Tensor): number {
  return tensor.shape.reduce<number>((n, dim) => n * extentOf(dim), 1);
}

/** The loops that an output or a next state needs. */
export function withoutDead(loops: readonly Loop[]): Loop[] {
  const needed = new Set<Tensor>();
  const kept: Loop[] = [];
  for (const loop of [...loops].reverse()) {
    const outs = loop.outs.filter((o) => o.tensor.role !== 'temp' || needed.has(o.tensor));
    if (outs.length === 0) continue;
    const live = outs.length === loop.outs.length ? loop : { ...loop, outs };
    for (const tensor of tensorsRead(live)) needed.add(tensor);
    kept.push(live);
  }
  return kept.reverse();
}

/**
 * The items with dependencies first, otherwise in the given order. Does not recurse: what depends on one another may be a long
 * chain. Throws on a cycle.
 */
export function inOrder<T>(items: Iterable<T>, direct: (item: T) => Iterable<T>): T[] {
  const state = new Map<T, 'open' | 'done'>();
  const order: T[] = [];
  const open: { readonly item: T; readonly rest: Iterator<T> }[] = [];
  const enter = (item: T): void => {
    if (state.get(item) === 'done') return;
    if (state.get(item) === 'open') throw new RangeError('the items depend on one another in a circle');
    state.set(item, 'open');
    open.push({ item, rest: direct(item)[Symbol.iterator]() });
  };
  for (const item of items) {
    enter(item);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const next = top.rest.next();
      if (next.done !== true) {
        enter(next.value);
        continue;
      }
      state.set(top.item, 'done');
      order.push(top.item);
      open.pop();
    }
  }
  return order;
}
