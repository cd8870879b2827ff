import {
  type Axis,
  axisRef,
  type Expr,
  int,
  type Loop,
  load,
  loadsIn,
  mapExpr,
  monoidDef,
  type Out,
  partsOf,
  type Reduction,
  type Tensor,
} from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Group, Partial } from '../schedule/group.ts';
import { partingOf } from '../schedule/partials.ts';
import { partsTensor } from './parts.ts';

/** A loop's reductions as partial results of the group that makes their operand, and the loop that reduces these. */
export interface Halves {
  readonly partials: readonly Partial[];
  readonly final: Loop;
}

/**
 * The halves of a loop; null where the group's workgroups cannot make the first:
 *
 * - The group is one loop with a schedule, without a prologue. Every reduction reads what it makes, at its own element:
 *   each axis of the reduction is one of the group's, and they have all of these between them.
 * - Whatever else the reduction reads is there before the group runs.
 * - Along the axes that are not reduced a workgroup makes whole rows or columns of a tile (`partingOf`).
 * - The monoid does not count positions. Where it has several parts, they are of the elements' type: the first half keeps
 *   them all, the second combines them.
 *
 * @param isBefore whether a tensor is in memory before the group runs, whichever group reads it
 */
export function halvesOf(
  loop: Loop,
  group: Group,
  isBefore: (tensor: Tensor) => boolean,
  machine: Machine,
): Halves | null {
  const [producer, ...others] = group.loops;
  const { schedule } = group;
  if (producer === undefined || others.length > 0 || group.prologue.length > 0) return null;
  if (schedule === undefined || loop.reductions.length === 0) return null;
  const made = new Map(producer.outs.map((out) => [out.tensor, out]));
  const kept = wide(loop.axes);
  const partials: Partial[] = [];
  const reductions: Reduction[] = [];
  let part: Axis | null = null;
  for (const [k, reduction] of loop.reductions.entries()) {
    const { monoid, body } = reduction;
    const types = monoidDef(monoid).parts(body.dtype);
    if (body.kind === 'parts' || countsPositions(reduction)) return null;
    if (types.some((dtype) => dtype !== body.dtype)) return null;
    const map = alignment(loop, body, producer, made);
    if (map === null) return null;
    if (loadsIn(body).some(({ tensor }) => !made.has(tensor) && !isBefore(tensor))) return null;
    const at = kept.flatMap((axis) => map.get(axis) ?? []);
    const parting = partingOf(producer, at, schedule, machine);
    if (parting === null || (part !== null && part.extent !== parting.parts)) return null;
    part ??= { name: 'w', extent: parting.parts };
    const several = types.length > 1 ? [types.length] : [];
    const tensor = partsTensor(
      loop,
      k,
      [part.extent, ...at.map((axis) => axis.extent), ...several],
      body.dtype,
    );
    partials.push({ tensor, at, monoid, body: atElement(body, map, made) });
    const place = [part, ...kept].map(axisRef);
    const parts = several.length === 0 ? [place] : types.map((_, p) => [...place, int(p)]);
    const [first, ...more] = parts.map((index) => load(tensor, index));
    if (first === undefined) return null;
    reductions.push({ monoid, body: more.length === 0 ? first : partsOf([first, ...more]) });
  }
  return part === null ? null : { partials, final: { ...loop, reduceAxes: [part], reductions } };
}

/** Whether what becomes of an element depends on its place in the reduction. */
function countsPositions({ monoid, body }: Reduction): boolean {
  const place = int(0);
  return monoidDef(monoid).lift(body, place).includes(place);
}

function wide(axes: readonly Axis[]): Axis[] {
  return axes.filter((axis) => axis.extent !== 1);
}

/**
 * The map from all axes of a loop to all of a producer's under which an expression of the loop reads what the producer
 * makes at its own element only; null where there is none. Axes of one element do not count.
 */
function alignment(
  loop: Loop,
  body: Expr,
  producer: Loop,
  made: ReadonlyMap<Tensor, Out>,
): Map<Axis, Axis> | null {
  const map = new Map<Axis, Axis>();
  const own = new Set(wide(producer.axes));
  for (const { tensor, at } of loadsIn(body)) {
    const out = made.get(tensor);
    if (out === undefined) continue;
    if (wide(out.at).length !== own.size) return null;
    for (const [d, axis] of out.at.entries()) {
      if (axis.extent === 1) continue;
      const index = at[d];
      if (index?.kind !== 'axis' || index.axis.extent !== axis.extent) return null;
      if ((map.get(index.axis) ?? axis) !== axis || !isSameLive(index.axis, axis)) return null;
      map.set(index.axis, axis);
    }
  }
  const [axes, images] = [wide([...loop.axes, ...loop.reduceAxes]), new Set(map.values())];
  if (axes.length !== map.size || images.size !== map.size || map.size !== own.size) return null;
  // Parts of a bounded axis that is kept would be as many as are live.
  return axes.every((axis) => map.has(axis)) && wide(loop.axes).every((axis) => axis.live === undefined)
    ? map
    : null;
}

function isSameLive({ live: a }: Axis, { live: b }: Axis): boolean {
  return a?.size.name === b?.size.name && a?.factor === b?.factor;
}

/** An expression of a reader as one of the producer's at its element. */
function atElement(body: Expr, map: ReadonlyMap<Axis, Axis>, made: ReadonlyMap<Tensor, Out>): Expr {
  return mapExpr(body, (e): Expr => {
    if (e.kind === 'load') return made.get(e.tensor)?.value ?? e;
    if (e.kind !== 'axis') return e;
    const to = map.get(e.axis);
    return to !== undefined ? axisRef(to) : e.axis.extent === 1 ? int(0) : e;
  });
}
