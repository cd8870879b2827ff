import {
  type Expr,
  isOwnElement,
  type Loop,
  loadsIn,
  loopLoads,
  type Out,
  type Tensor,
} from '../loops/index.ts';
import type { Group } from './group.ts';

/**
 * Where the group that writes over a tensor reads the old value, if not at the element written and just before. Verifiers ask
 * this; it shares with `readsElsewhere`, by which passes decide, only the algebra of `isOwnElement`.
 */
export function oldValueElsewhere(group: Group, loop: Loop, out: Out, old: Tensor): string | null {
  const loadsOf = (...exprs: readonly Expr[]) => loadsIn(...exprs).filter((l) => l.tensor === old);
  const another = [...group.prologue, ...group.loops].find(
    (l) => l !== loop && loopLoads(l).some((x) => x.tensor === old),
  );
  if (another !== undefined) return `its loop ${another.name} reads`;
  if (loadsOf(...loop.reductions.map((r) => r.body)).length > 0) return 'a reduction reads';
  for (const each of loop.outs) {
    const found = loadsOf(each.value);
    if (found.length === 0) continue;
    if (ownersOf(loop, each) !== ownersOf(loop, out))
      return `its output ${each.tensor.name} reads, over other axes`;
    const isElsewhere = found.some((l) => l.kind === 'load' && !isOwnElement(l, out));
    if (isElsewhere) return `its output ${each.tensor.name} reads at another element`;
  }
  return loadsOf(...group.partials.map((p) => p.body)).length > 0 ? 'a partial result reads' : null;
}

/** Which invocations make an output: those at 0 of the axes that it lacks, by their places in the loop. */
function ownersOf(loop: Loop, out: Out): string {
  return loop.axes.flatMap((axis, k) => (axis.extent > 1 && !out.at.includes(axis) ? [k] : [])).join(' ');
}
