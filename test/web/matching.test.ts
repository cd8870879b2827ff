import { describe, expect, test } from 'vitest';
import { w1 } from '../../bench/workloads.ts';
import { compileModule } from '../../src/compile.ts';
import { compileFor } from '../../src/compiled.ts';
import { type Report, reportOf } from '../../src/inspect/report.ts';
import { machines } from '../../src/machine/index.ts';
import { type Match, matchDispatches, passChanges } from '../../web/panels/matching.ts';

function train(report: Report) {
  const entry = report.entries.train;
  if (entry === undefined) throw new RangeError('there is no entry train');
  return entry;
}

/** What each dispatch of a list has become, by name. */
function shown(matches: readonly Match[], before: Report, after: Report): string[] {
  const was = (k: number): string => train(before).dispatches[k]?.name ?? '';
  const is = (k: number): string => train(after).dispatches[k]?.name ?? '';
  return matches.map((match) => {
    if (match.kind === 'added') return `+ ${is(match.after)}`;
    if (match.kind === 'removed') return `- ${was(match.before)}`;
    return `${match.kind} ${was(match.before)} ${is(match.after)}`;
  });
}

describe('dispatches of two compilations', () => {
  const whole = reportOf(compileModule(w1, machines.webgpu));

  test('of one program are the same', () => {
    const again = reportOf(compileModule(w1, machines.webgpu));
    const matches = matchDispatches(train(whole), train(again));
    expect(matches).toEqual(train(whole).dispatches.map((_, k) => ({ kind: 'same', before: k, after: k })));
  });

  test('are each there once, in the order of those after', () => {
    const apart = reportOf(compileModule(w1, machines.webgpu, new Set(['partition'])));
    const matches = matchDispatches(train(whole), train(apart));
    const of = (side: 'before' | 'after'): number[] =>
      matches.flatMap((match) =>
        side in match ? [Number(Object.entries(match).find(([key]) => key === side)?.[1])] : [],
      );
    expect(of('after')).toEqual(train(apart).dispatches.map((_, k) => k));
    expect(of('before').sort((a, b) => a - b)).toEqual(train(whole).dispatches.map((_, k) => k));
    expect(matches.some(({ kind }) => kind === 'added')).toBe(true);
  });

  test('are found again by what they compute where names differ, as on another target', async () => {
    const wasm = reportOf(await compileFor(w1, 'wasm'));
    const matches = matchDispatches(train(whole), train(wasm));
    expect(shown(matches, whole, wasm)).toMatchInlineSnapshot(`
      [
        "- hidden",
        "changed output_to_where_55 hidden_to_where_55",
        "changed loss_to_d_hidden_weight loss_to_d_hidden_weight",
      ]
    `);
  });

  test('that have nothing in common are removed and added', () => {
    const { dispatches, ...rest } = train(whole);
    const other = {
      ...rest,
      dispatches: dispatches.map((d) => ({ ...d, name: `other ${d.name}`, nodes: ['x'] })),
    };
    const kinds = matchDispatches(train(whole), other).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'added').length).toBe(dispatches.length);
    expect(kinds.filter((kind) => kind === 'removed').length).toBe(dispatches.length);
  });
});

test('passes are compared by name and entry, and one that only ran once says so', () => {
  const pass = (name: string, milliseconds: number, entry?: string) => ({
    name,
    milliseconds,
    verifying: 0,
    ...(entry === undefined ? {} : { entry }),
  });
  const changes = passChanges(
    [pass('lower', 2, 'train'), pass('lower', 9, 'predict'), pass('assemble', 5)],
    [pass('lower', 3, 'train'), pass('print', 1)],
    'train',
  );
  expect(changes).toEqual([
    { entry: 'train', name: 'lower', before: 2, after: 3 },
    { name: 'print', after: 1 },
    { name: 'assemble', before: 5 },
  ]);
});
