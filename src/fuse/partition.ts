import { tensorsRead } from '../loops/edges.ts';
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
import { priceOf, ROUNDING } from './price.ts';
import { type Rank, ranksOf } from './ranks.ts';
import { MOST_LOOPS, type RowProgram, rowProgram, withLocals } from './rows.ts';
import { Sharers } from './sharers.ts';
import { mergedSiblings } from './siblings.ts';
import { StepTime } from './stepTime.ts';

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
  /** Loops of what it puts there. */
  readonly loops: number;
  /** What the move and its loops are, however they were declared: ranks proposals of equal gain. */
  readonly key: string;
}

/**
 * Whether a proposal comes before another: it gains more, or as much and makes groups of fewer loops, or of as many and has
 * the later key. What is alike then grows side by side: to price a group takes time for each of its loops, so that a long
 * chain that grew loop by loop would take the square of its length.
 */
function isBetter(a: Proposal, b: Proposal): boolean {
  if (a.gain !== b.gain) return a.gain > b.gain;
  return a.loops === b.loops ? a.key > b.key : a.loops < b.loops;
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
 * @param mostLoops loops that a group may have
 */
export function partition(
  loops: readonly Loop[],
  machine: Machine,
  decisions: Decisions,
  mostLoops = MOST_LOOPS,
): Group[] {
  return joined(loops.map(singleton), machine, decisions, mostLoops);
}

/**
 * The same from groups on. Those with partial results stay as they are: others count on their workgroups.
 *
 * @param groups in an order that runs
 */
export function joined(
  groups: readonly Group[],
  machine: Machine,
  decisions: Decisions,
  mostLoops = MOST_LOOPS,
): Group[] {
  const search = new Search(groups, machine, decisions, mostLoops);
  search.run();
  return search.groups();
}

class Search {
  readonly #flow: Dataflow<Group>;
  readonly #machine: Machine;
  readonly #decisions: Decisions;
  readonly #mostLoops: number;
  readonly #queue = new Heap<Proposal>(isBetter);
  readonly #numbers = new Map<Group | Tensor, number>();
  readonly #programs = new Map<string, RowProgram | string>();
  readonly #made = new Map<RowProgram, Group>();
  readonly #inlined = new Map<string, Group | null>();
  readonly #keys = new Map<Group, readonly string[]>();
  readonly #depths = new Map<Group, readonly [number, number]>();
  readonly #ranks: ReadonlyMap<Tensor, Rank>;
  readonly #step: StepTime;
  readonly #sharers: Sharers;
  /** One for all: of an expression that was put together of simple ones, only the seams are new to it. */
  readonly #simplify = simplifier();

  constructor(groups: readonly Group[], machine: Machine, decisions: Decisions, mostLoops: number) {
    this.#mostLoops = mostLoops;
    this.#machine = machine;
    this.#decisions = decisions;
    this.#flow = new Dataflow(groups, groupAccess);
    this.#ranks = ranksOf(loopsIn(groups));
    this.#step = new StepTime(this.#flow, machine);
    this.#sharers = new Sharers(this.#flow, this.#ranks);
  }

  groups(): Group[] {
    return this.#flow.items;
  }

  run(): void {
    for (const group of this.#flow.items) this.#propose(group, false);
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) this.#consider(next);
    this.#decisions.effort.placedGroups += this.#step.visited;
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
    const become = program === null ? proposed : typeof program === 'string' ? [] : [this.#make(program)];
    if (become.length === 0 || this.#times(become) === null) return;
    const [joined] = become;
    const isInline = move === 'inline';
    const by = new Map(
      groups.map((group, k) => [group, isInline ? (become[k - 1] ?? null) : (joined ?? null)] as const),
    );
    const longer = this.#step.replace(by);
    const reason: Reason = { kind: 'time', together, apart, gain: -longer };
    if (longer > ROUNDING) {
      this.#step.revert();
      this.#decisions.refuse(move, ...names, reason);
      return;
    }
    this.#step.keep();
    this.#decisions.take(move, ...names, reason);
    if (isInline) {
      for (const [k, reader] of others.entries()) this.#flow.replace(reader, become[k] ?? reader);
      this.#flow.remove(from);
    } else if (joined !== undefined) this.#join(groups, joined);
    for (const group of become) this.#sharers.enter(group);
    for (const group of become) this.#propose(group, true);
  }

  /** Puts one group in the place of several, the last of them first: so each reads from the rest directly only. */
  #join(groups: readonly Group[], joined: Group): void {
    this.#keys.set(joined, firstOf(groups.flatMap((group) => this.#keysOf(group))));
    const depths = groups.map((group) => this.#depthsOf(group));
    this.#depths.set(joined, [Math.min(...depths.map(([d]) => d)), Math.max(...depths.map(([, d]) => d))]);
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
    const readers = this.#flow.usersOf(group);
    if (isPointwiseAlone(group)) this.#offerInline(group, this.#flow.sorted(readers));
    const users = this.#nearest(readers, (other) => this.#depthsOf(other)[0]);
    for (const user of users) this.#offer([group, user]);
    // Where several readers, or what a reader reads besides, must come along for a dispatch to be saved.
    const sources = this.#nearest(this.#flow.sourcesOf(group), (other) => -this.#depthsOf(other)[1]);
    this.#offerMost(users, (some) => [group, ...some]);
    this.#offerMost(sources, (some) => [...some, group]);
    if (all) {
      for (const source of sources) {
        this.#offer([source, group]);
        if (isPointwiseAlone(source))
          this.#offerInline(source, this.#flow.sorted(this.#flow.usersOf(source)));
      }
      for (const user of users) {
        const beside = this.#flow.sourcesOf(user, MOST_TOGETHER);
        if (beside.size > MOST_TOGETHER) continue;
        this.#offerMost(this.#flow.sorted(beside), (some) => (some.includes(group) ? [...some, user] : []));
      }
    }
    for (const other of this.#flow.sorted(this.#sharers.of(group)))
      if (all || this.#flow.sorted([group, other])[0] === group) this.#offerSibling(group, other);
  }

  /** Some groups in their order: where there are many, those that come first by a number, and then by what they compute. */
  #nearest(groups: ReadonlySet<Group>, by: (group: Group) => number): Group[] {
    if (groups.size <= MOST_NEIGHBOURS) return this.#flow.sorted(groups);
    const ranked = [...groups].map((group) => ({ group, at: by(group), key: this.#keyOf(group) }));
    ranked.sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return this.#flow.sorted(ranked.slice(0, MOST_NEIGHBOURS).map(({ group }) => group));
  }

  /** The least and the largest depth of what a group makes. */
  #depthsOf(group: Group): readonly [number, number] {
    let depths = this.#depths.get(group);
    if (depths === undefined) {
      const own = tensorsWritten(group).map((tensor) => this.#ranks.get(tensor)?.depth ?? 0);
      depths = [Math.min(...own), Math.max(...own)];
      this.#depths.set(group, depths);
    }
    return depths;
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
    // What stands between them stands there until one of them is joined with it, and offered again.
    const joined = this.#between(groups) ?? this.#program(groups);
    if (typeof joined !== 'string') {
      this.#enqueue('rows', groups, [this.#make(joined)]);
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

  /** Some groups as one row program. They are asked for again and again: what is found is kept for what is inside now. */
  #program(groups: readonly Group[]): RowProgram | string {
    const members = new Set(groups);
    const [inside, outside]: [Tensor[], Set<Tensor>] = [[], new Set()];
    for (const group of groups) {
      for (const tensor of this.#flow.writesOf(group)) {
        if (this.#flow.isReadBy(tensor, (reader) => !members.has(reader))) outside.add(tensor);
        else inside.push(tensor);
      }
    }
    const key = [...groups, ...inside].map((part) => this.#numberOf(part)).join();
    let known = this.#programs.get(key);
    if (known === undefined) {
      known = rowProgram(groups, (tensor) => !outside.has(tensor), this.#mostLoops);
      this.#programs.set(key, known);
      this.#decisions.effort.weighedLoops += groups.reduce((n, group) => n + group.loops.length, 0);
    }
    return known;
  }

  #make(program: RowProgram): Group {
    let made = this.#made.get(program);
    if (made === undefined) {
      made = withLocals(program(), this.#machine);
      this.#made.set(program, made);
    }
    return made;
  }

  /** What a group computes, however its loops were declared: by its first tensors, and by how many there are. */
  #keyOf(group: Group): string {
    return `${this.#keysOf(group).join()} ${group.loops.length}`;
  }

  #keysOf(group: Group): readonly string[] {
    let made = this.#keys.get(group);
    if (made === undefined) {
      made = firstOf(tensorsWritten(group).map((tensor) => this.#keyOfTensor(tensor)));
      this.#keys.set(group, made);
    }
    return made;
  }

  #keyOfTensor(tensor: Tensor): string {
    const { depth, key } = this.#ranks.get(tensor) ?? { depth: 0, key: tensor.name };
    return `${String(depth).padStart(6, '0')} ${key}`;
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
      const loops = become.reduce((n, group) => n + group.loops.length, 0);
      this.#queue.push({ move, groups, become, together, apart, gain: digitsOf(gain), loops, key });
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
    const found = this.#flow.between(groups);
    return found === null ? null : `${groupName(found)} lies between them`;
  }
}

/**
 * Readers of a group, and groups that it reads, that are offered with it: as many as come next by depth. What every step of a
 * long chain reads has as many readers as steps, and all but the next ones lie beyond others. Assumed, as much as the loops of a
 * row program: half and twice as many give the same programs of the workloads w2, w3, w8 and w9, of a recurrence of 32 steps and
 * of six residual layers.
 */
const MOST_NEIGHBOURS = 64;

/** More groups than this are not offered as one: pairs are, and grow. */
const MOST_TOGETHER = 8;

/**
 * Tensors by which a group is told from another, where two gain the same: groups that start with so many equal ones hardly ever
 * differ. Assumed: half and twice as many give the same programs of the workloads w2, w3, w8 and w9, of a recurrence of 32 steps
 * and of six residual layers.
 */
const MOST_KEYS = 8;

/** The first of some keys in their order. */
function firstOf(keys: readonly string[]): readonly string[] {
  return [...keys].sort().slice(0, MOST_KEYS);
}

/** Whether a group is a pointwise loop by itself. */
function isPointwiseAlone({ loops: [loop, ...more] }: Group): boolean {
  return loop !== undefined && more.length === 0 && loop.reductions.length === 0;
}

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
