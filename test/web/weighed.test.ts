import { describe, expect, test } from 'vitest';
import { w3 } from '../../bench/workloads.ts';
import { compileModule } from '../../src/compile.ts';
import type { LookDecision } from '../../src/inspect/look.ts';
import { lookOf } from '../../src/inspect/lookOf.ts';
import { machines } from '../../src/machine/index.ts';
import { litOf } from '../../web/panels/lit.ts';
import { type Asked, decisionsAsked, movesOf, namesOf, nodeNames } from '../../web/panels/weighed.ts';

const any: Asked = { move: '', outcome: 'all', text: '', order: 'gain' };

function decision(from: string, to: string, rest: Partial<LookDecision> = {}): LookDecision {
  return { move: 'inline', from, to, taken: true, text: 'one reader', ...rest };
}

const some = [
  decision('a', 'b', { gain: -1, taken: false, text: 'together 3 µs' }),
  decision('b', 'c, g'),
  decision('c', 'd..f', { move: 'rows', gain: 2.5 }),
  decision('e', 'a', { gain: 0.5 }),
];

function named(decisions: readonly LookDecision[]): string[] {
  return decisions.map(({ from, to }) => `${from} ${to}`);
}

describe('decisions', () => {
  test('stand by gain, those that time did not decide last', () => {
    expect(named(decisionsAsked(some, any))).toEqual(['c d..f', 'e a', 'a b', 'b c, g']);
    expect(named(decisionsAsked(some, { ...any, order: 'made' }))).toEqual(named(some));
  });

  test('are found by move, outcome and words of name or reason', () => {
    expect(named(decisionsAsked(some, { ...any, move: 'rows' }))).toEqual(['c d..f']);
    expect(named(decisionsAsked(some, { ...any, outcome: 'refused' }))).toEqual(['a b']);
    expect(named(decisionsAsked(some, { ...any, text: 'TOGETHER µs' }))).toEqual(['a b']);
    expect(decisionsAsked(some, { ...any, text: 'nothing like it' })).toEqual([]);
  });

  test('concern what they name, be they several, and the first and last of a group', () => {
    expect(named(decisionsAsked(some, { ...any, names: new Set(['f']) }))).toEqual(['c d..f']);
    expect(named(decisionsAsked(some, { ...any, names: new Set(['g']) }))).toEqual(['b c, g']);
    expect(named(decisionsAsked(some, { ...any, names: new Set(['a']) }))).toEqual(['e a', 'a b']);
  });

  test('are counted by move, the most frequent first', () => {
    expect(movesOf(some)).toEqual([
      { move: 'inline', count: 3 },
      { move: 'rows', count: 1 },
    ]);
  });
});

describe('of a network', () => {
  const look = lookOf(compileModule(w3, machines.webgpu));
  const decisions = look.entries.train?.decisions ?? [];

  test('every dispatch but copies has decisions that concern it', () => {
    for (const dispatch of look.entries.train?.dispatches.keys() ?? []) {
      const names = namesOf(look, 'train', litOf(look, 'train', { kind: 'dispatch', dispatch }));
      expect(decisionsAsked(decisions, { ...any, names }).length).toBeGreaterThan(0);
    }
  });

  test('nearly all names are those of nodes', () => {
    const nodes = nodeNames(look, 'train');
    const names = decisions.map(({ from }) => from);
    expect(names.filter((name) => nodes.has(name)).length / names.length).toBeGreaterThan(0.9);
  });
});
