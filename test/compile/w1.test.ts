import { describe, expect, it } from 'vitest';
import { w1 } from '../../bench/workloads.ts';
import { compileModule } from '../../src/compile.ts';
import { machines } from '../../src/machine/index.ts';

describe("W1's training step", () => {
  it.each([
    ['webgpu', 3],
    ['webgpu-software', 6],
  ] as const)('is a few kernels that can be read (%s: %i)', async (name, count) => {
    const { program } = compileModule(w1, machines[name]);
    const steps = program.entries.train?.steps ?? [];
    expect(steps).toHaveLength(count);
    const text = steps.map(({ kernel }) => program.kernels[kernel]?.code).join('\n');
    await expect(text).toMatchFileSnapshot(`w1.${name}.wgsl`);
  });

  it('is the same program every time', () => {
    const once = JSON.stringify(compileModule(w1, machines.webgpu).program);
    expect(JSON.stringify(compileModule(w1, machines.webgpu).program)).toBe(once);
  });
});
