import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { machines } from '../../src/machine/index.ts';
import { randomReductions } from '../oracle/randomReductions.ts';
import { disagreements } from './agreement.ts';

const software = machines['webgpu-software'];

describe('random reductions of shared inputs', () => {
  it('compile: of the last four, joins made one of two siblings depend on the other after they were proposed', () => {
    for (const seed of [0, 1, 2, 3, 198, 220, 231, 409]) {
      const { entries } = compileModule(randomReductions(seed, [8, 64, 512]).module, software);
      expect(entries.get('run')?.stages.length, `seed ${seed}`).toBeGreaterThan(0);
    }
  });

  it('agree with the reference evaluator', () => {
    const found: string[] = [];
    for (let seed = 0; seed < 12; seed++)
      for (const machine of [machines.webgpu, software])
        found.push(...disagreements(randomReductions(seed, [8]), machine, new Set()));
    expect(found).toEqual([]);
  });
});
