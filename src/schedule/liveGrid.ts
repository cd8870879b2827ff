import {
  apply,
  type Contraction,
  type Dim,
  domainSize,
  type Expr,
  int,
  liveDomain,
  liveExtent,
  type Size,
} from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Group } from './group.ts';
import { orientedContraction } from './orient.ts';
import { liveRows } from './rows.ts';
import type { WorkgroupSchedule } from './schedule.ts';
import { tileExtents } from './staging.ts';

/**
 * How many workgroups a live extent needs: those of elements beyond it come last, and need not run. Of a live extent n
 * each part makes `⌈n · times / per⌉`, one after the other; `from` workgroups come before them.
 */
export interface LiveGrid {
  readonly size: Size;
  readonly from: number;
  readonly parts: readonly (readonly [times: number, per: number])[];
}

/**
 * The workgroups of a group that something live needs: by what its outermost axis is, where that is bounded; null where
 * all of them are needed.
 */
export function liveGridOf(group: Group, schedule: WorkgroupSchedule, machine: Machine): LiveGrid | null {
  const [loop] = group.loops;
  if (loop === undefined) return null;
  const { workgroup, features } = machine;
  const alone = !features.has('barriers');
  const gridOf = (dim: Dim, per: number, ...more: LiveGrid['parts']): LiveGrid | null =>
    typeof dim === 'number' ? null : { size: dim.size, from: 0, parts: [[dim.factor, per], ...more] };
  switch (schedule.kind) {
    case 'map':
      return gridOf(liveDomain(loop.axes), workgroup * schedule.perThread);
    case 'reduce':
      return gridOf(liveDomain(loop.axes), workgroup / schedule.split);
    case 'rows':
      return gridOf(liveRows(group, group.rows[0] ?? []), alone ? schedule.lanes : schedule.block);
    case 'contract': {
      const c = orientedContraction(loop);
      if (c === null) return null;
      const [tileM, tileN] = tileExtents(schedule);
      const columns = Math.ceil(domainSize(c.n) / tileN);
      const rows = Math.ceil(domainSize(c.m) / tileM);
      // Tiles are numbered by sets first; an invocation that computes alone has one.
      const tiles = (each: number): LiveGrid['parts'] => [[each, alone ? workgroup : 1]];
      if (domainSize(c.batch) > 1) return gridOf(liveDomain(c.batch), 1, ...tiles(rows * columns));
      return !alone && isColumnsFirst(c)
        ? gridOf(liveDomain(c.n), tileN, ...tiles(rows))
        : gridOf(liveDomain(c.m), tileM, ...tiles(columns));
    }
    case 'list':
      return null;
    default:
      return schedule satisfies never;
  }
}

/** Whether tiles that workgroups stage are numbered by columns first: where these end with what is alive, and rows do not. */
export function isColumnsFirst({ m, n }: Pick<Contraction, 'm' | 'n'>): boolean {
  return typeof liveDomain(m) === 'number' && typeof liveDomain(n) !== 'number';
}

/** The workgroups that a live extent needs. */
export function liveWorkgroups({ from, parts }: LiveGrid, live: number): number {
  return from + parts.reduce((n, [times, per]) => Math.ceil((n * times) / per), live);
}

/** The same as an expression, of those from the first part on. */
export function liveWorkgroupsExpr({ size, parts }: LiveGrid): Expr {
  return parts.reduce<Expr>((n, [times, per]) => {
    const product = apply('mul', n, int(times));
    return per === 1 ? product : apply('idiv', apply('add', product, int(per - 1)), int(per));
  }, liveExtent(size));
}

/** As a formula of the size: `⌈batch · 64 / 256⌉`, `8 + ⌈batch / 32⌉ · 4`. */
export function liveGridText({ size, from, parts }: LiveGrid): string {
  const text = parts.reduce((n, [times, per]) => {
    const product = times === 1 ? n : `${n} · ${times}`;
    return per === 1 ? product : `⌈${product} / ${per}⌉`;
  }, size.name);
  return from === 0 ? text : `${from} + ${text}`;
}
