import type { Tensor } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { type Group, tensorsReadBy } from '../schedule/group.ts';
import { stageTime } from '../schedule/time.ts';
import type { Dataflow } from './dataflow.ts';
import { Heap } from './heap.ts';
import { earliestLevels } from './levels.ts';
import { priceOf } from './price.ts';
import { copyOf, hazardsOf } from './updates.ts';

/**
 * Units of a microsecond in which times are added up: whole ones, so that a sum does not depend on the order of its terms,
 * nor on what was added and taken away before.
 */
const UNITS = 1e9;

/**
 * The time of a step while its groups are joined: of each dispatch the longest of its groups, or what all of them together
 * keep the machine busy for, and the dispatch itself. Each group comes as early as it can: after what it reads, and, where
 * it writes a state over its old value, after those that read the old one. It is what `timeOfGroups` finds from scratch, unless
 * updates close circles: then states between two circles count as copied too, and those that are copied wait for nobody. A
 * change costs what it moves, and a look at each state that is copied. Groups of the dispatches after a join do not move:
 * where all of them would come one dispatch earlier, two dispatches become one instead.
 */
export class StepTime {
  readonly #flow: Dataflow<Group>;
  readonly #machine: Machine;
  /** For each state that is written over the tensors that are. */
  readonly #next = new Map<Tensor, Tensor[]>();
  /** States whose updates close circles, and wait for nobody: their new values are copied over them in the end. */
  readonly #copied = new Set<Tensor>();
  /** For groups that read the old value of a state that they update where it may have been written over the next values. */
  readonly #hazards = new Map<Group, readonly Tensor[]>();
  readonly #levels = new Map<Group, Level>();
  #first: Level | null = null;
  #last: Level | null = null;
  /** Whole units; groups that fit no schedule are counted apart. */
  #total = 0;
  #unpriced = 0;
  #visited = 0;
  /** What takes a change back, the last step first; and the groups that it puts in the place of others. */
  #undo: (() => void)[] = [];
  #pending: Change | null = null;
  /** States that are copied since the updates that it would put together close a circle. */
  #broken: readonly Tensor[] = [];

  /** @param flow where changes are made after they were made here */
  constructor(flow: Dataflow<Group>, machine: Machine) {
    this.#flow = flow;
    this.#machine = machine;
    for (const group of flow.items) {
      this.#noteHazards(group);
      for (const tensor of flow.writesOf(group)) {
        if (tensor.over === undefined) continue;
        const list = this.#next.get(tensor.over);
        if (list === undefined) this.#next.set(tensor.over, [tensor]);
        else list.push(tensor);
      }
    }
    this.#breakCircles(null);
    this.#build();
  }

  /** Groups whose dispatch was computed again, all in all: what was worked. */
  get visited(): number {
    return this.#visited;
  }

  /**
   * Puts groups in the place of others, for the time being: `keep` or `revert` comes next. The flow is as it was before.
   *
   * @param by for each group what it becomes, one for several or each another one; null where others do its work
   * @returns by how many microseconds the step takes longer; less than none where it gains. Unknown, NaN, where a group fitted
   *   no schedule before and after.
   */
  replace(by: ReadonlyMap<Group, Group | null>): number {
    const members = new Map<Group, Group[]>();
    for (const [group, become] of by) {
      if (become === null) continue;
      const list = members.get(become);
      if (list === undefined) members.set(become, [group]);
      else list.push(group);
    }
    const change: Change = { by, members };
    const before = this.#units;
    if (!this.#apply(change)) {
      this.revert();
      this.#broken = this.#breakCircles(change);
      this.#build();
      this.#apply(change, Infinity);
    }
    return (this.#units - before) / UNITS;
  }

  /** Lets what was replaced last stand. The flow changes now. */
  keep(): void {
    for (const group of this.#pending?.by.keys() ?? []) {
      this.#levels.delete(group);
      this.#hazards.delete(group);
    }
    for (const group of this.#pending?.members.keys() ?? []) this.#noteHazards(group);
    this.#undo = [];
    this.#broken = [];
    this.#pending = null;
  }

  /** Takes back what was replaced last. */
  revert(): void {
    for (let step = this.#undo.pop(); step !== undefined; step = this.#undo.pop()) step();
    this.#pending = null;
    if (this.#broken.length === 0) return;
    for (const state of this.#broken) this.#copied.delete(state);
    this.#broken = [];
    this.#build();
  }

  /** Units of the step, copies included; infinite where a group fits no schedule. */
  get #units(): number {
    return this.#unpriced > 0 ? Infinity : this.#total + this.#unitsOfCopies();
  }

  /** Units of the dispatch that copies the states that cannot be updated in place. */
  #unitsOfCopies(): number {
    const next = new Set<Tensor>();
    for (const state of this.#copied) for (const tensor of this.#next.get(state) ?? []) next.add(tensor);
    const { by, members } = this.#pending ?? {
      by: new Map<Group, null>(),
      members: new Map<Group, Group[]>(),
    };
    for (const [group, hazards] of this.#hazards)
      if (!by.has(group)) for (const tensor of hazards) next.add(tensor);
    for (const group of members.keys()) for (const tensor of hazardsOf(group)) next.add(tensor);
    if (next.size === 0) return 0;
    const times = [...next].flatMap((tensor) => priceOf(copyOf(tensor), this.#machine) ?? []);
    return Math.round(stageTime(times, this.#machine) * UNITS);
  }

  /** @returns whether it came to an end within the limit; else updates close a circle */
  #apply(change: Change, limit = 4 * this.#levels.size + 256): boolean {
    this.#pending = change;
    const { by, members } = change;
    const touched = new Set<Level>();
    const left = new Map<Group, Left>();
    for (const group of by.keys()) {
      const level = this.#levelOf(group);
      left.set(group, { level, next: level.next });
      this.#leave(group, level, touched);
    }
    const open = new Heap<Open>((a, b) => a.label < b.label);
    const waiting = new Set<Group>();
    const wait = (group: Group): void => {
      if (waiting.has(group)) return;
      waiting.add(group);
      open.push({ group, label: this.#levelOf(group).label });
    };
    /** Lets what comes after a group wait, where it has left a dispatch for another one, or for none. */
    const waitFor = (group: Group, { level, next }: Left, now: Level | null): void => {
      if (now === level) return;
      // Where it comes earlier now, only what came just after it may come earlier too.
      const isEarlier = now !== null && now.label < level.label;
      for (const user of this.#usersOf(group)) {
        const at = this.#levels.get(user);
        if (at !== undefined && !(isEarlier && at !== next)) wait(user);
      }
    };
    // What takes the place of others is put where its sources let it be.
    const placed = [...members.keys()];
    for (const group of placed) this.#set(group, this.#firstLevel());
    for (const group of placed) this.#enter(group, this.#after(group), touched);
    for (const { level } of left.values()) if (level.groups.size === 0 && !level.isGone) this.#unlink(level);
    for (const group of placed) wait(group);
    for (const [group, own] of left) {
      const become = by.get(group) ?? null;
      waitFor(group, own, become === null ? null : this.#levelOf(become));
    }
    let visits = 0;
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (!waiting.has(next.group)) continue;
      const level = this.#levelOf(next.group);
      if (level.label > next.label) {
        // It was moved while it waited: its turn comes later.
        open.push({ group: next.group, label: level.label });
        continue;
      }
      const batch = new Set([next.group]);
      for (let more = open.first; more !== undefined; more = open.first) {
        if (waiting.has(more.group) && this.#levelOf(more.group) !== level) break;
        open.pop();
        if (waiting.has(more.group)) batch.add(more.group);
      }
      for (const group of batch) waiting.delete(group);
      visits += batch.size;
      this.#visited += batch.size;
      if (visits > limit) return false;
      const moves = [...batch].flatMap((group) => {
        const to = this.#after(group);
        return to === level ? [] : [{ group, to }];
      });
      if (moves.length === 0) continue;
      const { prev } = level;
      if (prev !== null && moves.length === level.groups.size && moves.every(({ to }) => to === prev)) {
        this.#merge(prev, level, touched);
        continue;
      }
      const { next: after } = level;
      for (const { group, to } of moves) {
        this.#leave(group, level, touched);
        this.#enter(group, to, touched);
        waitFor(group, { level, next: after }, to);
      }
    }
    for (const level of touched) this.#reprice(level);
    return true;
  }

  #noteHazards(group: Group): void {
    const hazards = hazardsOf(group);
    if (hazards.length > 0) this.#hazards.set(group, hazards);
  }

  /** All levels from scratch. */
  #build(): void {
    this.#levels.clear();
    [this.#first, this.#last, this.#total, this.#unpriced] = [null, null, 0, 0];
    const levels: Level[] = [];
    const touched = new Set<Level>();
    const items = this.#flow.items;
    const { level: places } = earliestLevels(items, this.#copied);
    for (const group of items) {
      const at = places.get(group) ?? 0;
      while (levels.length <= at) levels.push(this.#append());
      const level = levels[at];
      if (level !== undefined) this.#enter(group, level, touched);
    }
    for (const level of touched) this.#reprice(level);
    this.#undo = [];
  }

  /**
   * Finds the states whose updates close circles: of what is left once all is taken away that waits for nothing else, or for
   * which nothing else waits, those that a reader and the writer of are left.
   *
   * @returns those that were not known
   */
  #breakCircles(change: Change | null): readonly Tensor[] {
    this.#pending = change;
    const { by, members } = change ?? { by: new Map<Group, null>(), members: new Map<Group, Group[]>() };
    const all = new Set([...this.#flow.items.filter((group) => !by.has(group)), ...members.keys()]);
    const peel = (before: (group: Group) => Set<Group>, after: (group: Group) => Set<Group>): void => {
      const counts = new Map<Group, number>();
      const open: Group[] = [];
      for (const group of all) {
        const count = [...before(group)].filter((other) => all.has(other)).length;
        counts.set(group, count);
        if (count === 0) open.push(group);
      }
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        all.delete(next);
        for (const then of after(next)) {
          const count = (counts.get(then) ?? 0) - 1;
          counts.set(then, count);
          if (count === 0 && all.has(then)) open.push(then);
        }
      }
    };
    const sources = (group: Group): Set<Group> => this.#sourcesOf(group);
    const users = (group: Group): Set<Group> => this.#usersOf(group);
    peel(sources, users);
    if (all.size > 0) peel(users, sources);
    const found: Tensor[] = [];
    for (const writer of all) {
      for (const { over } of this.#writesOf(writer)) {
        if (over === undefined || this.#copied.has(over)) continue;
        if (this.#readersOf(over).some((reader) => reader !== writer && all.has(reader))) found.push(over);
      }
    }
    for (const state of found) this.#copied.add(state);
    this.#pending = null;
    return found;
  }

  #levelOf(group: Group): Level {
    const level = this.#levels.get(group);
    if (level === undefined) throw new RangeError('a group that is none of these');
    return level;
  }

  #firstLevel(): Level {
    return this.#first ?? this.#append();
  }

  /** The level after all that a group comes after. */
  #after(group: Group): Level {
    let last: Level | null = null;
    for (const source of this.#sourcesOf(group)) {
      const level = this.#levelOf(source);
      if (last === null || level.label > last.label) last = level;
    }
    if (last === null) return this.#firstLevel();
    return last.next ?? this.#append();
  }

  /** What a group comes after: as it will be once the flow has changed. */
  #sourcesOf(group: Group): Set<Group> {
    const sources = new Set<Group>();
    for (const tensor of this.#readsOf(group)) {
      const writer = this.#now(this.#flow.writerOf(tensor));
      if (writer !== null && writer !== group) sources.add(writer);
    }
    for (const { over } of this.#writesOf(group))
      if (over !== undefined && !this.#copied.has(over))
        for (const reader of this.#readersOf(over)) if (reader !== group) sources.add(reader);
    return sources;
  }

  /** What comes after a group. */
  #usersOf(group: Group): Set<Group> {
    const users = new Set<Group>();
    for (const tensor of this.#writesOf(group))
      for (const reader of this.#readersOf(tensor)) if (reader !== group) users.add(reader);
    for (const tensor of this.#readsOf(group)) {
      if (this.#copied.has(tensor)) continue;
      for (const next of this.#next.get(tensor) ?? []) {
        const writer = this.#now(this.#flow.writerOf(next));
        if (writer !== null && writer !== group) users.add(writer);
      }
    }
    return users;
  }

  #readersOf(tensor: Tensor): Group[] {
    const readers: Group[] = [];
    for (const reader of this.#flow.readersOf(tensor, false)) {
      const now = this.#now(reader);
      if (now !== null) readers.push(now);
    }
    // What takes the place of one alone may read what that one did not.
    for (const [group, { length }] of this.#pending?.members ?? [])
      if (length === 1 && !readers.includes(group) && tensorsReadBy(group).has(tensor)) readers.push(group);
    return readers;
  }

  *#readsOf(group: Group): Generator<Tensor> {
    const members = this.#pending?.members.get(group);
    const [only, ...more] = members ?? [group];
    // What takes the place of one alone may read more, or less: what it computes for itself now.
    if (members !== undefined && more.length === 0) yield* tensorsReadBy(group);
    else for (const member of [only, ...more]) if (member !== undefined) yield* this.#flow.readsOf(member);
  }

  *#writesOf(group: Group): Generator<Tensor> {
    for (const member of this.#pending?.members.get(group) ?? [group]) yield* this.#flow.writesOf(member);
  }

  #now(group: Group | undefined): Group | null {
    if (group === undefined) return null;
    const by = this.#pending?.by.get(group);
    return by === undefined ? group : by;
  }

  #set(group: Group, level: Level): void {
    const before = this.#levels.get(group);
    this.#levels.set(group, level);
    this.#undo.push(() => {
      if (before === undefined) this.#levels.delete(group);
      else this.#levels.set(group, before);
    });
  }

  #enter(group: Group, level: Level, touched: Set<Level>): void {
    this.#set(group, level);
    this.#add(group, level, touched);
    this.#undo.push(() => this.#take(group, level, touched));
  }

  #leave(group: Group, level: Level, touched: Set<Level>): void {
    this.#take(group, level, touched);
    this.#undo.push(() => this.#add(group, level, touched));
  }

  #add(group: Group, level: Level, touched: Set<Level>): void {
    touched.add(level);
    level.groups.add(group);
    const time = priceOf(group, this.#machine);
    if (time === null) {
      this.#unpriced++;
      return;
    }
    level.busy += Math.round(time.busy * UNITS);
    level.longest.push({ group, units: Math.round(time.micros * UNITS) });
  }

  #take(group: Group, level: Level, touched: Set<Level>): void {
    touched.add(level);
    level.groups.delete(group);
    const time = priceOf(group, this.#machine);
    if (time === null) this.#unpriced--;
    else level.busy -= Math.round(time.busy * UNITS);
  }

  #reprice(level: Level): void {
    const before = level.units;
    let units = 0;
    if (level.groups.size > 0 && !level.isGone) {
      let longest = level.longest.first;
      for (; longest !== undefined && !level.groups.has(longest.group); longest = level.longest.first)
        level.longest.pop();
      units = Math.max(longest?.units ?? 0, level.busy) + Math.round(this.#machine.dispatch * UNITS);
    }
    level.units = units;
    this.#total += units - before;
    this.#undo.push(() => {
      this.#total -= units - before;
      level.units = before;
    });
  }

  #append(): Level {
    const last = this.#last;
    const level: Level = {
      label: (last?.label ?? -1) + 1,
      groups: new Set(),
      busy: 0,
      longest: new Heap((a, b) => a.units > b.units),
      units: 0,
      prev: last,
      next: null,
      isGone: false,
    };
    if (last === null) this.#first = level;
    else last.next = level;
    this.#last = level;
    this.#undo.push(() => {
      if (last === null) this.#first = null;
      else last.next = null;
      this.#last = last;
    });
    return level;
  }

  /** Takes a level without groups out of the row. */
  #unlink(level: Level): void {
    const { prev, next } = level;
    const [first, last] = [this.#first, this.#last];
    if (prev === null) this.#first = next;
    else prev.next = next;
    if (next === null) this.#last = prev;
    else next.prev = prev;
    level.isGone = true;
    this.#undo.push(() => {
      level.isGone = false;
      if (prev !== null) prev.next = level;
      if (next !== null) next.prev = level;
      [this.#first, this.#last] = [first, last];
    });
  }

  /** Makes one level of two neighbours: the groups of the one with fewer move. */
  #merge(a: Level, b: Level, touched: Set<Level>): void {
    const [from, to] = a.groups.size < b.groups.size ? [a, b] : [b, a];
    for (const group of [...from.groups]) {
      this.#leave(group, from, touched);
      this.#enter(group, to, touched);
    }
    this.#visited += 1;
    this.#unlink(from);
  }
}

/** A dispatch, and what is known of its groups. */
interface Level {
  /** Numbers dispatches in their order, with gaps. */
  readonly label: number;
  readonly groups: Set<Group>;
  /** Whole units for which all groups together keep the machine busy. */
  busy: number;
  /** The groups by their times, and others that have left. */
  readonly longest: Heap<{ readonly group: Group; readonly units: number }>;
  /** Whole units of the dispatch; none where no group is in it. */
  units: number;
  prev: Level | null;
  next: Level | null;
  isGone: boolean;
}

/** The dispatch that a group was in, and the one that came after it. */
interface Left {
  readonly level: Level;
  readonly next: Level | null;
}

/** A group whose dispatch may be another one now. */
interface Open {
  readonly group: Group;
  readonly label: number;
}

/** Groups that take the place of others. */
interface Change {
  readonly by: ReadonlyMap<Group, Group | null>;
  /** For each group that is new those whose place it takes. */
  readonly members: ReadonlyMap<Group, readonly Group[]>;
}
