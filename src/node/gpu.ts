import { constants } from 'node:os';
import { UnknownNameError } from '../issues.ts';
import { DeviceError } from '../runtime/index.ts';
import { type SoftwareDriver, unpackSwiftShader } from './swiftshader.ts';

/** WebGPU in Node with the adapter that was asked for. */
export interface NodeGpu {
  /** `software`: the processor does the work. */
  readonly kind: 'hardware' | 'software';
  /** Vendor, architecture and driver, for people. */
  readonly description: string;
  /** Keep it as long as its devices live; `requestDevice({ gpu, adapter })` does. */
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
}

/** How WebGPU is opened. */
export interface OpenGpuOptions {
  /** `auto` by default. */
  readonly target?: GpuTarget;
  /**
   * Whether Dawn keeps every index of a shader inside of its array, as pages have it; true by default. Without, a shader that
   * leaves an array reads and writes other memory of the process: for programs alone that this process compiled, whose
   * indices the compiler has proven.
   */
  readonly robustness?: boolean;
}

/** Which adapter is wanted: a GPU, SwiftShader on the processor, or a GPU if there is one. */
export type GpuTarget = (typeof gpuTargets)[number];

const gpuTargets = ['auto', 'hardware', 'software'] as const;

/**
 * Opens WebGPU through the package `webgpu`. In software it runs on SwiftShader out of `@sparticuz/chromium`
 * (Linux on x64), which needs no root and nothing of Vulkan installed, else on a software driver of the system.
 *
 * The software driver is named to the Vulkan loader in `VK_DRIVER_FILES`, where it stays: a process that has
 * opened it finds no hardware afterwards.
 *
 * @throws DeviceError `no-webgpu` without the package, `no-adapter` where no such adapter is found; UnknownNameError
 *   for a target that is not there
 */
export async function openGpu(options: OpenGpuOptions = {}): Promise<NodeGpu> {
  const { target = 'auto', robustness = true } = options;
  if (!gpuTargets.includes(target)) throw new UnknownNameError('target', target, gpuTargets);
  let fallback: NodeGpu | undefined;
  if (target !== 'software' && hasVulkanLoader()) {
    const found = await open(robustness);
    if (found?.kind === 'hardware') return found;
    fallback = found;
  }
  if (target === 'hardware') {
    throw new DeviceError('no-adapter', 'no hardware adapter: install its driver, or ask for software');
  }
  const driver = unpackSwiftShader();
  if (driver !== undefined) useDriver(driver);
  const software =
    driver === undefined
      ? (fallback ?? (hasVulkanLoader() ? await open(robustness, true) : undefined))
      : await open(robustness);
  if (software === undefined) {
    throw new DeviceError(
      'no-adapter',
      'no WebGPU adapter: install a Vulkan driver, or npm install @sparticuz/chromium for SwiftShader (Linux, x64)',
    );
  }
  return software;
}

async function open(robustness: boolean, forceFallbackAdapter = false): Promise<NodeGpu | undefined> {
  const gpu = await createGpu(robustness);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance', forceFallbackAdapter });
  if (adapter === null) return undefined;
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const text = [vendor, architecture, description].filter(Boolean).join(' ');
  const isSoftware = isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(text);
  return { kind: isSoftware ? 'software' : 'hardware', description: text, gpu, adapter };
}

async function createGpu(robustness: boolean): Promise<GPU> {
  try {
    const { create } = await import('webgpu');
    // Timestamps are rounded to 65 µs for the sake of web pages; here nobody is spied on.
    const features = ['disable-dawn-features=timestamp_quantization'];
    if (!robustness) features.push('enable-dawn-features=disable_robustness');
    return create(features);
  } catch (cause) {
    throw new DeviceError('no-webgpu', 'the package webgpu does not load: run npm install webgpu', { cause });
  }
}

/** Node opens a library only as a module: what is none stays loaded, with its names for all, and this throws. */
const NODELETE = 0x1000;

/** Loads a shared library; undefined, or why that fails. */
function loadLibrary(path: string): string | undefined {
  try {
    process.dlopen(
      { exports: {} },
      path,
      constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | NODELETE,
    );
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return reason.includes('did not self-register') ? undefined : reason;
  }
}

/** Whether Dawn can look for adapters at all: on Linux it complains on the terminal where it cannot. */
function hasVulkanLoader(): boolean {
  return process.platform !== 'linux' || loadLibrary('libvulkan.so.1') === undefined;
}

function useDriver({ folder, loader, manifest }: SoftwareDriver): void {
  process.env.VK_DRIVER_FILES = manifest;
  process.env.XDG_RUNTIME_DIR ??= folder;
  const failure = loadLibrary(loader);
  if (failure !== undefined) {
    throw new DeviceError('no-adapter', `SwiftShader's Vulkan loader does not load: ${failure}`);
  }
}
