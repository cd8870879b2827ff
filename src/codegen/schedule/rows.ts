import {
  type Axis,
  apply,
  contractionOf,
  domainSize,
  type Expr,
  extentOf,
  flatten,
  int,
  type Loop,
  loadedDtype,
  type Tensor,
} from '../../loops/index.ts';
import { readers, tensorSize } from '../../passes/fuse/edges.ts';
import type { Group } from '../../passes/fuse/group.ts';
import { fixedBytes, rowCount } from '../../passes/fuse/rows.ts';
import type { Stmt } from '../kernel.ts';
import { reduceAlone, reduceTogether, scratchFor } from './accumulate.ts';
import { all, type Body, noRows, type Phase } from './body.ts';
import type { RowsSchedule } from './choose.ts';

/**
 * A row program: each loop of the group is a phase over a block of rows. Intermediates stay in workgroup
 * memory (private memory, where invocations compute alone), or go through the workgroup's own slice of a
 * buffer where they are needed later anyway and memory is short.
 */
export function emitRows(body: Body, group: Group, schedule: RowsSchedule): Stmt[] {
  const into: Stmt[] = [];
  const rows = rowCount(group);
  placeLocals(body, group, schedule.block);
  if (!body.profile.cooperative) {
    const row = body.let(
      'row',
      apply('add', apply('mul', body.wg, int(body.profile.workgroup)), body.lid),
      into,
    );
    body.if(apply('lt', row, int(rows)), into, (inner) => {
      for (const [k, loop] of group.loops.entries()) {
        comment(loop, inner);
        const own = group.rows[k] ?? [];
        phaseAlone(body, loop, body.unflatten(row, own, inner), inner);
      }
    });
    return into;
  }
  for (const [k, loop] of group.loops.entries()) {
    comment(loop, into);
    phaseTogether(body, loop, group.rows[k] ?? [], rows, schedule.block, into);
    if (k < group.loops.length - 1) into.push({ kind: 'barrier' });
  }
  return into;
}

/** Reductions of the prologue that one invocation may run through alone without holding up the others. */
const ALONE_ELEMENTS = 64;

/** Loops of one element that every workgroup computes first; their values stay in the kernel. */
export function emitPrologue(body: Body, loops: readonly Loop[], into: Stmt[]): void {
  const alone = loops.every((loop) => domainSize(loop.reduceAxes) <= ALONE_ELEMENTS);
  for (const loop of loops) {
    for (const { tensor } of loop.outs) {
      const array = body.array(tensor.name, tensor.dtype, 1, alone ? 'private' : 'workgroup');
      body.locals.set(tensor, { array, index: () => int(0), alsoStored: false });
    }
  }
  for (const loop of loops) {
    comment(loop, into);
    if (alone) phaseAlone(body, loop, new Map(), into);
    else {
      phaseTogether(body, loop, [], 1, 1, into);
      into.push({ kind: 'barrier' });
    }
  }
}

function comment(loop: Loop, into: Stmt[]): void {
  const [last] = loop.origin.slice(-1);
  into.push({
    kind: 'comment',
    text:
      last === undefined
        ? loop.name
        : `${last.node}${last.source === undefined ? '' : `  at ${last.source}`}`,
  });
}

/** All elements of one row, one after the other. */
function phaseAlone(body: Body, loop: Loop, row: ReadonlyMap<Axis, Expr>, into: Stmt[]): void {
  const inner = loop.axes.filter((axis) => !row.has(axis));
  body.for('e', int(0), int(domainSize(inner)), 1, into, (e, element) => {
    const at = new Map([...row, ...body.unflatten(e, inner, element)]);
    body.writeOuts(loop, at, noRows, reduceAlone(body, loop, at, noRows, element), element);
  });
}

/** The elements of a block of rows, shared by the invocations of a workgroup. */
function phaseTogether(
  body: Body,
  loop: Loop,
  own: readonly Axis[],
  rows: number,
  block: number,
  into: Stmt[],
): void {
  const { workgroup } = body.profile;
  const inner = loop.axes.filter((axis) => !own.includes(axis));
  const columns = domainSize(inner);
  const elements = block * columns;
  const split = loop.reductions.length === 0 ? 1 : splitOf(loop, own, elements, workgroup);
  const perTurn = workgroup / split;
  const lane = split === 1 ? int(0) : body.let('lane', apply('mod', body.lid, int(split)), into);
  const first = split === 1 ? body.lid : body.let('slot', apply('idiv', body.lid, int(split)), into);
  const arrays = split === 1 ? [] : scratchFor(body, loop.reductions);

  const element = (e: Expr, to: Stmt[]): { at: Map<Axis, Expr>; phase: Phase; inside: Expr } => {
    const rowInBlock = body.let('block_row', apply('idiv', e, int(columns)), to);
    // Without row axes every workgroup that comes here computes the one row there is.
    const block0 = own.length === 0 ? int(0) : apply('mul', body.wg, int(block));
    const row = body.let('row', apply('add', block0, rowInBlock), to);
    const clamped = body.let('row', apply('min', row, int(rows - 1)), to);
    const column = body.let('column', apply('mod', e, int(columns)), to);
    const at = new Map([...body.unflatten(clamped, own, to), ...body.unflatten(column, inner, to)]);
    return { at, phase: { rowInBlock }, inside: apply('lt', row, int(rows)) };
  };

  if (split === 1) {
    body.for('e', first, int(elements), perTurn, into, (e, to) => {
      const { at, phase, inside } = element(e, to);
      body.if(inside, to, (store) =>
        body.writeOuts(loop, at, phase, reduceAlone(body, loop, at, phase, store), store),
      );
    });
    return;
  }
  // Every invocation takes every turn, since the combination holds barriers.
  body.for('turn', int(0), int(elements), perTurn, into, (turn, to) => {
    const e = body.let('e', apply('add', turn, first), to);
    const bounded = body.let('e', apply('min', e, int(elements - 1)), to);
    const { at, phase, inside } = element(bounded, to);
    const acc = reduceTogether(body, loop.reductions, loop.reduceAxes, at, phase, lane, split, arrays, to);
    body.if(all([apply('eq', lane, int(0)), apply('lt', e, int(elements)), inside]), to, (store) =>
      body.writeOuts(loop, at, phase, acc, store),
    );
    if (elements > perTurn) to.push({ kind: 'barrier' });
  });
}

/**
 * How many invocations share an element's reduction: as many as there are to spare; at least eight, where
 * the reduction runs along a contraction's contiguous operand, so that neighbours load neighbours.
 */
function splitOf(loop: Loop, own: readonly Axis[], elements: number, workgroup: number): number {
  const reduced = domainSize(loop.reduceAxes);
  let split = 1;
  while (split < workgroup && elements * split * 2 <= workgroup && split * 2 <= reduced) split *= 2;
  const long = contractionOf(loop) !== null && reduced >= 64 && own.length > 0;
  return long ? Math.max(split, 8) : split;
}

/**
 * Gives the tensors that pass between phases a place inside the kernel. Those that no other group reads must
 * have one; the others get one while there is room, and are read back from their buffer otherwise.
 */
function placeLocals(body: Body, group: Group, block: number): void {
  const { cooperative, workgroupMemory } = body.profile;
  const rows = rowCount(group);
  const read = readers(group.loops);
  let free = workgroupMemory - fixedBytes(group, body.profile);
  const passed = group.loops.flatMap((loop, k) =>
    loop.outs.filter((o) => read.has(o.tensor)).map((out) => ({ out, own: group.rows[k] ?? [] })),
  );
  const isLocal = (tensor: Tensor): boolean => group.locals.includes(tensor);
  for (const { out, own } of [...passed].sort(
    (x, y) => Number(isLocal(y.out.tensor)) - Number(isLocal(x.out.tensor)),
  )) {
    const { tensor } = out;
    const perRow = tensorSize(tensor) / rows;
    const bytes = perRow * block * 4;
    const alsoStored = !isLocal(tensor);
    if (alsoStored && (!cooperative || bytes > free)) continue;
    free -= bytes;
    const columns = out.at
      .map((axis, d) => ({ d, axis }))
      .filter(({ axis }) => !own.includes(axis))
      .map(({ d }) => d);
    const array = body.array(
      tensor.name,
      loadedDtype(tensor.dtype),
      Math.max(1, perRow * block),
      cooperative ? 'workgroup' : 'private',
    );
    const shape = columns.map((d) => tensor.shape[d] ?? 1);
    const width = shape.reduce<number>((n, dim) => n * extentOf(dim), 1);
    const index = (at: readonly Expr[], phase: Phase): Expr => {
      const column = flatten(
        columns.map((d) => at[d] ?? int(0)),
        shape,
      );
      return apply('add', apply('mul', phase.rowInBlock, int(width)), column);
    };
    body.locals.set(tensor, { array, index, alsoStored });
  }
}
