import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type CompiledProgram, compile, type Module } from '../src/index.ts';
import { type KernelTime, kernelTimes } from './kernels.ts';
import { type Spread, spread } from './spread.ts';
import { type DataFor, residentData, takeSteps } from './steps.ts';

/** What was measured of one workload on WebAssembly; times in microseconds unless they say otherwise. */
export interface WasmMeasurement {
  readonly workload: string;
  readonly target: string;
  readonly threads: number;
  readonly steps: number;
  /** Wall time of a step, from the call to its results. */
  readonly wall: Spread;
  /** The kernels of a step as it runs. */
  readonly kernels: readonly KernelTime[];
  /** The same work with each group in a kernel of its own: what those that share one take apart. */
  readonly groups: readonly KernelTime[];
  /** Floating-point operations of a step. */
  readonly flops: number;
  readonly peakBytes: number;
  readonly lowerBoundBytes: number;
  /** Milliseconds to compile, each time in a process of its own. */
  readonly compileMilliseconds: Spread;
  /** Milliseconds to start threads and draw first values. */
  readonly startMilliseconds: number;
}

export interface WasmMeasureOptions {
  /** Steps of each run. */
  readonly steps: number;
  /** Steps before, which are not measured: V8 compiles what is hot a second time meanwhile. */
  readonly warmup: number;
  readonly runs: number;
  readonly threads: number;
}

/** Processes that compile a workload, one after the other. */
const COLD = 5;

/** Measures the entry `train` of a module over a resident dataset, on threads of the processor. */
export async function measureWasm(
  module: Module,
  dataFor: DataFor,
  options: WasmMeasureOptions,
): Promise<WasmMeasurement> {
  const { steps, runs, threads } = options;
  const compileMilliseconds = await coldCompileTimes(module.name);
  const compiled = await compile(module, { target: 'wasm' });
  const begin = performance.now();
  const session = await compiled.start({ seed: 1, threads });
  const startMilliseconds = performance.now() - begin;
  const data = await residentData(session, dataFor, steps);
  await takeSteps(session, data, Math.ceil(options.warmup / steps));
  const wall: number[] = [];
  for (let run = 0; run < runs; run++) {
    const begin = performance.now();
    await takeSteps(session, data, 1);
    wall.push((1000 * (performance.now() - begin)) / steps);
  }
  session.dispose();
  const apart = await compile(module, { target: 'wasm', without: ['packStages'] });
  const { report } = compiled;
  return {
    workload: module.name,
    target: compiled.target,
    threads,
    steps,
    wall: spread(wall),
    kernels: await timesOf(compiled, dataFor, options),
    groups: await timesOf(apart, dataFor, options),
    flops: compiled.entry('train').flops,
    peakBytes: report.peakBytes,
    lowerBoundBytes: report.lowerBoundBytes,
    compileMilliseconds,
    startMilliseconds,
  };
}

/** Measures the kernels of the entry `train` alone. */
export async function measureWasmKernels(
  module: Module,
  dataFor: DataFor,
  options: WasmMeasureOptions,
): Promise<KernelTime[]> {
  return timesOf(await compile(module, { target: 'wasm' }), dataFor, options);
}

async function coldCompileTimes(workload: string): Promise<Spread> {
  const script = fileURLToPath(new URL('coldCompile.ts', import.meta.url));
  const times: number[] = [];
  for (let run = 0; run < COLD; run++) {
    // The flags of this process hold the loader of TypeScript.
    const argv = [...process.execArgv, script, workload];
    times.push(Number((await promisify(execFile)(process.execPath, argv)).stdout));
  }
  return spread(times);
}

/** What each kernel of a program's entry `train` takes as the program runs. */
async function timesOf(
  compiled: CompiledProgram,
  dataFor: DataFor,
  { steps, warmup, runs, threads }: WasmMeasureOptions,
): Promise<KernelTime[]> {
  const session = await compiled.start({ seed: 1, threads, profile: 'dispatches' });
  const data = await residentData(session, dataFor, steps);
  await takeSteps(session, data, Math.ceil(warmup / steps) + runs);
  const columns = session.timings.get('train') ?? [];
  session.dispose();
  return kernelTimes(compiled.entry('train').dispatches, columns, runs * steps);
}
