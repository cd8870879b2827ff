import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { w3 } from '../../bench/workloads.ts';
import { compileModule } from '../../src/compile.ts';
import { reportOf } from '../../src/inspect/report.ts';
import { machines } from '../../src/machine/index.ts';
import {
  arenaPlans,
  type Block,
  bytesInUse,
  laneHeights,
  peakDispatch,
} from '../../web/panels/liveRanges.ts';

function block(name: string, offset: number, bytes: number, from: number, to: number): Block {
  return { name, arena: 'temps', offset, bytes, from, to, persists: false };
}

describe('the plan of a network', () => {
  const report = reportOf(compileModule(w3, machines.webgpu));
  const entry = report.entries.train;
  if (entry === undefined) throw new RangeError('w3 has no entry train');

  test('every tensor lies inside of its arena, and no two in the same bytes at the same time but in place', () => {
    const plans = arenaPlans(report, entry);
    expect(plans.map(({ name }) => name)).toEqual(['results', 'words', 'temps', 'state']);
    for (const { blocks, bytes } of plans)
      for (const { offset, bytes: size } of blocks) expect(offset + size).toBeLessThanOrEqual(bytes);
  });

  test('what is in use at the peak is what the plan states as its bound, without what persists', () => {
    const used = ['temps', 'words'].map((arena) =>
      bytesInUse(entry.temporaries, arena, entry.dispatches.length),
    );
    const peak = peakDispatch(entry) ?? -1;
    const most = used.reduce((sum, bytes) => sum + (bytes[peak] ?? 0), 0);
    const persisting = report.states.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(most + persisting + report.arenas.results).toBeGreaterThanOrEqual(report.lowerBoundBytes * 0.99);
    expect(most).toBeLessThanOrEqual(report.arenas.temps + report.arenas.words);
  });
});

test('bytes that two tensors share in one dispatch, one written over the other, count once', () => {
  const temporary = (offset: number, bytes: number, from: number, to: number) => ({
    ...block('t', offset, bytes, from, to),
    dtype: 'f32',
    shape: [bytes / 4],
  });
  const temporaries = [temporary(0, 8, 0, 1), temporary(0, 8, 1, 2), temporary(8, 4, 1, 1)];
  expect(bytesInUse(temporaries, 'temps', 3)).toEqual([8, 12, 8]);
});

test('lanes fill the height, and none is below the least', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(sizes, (bytes) => {
      const lanes = laneHeights(bytes, 400, 16, 20);
      const end = lanes.at(-1);
      for (const { height } of lanes) expect(height).toBeGreaterThanOrEqual(16 - 1e-9);
      expect((end?.top ?? 0) + (end?.height ?? 0)).toBeLessThanOrEqual(400 + 1e-6);
    }),
  );
});

test('lanes that are drawn larger than they are say so', () => {
  expect(laneHeights([100, 1e6], 200, 16, 20).map(({ isToScale }) => isToScale)).toEqual([false, true]);
});
