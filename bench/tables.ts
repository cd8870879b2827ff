import type { KernelTime, WasmMeasurement } from './measureWasm.ts';
import type { WebGpuMeasurement } from './measureWebGpu.ts';
import { type Peak, peakOf } from './peak.ts';
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
    ...m.kernels.map(({ name, microseconds }) => `    ${microseconds.toFixed(1).padStart(10)} µs  ${name}`),
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
    ...m.kernels.map((kernel) => kernelLine(kernel, peak)),
    '  groups, each in a kernel of its own',
    ...m.groups.map((kernel) => kernelLine(kernel, peak)),
    memoryLine(m),
    `  compile     ${spreadText(m.compileMilliseconds, 'ms', 0)} in a process of its own, start ${m.startMilliseconds.toFixed(0)} ms`,
  ]);
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

function kernelLine({ name, kind, microseconds, flops }: KernelTime, peak: Peak): string {
  const { median, least } = microseconds;
  const time = `${median.toFixed(1).padStart(10)} (least ${least.toFixed(1).padStart(7)}) µs`;
  return `    ${time}  ${rateText(flops, median, peak)}  ${kind.padEnd(8)}  ${name}`;
}

function rateText(flops: number, microseconds: number, peak: Peak): string {
  const rate = flops / microseconds / 1e3;
  const part = (100 * rate) / peakOf(peak);
  const work = (flops / 1e6).toFixed(2).padStart(8);
  return `${work} MFLOP ${rate.toFixed(1).padStart(6)} GFLOP/s ${part.toFixed(0).padStart(3)} % of the peak`;
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
