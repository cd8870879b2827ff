import { extentOf, type Load, type Loop, loadsIn, loopLoads, type Tensor } from './index.ts';

/** Which loop writes each tensor. */
export function writers(loops: readonly Loop[]): Map<Tensor, Loop> {
  const result = new Map<Tensor, Loop>();
  for (const loop of loops) for (const out of loop.outs) result.set(out.tensor, loop);
  return result;
}

/** Which loops read each tensor, in order, each once. */
export function readers(loops: readonly Loop[]): Map<Tensor, Loop[]> {
  const result = new Map<Tensor, Loop[]>();
  for (const loop of loops) {
    for (const tensor of tensorsRead(loop)) {
      const list = result.get(tensor);
      if (list === undefined) result.set(tensor, [loop]);
      else list.push(loop);
    }
  }
  return result;
}

// Loops are immutable and asked for what they read many times a pass.
const reads = new WeakMap<Loop, ReadonlySet<Tensor>>();

/** The distinct tensors that a loop loads. */
export function tensorsRead(loop: Loop): ReadonlySet<Tensor> {
  const known = reads.get(loop);
  if (known !== undefined) return known;
  const found = new Set(loopLoads(loop).map((l) => l.tensor));
  reads.set(loop, found);
  return found;
}

const loadsOfReductions = new WeakMap<Loop, readonly Load[]>();

/** Every distinct load of a loop's reductions. */
export function loadsReduced(loop: Loop): readonly Load[] {
  const known = loadsOfReductions.get(loop);
  if (known !== undefined) return known;
  const found = loadsIn(...loop.reductions.map((r) => r.body));
  loadsOfReductions.set(loop, found);
  return found;
}

const reduced = new WeakMap<Loop, ReadonlySet<Tensor>>();

/** The distinct tensors that a loop's reductions load. */
export function tensorsReduced(loop: Loop): ReadonlySet<Tensor> {
  const known = reduced.get(loop);
  if (known !== undefined) return known;
  const found = new Set(loadsReduced(loop).map((l) => l.tensor));
  reduced.set(loop, found);
  return found;
}

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

/** The items with dependencies first, otherwise in the given order. Throws on a cycle. */
export function inOrder<T>(items: readonly T[], direct: (item: T) => Iterable<T>): T[] {
  const state = new Map<T, 'open' | 'done'>();
  const order: T[] = [];
  const visit = (item: T): void => {
    if (state.get(item) === 'done') return;
    if (state.get(item) === 'open') throw new RangeError('the items depend on one another in a circle');
    state.set(item, 'open');
    for (const dependency of direct(item)) visit(dependency);
    state.set(item, 'done');
    order.push(item);
  };
  for (const item of items) visit(item);
  return order;
}
