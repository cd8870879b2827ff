import { depthOf, expressionsOf, hasMoreNodes } from '../loops/complexity.ts';
import type { Expr, Loop } from '../loops/index.ts';

/**
 * Operations on the longest way down an expression that fusion puts together, at most: what is deeper stays a loop of its own,
 * which a row program passes on in a register. Passes recurse over expressions; a call stack of 1 MB holds four times as many
 * (a chain of 1,200 operations as one expression overflowed it).
 */
export const MOST_DEPTH = 256;

/** Distinct nodes of one loop's expressions, at most: passes look at a whole loop whenever something joins it. Assumed. */
const MOST_NODES = 8192;

/**
 * Distinct nodes of what each of several readers computes for itself, at most. What is larger is made once and loaded: where
 * n readers each add up n parts, a program's text, and the time that compiling it takes, grow with the square of n. Assumed.
 */
export const MOST_REPEATED = 64;

/** Outputs of one loop, at most: whatever joins a loop costs a look at all of them. Assumed. */
const MOST_OUTPUTS = 64;

/** Why fusion may not make a loop, in words: how much it would hold; null where it may. */
export function tooLarge(loop: Loop): string | null {
  const exprs = expressionsOf(loop);
  if (loop.outs.length > MOST_OUTPUTS)
    return `together they would make ${loop.outs.length} results: a loop makes at most ${MOST_OUTPUTS}`;
  const depth = exprs.reduce((most, expr) => Math.max(most, depthOf(expr)), 0);
  if (depth > MOST_DEPTH)
    return `together they would be ${depth} operations deep: a loop has at most ${MOST_DEPTH}`;
  if (hasMoreNodes(exprs, MOST_NODES))
    return `together they would be more than the ${MOST_NODES} nodes that a loop has at most`;
  return null;
}

/** Why several readers may not each compute some values, in words; null where they may. */
export function tooLargeToRepeat(values: readonly Expr[], readers: number): string | null {
  if (readers < 2 || !hasMoreNodes(values, MOST_REPEATED)) return null;
  return `each of ${readers} readers would compute again what takes more than ${MOST_REPEATED} nodes`;
}
