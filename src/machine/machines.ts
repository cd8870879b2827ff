import { machineOf } from './machine.ts';
import { type MachineDescription, type Quantity, type QuantityName, quantities } from './quantities.ts';

/** A number with its origin; the unit is the quantity's. */
type Told = readonly [value: number, from: string];

function described(
  name: string,
  about: string,
  features: MachineDescription['features'],
  told: Readonly<Record<QuantityName, Told>>,
): MachineDescription {
  const numbers = Object.fromEntries(
    Object.entries(told).map(([quantity, [value, from]]): [string, Quantity] => [
      quantity,
      { value, unit: quantities[quantity as QuantityName].unit, from },
    ]),
  ) as Record<QuantityName, Quantity>;
  return { name, about, features, numbers };
}

const DEFAULT_LIMIT = 'specified: WebGPU, default limit of every adapter';
const H100 = 'specified: NVIDIA H100 SXM5';
const PEAK = 'measured: npm run bench -- --target wasm (peak of one core)';

/** The limits that every WebGPU adapter has, at the speed of a large GPU. */
const webgpu = described('webgpu', 'a large GPU', ['barriers', 'partials'], {
  workgroup: [256, DEFAULT_LIMIT],
  workgroupMemory: [16384, DEFAULT_LIMIT],
  privateMemory: [8192, 'assumed: arrays above it leave registers and caches'],
  binding: [134217728, DEFAULT_LIMIT],
  sums: [32, 'assumed: beside them addresses and operands fit into the 64 registers of a small GPU'],
  cores: [132, H100],
  resident: [1056, `${H100}: 2,048 invocations a core`],
  lanes: [128, H100],
  neighbours: [32, H100],
  clock: [1755, `${H100}, boost`],
  load: [4, `${H100}: 32 loads a cycle beside 128 products`],
  scattered: [16, 'assumed: neighbours share few sectors'],
  element: [8, 'assumed: bounds and addresses of one element'],
  latency: [0.16, 'assumed: 280 cycles from the cache of all cores'],
  overlap: [4, 'assumed: loads that a compiler puts before their first use'],
  barrier: [0.02, 'assumed: 35 cycles'],
  coreRate: [112000, `${H100}: 64 bytes a cycle`],
  cacheRate: [5500000, 'assumed: two thirds of 64 bytes a cycle and core'],
  cache: [50000000, H100],
  memoryRate: [3350000, H100],
  dispatch: [2.2, 'measured: a dependent dispatch through Dawn on an H100, timestamps'],
});

const RANKED =
  'assumed: schedules rank as npm run bench:candidates -- --target webgpu-software measures them (0.89)';

/** The same limits on a software driver: invocations compute alone, four at a time, on a few cores. */
const webgpuSoftware = described('webgpu-software', 'a driver in software on two cores', ['partials'], {
  workgroup: [64, 'assumed: what a driver in software starts at once'],
  workgroupMemory: [16384, DEFAULT_LIMIT],
  privateMemory: [8192, 'assumed: arrays of four invocations stay in the first cache'],
  binding: [134217728, DEFAULT_LIMIT],
  sums: [32, 'assumed: above it accumulators leave the first cache'],
  cores: [2, 'assumed: a small machine without a GPU'],
  resident: [2, 'assumed: one workgroup a core'],
  lanes: [4, 'specified: SwiftShader computes four invocations at once'],
  neighbours: [4, 'specified: SwiftShader computes four invocations at once'],
  clock: [1500, RANKED],
  load: [8, RANKED],
  scattered: [24, RANKED],
  element: [16, RANKED],
  latency: [0.005, 'assumed: the first caches of a processor'],
  overlap: [8, 'assumed: loads under way in a processor out of order'],
  barrier: [10, 'assumed: fibers, ten to twenty times slower than without'],
  coreRate: [20000, 'assumed: the second cache of a processor'],
  cacheRate: [40000, 'assumed: the same for two cores'],
  cache: [16000000, 'assumed: the last cache of a processor'],
  memoryRate: [10000, 'assumed: two channels of memory'],
  dispatch: [60, 'measured: npm run bench -- --target webgpu-software --kernels'],
});

/** WebAssembly: threads take tasks, four elements at a time; a dispatch is a barrier of threads. */
const wasm = described('wasm', 'four cores of a laptop', ['tasks'], {
  workgroup: [1, 'specified: a task is one thread'],
  workgroupMemory: [262144, 'assumed: intermediates of a task stay in the second cache'],
  privateMemory: [65536, 'assumed: rows of a task stay near the first cache'],
  binding: [4294967296, 'specified: 32-bit addresses, one memory for all'],
  sums: [32, 'measured: npm run bench -- --target wasm (peak of one core): 4 × 8 in eight registers'],
  cores: [4, 'assumed: the fast cores of a laptop'],
  resident: [4, 'assumed: a task a core'],
  lanes: [8, PEAK],
  neighbours: [4, 'specified: v128 holds four floats'],
  clock: [3000, PEAK],
  load: [2, 'assumed: half the rate of products'],
  scattered: [8, 'assumed: four loads and three shuffles for four elements'],
  element: [4, 'assumed: a turn of a loop'],
  latency: [0.005, 'assumed: the second cache'],
  overlap: [8, 'assumed: loads under way in a processor out of order'],
  barrier: [1.5, 'measured: npm run bench -- --target wasm --kernels'],
  coreRate: [40000, 'assumed: 16 bytes a cycle from the second cache'],
  cacheRate: [120000, 'assumed: the last cache of a laptop'],
  cache: [16000000, 'assumed: the last cache of a laptop'],
  memoryRate: [30000, 'assumed: two channels of memory'],
  dispatch: [1.5, 'measured: npm run bench -- --target wasm --kernels'],
});

/** The named machines: what a module can be compiled for without a device. */
export const machines = {
  webgpu: machineOf(webgpu),
  'webgpu-software': machineOf(webgpuSoftware),
  wasm: machineOf(wasm),
} as const;

/** Everything that a module can be compiled for. */
export const targetNames = ['webgpu', 'webgpu-software', 'wasm'] as const;

export type TargetName = (typeof targetNames)[number];

/** Targets that WebGPU runs. */
export type WebGpuTarget = Exclude<TargetName, 'wasm'>;
