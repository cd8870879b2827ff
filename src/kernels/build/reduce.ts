import { apply, domainSize, int, type Loop } from '../../loops/index.ts';
import type { Partial } from '../../schedule/group.ts';
import type { ReduceSchedule } from '../../schedule/schedule.ts';
import type { Stmt } from '../kernel.ts';
import { reduceAlone, reduceTogether, scratchFor } from './accumulate.ts';
import { all, type Body, noRows } from './body.ts';
import { PartialSums } from './partial.ts';

/** A reduction kernel: an output for each invocation, or for each `split` invocations of a workgroup. */
export function emitReduce(
  body: Body,
  loop: Loop,
  schedule: ReduceSchedule,
  partials: readonly Partial[],
): Stmt[] {
  const into: Stmt[] = [];
  const outputs = domainSize(loop.axes);
  const { split } = schedule;
  const perWorkgroup = body.machine.workgroup / split;
  const first = apply('mul', body.wg, int(perWorkgroup));
  const sums = new PartialSums(body, partials, into);
  if (split === 1) {
    const at = body.let('e', apply('add', first, body.lid), into);
    body.if(apply('lt', at, int(outputs)), into, (inner) => {
      const axes = body.unflatten(at, loop.axes, inner);
      body.whereChanged(loop, axes, partials.length === 0, inner, (own, to) => {
        const acc = reduceAlone(body, own, axes, noRows, to);
        sums.add(axes, acc, to);
        body.writeOuts(own, axes, noRows, acc, to);
      });
    });
    sums.finish(into);
    return into;
  }
  const lane = body.let('lane', apply('mod', body.lid, int(split)), into);
  const at = body.let('e', apply('add', first, apply('idiv', body.lid, int(split))), into);
  const inside = apply('lt', at, int(outputs));
  const axes = body.unflatten(body.let('at', apply('min', at, int(outputs - 1)), into), loop.axes, into);
  const acc = reduceTogether(
    body,
    loop.reductions,
    loop.reduceAxes,
    axes,
    noRows,
    lane,
    split,
    scratchFor(body, loop.reductions),
    into,
  );
  body.if(all([apply('eq', lane, int(0)), inside]), into, (inner) => {
    sums.add(axes, acc, inner);
    body.writeOuts(loop, axes, noRows, acc, inner);
  });
  // Both combinations use the same arrays.
  if (partials.length > 0) into.push({ kind: 'barrier' });
  sums.finish(into);
  return into;
}
