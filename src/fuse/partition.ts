import { tensorsRead, tensorsReduced } from '../loops/edges.ts';
import type { Loop, Out, Tensor } from '../loops/index.ts';
import { simplifier } from '../loops/simplify.ts';
import type { Machine } from '../machine/index.ts';
import { type Group, groupName, loopsIn, singleton, tensorsWritten } from '../schedule/group.ts';
import type { Time } from '../schedule/time.ts';
import { isNextOfState } from './again.ts';
import { tooLargeToRepeat } from './bulk.ts';
import { Dataflow, groupAccess } from './dataflow.ts';
import type { Decisions, Move, Reason } from './decisions.ts';
import { Heap } from './heap.ts';
import { inlined } from './inline.ts';
import { priceOf, ROUNDING, timeOfGroups } from './price.ts';
import { type Rank, ranksOf } from './ranks.ts';
import { rowProgram } from './rows.ts';
import { mergedSiblings } from './siblings.ts';

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
  /** What the move and its loops are, however they were declared: ranks proposals of equal gain. */
  readonly key: string;
}

/** Whether a proposal comes before another: it gains more, or as much and has the later key. */
function isBetter(a: Proposal, b: Proposal): boolean {
  return a.gain === b.gain ? a.key > b.key : a.gain > b.gain;
}

/** A time without the digits in which the order of additions shows. */
function digitsOf(micros: number): number {
  return Number(micros.toPrecision(9));
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
  return joined(loops.map(singleton), machine, decisions);
}

/**
 * The same from groups on. Those with partial results stay as they are: others count on their workgroups.
 *
 * @param groups in an order that runs
 */
export function joined(groups: readonly Group[], machine: Machine, decisions: Decisions): Group[] {
  const search = new Search(groups, machine, decisions);
  search.run();
  return search.groups();
}

class Search {
  readonly #flow: Dataflow<Group>;
  readonly #machine: Machine;
  readonly #decisions: Decisions;
  readonly #queue = new Heap<Proposal>(isBetter);
  readonly #numbers = new Map<Group | Tensor, number>();
  readonly #programs = new Map<string, Group | string>();
  readonly #inlined = new Map<string, Group | null>();
  readonly #keys = new Map<Group, string>();
  readonly #ranks: ReadonlyMap<Tensor, Rank>;
  /** One for all: of an expression that was put together of simple ones, only the seams are new to it. */
  readonly #simplify = simplifier();
  #time: number;

  constructor(groups: readonly Group[], machine: Machine, decisions: Decisions) {
    this.#machine = machine;
    this.#decisions = decisions;
    this.#flow = new Dataflow(groups, groupAccess);
    this.#ranks = ranksOf(loopsIn(groups));
    this.#time = timeOfGroups(this.#flow.items, machine);
  }

  groups(): Group[] {
    return this.#flow.items;
  }

  run(): void {
    for (const group of this.#flow.items) this.#propose(group, false);
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) this.#consider(next);
  }

  /** Makes a proposed move if the whole step gains by it, or does not lose. */
  #consider({ groups, become: proposed, move, together, apart }: Proposal): void {
    const [from, ...others] = groups;
    const to = others.at(-1);
    if (from === undefined || to === undefined || !groups.every((group) => this.#flow.has(group))) return;
    const names = namesOf(move, from, others);
    // Other groups were joined since this was proposed: what did not depend on one another may do so by now.
    const obstacle = this.#obstacle(move, groups);
    if (obstacle !== null) {
      this.#decisions.refuse(move, ...names, obstacle);
      return;
    }
    // Others may read by now what was inside when this was proposed.
    const program = move === 'rows' ? this.#program(groups) : null;
    const become = program === null ? proposed : typeof program === 'string' ? [] : [program];
    if (become.length === 0 || this.#times(become) === null) return;
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
    } else if (joined !== undefined) this.#join(groups, joined);
    this.#time = time;
    for (const group of become) this.#propose(group, true);
  }

  /** Puts one group in the place of several, the last of them first: so each reads from the rest directly only. */
  #join(groups: readonly Group[], joined: Group): void {
    const rest = [...groups];
    let guest = rest.pop();
    for (let host = rest.pop(); host !== undefined && guest !== undefined; host = rest.pop()) {
      const both: Group = rest.length === 0 ? joined : { ...guest, loops: [...host.loops, ...guest.loops] };
      this.#flow.join(host, guest, both);
      guest = both;
    }
  }

  /** Puts all moves of a group with its neighbours into the queue: with all of them, or with those that come after. */
  #propose(group: Group, all: boolean): void {
    const users = this.#flow.sorted(this.#flow.usersOf(group));
    this.#offerInline(group, users);
    for (const user of users) this.#offer([group, user]);
    // Where several readers, or what a reader reads besides, must come along for a dispatch to be saved.
    const sources = this.#flow.sorted(this.#flow.sourcesOf(group));
    this.#offerMost(users, (some) => [group, ...some]);
    this.#offerMost(sources, (some) => [...some, group]);
    if (all) {
      for (const source of sources) {
        this.#offer([source, group]);
        this.#offerInline(source, this.#flow.sorted(this.#flow.usersOf(source)));
      }
      for (const user of users) {
        const beside = this.#flow.sorted(this.#flow.sourcesOf(user));
        this.#offerMost(beside, (some) => (some.includes(group) ? [...some, user] : []));
      }
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
    if (isNextOfState(producer, readers) || tooLargeToRepeat([out.value], readers.length) !== null) return;
    const become = users.map((user) => this.#withInlined(user, group, producer, out));
    if (become.every((user) => user !== null)) this.#enqueue('inline', [group, ...users], become);
  }

  /** A group that computes for itself what a pointwise loop makes; null where that is too large. Kept, as programs are. */
  #withInlined(user: Group, group: Group, producer: Loop, out: Out): Group | null {
    const key = [group, user].map((part) => this.#numberOf(part)).join();
    const known = this.#inlined.get(key);
    if (known !== undefined) return known;
    const loops = user.loops.map((loop) =>
      tensorsRead(loop).has(out.tensor) ? inlined(loop, producer, out, false, this.#simplify) : loop,
    );
    const result = loops.every((loop) => typeof loop === 'object') ? { ...user, loops } : null;
    this.#inlined.set(key, result);
    return result;
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

  #offer(groups: readonly Group[]): void {
    if (groups.some((group) => group.partials.length > 0)) return;
    const joined = this.#program(groups);
    if (typeof joined !== 'string') {
      this.#enqueue('rows', groups, [joined]);
      return;
    }
    const [from, ...others] = groups;
    if (from !== undefined) this.#decisions.refuse('rows', ...namesOf('rows', from, others), joined);
  }

  /** Offers as many of some groups as can be one row program with another, two at least, taken one by one. */
  #offerMost(groups: readonly Group[], together: (some: readonly Group[]) => readonly Group[]): void {
    if (groups.length < 2 || groups.length > MOST_TOGETHER) return;
    let some: readonly Group[] = [];
    for (const group of this.#inOwnOrder(groups)) {
      const more = this.#flow.sorted([...some, group]);
      const tried = together(more);
      if (tried.length === 0 || typeof this.#program(tried) === 'string' || this.#between(tried) !== null)
        continue;
      some = more;
    }
    if (some.length > 1) this.#offer(together(some));
  }

  /** Groups in an order that runs, and does not depend on that in which they were declared. */
  #inOwnOrder(groups: readonly Group[]): Group[] {
    const ranked = groups.map((group) => ({
      group,
      before: groups.filter((other) => other !== group && this.#flow.dependsOn(group, other)).length,
      key: this.#keyOf(group),
    }));
    ranked.sort((a, b) => a.before - b.before || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return ranked.map(({ group }) => group);
  }

  /** Some groups as one row program. They are asked for again and again: it is kept for what is inside of it now. */
  #program(groups: readonly Group[]): Group | string {
    const members = new Set(groups);
    const inside = new Set(
      groups
        .flatMap((group) => group.loops.flatMap((loop) => loop.outs.map((out) => out.tensor)))
        .filter((tensor) => this.#flow.readersOf(tensor).every((reader) => members.has(reader))),
    );
    const key = [...groups, ...inside].map((part) => this.#numberOf(part)).join();
    const known =
      this.#programs.get(key) ?? rowProgram(groups, (tensor) => inside.has(tensor), this.#machine);
    this.#programs.set(key, known);
    return known;
  }

  /** What a group computes, however its loops were declared. */
  #keyOf(group: Group): string {
    let key = this.#keys.get(group);
    if (key === undefined) {
      const made = tensorsWritten(group).map((tensor) => {
        const { depth, key: own } = this.#ranks.get(tensor) ?? { depth: 0, key: tensor.name };
        return `${String(depth).padStart(6, '0')} ${own}`;
      });
      key = made.sort().join();
      this.#keys.set(group, key);
    }
    return key;
  }

  #numberOf(part: Group | Tensor): number {
    const known = this.#numbers.get(part) ?? this.#numbers.size;
    this.#numbers.set(part, known);
    return known;
  }

  #enqueue(move: Move, groups: readonly Group[], become: readonly Group[]): void {
    const [from, ...others] = groups;
    const to = others.at(-1);
    if (from === undefined || to === undefined) return;
    const names = namesOf(move, from, others);
    // Others count on their workgroups: what was said of them before their reductions were halved stands.
    if (groups.some((group) => group.partials.length > 0)) return;
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
    else {
      const key = `${move} ${groups.map((group) => this.#keyOf(group)).join(' ')}`;
      this.#queue.push({ move, groups, become, together, apart, gain: digitsOf(gain), key });
    }
  }

  #times(groups: readonly Group[]): readonly Time[] | null {
    const times = groups.map((group) => priceOf(group, this.#machine));
    return times.every((time) => time !== null) ? times : null;
  }

  /** Why groups cannot be one now, in words; null where they can. */
  #obstacle(move: Move, groups: readonly Group[]): string | null {
    if (move === 'rows') return this.#between(groups);
    if (move !== 'sibling') return null;
    const found = groups.find((a) => groups.some((b) => a !== b && this.#flow.dependsOn(a, b)));
    return found === undefined ? null : `${groupName(found)} comes after the other one`;
  }

  /** What lies on a way that leaves some groups and comes back to them, in words; null where nothing does. */
  #between(groups: readonly Group[]): string | null {
    const members = new Set(groups);
    for (const from of groups) {
      const users = this.#flow.sorted(this.#flow.usersOf(from));
      const found = users.find(
        (user) => !members.has(user) && groups.some((to) => to !== from && this.#flow.dependsOn(to, user)),
      );
      if (found !== undefined) return `${groupName(found)} lies between them`;
    }
    return null;
  }
}

/** More groups than this are not offered as one: pairs are, and grow. */
const MOST_TOGETHER = 8;

/** What a move is between, for decisions: the first loop that is read, and the reader. */
function namesOf(move: Move, from: Group, others: readonly Group[]): readonly [Loop | string, Loop | string] {
  const to = others.at(-1);
  if (to === undefined || others.length === 1) return [last(from), to === undefined ? '' : first(to)];
  if (move === 'inline') return [last(from), `${others.length} readers`];
  return [last(from), `${others.map((group) => first(group).name).join(', ')}`];
}

function first(group: Group): Loop {
  const [loop] = group.loops;
  if (loop === undefined) throw new RangeError('a group without loops');
  return loop;
}

function last(group: Group): Loop {
  return group.loops[group.loops.length - 1] ?? first(group);
}
