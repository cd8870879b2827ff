/**
 * Measures the workloads' training steps, and prints a table.
 *
 *     npm run bench -- --target wasm --threads 2 --workload w1 --steps 200 --json
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type TargetName, targetNames, type WebGpuTarget } from '../src/index.ts';
import { openGpu } from '../src/node/index.ts';
import { DeviceError } from '../src/runtime/index.ts';
import { workloadNames, workloadOf } from './byName.ts';
import type { KernelTime } from './kernels.ts';
import { measureWasm, measureWasmKernels, type WasmMeasurement } from './measureWasm.ts';
import { measureWebGpu, measureWebGpuKernels, type WebGpuMeasurement } from './measureWebGpu.ts';
import { measurePeak } from './peak.ts';
import { roundTrip } from './roundTrip.ts';
import { kernelsText, machineText, wasmText, webGpuText } from './tables.ts';

const HELP = `Measures training steps.

  --target T       auto, wasm, webgpu or webgpu-software; auto is webgpu where there is a hardware adapter,
                   else wasm
  --workload NAME  one of ${workloadNames.join(', ')}; may be repeated (all for wasm, else w1 and w2)
  --kernels        only what each kernel takes
  --threads N      threads, for wasm (as many as there are cores)
  --steps N        steps of a run (for wasm 2 to 200, by workload; 200; 1 to 20 on a software adapter)
  --runs N         runs, of which the median counts (9 for wasm, 5; 3 on a software adapter)
  --checked        with Dawn's checks of indices, where a program for software runs without
  --json           print JSON
`;

interface Options {
  readonly target: string;
  readonly workload: readonly string[];
  readonly threads?: string;
  readonly steps?: string;
  readonly runs?: string;
  readonly kernels: boolean;
  readonly checked: boolean;
  readonly json: boolean;
}

/** The kernels of a workload, where nothing else was asked for. */
interface WorkloadKernels {
  readonly workload: string;
  readonly kernels: readonly KernelTime[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: 'auto' },
      workload: { type: 'string', multiple: true, default: [] },
      threads: { type: 'string' },
      steps: { type: 'string' },
      runs: { type: 'string' },
      kernels: { type: 'boolean', default: false },
      checked: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const target = await targetOf(values.target);
  await (target === 'wasm' ? onWasm(values) : onWebGpu(target, values));
}

async function onWasm(values: Options): Promise<void> {
  const threads = count('threads', values.threads, availableParallelism());
  const runs = count('runs', values.runs, 9);
  const workloads = (values.workload.length === 0 ? workloadNames : values.workload).map(workloadOf);
  const peak = await measurePeak(threads);
  const nanoseconds = await roundTrip();
  if (!values.json) process.stdout.write(machineText(peak, nanoseconds, threads));
  const results: (WasmMeasurement | WorkloadKernels)[] = [];
  for (const { module, data, steps: usual } of workloads) {
    const steps = count('steps', values.steps, usual);
    const options = { threads, steps, warmup: steps, runs };
    if (values.kernels) {
      const kernels = await measureWasmKernels(module, await data(), options);
      results.push({ workload: module.name, kernels });
      if (!values.json) process.stdout.write(`\n${kernelsText(module.name, 'wasm', kernels, peak)}`);
      continue;
    }
    const result = await measureWasm(module, await data(), options);
    results.push(result);
    if (!values.json) process.stdout.write(`\n${wasmText(result, peak)}`);
  }
  if (values.json)
    process.stdout.write(
      `${JSON.stringify({ peak, roundTripNanoseconds: nanoseconds, results }, null, 2)}\n`,
    );
}

async function onWebGpu(target: WebGpuTarget, values: Options): Promise<void> {
  const isSoftware = (await openGpu()).kind === 'software';
  if (values.threads !== undefined) throw new RangeError('--threads is for --target wasm');
  const runs = count('runs', values.runs, isSoftware ? 3 : 5);
  const results: (WebGpuMeasurement | WorkloadKernels)[] = [];
  const texts: string[] = [];
  for (const name of values.workload.length === 0 ? ['w1', 'w2'] : values.workload) {
    const { module, data, steps: usual } = workloadOf(name);
    const steps = count('steps', values.steps, isSoftware ? Math.ceil(usual / 10) : 200);
    const robustness = values.checked || target !== 'webgpu-software';
    const options = { target, steps, runs, warmup: steps, robustness };
    if (values.kernels) {
      const kernels = await measureWebGpuKernels(module, await data(), options);
      results.push({ workload: module.name, kernels });
      texts.push(kernelsText(module.name, target, kernels, null));
    } else {
      const result = await measureWebGpu(module, await data(), options);
      results.push(result);
      texts.push(webGpuText(result));
    }
  }
  process.stdout.write(values.json ? `${JSON.stringify(results, null, 2)}\n` : texts.join('\n'));
}

function count(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`--${name} ${JSON.stringify(text)} is no whole number from 1 on`);
}

async function targetOf(text: string): Promise<TargetName> {
  if (text === 'auto') return (await hasHardware()) ? 'webgpu' : 'wasm';
  const found = targetNames.find((name) => name === text);
  if (found === undefined) throw new RangeError(`--target ${JSON.stringify(text)} is not there; see --help`);
  return found;
}

async function hasHardware(): Promise<boolean> {
  try {
    await openGpu({ target: 'hardware' });
    return true;
  } catch (error) {
    if (error instanceof DeviceError) return false;
    throw error;
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
