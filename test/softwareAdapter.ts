import { type NodeGpu, openGpu } from '../src/node/index.ts';
import { requestDevice } from '../src/runtime/index.ts';

let opened: Promise<NodeGpu> | undefined;

/** WebGPU on SwiftShader, opened once for a process. */
export function softwareGpu(): Promise<NodeGpu> {
  opened ??= openGpu({ target: 'software' });
  return opened;
}

/** A fresh device on SwiftShader, for a test that counts its calls or destroys it. */
export async function freshDevice(): Promise<GPUDevice> {
  const { gpu } = await softwareGpu();
  return requestDevice({ gpu });
}
