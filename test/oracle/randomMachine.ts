import { type Machine, machines, machineWith } from '../../src/machine/index.ts';
import { Dice } from './dice.ts';

/**
 * A machine of WebGPU by its number, with or without barriers: workgroups of 32 to 512, 8 to 64 KB of workgroup memory, one
 * core to a thousand, dispatches that cost next to nothing to those that cost more than anything else. So small graphs
 * reach every join and every cut.
 */
export function randomMachine(seed: number): Machine {
  const dice = new Dice(seed ^ 0x6d616368);
  const workgroup = dice.oneOf([32, 64, 128, 256, 512]);
  const cores = dice.oneOf([1, 2, 7, 64, 1000]);
  const base = dice.chance(0.7) ? machines.webgpu : machines['webgpu-software'];
  const machine = machineWith(base, {
    workgroup,
    workgroupMemory: Math.max(16 * workgroup, 1024 * dice.oneOf([8, 16, 32, 64])),
    privateMemory: dice.oneOf([2048, 8192]),
    sums: dice.oneOf([8, 32]),
    cores,
    resident: cores * dice.oneOf([1, 8]),
    dispatch: dice.oneOf([1e-6, 0.01, 2, 1e4]),
    latency: dice.oneOf([1e-6, 0.1, 1]),
    barrier: dice.oneOf([1e-6, 0.02, 5]),
  });
  const coreRate = dice.oneOf([10, 100000]);
  return machineWith(machine, { coreRate, cacheRate: Math.max(coreRate, machine.cacheRate) });
}

/** A machine of tasks by its number: dispatches that cost next to nothing to those that cost more than anything else. */
export function randomTasksMachine(seed: number): Machine {
  const dice = new Dice(seed ^ 0x7461736b);
  const cores = dice.oneOf([1, 4, 64]);
  return machineWith(machines.wasm, {
    cores,
    resident: cores,
    dispatch: dice.oneOf([1e-6, 1.5, 1e6]),
    workgroupMemory: 1024 * dice.oneOf([4, 64, 256]),
    privateMemory: 1024 * dice.oneOf([2, 64]),
  });
}
