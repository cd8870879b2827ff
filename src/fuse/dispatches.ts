import type { Machine } from '../machine/index.ts';
import type { Group } from '../schedule/group.ts';
import { DispatchTime } from './dispatchTime.ts';
import type { Undo } from './undo.ts';

/** One of the dispatches of a step, between its neighbours. */
export interface Dispatch {
  /** Numbers dispatches in their order, with gaps. */
  readonly label: number;
  readonly time: DispatchTime;
  prev: Dispatch | null;
  next: Dispatch | null;
  /** Whether it was taken out of the row. */
  isGone: boolean;
}

/** The dispatches of a step in a row, which group is in which, and the time of all. What changes can be taken back. */
export class Dispatches {
  readonly #machine: Machine;
  readonly #undo: Undo;
  readonly #of = new Map<Group, Dispatch>();
  /** What each dispatch counts for in the sum. */
  readonly #counted = new Map<Dispatch, { readonly picos: number; readonly unpriced: number }>();
  #touched = new Set<Dispatch>();
  #first: Dispatch | null = null;
  #last: Dispatch | null = null;
  #picos = 0;
  #unpriced = 0;
  readonly #moved: (group: Group) => void;

  /** @param moved is told which group was put into a dispatch, or is not in that one any more */
  constructor(machine: Machine, undo: Undo, moved: (group: Group) => void) {
    this.#machine = machine;
    this.#undo = undo;
    this.#moved = moved;
  }

  /** Picoseconds of all of them, when they were counted last; infinite where a group fits no schedule. */
  get picos(): number {
    return this.#unpriced > 0 ? Infinity : this.#picos;
  }

  has(group: Group): boolean {
    return this.#of.has(group);
  }

  /** The dispatch that a group is in. @throws RangeError of one that is in none */
  of(group: Group): Dispatch {
    const at = this.#of.get(group);
    if (at === undefined) throw new RangeError('a group that is in no dispatch');
    return at;
  }

  /** The first dispatch: made where there is none. */
  first(): Dispatch {
    return this.#first ?? this.#append();
  }

  /** The dispatch after another one: made where there is none. */
  after(dispatch: Dispatch): Dispatch {
    return dispatch.next ?? this.#append();
  }

  /** Says in which dispatch a group is, and does not count it there yet: `enter` does. */
  expect(group: Group, at: Dispatch): void {
    this.#undo.set(this.#of, group, at);
  }

  enter(group: Group, at: Dispatch): void {
    const before = this.#of.get(group);
    this.#of.set(group, at);
    at.time.add(group);
    this.#touched.add(at);
    this.#moved(group);
    this.#undo.note(() => {
      at.time.remove(group);
      if (before === undefined) this.#of.delete(group);
      else this.#of.set(group, before);
      this.#moved(group);
    });
  }

  leave(group: Group, at: Dispatch): void {
    at.time.remove(group);
    this.#touched.add(at);
    this.#undo.note(() => at.time.add(group));
  }

  /** Forgets which dispatch a group was in that has left it. */
  forget(group: Group): void {
    this.#of.delete(group);
  }

  /** Counts the times of all dispatches again that changed. */
  count(): void {
    const [picos, unpriced] = [this.#picos, this.#unpriced];
    this.#undo.note(() => {
      [this.#picos, this.#unpriced] = [picos, unpriced];
    });
    for (const dispatch of this.#touched) {
      const before = this.#counted.get(dispatch) ?? { picos: 0, unpriced: 0 };
      const now = dispatch.isGone ? { picos: 0, unpriced: 0 } : dispatch.time;
      const counts = { picos: now.picos, unpriced: now.unpriced };
      this.#picos += counts.picos - before.picos;
      this.#unpriced += counts.unpriced - before.unpriced;
      this.#undo.set(this.#counted, dispatch, dispatch.isGone ? undefined : counts);
    }
    this.#touched = new Set();
  }

  /** Takes a dispatch without groups out of the row. */
  remove(dispatch: Dispatch): void {
    const { prev, next } = dispatch;
    const [first, last] = [this.#first, this.#last];
    if (prev === null) this.#first = next;
    else prev.next = next;
    if (next === null) this.#last = prev;
    else next.prev = prev;
    dispatch.isGone = true;
    this.#touched.add(dispatch);
    this.#undo.note(() => {
      dispatch.isGone = false;
      if (prev !== null) prev.next = dispatch;
      if (next !== null) next.prev = dispatch;
      [this.#first, this.#last] = [first, last];
    });
  }

  /** Makes one of two neighbours: the groups of the one with fewer move. */
  merge(a: Dispatch, b: Dispatch): void {
    const [from, to] = a.time.groups.size < b.time.groups.size ? [a, b] : [b, a];
    for (const group of [...from.time.groups]) {
      this.leave(group, from);
      this.enter(group, to);
    }
    this.remove(from);
  }

  #append(): Dispatch {
    const last = this.#last;
    const label = (last?.label ?? -1) + 1;
    const time = new DispatchTime(this.#machine);
    const dispatch: Dispatch = { label, time, prev: last, next: null, isGone: false };
    if (last === null) this.#first = dispatch;
    else last.next = dispatch;
    this.#last = dispatch;
    this.#undo.note(() => {
      if (last === null) this.#first = null;
      else last.next = null;
      this.#last = last;
    });
    return dispatch;
  }
}
