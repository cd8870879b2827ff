import type { Loop } from '../loops/index.ts';

/** The moves by which two loops come to share a kernel or a dispatch. */
export type Move =
  | 'align'
  | 'inline'
  | 'epilogue'
  | 'sibling'
  | 'phases'
  | 'rows'
  | 'partial'
  | 'prologue'
  | 'pack'
  | 'in place';

/** One thing that fusion considered: two loops by name, what it did, and why. */
export interface Decision {
  readonly move: Move;
  readonly from: string;
  readonly to: string;
  readonly taken: boolean;
  readonly reason: string;
}

/** A list that passes append to and `explain` reads. */
export class Decisions {
  readonly all: Decision[] = [];
  /** The decisions as text: passes consider the same loops again and again. */
  readonly #known = new Set<string>();

  take(move: Move, from: Loop | string, to: Loop | string, reason: string): void {
    this.#add(move, from, to, true, reason);
  }

  refuse(move: Move, from: Loop | string, to: Loop | string, reason: string): void {
    this.#add(move, from, to, false, reason);
  }

  #add(move: Move, from: Loop | string, to: Loop | string, taken: boolean, reason: string): void {
    const name = (x: Loop | string): string => (typeof x === 'string' ? x : x.name);
    const decision = { move, from: name(from), to: name(to), taken, reason };
    const text = JSON.stringify(decision);
    if (this.#known.has(text)) return;
    this.#known.add(text);
    this.all.push(decision);
  }
}
