import { expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { sharedBytes } from '../../src/kernels/build/packed.ts';
import { machines } from '../../src/machine/index.ts';
import { bestSchedule } from '../../src/schedule/best.ts';
import { resourcesOf, sharedBytesOf } from '../../src/schedule/resources.ts';
import { numberedModule } from '../compile/agreement.ts';
import { randomRows } from '../oracle/randomRows.ts';

it('workgroup memory is known before a kernel is built: it is what the kernel declares', () => {
  let used = 0;
  for (const machine of [machines.webgpu, machines['webgpu-software']])
    for (let seed = 0; seed < 12; seed++)
      for (const { module } of [numberedModule(seed), randomRows(seed)])
        for (const { stages, kernels } of compileModule(module, machine).entries.values())
          for (const [k, { groups }] of stages.entries()) {
            const resources = groups.map((group) =>
              resourcesOf(group, bestSchedule(group, machine).schedule, machine),
            );
            const kernel = kernels[k];
            if (kernel === undefined) throw new Error('a kernel for each stage');
            expect(sharedBytes(kernel)).toBe(sharedBytesOf(resources));
            used += sharedBytes(kernel);
          }
  expect(used).toBeGreaterThan(0);
});
