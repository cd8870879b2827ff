import { changedWhere, type Loop, type Tensor, walkOf } from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';

/** How much of the states that it is written over a loop changes, and which tensors these are. */
export interface ChangedShare {
  readonly share: number;
  readonly tensors: ReadonlySet<Tensor>;
}

/**
 * The share of a loop's elements that it changes, where it changes those alone whose row has a term: as many rows at most
 * as there are positions. All of them elsewhere.
 */
export const changedShare = memoized((loop: Loop): ChangedShare => {
  const changed = changedWhere(loop);
  const walk = changed === null ? null : walkOf(loop);
  if (walk === null) return { share: 1, tensors: new Set() };
  const tensors = loop.outs.flatMap(({ tensor }) => [tensor, ...(tensor.over ? [tensor.over] : [])]);
  return { share: Math.min(1, walk.terms), tensors: new Set(tensors) };
});
