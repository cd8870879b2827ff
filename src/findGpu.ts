import { isNode } from './isNode.ts';
import type { WebGpuTarget } from './machine/index.ts';
import { DeviceError, type DeviceOptions } from './runtime/index.ts';

/** A way to a device, and the target that suits it. */
export interface FoundGpu {
  readonly options: DeviceOptions;
  readonly target: WebGpuTarget;
}

/**
 * Looks for an adapter. In browsers and Deno by `navigator.gpu`; in Node by the package `webgpu`, with SwiftShader
 * where software is wanted and there is no hardware.
 *
 * @param wanted a hardware adapter alone, or a software one where there is no hardware
 * @param robustness whether indices are checked as they are used; pages have no choice
 * @throws DeviceError where there is none
 */
export async function findGpu(wanted: 'hardware' | 'any', robustness = true): Promise<FoundGpu> {
  const gpu = globalThis.navigator?.gpu;
  if (gpu !== undefined) {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null || (wanted === 'hardware' && adapter.info.isFallbackAdapter))
      throw new DeviceError('no-adapter', 'WebGPU is there, but no adapter');
    return {
      options: { gpu, adapter },
      target: adapter.info.isFallbackAdapter ? 'webgpu-software' : 'webgpu',
    };
  }
  if (!isNode()) throw new DeviceError('no-webgpu', 'no WebGPU in this browser: update it, or enable it');
  // Browsers' bundlers leave this file out (package.json, `browser`): it is for Node alone.
  const { openGpu } = await import('./node/gpu.ts');
  const found = await openGpu({
    target: wanted === 'hardware' ? 'hardware' : 'auto',
    robustness,
  });
  return {
    options: { gpu: found.gpu, adapter: found.adapter },
    target: found.kind === 'software' ? 'webgpu-software' : 'webgpu',
  };
}
