import { expect, test } from 'vitest';
import { guard } from '../../src/runtime/device.ts';
import { freshDevice } from '../softwareAdapter.ts';

test('what a call throws is told once the device has told what it refused, and no error scope is left', async () => {
  const device = await freshDevice();
  const pop = device.popErrorScope.bind(device);
  const told: (string | undefined)[] = [];
  const watched = async (): Promise<GPUError | null> => {
    const error = await pop();
    told.push(error?.message);
    return error;
  };
  Object.defineProperty(device, 'popErrorScope', { value: watched });
  const fault = new Error('injected');
  const guarded = guard(device, 'the work', () => {
    device.createBuffer({ size: 16, usage: 0 });
    throw fault;
  });
  const heard = await guarded.then(
    () => 'nothing',
    (error: unknown) => ({ error, told: [...told] }),
  );
  expect(heard).toMatchObject({
    error: { name: 'DeviceError', code: 'validation', message: 'the work: injected', cause: fault },
    told: [expect.stringContaining('usage'), undefined],
  });
  await expect(pop()).rejects.toThrow();
  device.destroy();
});
