import { type KernelTime, kernelLines, predictionLine, rateText } from './kernels.ts';
import type { WasmMeasurement } from './measureWasm.ts';
import type { WebGpuMeasurement } from './measureWebGpu.ts';
import type { Peak } from './peak.ts';
import { spreadText } from './spread.ts';

/** What was measured on WebGPU, for people. */
export function webGpuText(m: WebGpuMeasurement): string {
  const { buffers, pipelines, bindGroups } = m.created;
  const time = (of: WebGpuMeasurement['wall']): string => `${spreadText(of, 'µs')} a step`;
  return lines([
    `${m.workload} for ${m.target} on ${m.adapter}, ${m.steps} steps a run`,
    `  wall        ${time(m.wall)}`,
    `  host        ${time(m.host)}`,
    `  device      ${m.device === null ? 'no timestamp queries' : time(m.device)}`,
    ...kernelLines(m.kernels, null),
    `  dispatches  ${m.dispatches} a step`,
    `  API calls   ${m.calls.toFixed(2)} a step`,
    `  created     ${buffers} buffers, ${pipelines} pipelines, ${bindGroups} bind groups a step`,
    memoryLine(m),
    `  compile     ${m.compileMilliseconds.toFixed(0)} ms, start ${m.startMilliseconds.toFixed(0)} ms`,
  ]);
}

/** What was measured on WebAssembly, for people. @param peak of the same machine, at the same time */
export function wasmText(m: WasmMeasurement, peak: Peak): string {
  const { median } = m.wall;
  return lines([
    `${m.workload} for ${m.target}, ${threadsText(m.threads)}, ${m.steps} steps a run`,
    `  wall        ${spreadText(m.wall, 'µs')} a step, ${(1e6 / median).toFixed(0)} steps a second`,
    `  arithmetic  ${rateText(m.flops, median, peak)}`,
    '  kernels',
    ...kernelLines(m.kernels, peak),
    '  groups, each in a kernel of its own',
    ...kernelLines(m.groups, peak),
    memoryLine(m),
    `  compile     ${spreadText(m.compileMilliseconds, 'ms', 0)} in a process of its own, start ${m.startMilliseconds.toFixed(0)} ms`,
  ]);
}

/** What the kernels of a step took, for people. @param peak as {@link kernelLines} has it */
export function kernelsText(
  workload: string,
  target: string,
  kernels: readonly KernelTime[],
  peak: Peak | null,
): string {
  return lines([`${workload} for ${target}`, ...kernelLines(kernels, peak), predictionLine(kernels)]);
}

/** What the machine can do, for people. @param nanoseconds from one thread to another and back */
export function machineText({ strict, relaxed }: Peak, nanoseconds: number, threads: number): string {
  const rates = ([one, all]: readonly [number, number]): string =>
    `${one.toFixed(1)} GFLOP/s on one thread${threads === 1 ? '' : `, ${all.toFixed(1)} on ${threads}`}`;
  return lines([
    'peak of four floats at a time, twelve independent accumulators in registers',
    `  f32x4.mul, f32x4.add  ${rates(strict)}`,
    `  f32x4.relaxed_madd    ${relaxed === null ? 'this engine lacks it' : rates(relaxed)}`,
    `from one thread to another and back: ${nanoseconds.toFixed(0)} ns`,
  ]);
}

function memoryLine(m: { readonly peakBytes: number; readonly lowerBoundBytes: number }): string {
  return `  memory      peak ${m.peakBytes} bytes, lower bound ${m.lowerBoundBytes}`;
}

function threadsText(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
