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
}

/** Loops as items of a dataflow. */
export const loopAccess: Access<Loop> = {
  reads: tensorsRead,
  writes: (loop) => loop.outs.map((out) => out.tensor),
  name: (loop) => loop.name,
};

/** Groups without prologues as items of a dataflow. */
export const groupAccess: Access<Group> = {
  reads: tensorsReadBy,
  writes: tensorsWritten,
  name: groupName,
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
  readonly #reads = new Map<T, ReadonlySet<Tensor>>();
  readonly #writers = new Map<Tensor, T>();
  readonly #readers = new Map<Tensor, Set<T>>();

  /** @param items each tensor's writer before its readers */
  constructor(items: readonly T[], access: Access<T>) {
    this.#access = access;
    this.#order = [...items];
    for (const [place, item] of items.entries()) this.#enter(item, place);
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

  /** The items that read a tensor, in order. */
  readersOf(tensor: Tensor): T[] {
    return this.sorted(this.#readers.get(tensor) ?? []);
  }

  /** Some of the items, in order. */
  sorted(items: Iterable<T>): T[] {
    return [...items].sort((a, b) => this.#placeOf(a) - this.#placeOf(b));
  }

  /** The other items that an item reads from, each once, in the order of its reads. */
  sourcesOf(item: T): Set<T> {
    const sources = new Set<T>();
    for (const tensor of this.#reads.get(item) ?? []) {
      const from = this.#writers.get(tensor);
      if (from !== undefined && from !== item) sources.add(from);
    }
    return sources;
  }

  /** The other items that read what an item writes. */
  usersOf(item: T): Set<T> {
    const users = new Set<T>();
    for (const tensor of this.#access.writes(item)) {
      for (const reader of this.#readers.get(tensor) ?? []) if (reader !== item) users.add(reader);
    }
    return users;
  }

  /** Whether an item needs what another one writes, directly or not. */
  dependsOn(item: T, on: T): boolean {
    const first = this.#placeOf(on);
    const seen = new Set<T>();
    const open = [item];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const source of this.sourcesOf(next)) {
        if (source === on) return true;
        // What stands before an item does not depend on it.
        if (this.#placeOf(source) < first || seen.has(source)) continue;
        seen.add(source);
        open.push(source);
      }
    }
    return false;
  }

  /** Puts an item that depends on the same ones, or on further ones before it, in another one's place. */
  replace(item: T, by: T): void {
    const place = this.#placeOf(item);
    this.#leave(item);
    this.#enter(by, place);
  }

  /** Takes an item out that nobody reads any more. */
  remove(item: T): void {
    this.#leave(item);
  }

  /**
   * Puts one item in the place of two, of which none depends on the other but for the guest on the host, and on
   * that directly only. What stands between them is put in order again: sources of the guest come before, readers
   * of the guest after.
   *
   * @param host its place is the joined item's
   */
  join(host: T, guest: T, joined: T): void {
    const [place, other] = [this.#placeOf(host), this.#placeOf(guest)];
    this.#leave(guest);
    this.#leave(host);
    this.#enter(joined, place);
    const isBefore = (item: T): boolean => this.#placeOf(item) < place;
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

  #enter(item: T, place: number): void {
    const reads = this.#access.reads(item);
    this.#order[place] = item;
    this.#places.set(item, place);
    this.#reads.set(item, reads);
    for (const tensor of this.#access.writes(item)) this.#writers.set(tensor, item);
    for (const tensor of reads) {
      const readers = this.#readers.get(tensor);
      if (readers === undefined) this.#readers.set(tensor, new Set([item]));
      else readers.add(item);
    }
  }

  #leave(item: T): void {
    this.#order[this.#placeOf(item)] = undefined;
    this.#places.delete(item);
    for (const tensor of this.#access.writes(item)) this.#writers.delete(tensor);
    for (const tensor of this.#reads.get(item) ?? []) this.#readers.get(tensor)?.delete(item);
    this.#reads.delete(item);
  }

  #placeOf(item: T): number {
    const place = this.#places.get(item);
    if (place === undefined) throw new RangeError(`${this.#access.name(item)} is none of these`);
    return place;
  }
}
