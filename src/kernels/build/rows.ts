import { readers, tensorSize } from '../../loops/edges.ts';
import {
  apply,
  domainSize,
  type Expr,
  extentOf,
  flatten,
  int,
  type Loop,
  loadedDtype,
  type Tensor,
} from '../../loops/index.ts';
import type { RowsSchedule } from '../../schedule/choose.ts';
import { choosePhase, plainPhase } from '../../schedule/choosePhase.ts';
import type { Group } from '../../schedule/group.ts';
import { fixedBytes, rowCount } from '../../schedule/rowResources.ts';
import type { Stmt } from '../kernel.ts';
import { all, type Body, type Phase } from './body.ts';
import { type Block, emitPhase, rowAlone, rowsTogether } from './phase.ts';

/**
 * A row program: each loop of the group is a phase over a block of rows. Intermediates stay in workgroup
 * memory (private memory, where invocations compute alone), or go through the workgroup's own slice of a
 * buffer where they are needed later anyway and memory is short.
 */
export function emitRows(body: Body, group: Group, schedule: RowsSchedule): Stmt[] {
  const into: Stmt[] = [];
  const rows = rowCount(group);
  const { block, lanes, phases } = schedule;
  placeLocals(body, group, block);
  const write = (k: number, loop: Loop, of: Block, to: Stmt[]): void => {
    comment(loop, to);
    emitPhase(body, loop, of, phases[k] ?? plainPhase, to);
  };
  if (!body.profile.cooperative) {
    const row = body.let('row', apply('add', apply('mul', body.wg, int(lanes)), body.lid), into);
    const works = all([apply('lt', body.lid, int(lanes)), apply('lt', row, int(rows))]);
    body.if(works, into, (inner) => {
      for (const [k, loop] of group.loops.entries()) {
        const own = group.rows[k] ?? [];
        write(k, loop, rowAlone(own, body.unflatten(row, own, inner)), inner);
      }
    });
    return into;
  }
  for (const [k, loop] of group.loops.entries()) {
    write(k, loop, rowsTogether(body, group.rows[k] ?? [], rows, block), into);
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
    if (alone) emitPhase(body, loop, rowAlone([], new Map()), plainPhase, into);
    else {
      emitPhase(body, loop, rowsTogether(body, [], 1, 1), choosePhase(loop, [], 1, body.profile), into);
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
