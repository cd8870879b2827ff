import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule } from '../../src/graph/index.ts';
import { machines, machineWith } from '../../src/machine/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { firstDifference } from '../compile/agreement.ts';
import { wgsl } from '../values/wgsl.ts';

/** Rounding of sums of some ten thousand products in float32, relative to the largest element. */
const TOLERANCE = 1e-4;

const waves = (length: number, step: number): Float64Array =>
  Float64Array.from({ length }, (_, k) => Math.fround(Math.sin(k * step)));

describe.each(['webgpu', 'webgpu-software'] as const)(
  'a long thin product in parts on WGSL for %s',
  (profile) => {
    it('agrees with the reference evaluator, whole and with fewer rows than there may be', async () => {
      const module = defineModule('thin', (m) => {
        const rows = m.size('rows', { max: 100_000 });
        const [a, b] = [m.input('a', { shape: [rows, 8] }), m.input('b', { shape: [rows, 8] })];
        m.entry('run', { y: a.transpose().matmul(b).relu() });
      });
      // A machine that a few workgroups do not fill.
      const machine = machineWith(machines[profile], { cores: 64, resident: 64 });
      expect(compileModule(module, machine).entries.get('run')?.kernels).toHaveLength(2);
      const reference = referenceSession(module);
      const session = await wgsl(profile, undefined, machine).start(module, {});
      for (const rows of [100_000, 33_333]) {
        const inputs = {
          a: { shape: [rows, 8], data: waves(8 * rows, 0.7) },
          b: { shape: [rows, 8], data: waves(8 * rows, 1.1) },
        };
        const feeds = { inputs, live: { rows } };
        const { y: expected } = reference.step('run', feeds);
        const { y: actual } = await session.step('run', feeds);
        expect(expected && firstDifference(actual?.data ?? [], expected, TOLERANCE)).toBeNull();
      }
      await session.dispose();
    });
  },
);
