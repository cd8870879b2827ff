import { tensorsRead, tensorsReduced } from '../loops/edges.ts';
import { type Axis, type Expr, isOwnElement, loadsIn, loopLoads, type Tensor } from '../loops/index.ts';
import type { Group } from './group.ts';

/**
 * Where the group that writes a tensor over another one reads the old one, if anywhere but in the same invocation just
 * before: in another loop, in a reduction's body, or at another element.
 *
 * @param next what is written
 * @param old what is in its place until then
 * @returns in words; null where writing over it is safe, as far as this group goes
 */
export function readsElsewhere(writer: Group, next: Tensor, old: Tensor): string | null {
  for (const loop of [...writer.prologue, ...writer.loops]) {
    if (!tensorsRead(loop).has(old)) continue;
    const out = loop.outs.find((o) => o.tensor === next);
    if (out === undefined) return `${loop.name} reads it in another phase of the same group`;
    if (tensorsReduced(loop).has(old)) return `${loop.name} reduces over it`;
    const same = loopLoads(loop).every((l) => l.tensor !== old || isOwnElement(l, out));
    if (!same) return `${loop.name} reads it elsewhere than at the element that it writes`;
    // An output that lacks some axes is written by the owner alone; outputs over more axes are other invocations'.
    const lacks = (at: readonly Axis[], axis: Axis): boolean => axis.extent > 1 && !at.includes(axis);
    const others = loop.outs.filter((o) =>
      loop.axes.some((axis) => lacks(o.at, axis) !== lacks(out.at, axis)),
    );
    if (others.some((o) => readsOf(old, o.value).length > 0))
      return `${loop.name} reads it in an output over other axes`;
  }
  if (writer.partials.some((p) => readsOf(old, p.body).length > 0)) return 'a partial reduction reads it';
  return null;
}

function readsOf(tensor: Tensor, expr: Expr): Expr[] {
  return loadsIn(expr).filter((l) => l.tensor === tensor);
}
