import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countCalls } from '../../bench/countCalls.ts';
import { start } from '../../src/runtime/index.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { BATCH, linearData, linearModel } from './linearModel.ts';
import { sessionSuite } from './sessionSuite.ts';
import { collect, type Machine, targets } from './targets.ts';

for (const target of targets) describe(`on ${target.name}`, () => sessionSuite(target));

const initial = { w: [0.5, -0.25, 1], b: [2] };

describe('on a device a session', () => {
  test('creates nothing from step to step, and takes seven calls for a step of two dispatches', async () => {
    const counted = await freshDevice();
    const session = await start(linearModel, { device: counted, initial });
    const dataset = await session.dataset(linearData(40 * BATCH));
    const options = { data: dataset, epochs: 1, params: { lr: 1e-4 } };
    await collect(session.train({ ...options, stepsPerSubmit: 1 }));
    const calls = countCalls(counted);
    await collect(session.train({ ...options, stepsPerSubmit: 40 }));
    const made = (): number =>
      calls.of(
        'createBuffer',
        'createBindGroup',
        'createComputePipeline',
        'createComputePipelineAsync',
        'createShaderModule',
        'createBindGroupLayout',
        'createPipelineLayout',
        'createQuerySet',
      );
    expect(made()).toBe(0);
    expect(calls.of('dispatchWorkgroups')).toBe(80);
    expect(calls.of('setPipeline')).toBe(80);
    expect(calls.of('setBindGroup')).toBe(40);
    expect(calls.of('submit')).toBe(1);
    expect(calls.of('writeBuffer')).toBe(1);
    const whole = calls.total();
    calls.reset();
    await collect(session.train({ ...options, stepsPerSubmit: 10 }));
    expect(made()).toBe(0);
    expect(calls.of('submit')).toBe(4);
    // Four submits in place of one: what a submit takes beside its steps.
    expect((calls.total() - whole) / 3).toBeLessThanOrEqual(12);
    counted.destroy();
  });

  test('make nothing on the device after the first', async () => {
    const counted = await freshDevice();
    const session = await start(linearModel, { device: counted, initial });
    await session.run('predict', { x: [1, 2, 3] });
    const calls = countCalls(counted);
    await session.run('predict', { x: [3, 2, 1, 0, 1, 2] });
    expect(calls.of('createBuffer', 'createBindGroup')).toBe(0);
    expect(calls.of('submit')).toBe(1);
    counted.destroy();
  });
});

describe('sessions of one seed', () => {
  const machines: Machine[] = [];
  beforeAll(async () => {
    for (const target of targets) machines.push(await target.prepare());
  });
  afterAll(() => {
    for (const machine of machines) machine.close();
  });

  test('have the same first values, shuffles, batches and saved bytes on every target', async () => {
    const seen = await Promise.all(
      machines.map(async (machine) => {
        const session = await machine.start({ seed: 11 });
        const first = await session.save();
        // Small whole numbers and halves: no sum is rounded, so that losses tell which rows they are of.
        await session.write('w', [0.5, -0.25, 1]);
        await session.write('b', [2]);
        const losses: number[] = [];
        const options = { shuffle: true, epochs: 2, params: { lr: 0 }, stepsPerSubmit: 1 };
        const onProgress = ({ loss }: { loss: number }): number => losses.push(loss);
        const epochs = await collect(session.train({ data: linearData(53), ...options, onProgress }));
        const last = await session.save();
        session.dispose();
        return { first, losses, last, epochs: epochs.map((epoch) => ({ ...epoch, seconds: 0 })) };
      }),
    );
    const [one, ...others] = seen;
    expect(one?.losses).toHaveLength(14);
    expect(new Set(one?.losses).size).toBe(14);
    for (const other of others) expect(other).toEqual(one);
  });

  test('go on with what was saved on another target', async () => {
    const [from, ...to] = machines;
    const session = await from?.start({ seed: 4, initial });
    await collect(session?.train({ data: linearData(24), shuffle: true, params: { lr: 0.5 } }) ?? []);
    const saved = await session?.save();
    session?.dispose();
    for (const machine of to) {
      const other = await machine.start();
      await other.load(saved ?? new Uint8Array());
      expect(await other.save()).toEqual(saved);
      expect((await other.read('steps')).data).toEqual(Uint32Array.of(3));
      other.dispose();
    }
  });
});
