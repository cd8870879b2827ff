import { type Machine, machines, machineWith } from '../../src/machine/index.ts';
import { interpreted } from './interpreted.ts';
import type { Target } from './targets.ts';

/** A GPU so small that lists are worth their dispatch for small tables too; its kernels have barriers. */
export const smallGpu: Machine = machineWith(machines.webgpu, {
  workgroup: 32,
  cores: 1,
  resident: 1,
  lanes: 32,
  clock: 100,
});

/** Its kernels on the interpreter, which finds races. */
export const barriers: Target = interpreted('webgpu', smallGpu);
