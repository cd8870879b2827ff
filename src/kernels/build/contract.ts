import { type Axis, apply, type Contraction, domainSize, int, type Loop } from '../../loops/index.ts';
import type { Partial } from '../../schedule/group.ts';
import { orientedContraction } from '../../schedule/orient.ts';
import type { ContractSchedule } from '../../schedule/schedule.ts';
import { stagingLayout, tileExtents } from '../../schedule/staging.ts';
import type { Stmt } from '../kernel.ts';
import { all, type Body, noRows } from './body.ts';
import { PartialSums } from './partial.ts';
import { emitStaged, type StagedSide } from './staged.ts';
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
  body.if(apply('lt', tile, int(rows * columns * batch)), into, (inner) => {
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
  });
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
  const sums = new PartialSums(body, partials, into);
  const batch = body.let('batch', apply('idiv', body.wg, int(rows * columns)), into);
  const fixed = body.unflatten(batch, c.batch, into);
  const top = body.let(
    'top',
    apply('mul', apply('mod', apply('idiv', body.wg, int(columns)), int(rows)), int(tileM)),
    into,
  );
  const left = body.let('left', apply('mul', apply('mod', body.wg, int(columns)), int(tileN)), into);
  const side = (own: Omit<StagedSide, 'place'>): StagedSide => ({
    ...own,
    place: (index, to) => ({ at: body.unflatten(index, own.axes, to) }),
  });
  emitStaged(
    body,
    loop,
    { at: fixed, phase: noRows, inside: all([]) },
    [
      side({ factors: c.a, axes: c.m, extent: m, from: top }),
      side({ factors: c.b, axes: c.n, extent: n, from: left }),
    ],
    schedule,
    body.array('staged', 'f32', stagingLayout(loop, schedule).words, 'workgroup'),
    into,
    (at, phase, acc, inside) => {
      sums.add(at, acc, inside);
      body.writeOuts(loop, at, phase, acc, inside);
    },
  );
  sums.finish(into);
  return into;
}
