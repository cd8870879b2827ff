import { apply, domainSize, int, type Loop } from '../../loops/index.ts';
import type { Partial } from '../../schedule/group.ts';
import type { MapSchedule } from '../../schedule/schedule.ts';
import type { Stmt } from '../kernel.ts';
import { type Body, noRows } from './body.ts';
import { PartialSums } from './partial.ts';

/** A pointwise kernel: each invocation computes `perThread` elements, a workgroup's width apart. */
export function emitMap(body: Body, loop: Loop, schedule: MapSchedule, partials: readonly Partial[]): Stmt[] {
  const into: Stmt[] = [];
  const total = domainSize(loop.axes);
  const { workgroup } = body.machine;
  const sums = new PartialSums(body, partials, into);
  const first = apply('add', apply('mul', body.wg, int(workgroup * schedule.perThread)), body.lid);
  const write = (to: Stmt[]): void =>
    body.for('n', int(0), int(schedule.perThread), 1, to, (n, inner) => {
      const e = body.let('e', apply('add', first, apply('mul', n, int(workgroup))), inner);
      body.if(apply('lt', e, int(total)), inner, (element) => {
        const axes = body.unflatten(e, loop.axes, element);
        body.whereChanged(loop, axes, partials.length === 0, element, (own, changed) => {
          sums.add(axes, [], changed);
          body.writeOuts(own, axes, noRows, [], changed);
        });
      });
    });
  body.whereAlive(into, write);
  sums.finish(into);
  return into;
}
