import type { ExprParser } from '../loops/parseExpr.ts';
import { type PhaseSchedule, plainPhase, type Schedule, type StagedTile } from './schedule.ts';

/**
 * A schedule as a line of text that parses back to the same:
 *
 * ```text
 * contract threads(16, 16) tile(4, 4) split(1) depth(16) workgroups(12)
 * rows block(4) lanes(256) phases(tile(2, 4), split(8), plain) workgroups(32)
 * rows block(8) lanes(256) phases(staged threads(2, 32) tile(4, 4) split(4) depth(16), plain) workgroups(8)
 * ```
 */
export function scheduleText(schedule: Schedule): string {
  const { kind, workgroups } = schedule;
  const parts = ((): string[] => {
    switch (schedule.kind) {
      case 'map':
        return [`each(${schedule.perThread})`];
      case 'reduce':
        return [`split(${schedule.split})`];
      case 'list':
        return [];
      case 'contract':
        return stagedParts(schedule);
      case 'rows':
        return [
          `block(${schedule.block})`,
          `lanes(${schedule.lanes})`,
          `phases(${schedule.phases.map(phaseText).join(', ')})`,
        ];
      case 'tasks':
        return [
          `block(${schedule.block})`,
          `loops(${schedule.tiled.map((tiled) => (tiled ? 'tiles' : 'nest')).join(', ')})`,
        ];
      default:
        return schedule satisfies never;
    }
  })();
  return [kind, ...parts, `workgroups(${workgroups})`].join(' ');
}

function stagedParts({ threads, perThread, split, depth }: StagedTile): string[] {
  return [
    `threads(${threads.join(', ')})`,
    `tile(${perThread.join(', ')})`,
    `split(${split})`,
    `depth(${depth})`,
  ];
}

function phaseText(phase: PhaseSchedule): string {
  switch (phase.kind) {
    case 'elements':
      return phase.split === 1 ? 'plain' : `split(${phase.split})`;
    case 'tiles':
      return `tile(${phase.perThread.join(', ')})`;
    case 'staged':
      return ['staged', ...stagedParts(phase)].join(' ');
    default:
      return phase satisfies never;
  }
}

const kinds = [
  'map',
  'reduce',
  'list',
  'contract',
  'rows',
  'tasks',
] as const satisfies readonly Schedule['kind'][];

/** Reads a schedule where it stands in a text of groups (see `scheduleText`). */
export function parseSchedule(parser: ExprParser): Schedule {
  const kind = parser.oneOf(kinds, 'a kind of schedule');
  const number = (word: string): number => numberOf(parser, word);
  switch (kind) {
    case 'map':
      return { kind, perThread: number('each'), workgroups: number('workgroups') };
    case 'reduce':
      return { kind, split: number('split'), workgroups: number('workgroups') };
    case 'list': {
      const token = parser.peek();
      if (number('workgroups') !== 1) return parser.fail('one workgroup makes lists', token);
      return { kind, workgroups: 1 };
    }
    case 'contract':
      return {
        kind,
        ...stagedTile(parser),
        workgroups: number('workgroups'),
      };
    case 'rows':
      return {
        kind,
        block: number('block'),
        lanes: number('lanes'),
        phases: listOf(parser, 'phases', () => phase(parser)),
        workgroups: number('workgroups'),
      };
    case 'tasks':
      return {
        kind,
        block: number('block'),
        tiled: listOf(
          parser,
          'loops',
          () => parser.oneOf(['tiles', 'nest'], 'a way to run a loop') === 'tiles',
        ),
        workgroups: number('workgroups'),
      };
    default:
      return kind satisfies never;
  }
}

function phase(parser: ExprParser): PhaseSchedule {
  if (parser.acceptWord('plain')) return plainPhase;
  if (parser.acceptWord('staged')) return { kind: 'staged', ...stagedTile(parser) };
  if (parser.atWord('tile')) return { kind: 'tiles', perThread: pairOf(parser, 'tile') };
  if (!parser.atWord('split')) parser.fail('expected plain, split, tile or staged');
  return { kind: 'elements', split: numberOf(parser, 'split') };
}

function stagedTile(parser: ExprParser): StagedTile {
  return {
    threads: pairOf(parser, 'threads'),
    perThread: pairOf(parser, 'tile'),
    split: numberOf(parser, 'split'),
    depth: numberOf(parser, 'depth'),
  };
}

function listOf<T>(parser: ExprParser, word: string, item: () => T): T[] {
  if (!parser.acceptWord(word)) parser.fail(`expected ${word}`);
  parser.expect('(');
  return parser.list(')', item);
}

function numberOf(parser: ExprParser, word: string): number {
  const token = parser.peek();
  const [value, ...more] = listOf(parser, word, () => parser.integer());
  if (value === undefined || more.length > 0) return parser.fail(`${word} is one number`, token);
  return value;
}

function pairOf(parser: ExprParser, word: string): readonly [number, number] {
  const token = parser.peek();
  const [rows, columns, ...more] = listOf(parser, word, () => parser.integer());
  if (rows === undefined || columns === undefined || more.length > 0)
    return parser.fail(`${word} is two numbers, rows and columns`, token);
  return [rows, columns];
}
