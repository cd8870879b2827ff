import {
  type Axis,
  apply,
  axisEnd,
  type Contraction,
  domainSize,
  type Expr,
  float,
  int,
  type Loop,
  load,
  runsAlongReduction,
  type Tensor,
} from '../../loops/index.ts';
import { runsOf } from '../../loops/runs.ts';
import type { Partial } from '../../schedule/group.ts';
import { guestSides, orientedContraction } from '../../schedule/orient.ts';
import type { ContractSchedule } from '../../schedule/schedule.ts';
import type { Stmt } from '../kernel.ts';
import { flattened, inRuns } from './accumulate.ts';
import { all, type Body, noRows } from './body.ts';
import { PartialSums } from './partial.ts';
import { addGrid, addProducts, addTo, emitTile, grid, product, type TileSide } from './tile.ts';

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

/**
 * A workgroup stages its operands in workgroup memory, each invocation adds a register tile, groups of
 * invocations split the reduction; the sums meet in workgroup memory, whence outputs are finished in order.
 */
function emitTogether(
  body: Body,
  loop: Loop,
  c: Contraction,
  schedule: ContractSchedule,
  partials: readonly Partial[],
): Stmt[] {
  const into: Stmt[] = [];
  const { workgroup } = body.machine;
  const { threads, perThread, split, depth } = schedule;
  const [m, n] = [domainSize(c.m), domainSize(c.n)];
  const [tileM, tileN] = [threads[0] * perThread[0], threads[1] * perThread[1]];
  const [rows, columns] = [Math.ceil(m / tileM), Math.ceil(n / tileN)];
  const partialSums = new PartialSums(body, partials, into);

  const fixed = body.unflatten(
    body.let('batch', apply('idiv', body.wg, int(rows * columns)), into),
    c.batch,
    into,
  );
  const top = body.let(
    'top',
    apply('mul', apply('mod', apply('idiv', body.wg, int(columns)), int(rows)), int(tileM)),
    into,
  );
  const left = body.let('left', apply('mul', apply('mod', body.wg, int(columns)), int(tileN)), into);
  const tx = body.let('tx', apply('mod', body.lid, int(threads[1])), into);
  const ty = body.let('ty', apply('mod', apply('idiv', body.lid, int(threads[1])), int(threads[0])), into);
  const lane = body.let('part', apply('idiv', body.lid, int(threads[0] * threads[1])), into);

  const a: Side = {
    factors: c.a,
    axes: c.m,
    extent: m,
    tile: tileM,
    from: top,
    array: body.array('a_tile', 'f32', depth * (tileM + 1), 'workgroup'),
  };
  const b: Side = {
    factors: c.b,
    axes: c.n,
    extent: n,
    tile: tileN,
    from: left,
    array: body.array('b_tile', 'f32', depth * (tileN + 1), 'workgroup'),
  };
  const guests = guestSides(loop).map((side) => ({ side }));
  /** Products, and sums of sides. */
  const make = (to: Stmt[]): Expr[][] => [
    ...grid(perThread[0], perThread[1], () => body.variable('acc', float(0), to)),
    ...guests.map(({ side }) =>
      Array.from({ length: perThread[side === 'a' ? 0 : 1] }, () => body.variable('side_sum', float(0), to)),
    ),
  ];
  const chunks: Axis = { ...flattened(loop.reduceAxes.filter((axis) => axis.extent !== 1)), name: 'chunk' };
  const addChunk = (sums: Expr[][], chunk: Expr, step: Stmt[]): void => {
    const [acc, guestAcc] = [sums.slice(0, perThread[0]), sums.slice(perThread[0])];
    for (const side of [a, b]) stage(body, side, loop, fixed, chunk, axisEnd(chunks), depth, step);
    step.push({ kind: 'barrier' });
    body.for('k', lane, int(depth), split, step, (k, inner) => {
      const take = (side: Side, own: Expr, count: number, stride: number, name: string): Expr[] =>
        Array.from({ length: count }, (_, i) => {
          const index = apply('add', apply('mul', k, int(side.tile + 1)), apply('add', own, int(i * stride)));
          return body.let(name, load(side.array, [body.simplify(index)]), inner);
        });
      const as = take(a, ty, perThread[0], threads[0], 'a');
      const bs = take(b, tx, perThread[1], threads[1], 'b');
      addProducts(acc, as, bs, inner);
      for (const [g, guest] of guests.entries()) {
        // The workgroups at the first tile of the axes that the sum lacks own it.
        body.if(apply('eq', guest.side === 'a' ? left : top, int(0)), inner, (owned) => {
          const values = guest.side === 'a' ? as : bs;
          for (const [i, sum] of (guestAcc[g] ?? []).entries()) addTo(sum, values[i], owned);
        });
      }
    });
    step.push({ kind: 'barrier' });
  };
  const reached = inRuns(body, runsOf([chunks], new Map([[chunks, depth]]), depth / split), new Map(), into, {
    make,
    visit: (acc, at, step) => addChunk(acc, at.get(chunks) ?? int(0), step),
    join: addGrid,
  });
  const [acc, guestAcc] = [reached.slice(0, perThread[0]), reached.slice(perThread[0])];

  const sums = body.array('sums', 'f32', tileM * tileN, 'workgroup');
  const guestSums = guests.map(({ side }) =>
    body.array('side_sums', 'f32', side === 'a' ? tileM : tileN, 'workgroup'),
  );
  // The invocations of one share of the reduction add to the sums after those of the share before.
  const meet = (share: Expr, add: boolean, to: Stmt[]): void => {
    const put = (array: Tensor, index: Expr, value: Expr, inner: Stmt[]): void => {
      const at = [body.let('slot', index, inner)];
      inner.push({
        kind: 'store',
        tensor: array,
        at,
        value: add ? apply('add', load(array, at), value) : value,
      });
    };
    body.if(apply('eq', lane, share), to, (inner) => {
      for (const [i, row] of acc.entries()) {
        for (const [j, value] of row.entries()) {
          const r = apply('add', ty, int(i * threads[0]));
          put(
            sums,
            apply('add', apply('mul', r, int(tileN)), apply('add', tx, int(j * threads[1]))),
            value,
            inner,
          );
        }
      }
      for (const [g, guest] of guests.entries()) {
        const array = guestSums[g];
        const [own, other, stride] = guest.side === 'a' ? [ty, tx, threads[0]] : [tx, ty, threads[1]];
        if (array === undefined) continue;
        body.if(apply('eq', other, int(0)), inner, (owned) => {
          for (const [i, value] of (guestAcc[g] ?? []).entries())
            put(array, apply('add', own, int(i * stride)), value, owned);
        });
      }
    });
    to.push({ kind: 'barrier' });
  };
  meet(int(0), false, into);
  body.for('share', int(1), int(split), 1, into, (share, inner) => meet(share, true, inner));

  body.for('e', body.lid, int(tileM * tileN), workgroup, into, (e, element) => {
    const mTile = body.let('row', apply('idiv', e, int(tileN)), element);
    const nTile = body.let('column', apply('mod', e, int(tileN)), element);
    const mAt = body.let('m', apply('add', top, mTile), element);
    const nAt = body.let('n', apply('add', left, nTile), element);
    body.if(all([apply('lt', mAt, int(m)), apply('lt', nAt, int(n))]), element, (inside) => {
      const at = new Map([
        ...fixed,
        ...body.unflatten(mAt, c.m, inside),
        ...body.unflatten(nAt, c.n, inside),
      ]);
      const parts = [[body.let('sum', load(sums, [e]), inside)]];
      for (const [g, guest] of guests.entries()) {
        const array = guestSums[g];
        if (array !== undefined) parts.push([load(array, [guest.side === 'a' ? mTile : nTile])]);
      }
      partialSums.add(at, parts, inside);
      body.writeOuts(loop, at, noRows, parts, inside);
    });
  });
  partialSums.finish(into);
  return into;
}

/** One side of the product while it is staged: rows (`m`) or columns (`n`) of the tile. */
interface Side {
  readonly factors: readonly Expr[];
  readonly axes: readonly Axis[];
  readonly extent: number;
  readonly tile: number;
  readonly from: Expr;
  /** `[depth][tile + 1]`: the odd stride spreads a column over memory banks. */
  readonly array: Tensor;
}

/** Loads one chunk of a side into workgroup memory; zero beyond the edge and beyond the live elements. */
function stage(
  body: Body,
  side: Side,
  loop: Loop,
  fixed: ReadonlyMap<Axis, Expr>,
  chunk: Expr,
  end: Expr,
  depth: number,
  into: Stmt[],
): void {
  const reduce = loop.reduceAxes.filter((axis) => axis.extent !== 1);
  const alongReduction = runsAlongReduction(side.factors, side.axes, reduce);
  body.for('s', body.lid, int(depth * side.tile), body.machine.workgroup, into, (s, inner) => {
    // Neighbouring invocations load neighbouring elements, along whichever axis the operand is contiguous.
    const [major, minor] = [
      apply('idiv', s, int(alongReduction ? depth : side.tile)),
      apply('mod', s, int(alongReduction ? depth : side.tile)),
    ];
    const k = body.let('k', alongReduction ? minor : major, inner);
    const own = body.let('own', alongReduction ? major : minor, inner);
    const kAt = body.let('kAt', apply('add', chunk, k), inner);
    const at = body.let('at', apply('add', side.from, own), inner);
    const axes = new Map([
      ...fixed,
      ...body.unflatten(kAt, reduce, inner),
      ...body.unflatten(at, side.axes, inner),
    ]);
    for (const axis of loop.reduceAxes) if (axis.extent === 1) axes.set(axis, int(0));
    const live = reduce.length === 1 ? [] : reduce.filter((axis) => axis.live !== undefined);
    const inside = all([
      apply('lt', at, int(side.extent)),
      apply('lt', kAt, end),
      ...live.map((axis) => apply('lt', axes.get(axis) ?? int(0), axisEnd(axis))),
    ]);
    const value = apply('select', inside, body.instantiate(product(side.factors), axes, noRows), float(0));
    const index = apply('add', apply('mul', k, int(side.tile + 1)), own);
    inner.push({
      kind: 'store',
      tensor: side.array,
      at: [body.simplify(index)],
      value: body.simplify(value),
    });
  });
}
