import { type Axis, domainSize, type Loop } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import { orientedContraction } from './orient.ts';
import type { Schedule } from './schedule.ts';
import { tileExtents } from './staging.ts';

/** Into how many parts a partial result is made, and what of a workgroup's elements makes one value of a part. */
export interface Parting {
  /** First dimension of the tensor of parts. */
  readonly parts: number;
  /** The side of a staged tile that is kept, rows or columns; null where all elements of a workgroup are one value. */
  readonly side: 'm' | 'n' | null;
}

/**
 * How a loop with a schedule makes partial results along some of its axes, or null where it does not. Along no axis every
 * workgroup makes one value, or every invocation where they compute alone. Along axes that are one side of a contraction,
 * and any of its batch, every staged tile makes a value of each of its rows, or columns: of all tiles that lie side by
 * side along the other side each makes a part.
 */
export function partingOf(
  loop: Loop,
  at: readonly Axis[],
  schedule: Schedule,
  machine: Machine,
): Parting | null {
  const together = machine.features.has('barriers');
  const { workgroups } = schedule;
  if (at.length === 0) return { parts: together ? workgroups : workgroups * machine.workgroup, side: null };
  const c = together && schedule.kind === 'contract' ? orientedContraction(loop) : null;
  if (c === null || schedule.kind !== 'contract') return null;
  const [rows, columns] = tileExtents(schedule);
  const m = keptOf(c.m, at);
  const n = keptOf(c.n, at);
  if (m === 'some' || n === 'some' || (m === 'all' && n === 'all')) return null;
  const down = m === 'all' ? 1 : Math.ceil(domainSize(c.m) / rows);
  const across = n === 'all' ? 1 : Math.ceil(domainSize(c.n) / columns);
  const parts = down * across * domainSize(c.batch.filter((axis) => !at.includes(axis)));
  return { parts, side: m === 'all' ? 'm' : n === 'all' ? 'n' : null };
}

/** How invocations share the rows, or columns, of a tile that are a value each. */
export interface Sharing {
  /** Values that a workgroup makes at a time. */
  readonly width: number;
  /** Invocations that share one. */
  readonly lanes: number;
}

/** @param kept values @param others elements of each */
export function sharing(kept: number, others: number, workgroup: number): Sharing {
  const width = Math.min(kept, workgroup);
  return { width, lanes: Math.min(others, Math.floor(workgroup / width)) };
}

/** Whether all, some or none of a side's axes are kept; axes of one element do not count. */
function keptOf(axes: readonly Axis[], at: readonly Axis[]): 'all' | 'some' | 'none' {
  const wide = axes.filter((axis) => axis.extent !== 1);
  const kept = wide.filter((axis) => at.includes(axis));
  if (kept.length === 0) return 'none';
  return kept.length === wide.length ? 'all' : 'some';
}
