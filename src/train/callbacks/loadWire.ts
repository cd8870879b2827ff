import { needPackage } from '../issues.ts';

/** What writes messages of protocol buffers. */
export type Wire = typeof import('@bufbuild/protobuf/wire');

/**
 * The package that writes messages. This file is left out of pages, so that bundlers look for no package there.
 *
 * @throws InputError `missing` where it is not installed
 */
export async function loadWire(): Promise<Wire> {
  try {
    return await import('@bufbuild/protobuf/wire');
  } catch (cause) {
    return needPackage('tensorBoard', '@bufbuild/protobuf', cause);
  }
}
