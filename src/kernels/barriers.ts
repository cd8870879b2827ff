import { elementCount, loadsIn, type Tensor } from '../loops/index.ts';
import { type EvaluatedKernel, expressionsOf, type Stmt, statementsIn } from './kernel.ts';
import { meetings, type Span } from './meetings.ts';

/** Where a tensor of a buffer lies, in elements; undefined for what no kernel writes. */
export type PlaceInArena = (
  tensor: Tensor,
) => { readonly arena: string; readonly offset: number } | undefined;

type Barrier = Extract<Stmt, { kind: 'barrier' }>;

/**
 * Has each barrier order only the memory that invocations exchange there, and leaves out those at which they exchange
 * none: to order storage costs more than to order a workgroup's own memory, and most barriers have nothing in it to order.
 *
 * An *exchange* is two accesses of memory that overlaps, one of them a write, with a barrier between them. Of the barriers
 * between the two the last one orders them. Which elements are accessed, and by whom, is not looked at: an element that
 * stays with its invocation counts as exchanged where a barrier stands between its accesses.
 *
 * @param placeOf where tensors lie, since one may lie over another
 */
export function weakenBarriers(kernel: EvaluatedKernel, placeOf: PlaceInArena): EvaluatedKernel {
  if (!hasBarrier(kernel.body)) return kernel;
  const accesses = new Accesses(kernel);
  // The same object may stand for several barriers.
  const body = rewritten(kernel.body, () => ({ kind: 'barrier' }));
  const neighbours = overlapping(accesses.buffers, placeOf);
  const workgroup = exchanges(body, accesses, new Map(accesses.shared.map((array) => [array, [array]])));
  const storage = exchanges(body, accesses, neighbours);
  const weakened = rewritten(body, (barrier) => {
    const orders = { workgroup: workgroup.has(barrier), storage: storage.has(barrier) };
    if (orders.workgroup && orders.storage) return barrier;
    if (!orders.workgroup && !orders.storage) return undefined;
    return { ...barrier, memory: orders.storage ? 'storage' : 'workgroup' };
  });
  return { ...kernel, body: weakened };
}

/** The statements with other barriers, or without, where there is none in its place. */
function rewritten(body: readonly Stmt[], of: (barrier: Barrier) => Barrier | undefined): Stmt[] {
  return body.flatMap((stmt): Stmt[] => {
    switch (stmt.kind) {
      case 'barrier':
        return kept(of(stmt));
      case 'for':
        return [{ ...stmt, body: rewritten(stmt.body, of) }];
      case 'if':
        return [{ ...stmt, body: rewritten(stmt.body, of), otherwise: rewritten(stmt.otherwise, of) }];
      default:
        return [stmt];
    }
  });
}

function kept(barrier: Barrier | undefined): Stmt[] {
  return barrier === undefined ? [] : [barrier];
}

function hasBarrier(body: readonly Stmt[]): boolean {
  for (const { kind } of statementsIn(body)) if (kind === 'barrier') return true;
  return false;
}

/** The tensors that a statement reads and writes itself. */
interface Touched {
  readonly read: readonly Tensor[];
  readonly written: Tensor | undefined;
}

/** What the statements of a kernel touch. */
class Accesses {
  /** Arrays of the workgroup. */
  readonly shared: readonly Tensor[];
  /** Tensors of buffers. */
  readonly buffers: readonly Tensor[];
  readonly #of = new Map<Stmt, Touched>();

  constructor(kernel: EvaluatedKernel) {
    this.shared = kernel.arrays.filter(({ role }) => role === 'workgroup');
    const all = new Set<Tensor>();
    for (const stmt of statementsIn(kernel.body)) {
      const { read, written } = this.of(stmt);
      for (const tensor of read) all.add(tensor);
      if (written !== undefined) all.add(written);
    }
    for (const array of kernel.arrays) all.delete(array);
    this.buffers = [...all];
  }

  of(stmt: Stmt): Touched {
    let touched = this.#of.get(stmt);
    if (touched === undefined) {
      const read = [...new Set(loadsIn(...expressionsOf(stmt)).map(({ tensor }) => tensor))];
      touched = { read, written: stmt.kind === 'store' ? stmt.tensor : undefined };
      this.#of.set(stmt, touched);
    }
    return touched;
  }
}

/** For each tensor those whose memory is a part of its own, itself among them. */
function overlapping(tensors: readonly Tensor[], placeOf: PlaceInArena): Map<Tensor, Tensor[]> {
  const placed = tensors.filter((tensor) => placeOf(tensor) !== undefined);
  const found = new Map(placed.map((tensor) => [tensor, [tensor]]));
  for (const [i, j] of meetings(placed.map((tensor) => spanOf(tensor, placeOf)))) {
    const [a, b] = [placed[i], placed[j]];
    if (a === undefined || b === undefined) continue;
    found.get(a)?.push(b);
    found.get(b)?.push(a);
  }
  return found;
}

/** The memory of a tensor; undefined for what no kernel writes. */
export function spanOf(tensor: Tensor, placeOf: PlaceInArena): Span | undefined {
  const place = placeOf(tensor);
  return place === undefined ? undefined : { ...place, elements: elementCount(tensor.shape) };
}

/** How memory was accessed since it was last ordered: since the last barrier, and before it. */
const READ = 1;
const WRITTEN = 2;
const READ_BEFORE = 4;
const WRITTEN_BEFORE = 8;
const SINCE = READ | WRITTEN;
const BEFORE = READ_BEFORE | WRITTEN_BEFORE;

/** What may have happened on the way to a place. */
interface Way {
  readonly pending: Map<Tensor, number>;
  /** Barriers of which one was the last. */
  last: ReadonlySet<Barrier>;
}

/**
 * The barriers at which some memory is to be ordered.
 *
 * @param neighbours the tensors that are looked at, with those that share memory with each
 */
function exchanges(
  body: readonly Stmt[],
  accesses: Accesses,
  neighbours: ReadonlyMap<Tensor, readonly Tensor[]>,
): ReadonlySet<Barrier> {
  const needed = new Set<Barrier>();
  const divided = new Map<Stmt, boolean>();
  const isDivided = (stmt: Stmt): boolean => {
    let known = divided.get(stmt);
    if (known === undefined) {
      known = hasBarrier([stmt]);
      divided.set(stmt, known);
    }
    return known;
  };

  const access = (way: Way, tensor: Tensor, asWrite: boolean): void => {
    const { pending } = way;
    const others = neighbours.get(tensor);
    if (others === undefined) return;
    const against = asWrite ? READ_BEFORE | WRITTEN_BEFORE : WRITTEN_BEFORE;
    if (others.some((other) => ((pending.get(other) ?? 0) & against) !== 0)) {
      for (const barrier of way.last) needed.add(barrier);
      for (const [other, how] of pending) pending.set(other, how & SINCE);
    }
    pending.set(tensor, (pending.get(tensor) ?? 0) | (asWrite ? WRITTEN : READ));
  };

  const walk = (stmts: readonly Stmt[], start: Way, left: Way[]): Way => {
    let way = start;
    for (const stmt of stmts) {
      const { read, written } = accesses.of(stmt);
      for (const tensor of read) access(way, tensor, false);
      if (written !== undefined) access(way, written, true);
      switch (stmt.kind) {
        case 'barrier':
          if (needed.has(stmt)) way.pending.clear();
          else for (const [tensor, how] of way.pending) way.pending.set(tensor, (how | (how << 2)) & BEFORE);
          way.last = new Set([stmt]);
          break;
        case 'if': {
          const then = walk(stmt.body, isDivided(stmt) ? copied(way) : way, left);
          const otherwise = walk(stmt.otherwise, way, left);
          way = then === otherwise ? then : joined(then, otherwise);
          break;
        }
        case 'for':
          way = isDivided(stmt) ? around(stmt.body, way) : walk(stmt.body, way, []);
          break;
        case 'break':
          left.push(copied(way));
          break;
        default:
      }
    }
    return way;
  };

  /** A loop with barriers: a turn sees what those before it did, until no turn changes anything. */
  const around = (stmts: readonly Stmt[], start: Way): Way => {
    let end: Way = { pending: new Map(), last: new Set() };
    for (;;) {
      const before = needed.size;
      const left: Way[] = [];
      const next = walk(stmts, joined(copied(start), copied(end)), left);
      if (needed.size === before && isSame(next, end)) return left.reduce(joined, next);
      end = next;
    }
  };

  walk(body, { pending: new Map(), last: new Set() }, []);
  return needed;
}

function copied({ pending, last }: Way): Way {
  return { pending: new Map(pending), last };
}

/** What may have happened on one of two ways, which are not used any more. */
function joined(a: Way, b: Way): Way {
  const [small, large] = a.pending.size < b.pending.size ? [a, b] : [b, a];
  for (const [tensor, how] of small.pending)
    large.pending.set(tensor, (large.pending.get(tensor) ?? 0) | how);
  large.last = new Set([...a.last, ...b.last]);
  return large;
}

function isSame(a: Way, b: Way): boolean {
  return (
    a.pending.size === b.pending.size &&
    a.last.size === b.last.size &&
    [...a.last].every((barrier) => b.last.has(barrier)) &&
    [...a.pending].every(([tensor, how]) => b.pending.get(tensor) === how)
  );
}
