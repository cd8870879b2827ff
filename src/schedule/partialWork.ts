import { domainSize, type Loop, monoidDef } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { evaluationOf } from './cost.ts';
import type { Group, Partial } from './group.ts';
import { partingOf, sharing } from './partials.ts';
import type { ContractSchedule, WorkgroupSchedule } from './schedule.ts';
import { tileExtents } from './staging.ts';
import { consecutive, loadedBytes } from './touched.ts';
import { COMBINE, type IsInside, multiplyAdds, requireContraction, type Work } from './work.ts';

/** Writing parts of what a kernel makes: the invocations' own sums meet. */
export function partialWork(
  { loops: [loop], partials }: Group,
  schedule: WorkgroupSchedule,
  isInside: IsInside,
  machine: Machine,
): Work[] {
  if (loop === undefined || partials.length === 0) return [];
  const whole: Partial[] = [];
  const ofSide = new Map<'m' | 'n', Partial[]>();
  for (const partial of partials) {
    const side = partingOf(loop, partial.at, schedule, machine)?.side ?? null;
    if (side === null) whole.push(partial);
    else ofSide.set(side, [...(ofSide.get(side) ?? []), partial]);
  }
  const works: Work[] = [];
  if (whole.length > 0) {
    const together = machine.features.has('barriers');
    const serial = whole.length * (together ? 2 * Math.sqrt(machine.workgroup) : machine.load);
    const bytes = whole.length * 4 * (together ? 1 : machine.workgroup);
    works.push({ serial, active: machine.workgroup, bytes, rounds: 1, barriers: together ? 3 : 0 });
  }
  for (const [side, some] of ofSide)
    if (schedule.kind === 'contract')
      works.push(tilePartialWork(loop, some, side, schedule, isInside, machine));
  return works;
}

/** Parts of each row, or column, of a staged tile: its elements are made once more, out of the tile's sums. */
function tilePartialWork(
  loop: Loop,
  partials: readonly Partial[],
  side: 'm' | 'n',
  tile: ContractSchedule,
  isInside: IsInside,
  machine: Machine,
): Work {
  const c = requireContraction(loop);
  const [rows, columns] = tileExtents(tile);
  const [kept, others] = side === 'm' ? [rows, columns] : [columns, rows];
  const { width, lanes } = sharing(kept, others, machine.workgroup);
  const turns = Math.ceil(kept / width);
  const bodies = partials.map((partial) => partial.body);
  const parts = partials.reduce((n, p) => n + monoidDef(p.monoid).parts(p.body.dtype).length, 0);
  const element = multiplyAdds(evaluationOf(...bodies), machine) + machine.element + parts * COMBINE;
  const cover = [...consecutive(c.m, rows), ...consecutive(c.n, columns), ...consecutive(c.batch, 1)];
  const loaded = loadedBytes(bodies, cover, isInside);
  return {
    serial: turns * (Math.ceil(others / lanes) * element + parts * (COMBINE * lanes + machine.load)),
    active: machine.workgroup,
    bytes: loaded + Math.min(kept, domainSize(side === 'm' ? c.m : c.n)) * parts * 4,
    rounds: loaded > 0 ? turns : 0,
    barriers: 2 * turns,
  };
}
