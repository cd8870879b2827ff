import type { Loop, Tensor } from '../../loops/index.ts';
import { inOrder, tensorsRead } from './edges.ts';

/**
 * Loops in an order that runs, with who writes and who reads each tensor. A pass that changes one loop at a time
 * changes it here: what does not touch that loop is not looked at again.
 */
export class Dataflow {
  /** A loop that was removed leaves a hole, so that the others keep their places. */
  readonly #order: (Loop | undefined)[];
  readonly #places = new Map<Loop, number>();
  readonly #writers = new Map<Tensor, Loop>();
  readonly #readers = new Map<Tensor, Set<Loop>>();

  /** @param loops each tensor's writer before its readers */
  constructor(loops: readonly Loop[]) {
    this.#order = [...loops];
    for (const [place, loop] of loops.entries()) this.#enter(loop, place);
  }

  /** The loops, in an order that runs. */
  get loops(): Loop[] {
    return this.#order.filter((loop) => loop !== undefined);
  }

  /** Whether the loop is one of them still. */
  has(loop: Loop): boolean {
    return this.#places.has(loop);
  }

  /** The loop that writes a tensor; undefined for what was there before. */
  writerOf(tensor: Tensor): Loop | undefined {
    return this.#writers.get(tensor);
  }

  /** The loops that read a tensor, in order. */
  readersOf(tensor: Tensor): Loop[] {
    return this.sorted(this.#readers.get(tensor) ?? []);
  }

  /** Some of the loops, in order. */
  sorted(loops: Iterable<Loop>): Loop[] {
    return [...loops].sort((a, b) => this.#placeOf(a) - this.#placeOf(b));
  }

  /** The loops that a loop reads from, each once, in the order of its loads. */
  sourcesOf(loop: Loop): Set<Loop> {
    const sources = new Set<Loop>();
    for (const tensor of tensorsRead(loop)) {
      const from = this.#writers.get(tensor);
      if (from !== undefined && from !== loop) sources.add(from);
    }
    return sources;
  }

  /** Whether a loop needs what another one writes, directly or not. */
  dependsOn(loop: Loop, on: Loop): boolean {
    const first = this.#placeOf(on);
    const seen = new Set<Loop>();
    const open = [loop];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const source of this.sourcesOf(next)) {
        if (source === on) return true;
        // What stands before a loop does not depend on it.
        if (this.#placeOf(source) < first || seen.has(source)) continue;
        seen.add(source);
        open.push(source);
      }
    }
    return false;
  }

  /** Puts a loop that depends on the same loops, or on further ones before it, in another one's place. */
  replace(loop: Loop, by: Loop): void {
    const place = this.#placeOf(loop);
    this.#leave(loop);
    this.#enter(by, place);
  }

  /** Takes a loop out that nobody reads any more. */
  remove(loop: Loop): void {
    this.#leave(loop);
  }

  /**
   * Puts one loop in the place of two, of which none depends on the other but for the guest on the host. What
   * stands between them is put in order again: sources of the guest come before, readers of the guest after.
   *
   * @param host its place is the joined loop's
   */
  join(host: Loop, guest: Loop, joined: Loop): void {
    const [place, other] = [this.#placeOf(host), this.#placeOf(guest)];
    this.#leave(guest);
    this.#leave(host);
    this.#enter(joined, place);
    const [first, end] = [Math.min(place, other), Math.max(place, other) + 1];
    const between = new Set(this.#order.slice(first, end).filter((loop) => loop !== undefined));
    this.#order.fill(undefined, first, end);
    const inside = (loop: Loop): Loop[] => [...this.sourcesOf(loop)].filter((source) => between.has(source));
    for (const [k, loop] of inOrder([...between], inside).entries()) {
      this.#order[first + k] = loop;
      this.#places.set(loop, first + k);
    }
  }

  #enter(loop: Loop, place: number): void {
    this.#order[place] = loop;
    this.#places.set(loop, place);
    for (const { tensor } of loop.outs) this.#writers.set(tensor, loop);
    for (const tensor of tensorsRead(loop)) {
      const readers = this.#readers.get(tensor);
      if (readers === undefined) this.#readers.set(tensor, new Set([loop]));
      else readers.add(loop);
    }
  }

  #leave(loop: Loop): void {
    this.#order[this.#placeOf(loop)] = undefined;
    this.#places.delete(loop);
    for (const { tensor } of loop.outs) this.#writers.delete(tensor);
    for (const tensor of tensorsRead(loop)) this.#readers.get(tensor)?.delete(loop);
  }

  #placeOf(loop: Loop): number {
    const place = this.#places.get(loop);
    if (place === undefined) throw new RangeError(`loop ${loop.name} is none of these`);
    return place;
  }
}
