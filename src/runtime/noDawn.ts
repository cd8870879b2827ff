import { DeviceError } from './issues.ts';

/** What `dawn.ts` is to browsers. @throws DeviceError `no-webgpu`, always */
export function openDawn(): never {
  throw new DeviceError('no-webgpu', 'no WebGPU in this browser');
}
