import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dataset, type Session, start } from '../../src/runtime/index.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { type Failure, type Faults, faultyDevice } from './faultyDevice.ts';
import { linearData, linearModel } from './linearModel.ts';
import { collect } from './targets.ts';

const failures: readonly Failure[] = ['throws', 'validation', 'out-of-memory'];
const initial = { w: [0.5, -0.25, 1], b: [2] };
const { x, y } = linearData(11);
const single = { x: x.slice(0, 6), y: y.slice(0, 2) };

/** Every call that reaches the device, and what comes of it. */
const calls: Readonly<
  Record<string, (session: Session, data: Dataset, saved: Uint8Array) => Promise<unknown>>
> = {
  write: (session) => session.write('w', [1, 2, 3]),
  read: (session) => session.read('w'),
  load: (session, _, saved) => session.load(saved),
  save: (session) => session.save(),
  dataset: (session) => session.dataset({ x, y }),
  run: (session) => session.run('train', single),
  evaluate: (session, data) => session.evaluate('predict', { data }),
  'evaluate of arrays': (session) => session.evaluate('predict', { data: { x } }),
  train: (session, data) =>
    collect(session.train({ data, stepsPerSubmit: 1, shuffle: true, params: { lr: 1e-3 } })),
};

describe('whatever the device refuses, at whichever of its calls', () => {
  let device: GPUDevice;
  let faults: Faults;
  let session: Session;
  let data: Dataset;
  let saved: Uint8Array;
  /** What the session predicts of a batch, and of the dataset in order. */
  const predictions = async (): Promise<unknown> => {
    const { value } = await session.run('predict', { x: single.x });
    const { outputs } = await session.evaluate('predict', { data });
    return { value, outputs };
  };
  beforeAll(async () => {
    device = await freshDevice();
    faults = faultyDevice(device);
    session = await start(linearModel, { device, initial });
    data = await session.dataset({ x, y });
    saved = await session.save();
  });
  afterAll(() => device.destroy());

  test.each(Object.entries(calls))(
    '%s rejects with an error of ours, and the session goes on',
    async (name, call) => {
      const right = await predictions();
      /** The call, with a dataset whose rows lie in another order: one more thing to upload. */
      const attempt = async (at: number, failure?: Failure): Promise<unknown> => {
        await session.load(saved);
        faults.arm(0);
        await collect(session.train({ data, shuffle: true, params: { lr: 0 } }));
        faults.arm(at, failure);
        try {
          return await call(session, data, saved);
        } finally {
          if (at > 0) expect(faults.struck(), `${name}: call ${at}`).toBe(true);
        }
      };
      for (const failure of failures) {
        await attempt(0, failure);
        const count = faults.calls();
        for (let at = 1; at <= count; at++) {
          const text = `${name}: call ${at} of ${count} ${failure}`;
          const failed = await attempt(at, failure).then(
            () => 'nothing failed',
            (error: unknown) => error,
          );
          expect(failed, text).toMatchObject({
            name: 'DeviceError',
            code: expect.stringMatching(/^(validation|memory|lost)$/),
            message: expect.stringContaining('injected'),
          });
          faults.arm(0);
          await session.load(saved);
          expect(await predictions(), text).toEqual(right);
        }
      }
      expect(faults.unheard).toEqual([]);
    },
  );
});

test('a start that the device refuses anywhere rejects with an error of ours', async () => {
  const device = await freshDevice();
  const faults = faultyDevice(device);
  for (const failure of failures) {
    faults.arm(0, failure);
    (await start(linearModel, { device, initial })).dispose();
    const count = faults.calls();
    for (let at = 1; at <= count; at++) {
      faults.arm(at, failure);
      const failed = await start(linearModel, { device, initial }).then(
        () => 'nothing failed',
        (error: unknown) => error,
      );
      expect(failed, `call ${at} of ${count} ${failure}`).toMatchObject({
        name: 'DeviceError',
        message: expect.stringContaining('injected'),
      });
    }
  }
  faults.arm(0);
  const session = await start(linearModel, { device, initial });
  expect([...(await session.read('w')).data]).toEqual(initial.w);
  expect(faults.unheard).toEqual([]);
  device.destroy();
});

test('a device that is lost during any call of a session loses the session', async () => {
  for (const [name, call] of Object.entries(calls).filter((_, k) => k % 2 === 0)) {
    const device = await freshDevice();
    const session = await start(linearModel, { device, initial });
    const data = await session.dataset({ x, y });
    const saved = await session.save();
    const running = call(session, data, saved);
    device.destroy();
    // It may have been done before; what it says otherwise is of our kind, and nothing works after it.
    const [settled] = await Promise.allSettled([running]);
    if (settled?.status === 'rejected')
      expect(settled.reason, name).toMatchObject({ name: 'DeviceError', code: 'lost' });
    await device.lost;
    const after = calls.run?.(session, data, saved);
    await expect(after, name).rejects.toMatchObject({ name: 'DeviceError', code: 'lost' });
    session.dispose();
  }
});
