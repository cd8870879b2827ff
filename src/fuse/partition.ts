import { tensorsRead } from '../loops/edges.ts';
import type { Loop, Tensor } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { type Group, groupName, singleton } from '../schedule/group.ts';
import type { Time } from '../schedule/time.ts';
import { isNextOfState } from './again.ts';
import { Dataflow, groupAccess } from './dataflow.ts';
import type { Decisions, Move, Reason } from './decisions.ts';
import { inlined } from './pointwise.ts';
import { priceOf, timeOfGroups } from './price.ts';
import { rowProgram } from './rows.ts';
import { mergedSiblings, tensorsReduced } from './siblings.ts';

/** A move that some groups could make, and what it gains by itself. */
interface Proposal {
  readonly move: Move;
  /** The groups that it takes: the first reads nothing of the others. */
  readonly groups: readonly Group[];
  /** What it puts in their place: one group of two, or what reads the first one, without it. */
  readonly become: readonly Group[];
  readonly together: readonly Time[];
  readonly apart: readonly Time[];
  /** Microseconds of the groups apart, less those of what they become: what ranks proposals. */
  readonly gain: number;
}

/**
 * Fusion as a partition of loops. Every pair of groups of which one reads the other, or both reduce the same tensor, is a
 * proposal of a move; a move says whether it is legal, time ranks those that are. The best is made first, if the whole step
 * does not take longer with it; then its neighbours are priced again, until nothing gains. What comes out is never slower, by the
 * model, than what went in.
 *
 * @param loops in an order that runs
 */
export function partition(loops: readonly Loop[], machine: Machine, decisions: Decisions): Group[] {
  const search = new Search(loops, machine, decisions);
  search.run();
  return search.groups();
}

class Search {
  readonly #flow: Dataflow<Group>;
  readonly #machine: Machine;
  readonly #decisions: Decisions;
  readonly #queue: Proposal[] = [];
  #time: number;

  constructor(loops: readonly Loop[], machine: Machine, decisions: Decisions) {
    this.#machine = machine;
    this.#decisions = decisions;
    this.#flow = new Dataflow(loops.map(singleton), groupAccess);
    this.#time = timeOfGroups(this.#flow.items, machine);
  }

  groups(): Group[] {
    return this.#flow.items;
  }

  run(): void {
    for (const group of this.#flow.items) this.#propose(group, false);
    for (let next = this.#best(); next !== null; next = this.#best()) this.#consider(next);
  }

  /** Takes the proposal that gains most out of the queue; null where there is none. */
  #best(): Proposal | null {
    let at = -1;
    for (const [k, proposal] of this.#queue.entries()) {
      const best = this.#queue[at];
      if (best === undefined || proposal.gain > best.gain) at = k;
    }
    const [best] = at < 0 ? [] : this.#queue.splice(at, 1);
    return best ?? null;
  }

  /** Makes a proposed move if the whole step gains by it, or does not lose. */
  #consider({ groups, become, move, together, apart }: Proposal): void {
    const [from, ...others] = groups;
    const to = others.at(-1);
    if (from === undefined || to === undefined || !groups.every((group) => this.#flow.has(group))) return;
    const names = [last(from), others.length > 1 ? `${others.length} readers` : first(to)] as const;
    const between = move === 'rows' ? this.#between(from, to) : null;
    if (between !== null) {
      this.#decisions.refuse(move, ...names, between);
      return;
    }
    const changed = new Set(groups);
    const after = this.#flow.items.flatMap((group) =>
      group === from ? become : changed.has(group) ? [] : [group],
    );
    const time = timeOfGroups(after, this.#machine);
    const reason: Reason = { kind: 'time', together, apart, gain: this.#time - time };
    if (time > this.#time + ROUNDING) {
      this.#decisions.refuse(move, ...names, reason);
      return;
    }
    this.#decisions.take(move, ...names, reason);
    const [joined] = become;
    if (move === 'inline') {
      for (const [k, reader] of others.entries()) this.#flow.replace(reader, become[k] ?? reader);
      this.#flow.remove(from);
    } else if (joined !== undefined) this.#flow.join(from, to, joined);
    this.#time = time;
    for (const group of become) this.#propose(group, true);
  }

  /** Puts all moves of a group with its neighbours into the queue: with all of them, or with those that come after. */
  #propose(group: Group, all: boolean): void {
    const users = this.#flow.sorted(this.#flow.usersOf(group));
    this.#offerInline(group, users);
    for (const user of users) this.#offer(group, user);
    if (all)
      for (const source of this.#flow.sorted(this.#flow.sourcesOf(group))) {
        this.#offer(source, group);
        this.#offerInline(source, this.#flow.sorted(this.#flow.usersOf(source)));
      }
    for (const other of this.#sharers(group))
      if (all || this.#flow.sorted([group, other])[0] === group) this.#offerSibling(group, other);
  }

  /** A pointwise loop by itself is computed by all that read it. */
  #offerInline(group: Group, users: readonly Group[]): void {
    const [producer, ...more] = group.loops;
    const [out, ...others] = producer?.outs ?? [];
    if (producer === undefined || out === undefined || more.length > 0 || others.length > 0) return;
    if (producer.reductions.length > 0 || out.tensor.role !== 'temp' || users.length === 0) return;
    const readers = users.flatMap((user) => user.loops).filter((loop) => tensorsRead(loop).has(out.tensor));
    if (isNextOfState(producer, readers)) return;
    const become = users.map(
      (user): Group => ({
        ...user,
        loops: user.loops.map((loop) =>
          tensorsRead(loop).has(out.tensor) ? inlined(loop, producer, out) : loop,
        ),
      }),
    );
    this.#enqueue('inline', [group, ...users], become);
  }

  /** Groups that read what a group reads, and of which none depends on the other. */
  #sharers(group: Group): Group[] {
    const [loop, ...more] = group.loops;
    if (loop === undefined || more.length > 0 || loop.reductions.length === 0) return [];
    const found = new Set<Group>();
    for (const tensor of tensorsReduced(loop))
      for (const reader of this.#flow.readersOf(tensor))
        if (reader !== group && reader.loops.length === 1) found.add(reader);
    return this.#flow.sorted(found);
  }

  #offerSibling(a: Group, b: Group): void {
    const [host, guest] = this.#flow.sorted([a, b]);
    if (host === undefined || guest === undefined) return;
    for (const [x, y] of [
      [host, guest],
      [guest, host],
    ] as const) {
      const merged = mergedSiblings(first(x), first(y), this.#machine);
      if (merged === null) continue;
      if (typeof merged === 'string') {
        this.#decisions.refuse('sibling', first(x), first(y), merged);
        continue;
      }
      if (this.#flow.dependsOn(x, y) || this.#flow.dependsOn(y, x)) return;
      this.#enqueue('sibling', [x, y], [singleton(merged)]);
      return;
    }
  }

  #offer(from: Group, to: Group): void {
    const isInside = (tensor: Tensor): boolean =>
      this.#flow.readersOf(tensor).every((reader) => reader === from || reader === to);
    const joined = rowProgram(from, to, isInside, this.#machine);
    if (typeof joined === 'string') this.#decisions.refuse('rows', last(from), first(to), joined);
    else this.#enqueue('rows', [from, to], [joined]);
  }

  #enqueue(move: Move, groups: readonly Group[], become: readonly Group[]): void {
    const [from, ...others] = groups;
    const to = others.at(-1);
    if (from === undefined || to === undefined) return;
    const names = [last(from), others.length > 1 ? `${others.length} readers` : first(to)] as const;
    const [apart, together] = [this.#times(groups), this.#times(become)];
    if (together === null) {
      this.#decisions.refuse(move, ...names, 'no schedule of both fits the machine');
      return;
    }
    if (apart === null) return;
    const sum = (times: readonly Time[]): number => times.reduce((n, time) => n + time.micros, 0);
    const busy = apart.reduce((n, time) => n + time.busy, 0);
    const separate =
      move === 'sibling'
        ? Math.max(busy, ...apart.map((time) => time.micros))
        : sum(apart) + this.#machine.dispatch;
    const gain = separate - sum(together);
    if (gain < 0) this.#decisions.refuse(move, ...names, { kind: 'time', together, apart, gain });
    else this.#queue.push({ move, groups, become, together, apart, gain });
  }

  #times(groups: readonly Group[]): readonly Time[] | null {
    const times = groups.map((group) => priceOf(group, this.#machine));
    return times.every((time) => time !== null) ? times : null;
  }

  /** What lies on another way from one group to the other, in words; null where nothing does. */
  #between(from: Group, to: Group): string | null {
    const users = this.#flow.sorted(this.#flow.usersOf(from));
    const found = users.find((user) => user !== to && this.#flow.dependsOn(to, user));
    return found === undefined ? null : `${groupName(found)} lies between them`;
  }
}

/** What times may differ by and be equal, in microseconds. */
const ROUNDING = 1e-9;

function first(group: Group): Loop {
  const [loop] = group.loops;
  if (loop === undefined) throw new RangeError('a group without loops');
  return loop;
}

function last(group: Group): Loop {
  return group.loops[group.loops.length - 1] ?? first(group);
}
