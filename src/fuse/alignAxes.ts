import { writers } from '../loops/edges.ts';
import {
  type AccessMap,
  type Axis,
  accessesOf,
  type Digit,
  factorAxes,
  type IndexMap,
  type Loop,
  loopLoads,
  type Tensor,
  type View,
} from '../loops/index.ts';
import { type Cut, Cuts } from './cuts.ts';
import type { Decisions } from './decisions.ts';
import { rowsByData } from './listTerms.ts';

/**
 * Splits axes so that a loop and those who read it see the same ones: where a reader sees a dimension as several of its
 * axes in row-major order, the writer's axis is split; where it sees several dimensions through quotients and remainders
 * of one axis, that axis is. A reshape is then no wall between loops that fusion would join.
 *
 * Splits refine one another, `[b · t]` as `[b, t]` and `[b · t / 4, 4]` to `[b, t / 4, 4]`. No index gets a quotient or a
 * remainder that it had not: a dimension is split only where every index into it can follow, so one that is read as
 * `[3, 4]` and as `[2, 6]` stays whole. Of splits of a reader's axis that do not refine one another, the one is made that
 * makes more indices simpler.
 *
 * A tensor that is written through a split has another shape over the same memory. What outlives the step may: results
 * and next states are found by name and by the state that they lie over, in row-major order. What is given (inputs,
 * states, data, constants) keeps its shape, and readers merge their axes in its indices.
 */
export function alignAxes(loops: readonly Loop[], decisions: Decisions): Loop[] {
  const cuts = cutsOf(loops).chosen();
  if (cuts.size === 0) return [...loops];
  const views = new Map<Tensor, View>();
  return loops.map((loop) => {
    const own = new Map([...loop.axes, ...loop.reduceAxes].flatMap((axis) => entry(axis, cuts.get(axis))));
    const read = loopLoads(loop).some(({ tensor }) => views.has(tensor));
    if (own.size === 0 && !read) return loop;
    const rewritten = factorAxes(loop, own, views);
    for (const view of rewritten.views) views.set(view.from, view);
    for (const [axis, at] of own)
      decisions.take('align', loop, loop, `${axis.name} is seen as ${factorsText(axis, at)}`);
    return rewritten.loop;
  });
}

function entry(axis: Axis, cuts: readonly number[] | undefined): [Axis, readonly number[]][] {
  return cuts === undefined ? [] : [[axis, cuts]];
}

function factorsText(axis: Axis, cuts: readonly number[]): string {
  return [axis.extent, ...cuts].map((at, k) => at / (cuts[k] ?? 1)).join(' · ');
}

/** What every loop reads, as links between axes and as cuts that would make an index simpler. */
function cutsOf(loops: readonly Loop[]): Cuts {
  const cuts = new Cuts();
  const writer = writers(loops);
  const along = (tensor: Tensor): readonly Axis[] | undefined =>
    writer.get(tensor)?.outs.find((out) => out.tensor === tensor)?.at;
  const reads = loops.flatMap((loop) => accessesOf(loop).map((map) => ({ map, at: along(map.load.tensor) })));
  for (const { map, at } of reads) linkDimensions(map, at, cuts);
  for (const loop of loops) {
    // Lists are of one axis of rows: cut in two, each row would look at every position.
    const rows = rowsByData(loop);
    if (rows !== undefined) cuts.limit(rows, 1);
  }
  for (const { map, at } of reads)
    for (const [d, index] of map.dimensions.entries())
      for (const wanted of wantedBy(index, at?.[d])) cuts.want(wanted);
  return cuts;
}

function linkDimensions({ dimensions }: AccessMap, at: readonly Axis[] | undefined, cuts: Cuts): void {
  for (const [d, { digits, rest }] of dimensions.entries()) {
    const axis = at?.[d];
    if (axis === undefined) continue;
    if (rest !== null) cuts.limit(axis, rest.stride);
    for (const { stride, extent, value } of digits)
      if (typeof value === 'object')
        cuts.link({ axis: value.axis, at: value.stride }, { axis, at: stride }, extent);
  }
}

/**
 * Cuts that an index wants, for each boundary between two of its digits those on both sides of it.
 *
 * @param axis the axis along which the dimension is written; undefined where it is given
 */
function* wantedBy({ digits, rest }: IndexMap, axis: Axis | undefined): Generator<Cut[]> {
  const lowest = digits.at(-1);
  if (lowest !== undefined) yield lowerCut(lowest);
  for (const [k, digit] of digits.entries()) {
    const above = digits[k - 1];
    const at = digit.stride * digit.extent;
    const isHighest = above === undefined && rest === null;
    const own = axis === undefined || isHighest ? [] : [{ axis, at }];
    yield [...own, ...upperCut(digit), ...(above === undefined ? [] : lowerCut(above))];
  }
  for (const part of rest?.parts ?? []) {
    const digit = { stride: 1, extent: part.extent, value: part };
    yield lowerCut(digit);
    yield upperCut(digit);
  }
}

function lowerCut({ value }: Digit): Cut[] {
  return typeof value === 'number' ? [] : [{ axis: value.axis, at: value.stride }];
}

function upperCut({ value }: Digit): Cut[] {
  return typeof value === 'number' ? [] : [{ axis: value.axis, at: value.stride * value.extent }];
}
