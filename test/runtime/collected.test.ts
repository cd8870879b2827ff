import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { start } from '../../src/runtime/index.ts';
import { start as startWasm } from '../../src/runtime/wasm/index.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { linearData, linearModel } from './linearModel.ts';
import { linearWasm } from './linearWasm.ts';
import { lastOf } from './targets.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** How many of the objects are still there after what collects them: some turns of the event loop, each with a sweep. */
async function alive(objects: readonly WeakRef<object>[]): Promise<number> {
  const left = (): number => objects.filter((object) => object.deref() !== undefined).length;
  for (let turn = 0; turn < 50 && left() > 0; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return left();
}

test('sessions that were disposed of are collected while the device of the caller lives', async () => {
  const device = await freshDevice();
  const sessions: WeakRef<object>[] = [];
  const use = async (): Promise<void> => {
    const session = await start(linearModel, { device });
    const data = await session.dataset(linearData(9));
    await lastOf(session.train({ data }));
    await session.run('predict', { x: [1, 2, 3] });
    session.dispose();
    sessions.push(new WeakRef(session), new WeakRef(data));
  };
  for (let k = 0; k < 4; k++) await use();
  expect(await alive(sessions)).toBe(0);
  // A session that is alive hears of the loss all the same, and so does one that starts after it.
  const last = await start(linearModel, { device });
  device.destroy();
  await device.lost;
  await expect(last.read('w')).rejects.toMatchObject({ name: 'DeviceError', code: 'lost' });
  await expect(start(linearModel, { device })).rejects.toMatchObject({ code: 'lost' });
});

test.each([1, 2])('sessions on WebAssembly with %i threads are collected', async (threads) => {
  const program = linearWasm();
  const sessions: WeakRef<object>[] = [];
  const use = async (): Promise<void> => {
    const session = await startWasm(program, { threads });
    const data = await session.dataset(linearData(9));
    await lastOf(session.train({ data }));
    session.dispose();
    sessions.push(new WeakRef(session), new WeakRef(data));
  };
  for (let k = 0; k < 3; k++) await use();
  expect(await alive(sessions)).toBe(0);
});
