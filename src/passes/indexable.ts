import { ShapeError } from '../graph/index.ts';
import { domainSize, elementCount, type Loop, listingOf, MOST_ELEMENTS } from '../loops/index.ts';

/**
 * Requires that the indices of loops fit into 32 bits. It is asked of loops that are fused: what is large and stands
 * in the graph only, such as the comparisons of a gather's gradient, is gone by then.
 *
 * @throws ShapeError with the user's line
 */
export function requireIndexable(loops: readonly Loop[]): void {
  for (const loop of loops) {
    // What makes lists goes along each of its axes alone.
    if (listingOf(loop) === null) refuse(loop, 'computes', domainSize(loop.axes));
    refuse(loop, 'reduces', domainSize(loop.reduceAxes));
    for (const { tensor } of loop.outs) refuse(loop, 'stores', elementCount(tensor.shape));
  }
}

function refuse({ name, origin }: Loop, verb: string, count: number): void {
  if (count <= MOST_ELEMENTS) return;
  const [first] = origin;
  const text = `it ${verb} ${count} elements: there may be at most ${MOST_ELEMENTS}`;
  throw new ShapeError('too-large', name, text, first?.source);
}
