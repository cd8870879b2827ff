import type { NotedLoop } from '../loops/index.ts';
import { type Declared, declare, loopLines } from '../loops/text.ts';
import { type Group, groupName, type Stage } from '../schedule/group.ts';
import { scheduleText } from '../schedule/text.ts';

export { parseGroups, parseStages } from './parse.ts';

/**
 * Groups as text that parses back to the same. A line for each group stands first, as a comment: which loops, along
 * which rows, what stays inside. The declarations of all groups come next, then each group whole.
 *
 * ```text
 * # group h..p: h → p  rows(i: 128)  local(h)
 *
 * tensor x: f32[128, 64] input
 * tensor h: f32[128, 10] temp
 * tensor p: f32[128, 10] result
 *
 * group
 *   locals(h)
 *   loop h(i: 128, j: 10) reduce(k: 64) rows(i):
 *     …
 *   loop p(i: 128, j: 10) rows(i):
 *     …
 * ```
 *
 * The loops of a prologue are marked `prologue loop`; a partial result stands among the outputs of the loop whose
 * elements it reduces, `partial h_parts[j] = sum(…)` where it has one for each `j`. A group that keeps a schedule has it before its first loop,
 * `schedule reduce split(8) workgroups(4)`.
 */
export function printGroups(groups: readonly Group[]): string {
  const declared = declarationsOf(groups);
  return textOf([
    groups.map((group) => `# ${groupLine(group)}`),
    declared.lines,
    ...groups.map((group) => groupLines(group, declared)),
  ]);
}

/** Stages as text that parses back to the same: as groups, under a line `dispatch` for each stage. */
export function printStages(stages: readonly Stage[]): string {
  const declared = declarationsOf(stages.flatMap((stage) => stage.groups));
  return textOf([
    stages.flatMap(({ groups }, k) => [
      `# dispatch ${k}`,
      ...groups.map((group) => `#   ${groupLine(group)}`),
    ]),
    declared.lines,
    ...stages.map(({ groups }) => [
      'dispatch',
      ...groups.flatMap((group) => groupLines(group, declared)).map(indented),
    ]),
  ]);
}

/** What a person reads first of a group: its loops, its rows with their extents, and what stays inside. */
function groupLine(group: Group): string {
  const rows = (group.rows[0] ?? []).map((axis) => `${axis.name}: ${axis.extent}`);
  const parts = [`group ${groupName(group)}: ${group.loops.map((loop) => loop.name).join(' → ')}`];
  if (group.loops.length > 1) parts.push(rows.length > 0 ? `rows(${rows.join(', ')})` : 'one workgroup');
  if (group.locals.length > 0) parts.push(`local(${group.locals.map((t) => t.name).join(', ')})`);
  if (group.prologue.length > 0)
    parts.push(`prologue(${group.prologue.map((loop) => loop.name).join(', ')})`);
  if (group.partials.length > 0)
    parts.push(`partial(${group.partials.map((p) => p.tensor.name).join(', ')})`);
  // a name may hold what ends a line
  return parts.join('  ').replaceAll(/[\r\n]/g, ' ');
}

function declarationsOf(groups: readonly Group[]): Declared {
  return declare(
    groups.flatMap((group) => [...group.prologue.map((loop) => ({ loop })), ...notedLoops(group)]),
  );
}

/** Partial results reduce what the first loop of a group makes, and are written with it. */
function notedLoops({ loops, rows, partials }: Group): NotedLoop[] {
  return loops.map((loop, k) => ({ loop, rows: rows[k] ?? [], partials: k === 0 ? partials : [] }));
}

/** Before the loops stands what the group says of itself, a line for each kind. */
function groupLines(group: Group, declared: Declared): string[] {
  const about = group.locals.length === 0 ? [] : [`locals(${group.locals.map(declared.tensor).join(', ')})`];
  if (group.schedule !== undefined) about.push(`schedule ${scheduleText(group.schedule)}`);
  const prologue = group.prologue.flatMap((loop) => {
    const [first = '', ...more] = loopLines({ loop }, declared);
    return [`prologue ${first}`, ...more];
  });
  const loops = notedLoops(group).flatMap((noted) => loopLines(noted, declared));
  return ['group', ...[...about, ...prologue, ...loops].map(indented)];
}

function indented(line: string): string {
  return `  ${line}`;
}

/** Paragraphs, with an empty line between them. */
function textOf(paragraphs: readonly (readonly string[])[]): string {
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${line}\n`).join(''))
    .join('\n');
}
