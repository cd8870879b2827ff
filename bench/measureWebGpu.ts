import {
  type CompiledProgram,
  compile,
  type Module,
  requestDevice,
  type Session,
  type WebGpuTarget,
} from '../src/index.ts';
import { openGpu } from '../src/node/index.ts';
import { countCalls } from './countCalls.ts';
import { type KernelTime, kernelTimes } from './kernels.ts';
import { type Spread, spread } from './spread.ts';
import { type DataFor, residentData, takeSteps } from './steps.ts';

/** What was measured of one workload; times in microseconds unless they say otherwise. */
export interface WebGpuMeasurement {
  readonly workload: string;
  readonly target: string;
  readonly adapter: string;
  readonly steps: number;
  /** Wall time of a step, from the call to its results: median, least and most of the runs. */
  readonly wall: Spread;
  /** Time of a step that recording and submitting it takes. */
  readonly host: Spread;
  /** Time of a step by the device's clock; null where it has no timestamp queries. */
  readonly device: Spread | null;
  /** Each dispatch in a pass of its own; their sum is more than `device`. */
  readonly kernels: readonly KernelTime[];
  readonly dispatches: number;
  /** Calls on the device, its queue, encoders and buffers, and objects created, a step in the steady state. */
  readonly calls: number;
  readonly created: {
    readonly buffers: number;
    readonly pipelines: number;
    readonly bindGroups: number;
  };
  readonly peakBytes: number;
  readonly lowerBoundBytes: number;
  readonly compileMilliseconds: number;
  /** Pipelines and first values: until the first step can run. */
  readonly startMilliseconds: number;
}

export interface MeasureOptions {
  /** Steps of each run. */
  readonly steps: number;
  /** Steps before, which are not measured. */
  readonly warmup: number;
  readonly runs: number;
  readonly target: WebGpuTarget;
  /** Whether Dawn checks indices. */
  readonly robustness: boolean;
}

/** Measures the entry `train` of a module over a resident dataset, on the adapter at hand. */
export async function measureWebGpu(
  module: Module,
  dataFor: DataFor,
  options: MeasureOptions,
): Promise<WebGpuMeasurement> {
  const { steps, runs, target } = options;
  const gpu = await openGpu({ robustness: options.robustness });
  const begin = performance.now();
  const compiled = await compile(module, { target });
  const compileMilliseconds = performance.now() - begin;
  const device = await requestDevice({ gpu: gpu.gpu, adapter: gpu.adapter });
  try {
    const counts = countCalls(device);
    const startBegin = performance.now();
    const plain = await compiled.start({ seed: 1, device });
    const startMilliseconds = performance.now() - startBegin;
    const { wall, host } = await times(plain, dataFor, options, runs, recordingClock(device));
    const perStep = await calls(plain, dataFor, steps, counts);
    plain.dispose();
    const entry = compiled.entry('train');
    const { report } = compiled;
    return {
      workload: module.name,
      target: compiled.target,
      adapter: gpu.description,
      steps,
      wall,
      host,
      ...(await deviceTimes(compiled, device, dataFor, options)),
      dispatches: entry.dispatches.length,
      ...perStep,
      peakBytes: report.peakBytes,
      lowerBoundBytes: report.lowerBoundBytes,
      compileMilliseconds,
      startMilliseconds,
    };
  } finally {
    device.destroy();
  }
}

/**
 * Measures the kernels of the entry `train` alone, each in a pass of its own.
 *
 * @throws Error where the adapter has no timestamp queries
 */
export async function measureWebGpuKernels(
  module: Module,
  dataFor: DataFor,
  options: MeasureOptions,
): Promise<KernelTime[]> {
  const gpu = await openGpu({ robustness: options.robustness });
  const compiled = await compile(module, { target: options.target });
  const device = await requestDevice({ gpu: gpu.gpu, adapter: gpu.adapter });
  try {
    if (!device.features.has('timestamp-query'))
      throw new Error(`${gpu.description} has no timestamp queries`);
    return await dispatchTimes(compiled, device, dataFor, options);
  } finally {
    device.destroy();
  }
}

async function times(
  session: Session,
  dataFor: DataFor,
  { steps, warmup }: MeasureOptions,
  runs: number,
  clock: RecordingClock,
): Promise<{ wall: Spread; host: Spread }> {
  const data = await residentData(session, dataFor, steps);
  await takeSteps(session, data, Math.ceil(warmup / steps));
  const wall: number[] = [];
  const host: number[] = [];
  for (let run = 0; run < runs; run++) {
    clock.milliseconds = 0;
    const begin = performance.now();
    await takeSteps(session, data, 1, { lr: clock.learningRate });
    wall.push((1000 * (performance.now() - begin)) / steps);
    host.push((1000 * clock.milliseconds) / steps);
  }
  data.dispose();
  return { wall: spread(wall), host: spread(host) };
}

async function calls(
  session: Session,
  dataFor: DataFor,
  steps: number,
  counts: ReturnType<typeof countCalls>,
): Promise<Pick<WebGpuMeasurement, 'calls' | 'created'>> {
  const data = await residentData(session, dataFor, steps);
  counts.reset();
  await takeSteps(session, data, 1);
  const result = {
    calls: counts.total() / steps,
    created: {
      buffers: counts.of('createBuffer') / steps,
      pipelines: counts.of('createComputePipeline', 'createComputePipelineAsync') / steps,
      bindGroups: counts.of('createBindGroup') / steps,
    },
  };
  data.dispose();
  return result;
}

async function deviceTimes(
  compiled: CompiledProgram,
  device: GPUDevice,
  dataFor: DataFor,
  options: MeasureOptions,
): Promise<Pick<WebGpuMeasurement, 'device' | 'kernels'>> {
  if (!device.features.has('timestamp-query')) return { device: null, kernels: [] };
  const [perStep = []] = await timings(compiled, device, dataFor, options, 'steps');
  return {
    device: spread(perStep.slice(-options.steps)),
    kernels: await dispatchTimes(compiled, device, dataFor, options),
  };
}

async function dispatchTimes(
  compiled: CompiledProgram,
  device: GPUDevice,
  dataFor: DataFor,
  options: MeasureOptions,
): Promise<KernelTime[]> {
  const columns = await timings(compiled, device, dataFor, options, 'dispatches');
  return kernelTimes(compiled.entry('train').dispatches, columns, options.steps);
}

/** Microseconds of each step, or of each dispatch, in the order in which they were taken. */
async function timings(
  compiled: CompiledProgram,
  device: GPUDevice,
  dataFor: DataFor,
  { steps, warmup }: MeasureOptions,
  profile: 'steps' | 'dispatches',
): Promise<readonly (readonly number[])[]> {
  const session = await compiled.start({ seed: 1, device, profile });
  const data = await residentData(session, dataFor, steps);
  await takeSteps(session, data, 1 + Math.ceil(warmup / steps));
  const columns = session.timings.get('train') ?? [];
  session.dispose();
  return columns;
}

/** Adds up the time from the first step's record of a submit until `submit` returns. */
interface RecordingClock {
  milliseconds: number;
  /** The run-time scalar as the session asks for it when it records a step. */
  readonly learningRate: () => number;
}

function recordingClock(device: GPUDevice): RecordingClock {
  let begin: number | undefined;
  const submit = device.queue.submit.bind(device.queue);
  const clock: RecordingClock = {
    milliseconds: 0,
    learningRate: () => {
      begin ??= performance.now();
      return LEARNING_RATE;
    },
  };
  Object.defineProperty(device.queue, 'submit', {
    configurable: true,
    value: (buffers: Iterable<GPUCommandBuffer>) => {
      submit(buffers);
      if (begin !== undefined) clock.milliseconds += performance.now() - begin;
      begin = undefined;
    },
  });
  return clock;
}

const LEARNING_RATE = 1e-3;
