import type { WebGpuTarget } from '../machine/index.ts';
import { openGpu } from '../node/gpu.ts';
import { DeviceError, requestDevice } from '../runtime/index.ts';

/**
 * A device of the kind that a target is for: a GPU, or a software driver, which checks no indices of what this process has
 * compiled, as a session of its own has it.
 *
 * @throws DeviceError where there is none
 */
export async function deviceFor(target: WebGpuTarget): Promise<GPUDevice> {
  const isHardware = target === 'webgpu';
  const kind = isHardware ? 'hardware' : 'software';
  try {
    const { gpu, adapter } = await openGpu({ target: kind, robustness: isHardware });
    return await requestDevice({ gpu, adapter });
  } catch (cause) {
    // On a command line, software is asked for by the name of its target.
    if (!isHardware || !(cause instanceof DeviceError) || cause.code !== 'no-adapter') throw cause;
    throw new DeviceError(
      'no-adapter',
      'target webgpu: no hardware adapter; install its driver, or name --target webgpu-software',
      { cause },
    );
  }
}
