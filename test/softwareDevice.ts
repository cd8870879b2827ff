import { openSoftwareDevice } from './codegen/softwareDevice.ts';

let opened: ReturnType<typeof openSoftwareDevice> | undefined;

/** The one device of a test file: SwiftShader, kept for as long as the process lives. */
export function softwareDevice(): ReturnType<typeof openSoftwareDevice> {
  opened ??= openSoftwareDevice();
  return opened;
}
