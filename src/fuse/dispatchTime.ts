import type { Machine } from '../machine/index.ts';
import type { Group } from '../schedule/group.ts';
import { Heap } from './heap.ts';
import { picosOf, priceOf } from './price.ts';

/**
 * The time of a dispatch while groups come and go: the longest of them, or what all of them together keep the machine busy for,
 * and the dispatch itself; nothing where it has none. In whole picoseconds: what a group adds is taken away exactly.
 */
export class DispatchTime {
  readonly #machine: Machine;
  readonly #groups = new Set<Group>();
  #busy = 0;
  /** The groups by their times, and others that have left: fewer than those that are there, or few. */
  #longest = new Heap<Timed>(isLonger);
  #unpriced = 0;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  get groups(): ReadonlySet<Group> {
    return this.#groups;
  }

  /** Groups that fit no schedule: they do not count in its time. */
  get unpriced(): number {
    return this.#unpriced;
  }

  get picos(): number {
    if (this.#groups.size === 0) return 0;
    let longest = this.#longest.first;
    for (; longest !== undefined && !this.#groups.has(longest.group); longest = this.#longest.first)
      this.#longest.pop();
    return Math.max(longest?.picos ?? 0, this.#busy) + picosOf(this.#machine.dispatch);
  }

  add(group: Group): void {
    this.#groups.add(group);
    const time = priceOf(group, this.#machine);
    if (time === null) {
      this.#unpriced++;
      return;
    }
    this.#busy += picosOf(time.busy);
    if (this.#longest.size > 2 * this.#groups.size + FEW) this.#forgetThoseThatLeft();
    else this.#longest.push({ group, picos: picosOf(time.micros) });
  }

  remove(group: Group): void {
    this.#groups.delete(group);
    const time = priceOf(group, this.#machine);
    if (time === null) this.#unpriced--;
    else this.#busy -= picosOf(time.busy);
  }

  #forgetThoseThatLeft(): void {
    this.#longest = new Heap<Timed>(isLonger);
    for (const group of this.#groups) {
      const time = priceOf(group, this.#machine);
      if (time !== null) this.#longest.push({ group, picos: picosOf(time.micros) });
    }
  }
}

interface Timed {
  readonly group: Group;
  readonly picos: number;
}

function isLonger(a: Timed, b: Timed): boolean {
  return a.picos > b.picos;
}

/** Groups that left which are kept at least before they are looked for: assumed. Looking takes time for each that is there. */
const FEW = 16;
