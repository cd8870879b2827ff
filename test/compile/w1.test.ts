import { describe, expect, it } from 'vitest';
import { w1 } from '../../bench/workloads.ts';
import { compileModule } from '../../src/compile.ts';
import { profiles } from '../../src/machine/profile.ts';

describe("W1's training step", () => {
  it.each(['webgpu', 'webgpu-software'] as const)('is three kernels that can be read (%s)', async (name) => {
    const { program } = compileModule(w1, profiles[name]);
    const steps = program.entries.train?.steps ?? [];
    expect(steps).toHaveLength(3);
    const text = steps.map(({ kernel }) => program.kernels[kernel]?.code).join('\n');
    await expect(text).toMatchFileSnapshot(`w1.${name}.wgsl`);
  });

  it('is the same program every time', () => {
    const once = JSON.stringify(compileModule(w1, profiles.webgpu).program);
    expect(JSON.stringify(compileModule(w1, profiles.webgpu).program)).toBe(once);
  });
});
