import type { Loop } from '../loops/index.ts';
import type { Time } from '../schedule/time.ts';
import { microsText, timeText } from './price.ts';

/** The moves by which two loops come to share a kernel or a dispatch. */
export type Move =
  | 'align'
  | 'inline'
  | 'epilogue'
  | 'sibling'
  | 'residues'
  | 'list'
  | 'rows'
  | 'partial'
  | 'prologue'
  | 'pack'
  | 'in place'
  | 'again';

/** Why a move was made, or was not. */
export type Reason =
  /** By time: as one, and apart, each in microseconds with the term that limits it, with the dispatches between. */
  | {
      readonly kind: 'time';
      readonly together: readonly Pick<Time, 'micros' | 'limit'>[];
      readonly apart: readonly Pick<Time, 'micros' | 'limit'>[];
      /** Microseconds that the whole step gains; less than nothing where it would lose. */
      readonly gain: number;
    }
  /** By dependence, memory, or what kernels can do. */
  | { readonly kind: 'rule'; readonly text: string };

/** One thing that fusion considered: two loops by name, what it did, and why. */
export interface Decision {
  readonly move: Move;
  readonly from: string;
  readonly to: string;
  readonly taken: boolean;
  readonly reason: Reason;
}

/** A reason as a sentence. */
export function reasonText(reason: Reason): string {
  if (reason.kind === 'rule') return reason.text;
  const { together, apart, gain } = reason;
  const change = gain >= 0 ? `saves ${microsText(gain)}` : `costs ${microsText(-gain)}`;
  return `together ${together.map(timeText).join(' + ')}, apart ${apart.map(timeText).join(' + ')}: it ${change} of the step`;
}

/** What the search for a partition worked, counted: it grows with the graph as the time of compiling does. */
export interface Effort {
  /** Loops of row programs that were weighed, each once for every program that it would be part of. */
  weighedLoops: number;
  /** Groups whose dispatch was found again after a change. */
  placedGroups: number;
}

/** A list that passes append to and `explain` reads. */
export class Decisions {
  readonly all: Decision[] = [];
  readonly effort: Effort = { weighedLoops: 0, placedGroups: 0 };
  /** The place of each pair and move: a later answer for the same pair takes the place of the one before. */
  readonly #places = new Map<string, number>();

  take(move: Move, from: Loop | string, to: Loop | string, reason: Reason | string): void {
    this.#add(move, from, to, true, reason);
  }

  refuse(move: Move, from: Loop | string, to: Loop | string, reason: Reason | string): void {
    this.#add(move, from, to, false, reason);
  }

  #add(move: Move, from: Loop | string, to: Loop | string, taken: boolean, reason: Reason | string): void {
    const name = (x: Loop | string): string => (typeof x === 'string' ? x : x.name);
    const decision: Decision = {
      move,
      from: name(from),
      to: name(to),
      taken,
      reason: typeof reason === 'string' ? { kind: 'rule', text: reason } : reason,
    };
    const key = `${move}\n${decision.from}\n${decision.to}\n${taken}`;
    const place = this.#places.get(key);
    if (place === undefined) this.#places.set(key, this.all.push(decision) - 1);
    else this.all[place] = decision;
  }
}
