import { describe, expect, it } from 'vitest';
import type { WebGpuTarget } from '../../src/machine/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import type { RandomCase } from '../oracle/randomGraph.ts';
import { randomRows } from '../oracle/randomRows.ts';
import { wgsl } from '../values/wgsl.ts';
import { firstDifference, numberedModule } from './agreement.ts';

/** Rounding in float32, relative to the largest element of a tensor; what is discontinuous is exact. */
const TOLERANCE = 1e-4;

/** Graphs of each run; `SINTER_SEEDS=1000-2000` runs others. */
const [first, last] = (process.env.SINTER_SEEDS ?? '0-24').split('-').map(Number);

/** Two steps of each entry of a random module, on a device beside the reference evaluator. */
async function disagreements(random: RandomCase, profile: WebGpuTarget): Promise<string[]> {
  const found: string[] = [];
  const reference = referenceSession(random.module, random.states);
  const session = await wgsl(profile).start(random.module, random.states);
  for (const k of [0, 1]) {
    for (const { name } of random.module.entries) {
      const feeds = random.step(k);
      const expected = reference.step(name, feeds);
      const actual = await session.step(name, feeds);
      for (const [output, value] of Object.entries(expected)) {
        const difference = firstDifference(actual[output]?.data ?? [], value, TOLERANCE);
        if (difference !== null)
          found.push(`${random.module.name}, step ${k} of ${name}: ${output}${difference}`);
      }
    }
  }
  await session.dispose();
  return found;
}

describe.each(['webgpu-software', 'webgpu'] as const)('random graphs on WGSL for %s', (profile) => {
  it('agree with the reference evaluator', async () => {
    const found: string[] = [];
    for (let seed = first ?? 0; seed < (last ?? 0); seed++)
      found.push(...(await disagreements(numberedModule(seed), profile)));
    expect(found).toEqual([]);
  });

  it('agree with it where contractions are in row programs', async () => {
    const found: string[] = [];
    // Their kernels are long, and a driver in software compiles them slowly.
    for (let seed = first ?? 0; seed < (last ?? 0); seed += 2)
      found.push(...(await disagreements(randomRows(seed), profile)));
    expect(found).toEqual([]);
  });
});
