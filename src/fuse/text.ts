import { printLoops } from '../loops/text.ts';
import { type Group, groupName, type Stage } from '../schedule/group.ts';

/** The text of groups: which loops, along which rows, what stays inside. */
export function printGroups(groups: readonly Group[]): string {
  return groups.map((group) => `${groupLine(group)}\n${indented(printLoops(group.loops))}`).join('\n');
}

/** The text of stages: one line a group. */
export function printStages(stages: readonly Stage[]): string {
  return stages
    .map((stage, k) => `dispatch ${k}\n${stage.groups.map((group) => `  ${groupLine(group)}\n`).join('')}`)
    .join('');
}

function groupLine(group: Group): string {
  const rows = (group.rows[0] ?? []).map((axis) => `${axis.name}: ${axis.extent}`);
  const parts = [`group ${groupName(group)}: ${group.loops.map((loop) => loop.name).join(' → ')}`];
  if (group.loops.length > 1) parts.push(rows.length > 0 ? `rows(${rows.join(', ')})` : 'one workgroup');
  if (group.locals.length > 0) parts.push(`local(${group.locals.map((t) => t.name).join(', ')})`);
  if (group.prologue.length > 0)
    parts.push(`prologue(${group.prologue.map((loop) => loop.name).join(', ')})`);
  if (group.partials.length > 0)
    parts.push(`partial(${group.partials.map((p) => p.tensor.name).join(', ')})`);
  return parts.join('  ');
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
