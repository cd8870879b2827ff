import { DeviceError } from './issues.ts';

/**
 * WebGPU where nothing is at `navigator.gpu`: in Node Dawn, of the package `webgpu`. Bundles for browsers take
 * `noDawn.ts` in place of this file (package.json, `browser`), as they cannot follow that package into Node.
 *
 * @throws DeviceError `no-webgpu`
 */
export async function openDawn(): Promise<GPU> {
  try {
    const { create } = await import('webgpu');
    // Timestamps are rounded to 65 µs for the sake of web pages; here nobody is spied on.
    return create(['disable-dawn-features=timestamp_quantization']);
  } catch (cause) {
    throw new DeviceError('no-webgpu', 'the package webgpu does not load: run npm install webgpu', { cause });
  }
}
