import { tensorsReduced } from '../loops/edges.ts';
import type { Loop, Tensor } from '../loops/index.ts';
import type { Group } from '../schedule/group.ts';
import type { Dataflow } from './dataflow.ts';
import { byRank, type Rank } from './ranks.ts';

/**
 * Groups that are looked at beside another one because they reduce the same tensor, at most so many that come before it by
 * rank, and as many that come after: of a weight that every step of a recurrence reads there are as many as steps, and those
 * of another depth are likely to depend on it. Assumed: half and twice as many give the same programs of the workloads w2, w3, w8
 * and w9, of a recurrence of 32 steps and of six residual layers.
 */
const MOST_SHARERS = 16;

/** Which groups of one reduction reduce the same tensors. */
export class Sharers {
  readonly #flow: Dataflow<Group>;
  readonly #ranks: ReadonlyMap<Tensor, Rank>;
  /** For each tensor who reduces it, by rank. */
  readonly #readers = new Map<Tensor, Ranked[]>();

  /** @param flow whose items they are; those that are not any more are passed over */
  constructor(flow: Dataflow<Group>, ranks: ReadonlyMap<Tensor, Rank>) {
    this.#flow = flow;
    this.#ranks = ranks;
    for (const group of flow.items) this.enter(group);
  }

  /** Takes note of a group that was made. */
  enter(group: Group): void {
    const loop = reductionOf(group);
    if (loop === null) return;
    const rank = this.#rankOf(loop);
    for (const tensor of tensorsReduced(loop)) {
      const readers = this.#readers.get(tensor);
      if (readers === undefined) this.#readers.set(tensor, [{ group, rank }]);
      else readers.splice(placeOf(rank, readers), 0, { group, rank });
    }
  }

  /** Groups that reduce what a group reduces: of each tensor those nearest to it by rank. */
  of(group: Group): Set<Group> {
    const found = new Set<Group>();
    const loop = reductionOf(group);
    if (loop === null) return found;
    const rank = this.#rankOf(loop);
    for (const tensor of tensorsReduced(loop)) {
      const readers = this.#readers.get(tensor) ?? [];
      const start = placeOf(rank, readers);
      for (const other of this.#nearest(readers, start, 1)) found.add(other);
      for (const other of this.#nearest(readers, start - 1, -1)) found.add(other);
    }
    found.delete(group);
    return found;
  }

  /** The readers nearest to a place, upwards or downwards from there; those that are not items any more are taken out. */
  #nearest(readers: Ranked[], from: number, step: 1 | -1): Group[] {
    const near: Group[] = [];
    for (let k = from; near.length < MOST_SHARERS; ) {
      const other = readers[k];
      if (other === undefined) break;
      const isItem = this.#flow.has(other.group);
      if (isItem) near.push(other.group);
      else readers.splice(k, 1);
      if (isItem || step < 0) k += step;
    }
    return near;
  }

  #rankOf({ outs: [out] }: Loop): Rank {
    const rank = out === undefined ? undefined : this.#ranks.get(out.tensor);
    return rank ?? { depth: 0, key: '' };
  }
}

interface Ranked {
  readonly group: Group;
  readonly rank: Rank;
}

/** Where something of a rank goes among others: after those that come before it or are equal. */
function placeOf(rank: Rank, among: readonly Ranked[]): number {
  let [from, to] = [0, among.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const other = among[middle];
    if (other !== undefined && byRank(other.rank, rank) <= 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The loop of a group that is a reduction alone; null of any other. */
function reductionOf({ loops: [loop, ...more] }: Group): Loop | null {
  return loop !== undefined && more.length === 0 && loop.reductions.length > 0 ? loop : null;
}
