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
    body.whereAlive(into, (to) => {
      const at = body.let('e', apply('add', first, body.lid), to);
      body.if(apply('lt', at, int(outputs)), to, (inner) => {
        const axes = body.unflatten(at, loop.axes, inner);
        body.whereChanged(loop, axes, partials.length === 0, inner, (own, changed) => {
          const acc = reduceAlone(body, own, axes, noRows, changed);
          sums.add(axes, acc, changed);
          body.writeOuts(own, axes, noRows, acc, changed);
        });
      });
    });
    sums.finish(into);
    return into;
  }
  body.whereAlive(into, (to) => {
    const lane = body.let('lane', apply('mod', body.lid, int(split)), to);
    const at = body.let('e', apply('add', first, apply('idiv', body.lid, int(split))), to);
    const inside = apply('lt', at, int(outputs));
    const axes = body.unflatten(body.let('at', apply('min', at, int(outputs - 1)), to), loop.axes, to);
    const acc = reduceTogether(
      body,
      loop.reductions,
      loop.reduceAxes,
      axes,
      noRows,
      lane,
      split,
      scratchFor(body, loop.reductions),
      to,
    );
    body.if(all([apply('eq', lane, int(0)), inside]), to, (inner) => {
      sums.add(axes, acc, inner);
      body.writeOuts(loop, axes, noRows, acc, inner);
    });
  });
  // Both combinations use the same arrays.
  if (partials.length > 0) into.push({ kind: 'barrier' });
  sums.finish(into);
  return into;
}
