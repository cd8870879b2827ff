import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { firstDifference } from '../compile/agreement.ts';
import { randomStatistics, slowMemory } from '../oracle/randomStatistics.ts';
import { wgsl } from '../values/wgsl.ts';

/** Rounding of sums in float32, relative to the largest element. */
const TOLERANCE = 1e-4;

/** Modules that are run of those that have partial results by some axes: a driver in software is slow. */
const ENOUGH = 4;

describe('reductions by some axes on WGSL', () => {
  it('agree with the reference evaluator where workgroups of a contraction reduce their tiles', async () => {
    let left = ENOUGH;
    for (let seed = 0; left > 0; seed++) {
      const [random, machine, off] = [
        randomStatistics(seed),
        slowMemory(seed),
        new Set(['partition'] as const),
      ];
      const { entries } = compileModule(random.module, machine, off);
      const groups = [...entries.values()].flatMap(({ stages }) => stages.flatMap((stage) => stage.groups));
      if (!groups.some(({ partials }) => partials.some(({ at }) => at.length > 0))) continue;
      left--;
      const reference = referenceSession(random.module, random.states);
      const session = await wgsl('webgpu', undefined, machine, off).start(random.module, random.states);
      for (const k of [0, 1]) {
        const feeds = random.step(k);
        const expected = reference.step('run', feeds);
        const actual = await session.step('run', feeds);
        for (const [output, value] of Object.entries(expected))
          expect(
            firstDifference(actual[output]?.data ?? [], value, TOLERANCE),
            `${random.module.name}, step ${k}: ${output}`,
          ).toBeNull();
      }
      await session.dispose();
    }
  });
});
