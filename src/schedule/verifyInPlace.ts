import { isOwnElement, type Load, type Loop, loadsIn, type Out, type Tensor } from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import type { Group } from './group.ts';

/**
 * Where the group that writes over a tensor reads the old value, if not at the element written and just before. Verifiers ask
 * this; it shares with `readsElsewhere`, by which passes decide, only the algebra of `isOwnElement`.
 */
export function oldValueElsewhere(group: Group, loop: Loop, out: Out, old: Tensor): string | null {
  const another = [...group.prologue, ...group.loops].find((l) => l !== loop && readIn(l).has(old));
  if (another !== undefined) return `its loop ${another.name} reads`;
  const { reduced, outs } = readIn(loop).get(old) ?? { reduced: false, outs: new Map<Out, Load[]>() };
  if (reduced) return 'a reduction reads';
  for (const [each, loads] of outs) {
    if (ownersOf(loop, each) !== ownersOf(loop, out))
      return `its output ${each.tensor.name} reads, over other axes`;
    const isElsewhere = loads.some((l) => !isOwnElement(l, out));
    if (isElsewhere) return `its output ${each.tensor.name} reads at another element`;
  }
  const inPartials = loadsIn(...group.partials.map((p) => p.body)).some((l) => l.tensor === old);
  return inPartials ? 'a partial result reads' : null;
}

/** Where a loop reads a tensor: whether in a reduction, and in which outputs by which loads. */
interface Reads {
  reduced: boolean;
  readonly outs: Map<Out, Load[]>;
}

/** Where a loop reads each tensor. Of a loop that counts on many states each is asked for. */
const readIn = memoized((loop: Loop): ReadonlyMap<Tensor, Reads> => {
  const found = new Map<Tensor, Reads>();
  const readsOf = (tensor: Tensor): Reads => {
    const reads = found.get(tensor) ?? { reduced: false, outs: new Map<Out, Load[]>() };
    found.set(tensor, reads);
    return reads;
  };
  for (const { tensor } of loadsIn(...loop.reductions.map((r) => r.body))) readsOf(tensor).reduced = true;
  for (const out of loop.outs) {
    for (const l of loadsIn(out.value)) {
      const { outs } = readsOf(l.tensor);
      outs.set(out, [...(outs.get(out) ?? []), l]);
    }
  }
  return found;
});

/** Which invocations make an output: those at 0 of the axes that it lacks, by their places in the loop. */
function ownersOf(loop: Loop, out: Out): string {
  return loop.axes.flatMap((axis, k) => (axis.extent > 1 && !out.at.includes(axis) ? [k] : [])).join(' ');
}
