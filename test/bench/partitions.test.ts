import { describe, expect, it } from 'vitest';
import { partition, partitionNames } from '../../bench/partitions.ts';
import { verifyStages } from '../../src/fuse/verify.ts';
import { kernelOf } from '../../src/kernels/build/packed.ts';
import { verifyKernel } from '../../src/kernels/verifyKernel.ts';
import { machines } from '../../src/machine/index.ts';

describe('the partitions kept as data', () => {
  it('have the dispatches that they are to be compared for', () => {
    expect(partitionNames.map((name) => [name, partition(name).length])).toEqual([
      ['w5', 36],
      ['residual', 5],
      ['residual-apart', 12],
    ]);
  });

  it.each(partitionNames)('%s is well-formed, and kernels are made of it', (name) => {
    const stages = partition(name);
    verifyStages(stages);
    for (const [k, stage] of stages.entries())
      verifyKernel(kernelOf(stage, machines.webgpu, `stage${k}`).kernel, machines.webgpu);
  });
});
