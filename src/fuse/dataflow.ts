import { inOrder, tensorsRead } from '../loops/edges.ts';
import type { Loop, Tensor } from '../loops/index.ts';
import { type Group, groupName, tensorsReadBy, tensorsWritten } from '../schedule/group.ts';

/** What a dataflow must know of its items. */
export interface Access<T> {
  /** The tensors that an item reads, in the order in which their writers are its sources. */
  readonly reads: (item: T) => ReadonlySet<Tensor>;
  readonly writes: (item: T) => Iterable<Tensor>;
  /** For messages. */
  readonly name: (item: T) => string;
  /** Whether an item in the place of two reads and writes what the two did: it need not be looked through again. */
  readonly isUnion: boolean;
}

/**
 * Items that a search for dependence visits at most. Where the way may be longer, one item counts as depending on the other:
 * what is not done then could be done, and nothing goes wrong. Assumed: of so many, searches stay cheap beside what a proposal
 * costs to price; half and twice as many give the same programs of the workloads w2, w3, w8 and w9, of a recurrence of 32 steps
 * and of six residual layers.
 */
export const MOST_SEARCHED = 1024;

/** Loops as items of a dataflow. */
export const loopAccess: Access<Loop> = {
  reads: tensorsRead,
  writes: (loop) => loop.outs.map((out) => out.tensor),
  name: (loop) => loop.name,
  isUnion: false,
};

/** Groups without prologues as items of a dataflow. */
export const groupAccess: Access<Group> = {
  reads: tensorsReadBy,
  writes: tensorsWritten,
  name: groupName,
  isUnion: true,
};

/**
 * Loops, or groups of them, in an order that runs, with who writes and who reads each tensor. A pass that changes
 * one at a time changes it here: what does not touch that one is not looked at again.
 */
export class Dataflow<T extends object> {
  readonly #access: Access<T>;
  /** An item that was removed leaves a hole, so that the others keep their places. */
  readonly #order: (T | undefined)[];
  readonly #places = new Map<T, number>();
  /** What each item reads; of a union, what others write or was there before. */
  readonly #reads = new Map<T, ReadonlySet<Tensor>>();
  /** What each item writes; of a union, what others may read. */
  readonly #writes = new Map<T, readonly Tensor[]>();
  readonly #writers = new Map<Tensor, T>();
  readonly #readers = new Map<Tensor, Set<T>>();

  /** @param items each tensor's writer before its readers */
  constructor(items: readonly T[], access: Access<T>) {
    this.#access = access;
    this.#order = [...items];
    for (const [place, item] of items.entries()) this.#enter(item, place, ...this.#accessOf(item));
  }

  /** The items, in an order that runs. */
  get items(): T[] {
    return this.#order.filter((item) => item !== undefined);
  }

  /** Whether it is one of the items still. */
  has(item: T): boolean {
    return this.#places.has(item);
  }

  /** The item that writes a tensor; undefined for what was there before. */
  writerOf(tensor: Tensor): T | undefined {
    return this.#writers.get(tensor);
  }

  /** The items that read a tensor. @param inOrder whether they come in order, which takes time */
  readersOf(tensor: Tensor, inOrder = true): T[] {
    const readers = this.#readers.get(tensor) ?? [];
    return inOrder ? this.sorted(readers) : [...readers];
  }

  /** Some of the items, in order. */
  sorted(items: Iterable<T>): T[] {
    return [...items].sort((a, b) => this.placeOf(a) - this.placeOf(b));
  }

  /** Whether one of the items that read a tensor is such a one. */
  isReadBy(tensor: Tensor, isSuch: (reader: T) => boolean): boolean {
    for (const reader of this.#readers.get(tensor) ?? []) if (isSuch(reader)) return true;
    return false;
  }

  /**
   * The other items that an item reads from, each once, in the order of its reads.
   *
   * @param most where there are more, not all are given
   */
  sourcesOf(item: T, most = Infinity): Set<T> {
    const sources = new Set<T>();
    for (const tensor of this.#reads.get(item) ?? []) {
      const from = this.#writers.get(tensor);
      if (from === undefined || from === item) continue;
      sources.add(from);
      if (sources.size > most) break;
    }
    return sources;
  }

  /** The other items that read what an item writes. */
  usersOf(item: T): Set<T> {
    const users = new Set<T>();
    for (const tensor of this.writesOf(item)) {
      for (const reader of this.#readers.get(tensor) ?? []) if (reader !== item) users.add(reader);
    }
    return users;
  }

  /** What an item reads; of a union, only what others write or was there before. */
  readsOf(item: T): ReadonlySet<Tensor> {
    return this.#reads.get(item) ?? new Set();
  }

  /** What an item writes; of a union, only what others may read. */
  writesOf(item: T): readonly Tensor[] {
    return this.#writes.get(item) ?? [];
  }

  /** The place of an item in the order, from 0 on. @throws RangeError of what is none of the items */
  placeOf(item: T): number {
    const place = this.#places.get(item);
    if (place === undefined) throw new RangeError(`${this.#access.name(item)} is none of these`);
    return place;
  }

  /**
   * An item on a way that leaves some of the items and comes back to them; null where there is none, and the last that was
   * looked at where the search was given up.
   */
  between(items: readonly T[]): T | null {
    const members = new Set(items);
    // What stands before all of them does not depend on them.
    const start = Math.min(...items.map((item) => this.placeOf(item)));
    const isOpen = (item: T): boolean => !members.has(item) && this.placeOf(item) > start;
    const seen = new Set<T>();
    const open: T[] = [];
    const reach = (item: T): boolean => {
      let isMember = false;
      for (const source of this.sourcesOf(item)) {
        if (members.has(source)) isMember = true;
        if (!isOpen(source) || seen.has(source)) continue;
        seen.add(source);
        open.push(source);
      }
      return isMember;
    };
    for (const item of items) reach(item);
    for (let next = open.pop(); next !== undefined; next = open.pop())
      if (reach(next) || seen.size > MOST_SEARCHED) return next;
    return null;
  }

  /** Whether an item needs what another one writes, directly or not; and where the way between may be very long. */
  dependsOn(item: T, on: T): boolean {
    const first = this.placeOf(on);
    const seen = new Set<T>();
    const open = [item];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const source of this.sourcesOf(next)) {
        if (source === on) return true;
        // What stands before an item does not depend on it.
        if (this.placeOf(source) < first || seen.has(source)) continue;
        seen.add(source);
        open.push(source);
      }
      if (seen.size > MOST_SEARCHED) return true;
    }
    return false;
  }

  /** Puts an item that depends on the same ones, or on further ones before it, in another one's place. */
  replace(item: T, by: T): void {
    const place = this.placeOf(item);
    this.#leave(item);
    this.#enter(by, place, ...this.#accessOf(by));
  }

  /** Takes an item out that nobody reads any more. */
  remove(item: T): void {
    this.#leave(item);
  }

  /**
   * Puts one item in the place of two, of which none depends on the other except for the guest on the host, and on
   * that directly only. What stands between them is put in order again: sources of the guest come before, readers
   * of the guest after.
   *
   * @param host its place is the joined item's
   */
  join(host: T, guest: T, joined: T): void {
    const [place, other] = [this.placeOf(host), this.placeOf(guest)];
    const [reads, writes] = this.#access.isUnion ? this.#union(host, guest) : this.#accessOf(joined);
    this.#leave(guest);
    this.#leave(host);
    this.#enter(joined, place, reads, writes);
    const isBefore = (item: T): boolean => this.placeOf(item) < place;
    const misplaced =
      [...this.usersOf(joined)].some(isBefore) || ![...this.sourcesOf(joined)].every(isBefore);
    if (!misplaced) return;
    const [first, end] = [Math.min(place, other), Math.max(place, other) + 1];
    const between = new Set(this.#order.slice(first, end).filter((item) => item !== undefined));
    this.#order.fill(undefined, first, end);
    const inside = (item: T): T[] => [...this.sourcesOf(item)].filter((source) => between.has(source));
    for (const [k, item] of inOrder([...between], inside).entries()) {
      this.#order[first + k] = item;
      this.#places.set(item, first + k);
    }
  }

  #accessOf(item: T): readonly [ReadonlySet<Tensor>, readonly Tensor[]] {
    return [this.#access.reads(item), [...this.#access.writes(item)]];
  }

  /** What two items read of others, and what they write that others may read, or that outlives the step. */
  #union(host: T, guest: T): readonly [ReadonlySet<Tensor>, readonly Tensor[]] {
    const own = new Set([...this.writesOf(host), ...this.writesOf(guest)]);
    const reads = new Set<Tensor>();
    for (const item of [host, guest])
      for (const tensor of this.readsOf(item)) if (!own.has(tensor)) reads.add(tensor);
    const writes = [...own].filter((tensor) => {
      if (tensor.role !== 'temp') return true;
      for (const reader of this.#readers.get(tensor) ?? [])
        if (reader !== host && reader !== guest) return true;
      return false;
    });
    return [reads, writes];
  }

  #enter(item: T, place: number, reads: ReadonlySet<Tensor>, writes: readonly Tensor[]): void {
    this.#order[place] = item;
    this.#places.set(item, place);
    this.#reads.set(item, reads);
    this.#writes.set(item, writes);
    for (const tensor of writes) this.#writers.set(tensor, item);
    for (const tensor of reads) {
      const readers = this.#readers.get(tensor);
      if (readers === undefined) this.#readers.set(tensor, new Set([item]));
      else readers.add(item);
    }
  }

  #leave(item: T): void {
    this.#order[this.placeOf(item)] = undefined;
    this.#places.delete(item);
    for (const tensor of this.writesOf(item)) this.#writers.delete(tensor);
    for (const tensor of this.readsOf(item)) this.#readers.get(tensor)?.delete(item);
    this.#reads.delete(item);
    this.#writes.delete(item);
  }
}
