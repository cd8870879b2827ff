import { apply, type Expr, elementCount, flatten, int, type Loop, loadedDtype } from '../../loops/index.ts';
import type { Group } from '../../schedule/group.ts';
import { phaseOf } from '../../schedule/phases.ts';
import { isPrologueAlone, passedInside, stagedPhaseWords } from '../../schedule/resources.ts';
import { rowCount } from '../../schedule/rows.ts';
import { plainPhase, type RowsSchedule } from '../../schedule/schedule.ts';
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
  placeLocals(body, group, schedule);
  const words = stagedPhaseWords(group, schedule);
  const staged = words === 0 ? null : body.array('staged', 'f32', words, 'workgroup');
  const write = (k: number, loop: Loop, of: Block, to: Stmt[]): void => {
    comment(loop, to);
    emitPhase(body, loop, of, phases[k] ?? plainPhase, staged, to);
  };
  if (!body.machine.features.has('barriers')) {
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

/** Loops of one element that every workgroup computes first; their values stay in the kernel. */
export function emitPrologue(body: Body, loops: readonly Loop[], into: Stmt[]): void {
  const alone = isPrologueAlone(loops);
  for (const loop of loops) {
    for (const { tensor } of loop.outs) {
      const array = body.array(tensor.name, tensor.dtype, 1, alone ? 'private' : 'workgroup');
      body.locals.set(tensor, { array, index: () => int(0), alsoStored: false });
    }
  }
  for (const loop of loops) {
    comment(loop, into);
    if (alone) emitPhase(body, loop, rowAlone([], new Map()), plainPhase, null, into);
    else {
      const schedule = phaseOf(loop, [], new Set(), body.machine).schedule(1, 1, 0);
      emitPhase(body, loop, rowsTogether(body, [], 1, 1), schedule, null, into);
      into.push({ kind: 'barrier' });
    }
  }
}

/** Says which loop what follows computes. */
export function comment(loop: Loop, into: Stmt[]): void {
  const [last] = loop.origin.slice(-1);
  into.push({
    kind: 'comment',
    loop: loop.name,
    text:
      last === undefined
        ? loop.name
        : `${last.node}${last.source === undefined ? '' : `  at ${last.source}`}`,
  });
}

/** Gives the tensors that pass between phases their place inside the kernel, as far as they have one. */
function placeLocals(body: Body, group: Group, schedule: RowsSchedule): void {
  const role = body.machine.features.has('barriers') ? 'workgroup' : 'private';
  for (const { out, k, words, alsoStored } of passedInside(group, schedule, body.machine)) {
    const { tensor } = out;
    const own = group.rows[k] ?? [];
    const columns = out.at
      .map((axis, d) => ({ d, axis }))
      .filter(({ axis }) => !own.includes(axis))
      .map(({ d }) => d);
    const array = body.array(tensor.name, loadedDtype(tensor.dtype), words, role);
    const shape = columns.map((d) => tensor.shape[d] ?? 1);
    const width = elementCount(shape);
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
