import type { Output, Values } from '../runtime/values.ts';

/** A step whose results have a NaN or an infinity, and all that it was given. */
export interface Suspect {
  readonly entry: string;
  /** Number of the entry's step in the session, from 1. */
  readonly step: number;
  /** States before the step. */
  readonly states: Readonly<Record<string, Output>>;
  readonly inputs: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Values }>>;
  readonly params: Readonly<Record<string, number>>;
  /** Live extents of bounded sizes. */
  readonly live: Readonly<Record<string, number>>;
  /** The state whose next value is asked about; all results of the step where it does not say. */
  readonly state?: string | undefined;
}

/** Where a NaN began, or the infinity that it was made of. */
export interface NanOrigin {
  /** The node, `h = log(%12)`. */
  readonly node: string;
  /** The line that built it, `model.ts:9`, where it is known. */
  readonly source: string | undefined;
  /** What it is and what made it, for people: `element [0, 3] is NaN, log(-0.25)`. */
  readonly text: string;
}

/** What looking at one step finds. */
export interface Found extends NanOrigin {
  /** The state that had it before the step, and where: a step before made it. */
  readonly given?: { readonly state: string; readonly index: readonly number[] } | undefined;
}

/**
 * Looks at a step: the first node that has a NaN or an infinity; undefined where none has.
 *
 * @param turn called between nodes: gives others their turn, and throws where the search is to end
 */
export type OriginOf = (suspect: Suspect, turn: () => void | Promise<void>) => Promise<Found | undefined>;
