import {
  type Axis,
  apply,
  type Contraction,
  domainSize,
  type Expr,
  int,
  type Loop,
} from '../../loops/index.ts';
import type { Partial } from '../../schedule/group.ts';
import { isColumnsFirst } from '../../schedule/liveGrid.ts';
import { orientedContraction } from '../../schedule/orient.ts';
import { partingOf } from '../../schedule/partials.ts';
import type { ContractSchedule } from '../../schedule/schedule.ts';
import { stagingLayout, tileExtents } from '../../schedule/staging.ts';
import type { Stmt } from '../kernel.ts';
import { all, type Body, noRows } from './body.ts';
import { emitTilePartials, PartialSums, type ReducedTile } from './partial.ts';
import { emitStaged, type FinishAt, type StagedSide } from './staged.ts';
import { emitTile, type TileSide } from './tile.ts';

/**
 * A contraction kernel, `Σ a · b` over tiles of `m` × `n` outputs. Both sides are whole expressions: gathers,
 * decoding, guards and masks are evaluated where an operand is loaded, once for a row or column of the tile.
 */
export function emitContract(
  body: Body,
  loop: Loop,
  schedule: ContractSchedule,
  partials: readonly Partial[],
): Stmt[] {
  const contraction = orientedContraction(loop);
  if (contraction === null) throw new RangeError(`${loop.name} is not a contraction`);
  return body.machine.features.has('barriers')
    ? emitTogether(body, loop, contraction, schedule, partials)
    : emitAlone(body, loop, contraction, schedule, partials);
}

/** Each invocation computes a tile in registers, without workgroup memory. */
function emitAlone(
  body: Body,
  loop: Loop,
  c: Contraction,
  schedule: ContractSchedule,
  partials: readonly Partial[],
): Stmt[] {
  const into: Stmt[] = [];
  const [tm, tn] = schedule.perThread;
  const [m, n, batch] = [domainSize(c.m), domainSize(c.n), domainSize(c.batch)];
  const [rows, columns] = [Math.ceil(m / tm), Math.ceil(n / tn)];
  const sums = new PartialSums(body, partials, into);
  const tile = body.let(
    'tile',
    apply('add', apply('mul', body.wg, int(body.machine.workgroup)), body.lid),
    into,
  );
  const write = (inner: Stmt[]): void => {
    const fixed = body.unflatten(
      body.let('batch', apply('idiv', tile, int(rows * columns)), inner),
      c.batch,
      inner,
    );
    const top = body.let(
      'top',
      apply('mul', apply('mod', apply('idiv', tile, int(columns)), int(rows)), int(tm)),
      inner,
    );
    // An invocation's columns lie apart, so that neighbours load and store neighbouring elements.
    const left = body.let('left', apply('mod', tile, int(columns)), inner);
    const side = (
      own: Pick<TileSide, 'factors' | 'extent' | 'count' | 'from' | 'stride'>,
      axes: readonly Axis[],
    ): TileSide => ({
      ...own,
      place: (index, to) => ({ at: body.unflatten(index, axes, to) }),
    });
    emitTile(
      body,
      loop,
      { at: fixed, phase: noRows, inside: all([]) },
      [
        side({ factors: c.a, extent: m, count: tm, from: top, stride: 1 }, c.m),
        side({ factors: c.b, extent: n, count: tn, from: left, stride: columns }, c.n),
      ],
      inner,
      (at, phase, sum, inside) => {
        sums.add(at, [[sum]], inside);
        body.writeOuts(loop, at, phase, [[sum]], inside);
      },
    );
  };
  body.whereAlive(into, (to) => body.if(apply('lt', tile, int(rows * columns * batch)), to, write));
  sums.finish(into);
  return into;
}

/** Each workgroup computes a staged tile. */
function emitTogether(
  body: Body,
  loop: Loop,
  c: Contraction,
  schedule: ContractSchedule,
  partials: readonly Partial[],
): Stmt[] {
  const into: Stmt[] = [];
  const [m, n] = [domainSize(c.m), domainSize(c.n)];
  const [tileM, tileN] = tileExtents(schedule);
  const [rows, columns] = [Math.ceil(m / tileM), Math.ceil(n / tileN)];
  const ofSide = (side: 'm' | 'n' | null): Partial[] =>
    partials.filter(({ at }) => (partingOf(loop, at, schedule, body.machine)?.side ?? null) === side);
  const whole = ofSide(null);
  const sums = new PartialSums(body, whole, into);
  const batch = body.let('batch', apply('idiv', body.wg, int(rows * columns)), into);
  const fixed = body.unflatten(batch, c.batch, into);
  // The tile's number counts rows of tiles, or, where what is alive of the columns alone varies, columns of them.
  const [row, column] = isColumnsFirst(c)
    ? [apply('mod', body.wg, int(rows)), apply('mod', apply('idiv', body.wg, int(rows)), int(columns))]
    : [apply('mod', apply('idiv', body.wg, int(columns)), int(rows)), apply('mod', body.wg, int(columns))];
  const top = body.let('top', apply('mul', row, int(tileM)), into);
  const left = body.let('left', apply('mul', column, int(tileN)), into);
  const side = (own: Omit<StagedSide, 'place'>): StagedSide => ({
    ...own,
    place: (index, to) => ({ at: body.unflatten(index, own.axes, to) }),
  });
  const sides = [
    side({ factors: c.a, axes: c.m, extent: m, from: top }),
    side({ factors: c.b, axes: c.n, extent: n, from: left }),
  ] as const;
  const array = body.array('staged', 'f32', stagingLayout(loop, schedule).words, 'workgroup');
  let staged: FinishAt | undefined;
  body.whereAlive(into, (to) => {
    const fixedAt = { at: fixed, phase: noRows, inside: all([]) };
    staged = emitStaged(body, loop, fixedAt, sides, schedule, array, to, (at, phase, acc, inside) => {
      sums.add(at, acc, inside);
      body.writeOuts(loop, at, phase, acc, inside);
    });
  });
  const finishAt: FinishAt = (row, column, to, finish) =>
    body.whereAlive(to, (inner) => staged?.(row, column, inner, finish));
  /** The number of this tile among those that make parts of the same values. */
  const partOf = ({ at }: Partial, kept: 'm' | 'n' | null): Expr => {
    let part: Expr = int(0);
    const count = (index: Expr, of: number): void => {
      part = apply('add', apply('mul', part, int(of)), index);
    };
    for (const [axis, index] of fixed) if (!at.includes(axis)) count(index, axis.extent);
    if (kept !== 'm') count(row, rows);
    if (kept !== 'n') count(column, columns);
    return part;
  };
  sums.finish(into, (partial) => [
    partOf(partial, null),
    ...partial.at.map((axis) => fixed.get(axis) ?? int(0)),
  ]);
  let isFirst = whole.length === 0;
  for (const kept of ['m', 'n'] as const) {
    const own = kept === 'm' ? sides[0] : sides[1];
    const some = ofSide(kept);
    if (some.length === 0) continue;
    // All combine in the same arrays.
    if (!isFirst) into.push({ kind: 'barrier' });
    isFirst = false;
    const keptAt: ReducedTile['keptAt'] = (index, to) => {
      const at = body.let(kept, apply('add', own.from, index), to);
      const exists = apply('lt', at, int(own.extent));
      return { at: new Map([...fixed, ...own.place(at, to).at]), exists };
    };
    const tile: ReducedTile = {
      tile: schedule,
      side: kept,
      finishAt,
      keptAt,
      partOf: (partial) => partOf(partial, kept),
    };
    emitTilePartials(body, some, tile, into);
  }
  return into;
}
