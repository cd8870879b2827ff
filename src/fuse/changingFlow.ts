import type { Tensor } from '../loops/index.ts';
import { type Group, tensorsReadBy } from '../schedule/group.ts';
import type { Dataflow } from './dataflow.ts';
import type { Undo } from './undo.ts';
import { hazardsOf } from './updates.ts';

/** Groups that take the place of others. */
export interface Change {
  /** For each group that goes what does its work: null where others do. */
  readonly by: ReadonlyMap<Group, Group | null>;
  /** For each group that is new those whose place it takes. */
  readonly members: ReadonlyMap<Group, readonly Group[]>;
}

/**
 * What comes after what: groups after what they read, and, where they write a state over its old value, after those that read
 * the old one. As it will be once the flow has changed, where a change is under way.
 */
export class ChangingFlow {
  readonly #flow: Dataflow<Group>;
  readonly #undo: Undo;
  /** For each state the tensors that are written over it. */
  readonly #next = new Map<Tensor, Tensor[]>();
  readonly #hazards = new Set<Tensor>();
  readonly #circular = new Set<Tensor>();
  #change: Change | null = null;

  constructor(flow: Dataflow<Group>, undo: Undo) {
    this.#flow = flow;
    this.#undo = undo;
    for (const group of flow.items) {
      for (const next of hazardsOf(group)) this.#hazards.add(next);
      for (const next of flow.writesOf(group)) {
        if (next.over === undefined) continue;
        const list = this.#next.get(next.over);
        if (list === undefined) this.#next.set(next.over, [next]);
        else list.push(next);
      }
    }
  }

  /** The groups, without those of a change that is under way. */
  get items(): Group[] {
    return this.#flow.items;
  }

  /** Next values that the group which makes them cannot write over the old ones, since it reads these itself. */
  get hazards(): ReadonlySet<Tensor> {
    return this.#hazards;
  }

  /** Next values whose writing over the old ones would be part of a circle. */
  get circular(): ReadonlySet<Tensor> {
    return this.#circular;
  }

  /** Begins a change. */
  begin(change: Change): void {
    this.#change = change;
    for (const group of change.by.keys())
      for (const next of hazardsOf(group)) this.#undo.toggle(this.#hazards, next, false);
    for (const group of change.members.keys())
      for (const next of hazardsOf(group)) this.#undo.toggle(this.#hazards, next, true);
  }

  /** Ends a change: the flow is as it was, or has changed by now. */
  end(): void {
    this.#change = null;
  }

  /** Says of a next value whether it is part of a circle. */
  setCircular(next: Tensor, isCircular: boolean): void {
    this.#undo.toggle(this.#circular, next, isCircular);
  }

  /** What a group comes after. @param all whether updates that are part of circles count */
  sourcesOf(group: Group, all = false): Set<Group> {
    const sources = new Set<Group>();
    for (const tensor of this.readsOf(group)) {
      const writer = this.writerOf(tensor);
      if (writer !== null && writer !== group) sources.add(writer);
    }
    for (const next of this.writesOf(group))
      if (next.over !== undefined && this.#isAwaited(next, all))
        for (const reader of this.readersOf(next.over)) if (reader !== group) sources.add(reader);
    return sources;
  }

  /** What comes after a group. @param all whether updates that are part of circles count */
  usersOf(group: Group, all = false): Set<Group> {
    const users = new Set<Group>();
    for (const tensor of this.writesOf(group))
      for (const reader of this.readersOf(tensor)) if (reader !== group) users.add(reader);
    for (const tensor of this.readsOf(group))
      for (const writer of this.updatersOf(tensor, all)) if (writer !== group) users.add(writer);
    return users;
  }

  /** Who writes over a tensor, and waits for those that read it. */
  updatersOf(state: Tensor, all = false): Group[] {
    return this.nextOf(state).flatMap((next) =>
      this.#isAwaited(next, all) ? (this.writerOf(next) ?? []) : [],
    );
  }

  /** What is written over a state; nothing for any other tensor. */
  nextOf(state: Tensor): readonly Tensor[] {
    return this.#next.get(state) ?? [];
  }

  readersOf(tensor: Tensor): Set<Group> {
    const readers = new Set<Group>();
    for (const reader of this.#flow.readersOf(tensor, false)) {
      const now = this.#now(reader);
      if (now !== null && (now === reader || !this.#isAlone(now) || tensorsReadBy(now).has(tensor)))
        readers.add(now);
    }
    // What takes the place of one alone may read what that one did not.
    for (const group of this.#change?.members.keys() ?? [])
      if (this.#isAlone(group) && tensorsReadBy(group).has(tensor)) readers.add(group);
    return readers;
  }

  writerOf(tensor: Tensor): Group | null {
    return this.#now(this.#flow.writerOf(tensor));
  }

  *writesOf(group: Group): Generator<Tensor> {
    for (const member of this.#change?.members.get(group) ?? [group]) yield* this.#flow.writesOf(member);
  }

  /** What groups do not read any more that take the place of one alone. */
  *readNoMore(): Generator<Tensor> {
    for (const [group, [only, ...more]] of this.#change?.members ?? []) {
      if (only === undefined || more.length > 0) continue;
      const reads = tensorsReadBy(group);
      for (const tensor of this.#flow.readsOf(only)) if (!reads.has(tensor)) yield tensor;
    }
  }

  *readsOf(group: Group): Generator<Tensor> {
    // What takes the place of one alone may read more, or less: what it computes for itself now.
    if (this.#isAlone(group)) yield* tensorsReadBy(group);
    else for (const member of this.#change?.members.get(group) ?? [group]) yield* this.#flow.readsOf(member);
  }

  /** Whether a group takes the place of one alone. */
  #isAlone(group: Group): boolean {
    return this.#change?.members.get(group)?.length === 1;
  }

  #isAwaited(next: Tensor, all: boolean): boolean {
    return !this.#hazards.has(next) && (all || !this.#circular.has(next));
  }

  #now(group: Group | undefined): Group | null {
    if (group === undefined) return null;
    const by = this.#change?.by.get(group);
    return by === undefined ? group : by;
  }
}
