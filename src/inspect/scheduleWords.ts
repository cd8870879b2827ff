import type { PhaseSchedule, Schedule, StagedTile } from '../schedule/schedule.ts';
import type { ScheduleSummary } from '../wasm/scheduleSummary.ts';

/**
 * How a group runs, in words: `contract: tiles of 8 × 32 by 256 invocations, k split 16 ways, chunks of 64 in workgroup memory`.
 * Of several loops of a row program, or of a task, a part for each.
 */
export function scheduleWords(schedule: Schedule | ScheduleSummary): string {
  return 'kind' in schedule ? workgroupWords(schedule) : taskWords(schedule);
}

function workgroupWords(schedule: Schedule): string {
  switch (schedule.kind) {
    case 'map':
      return `map: ${elements(schedule.perThread)} an invocation`;
    case 'reduce':
      return `reduce: ${splitWords(schedule.split)}`;
    case 'list':
      return 'list: one workgroup goes through all positions';
    case 'contract':
      return `contract: ${stagedWords(schedule)}`;
    case 'rows':
      return `rows: ${schedule.block === 1 ? 'one' : schedule.block} a workgroup of ${schedule.lanes} invocations; ${inTurn(schedule.phases.map(phaseWords))}`;
    case 'tasks':
      return `tasks: ${schedule.block} ${schedule.block === 1 ? 'row' : 'rows'} each; ${inTurn(schedule.tiled.map((tiled) => (tiled ? 'in tiles' : 'one element at a time')))}`;
    default:
      return schedule satisfies never;
  }
}

function stagedWords({ threads, perThread, split, depth }: StagedTile): string {
  const [rows, columns] = [0, 1].map((k) => (threads[k] ?? 1) * (perThread[k] ?? 1));
  const invocations = (threads[0] ?? 1) * (threads[1] ?? 1) * split;
  const by = invocations === 1 ? 'an invocation' : `${invocations} invocations`;
  const parts = split === 1 ? '' : `, k split ${split} ways`;
  const chunks = depth === 1 ? '' : `, chunks of ${depth} of k in workgroup memory`;
  return `tiles of ${rows} × ${columns} by ${by}${parts}${chunks}`;
}

function phaseWords(phase: PhaseSchedule): string {
  switch (phase.kind) {
    case 'elements':
      return splitWords(phase.split);
    case 'tiles':
      return `tiles of ${phase.perThread.join(' × ')} an invocation`;
    case 'staged':
      return stagedWords(phase);
    default:
      return phase satisfies never;
  }
}

function splitWords(split: number): string {
  return split === 1 ? 'an element an invocation' : `${split} invocations share an element's reduction`;
}

function elements(n: number): string {
  return n === 1 ? 'an element' : `${n} elements`;
}

/** Loops one after the other; those in a row that run alike are said once. */
function inTurn(words: readonly string[]): string {
  const runs: { readonly text: string; times: number }[] = [];
  for (const text of words) {
    const last = runs.at(-1);
    if (last?.text === text) last.times++;
    else runs.push({ text, times: 1 });
  }
  return runs.map(({ text, times }) => (times === 1 ? text : `${text} (${times} loops alike)`)).join('; ');
}

function taskWords({ tasks, block, rows, loops }: ScheduleSummary): string {
  const number = `${tasks} ${tasks === 1 ? 'task' : 'tasks'} of ${block} ${block === 1 ? 'row' : 'rows'}`;
  return `${number}, of ${rows}; ${inTurn(loops.map(loopWords))}`;
}

function loopWords(loop: ScheduleSummary['loops'][number]): string {
  switch (loop.kind) {
    case 'list':
      return 'list: goes through all positions';
    case 'nest':
      return `loops${loop.lane === null ? '' : `, vectors along ${loop.lane}`}`;
    case 'contract': {
      const [sets, rows, columns, steps] = loop.shape;
      const many = sets === 1 ? '' : `${sets} products of `;
      const parts = loop.parts === 1 ? '' : `, k split ${loop.parts} ways`;
      const packed = loop.packedBefore ? ', the operand packed before' : '';
      return `contract: ${many}${rows} × ${columns} over ${steps} in tiles of ${loop.tile.join(' × ')}, ${loop.block} ${loop.cut} at a time${parts}${packed}`;
    }
    default:
      return loop satisfies never;
  }
}
