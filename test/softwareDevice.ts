import { freshDevice } from './softwareAdapter.ts';

let opened: Promise<GPUDevice> | undefined;

/** The one device of a test file that many sessions share, on SwiftShader. */
export function sharedDevice(): Promise<GPUDevice> {
  opened ??= freshDevice();
  return opened;
}
