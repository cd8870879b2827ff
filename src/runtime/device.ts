import { openDawn } from './dawn.ts';
import { CodedError, DeviceError, type DeviceErrorCode, reasonOf } from './issues.ts';
import type { Program } from './program.ts';

/** Where a device comes from. */
export interface DeviceOptions {
  /** An adapter to ask; by default the system's, for high performance. */
  readonly adapter?: GPUAdapter;
  /** WebGPU itself: `navigator.gpu`, or in Node what `create()` of the package `webgpu` returned. */
  readonly gpu?: GPU;
}

/**
 * A device with all that its adapter gives: its real limits, and timestamp queries where it has them.
 * In browsers and Deno through `navigator.gpu`, in Node through the package `webgpu`.
 *
 * @throws DeviceError `no-webgpu`, `no-adapter`
 */
export async function requestDevice(options: DeviceOptions = {}): Promise<GPUDevice> {
  let { gpu, adapter = null } = options;
  if (!adapter) {
    gpu ??= globalThis.navigator?.gpu ?? (await openDawn());
    adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  }
  if (!adapter) {
    throw new DeviceError('no-adapter', 'no WebGPU adapter');
  }
  const { limits, features } = adapter;
  const requiredLimits: Record<string, number> = {};
  for (const name in limits) {
    const value: unknown = Reflect.get(limits, name);
    if (typeof value === 'number') requiredLimits[name] = value;
  }
  const device = await adapter.requestDevice({
    requiredLimits,
    requiredFeatures: features.has('timestamp-query') ? ['timestamp-query'] : [],
  });
  // Dawn crashes when the object that `create()` returned is collected before its devices: this holds it.
  device.lost.then(() => gpu);
  return device;
}

/**
 * Does what makes calls on a device, and says what became of them. The calls are made, and `work` has returned, before
 * it does.
 *
 * @param what names the work in the error: `kernel hidden`, `train, steps 1 to 64`
 * @throws DeviceError `validation` where a call throws, and `validation`, `memory` or `lost`; an error of ours that `work`
 *   throws: all of them when the device has told what it refused
 */
export async function guard<T>(device: GPUDevice, what: string, work: () => T): Promise<T> {
  const close = (): Promise<GPUError | null>[] => [0, 1].map(() => device.popErrorScope());
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  let result: T;
  try {
    result = work();
  } catch (cause) {
    // Whoever hears of it may destroy the device: in Node that ends the process while Dawn still tells what it refused.
    await Promise.allSettled(close());
    throw refusal(what, cause);
  }
  const [invalid, memory] = await Promise.all(close()).catch((cause) => {
    throw lostBecause(cause);
  });
  // A device that is lost refuses nothing.
  const fault = lossOf(device) ?? invalid;
  if (fault) throw refusal(what, fault);
  if (memory) throw refusal(what, memory, 'memory');
  return result;
}

/** A call that a device refused, as an error of ours; one that is ours as it is. */
export function refusal(what: string, cause: unknown, code: DeviceErrorCode = 'validation'): Error {
  return cause instanceof CodedError
    ? cause
    : new DeviceError(code, `${what}: ${reasonOf(cause)}`, { cause });
}

/** A device that is gone, as an error of ours. */
export function lostBecause(cause: unknown): Error {
  return refusal('the device was lost', cause, 'lost');
}

const losses = new WeakMap<GPUDevice, { error?: Error }>();

/**
 * Why a device is lost, once it is. One function waits for each device: its promise holds whatever waits for it as long
 * as the device lives.
 */
export function lossOf(device: GPUDevice): Error | undefined {
  const loss = losses.get(device) ?? {};
  if (!losses.has(device))
    device.lost.then((info) => {
      loss.error = lostBecause(info);
    });
  losses.set(device, loss);
  return loss.error;
}

/** @throws DeviceError `limit` where `needed` is more than the device gives */
export function checkLimit(
  device: GPUDevice,
  what: string,
  name: Exclude<keyof GPUSupportedLimits, '__brand'>,
  needed: number,
): void {
  const available = device.limits[name] ?? 0;
  if (needed > available) {
    const message = `${what} needs ${name} ${needed}; the device has ${available}`;
    throw new DeviceError('limit', message, { limit: { name, needed, available } });
  }
}

/** @throws DeviceError `limit` where a storage buffer of this size cannot be had */
export function checkBuffer(device: GPUDevice, what: string, bytes: number): void {
  checkLimit(device, what, 'maxBufferSize', bytes);
  checkLimit(device, what, 'maxStorageBufferBindingSize', bytes);
}

/**
 * Compares what a program needs with what a device gives, before anything is made. Folded grids (`foldGrid`) fit
 * every device.
 *
 * @throws DeviceError `limit` with the limit's name, what is needed and what there is
 */
export function checkLimits(device: GPUDevice, program: Program): void {
  for (const name of ['state', 'temps', 'words', 'results'] as const)
    checkBuffer(device, `buffer ${name}`, program.buffers[name]);
  for (const { name, workgroup, sharedBytes } of program.kernels) {
    const what = `kernel ${name}`;
    checkLimit(device, what, 'maxComputeInvocationsPerWorkgroup', workgroup);
    checkLimit(device, what, 'maxComputeWorkgroupSizeX', workgroup);
    checkLimit(device, what, 'maxComputeWorkgroupStorageSize', sharedBytes);
  }
}

/**
 * The kernels of a program as pipelines of one layout, compiled side by side. When it returns or throws, none is being
 * compiled any more: a device that is destroyed under its compiler ends the process in Node.
 *
 * @throws DeviceError `shader` with the kernel's name, the line and the compiler's words
 */
export async function createPipelines(
  device: GPUDevice,
  program: Program,
  layout: GPUPipelineLayout,
): Promise<GPUComputePipeline[]> {
  const pipelines = program.kernels.map(async ({ name: label, code }) => {
    try {
      const module = await guard(device, 'the shader', () => device.createShaderModule({ label, code }));
      return await device.createComputePipelineAsync({
        label,
        layout,
        compute: { module, entryPoint: 'main' },
      });
    } catch (cause) {
      const message = `kernel ${label} does not compile: ${reasonOf(cause)}`;
      throw new DeviceError('shader', message, { kernel: label, cause });
    }
  });
  await Promise.allSettled(pipelines);
  return Promise.all(pipelines);
}
