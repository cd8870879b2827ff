import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countCalls } from '../../bench/countCalls.ts';
import { w1, w3 } from '../../bench/workloads.ts';
import { compileModule } from '../../src/compile.ts';
import { machines } from '../../src/machine/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { type Session, start } from '../../src/runtime/index.ts';
import { integers } from '../fixtures/generator.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { rows, small } from './smallModel.ts';

const { program } = compileModule(small, machines['webgpu-software']);

let device: GPUDevice;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device.destroy());

/** SHA-256 of all states. */
async function digest(session: Session): Promise<string> {
  const hash = createHash('sha256');
  for (const { name } of session.program.state) {
    const { data } = await session.read(name);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

async function train(options: { stepsPerSubmit?: number; poison?: boolean }): Promise<string> {
  const session = await start(program, { device, seed: 3 });
  if (options.poison === true) {
    const { temps } = session.arenas;
    device.queue.writeBuffer(temps, 0, new Float32Array(temps.size / 4).fill(Number.NaN));
  }
  const { stepsPerSubmit } = options;
  const data = rows(16 * 20 - 5);
  for await (const epoch of session.train({
    data,
    epochs: 10,
    shuffle: true,
    ...(stepsPerSubmit === undefined ? {} : { stepsPerSubmit }),
  })) {
    expect(epoch.steps).toBe(20);
  }
  const result = await digest(session);
  session.dispose();
  return result;
}

describe('training a compiled program on WGSL', () => {
  it('gives the same parameters after two hundred steps, however they are cut into submits', async () => {
    const all = [await train({}), await train({ stepsPerSubmit: 1 }), await train({ stepsPerSubmit: 7 })];
    expect(new Set(all).size).toBe(1);
  });

  it('reads no temporary that the step has not written', async () => {
    expect(await train({ poison: true })).toBe(await train({}));
  });

  it('counts every sample once where the last batch is not full, in training and evaluation', async () => {
    const data = rows(40);
    const session = await start(program, { device, seed: 5 });
    const initial: Record<string, { shape: readonly number[]; data: ArrayLike<number> }> = {};
    for (const { name, shape } of program.state)
      initial[name] = { shape, data: (await session.read(name)).data };
    const reference = referenceSession(small, initial);
    const batch = (
      from: number,
    ): { inputs: Record<string, { shape: number[]; data: ArrayLike<number> }>; live: { batch: number } } => {
      const count = Math.min(16, 40 - from);
      return {
        inputs: {
          x: { shape: [count, 6], data: data.x.slice(6 * from, 6 * (from + count)) },
          y: { shape: [count], data: data.y.slice(from, from + count) },
        },
        live: { batch: count },
      };
    };
    const mean = (entry: string): number =>
      [0, 16, 32].reduce((sum, from) => {
        const feeds = batch(from);
        return sum + (Number(reference.step(entry, feeds).loss?.data[0]) * feeds.live.batch) / 40;
      }, 0);
    const evaluated = await session.evaluate('evaluate', { data });
    expect(evaluated.scalars.loss).toBeCloseTo(mean('evaluate'), 5);
    expect(evaluated.outputs.label?.shape).toEqual([40]);
    // The evaluations counted as steps of the reference, which Adam must not see.
    const fresh = referenceSession(small, initial);
    let expected = 0;
    for (const from of [0, 16, 32]) {
      const feeds = batch(from);
      expected += (Number(fresh.step('train', feeds).loss?.data[0]) * feeds.live.batch) / 40;
    }
    for await (const { loss } of session.train({ data })) expect(loss).toBeCloseTo(expected, 5);
    session.dispose();
  });

  const workloads = [
    { name: 'W1', module: w1, batch: 128, stepsPerSubmit: 2, epochs: 3, most: 3, alone: 6 },
    // One step takes seconds on a software adapter.
    { name: 'W3', module: w3, batch: 64, stepsPerSubmit: 1, epochs: 2, most: 10, alone: 12 },
  ];
  it.each(workloads)('takes at most $most dispatches a step of $name on a GPU too', ({ module, most }) => {
    const { entries } = compileModule(module, machines.webgpu).program;
    expect(entries.train?.steps.length).toBeLessThanOrEqual(most);
  });

  it.each(workloads)(
    'makes at most $alone dispatches a step of $name, and creates nothing but an encoder a submit in the steady state',
    async ({ module, batch, stepsPerSubmit, epochs, alone }) => {
      const counted = await freshDevice();
      const compiled = compileModule(module, machines['webgpu-software']).program;
      const session = await start(compiled, { device: counted, seed: 1 });
      const rowCount = batch * stepsPerSubmit;
      const data = await session.dataset({
        x: new Uint8Array(rowCount * 784).map((_, k) => k % 251),
        y: Int32Array.from(integers(1, 10, rowCount)),
      });
      for await (const _ of session.train({ data, stepsPerSubmit }));
      const calls = countCalls(counted);
      for await (const _ of session.train({ data, epochs, stepsPerSubmit }));
      const steps = epochs * stepsPerSubmit;
      const dispatches = compiled.entries.train?.steps.length ?? 0;
      expect(dispatches).toBeLessThanOrEqual(alone);
      expect(calls.of('dispatchWorkgroups')).toBe(dispatches * steps);
      expect(calls.of('setPipeline')).toBe(dispatches * steps);
      expect(calls.of('setBindGroup')).toBe(steps);
      expect(calls.of('submit')).toBe(epochs);
      expect(calls.of('createCommandEncoder')).toBe(epochs);
      const created = [...calls.byName.keys()].filter((name) => name.includes('.create'));
      expect(created).toEqual(['device.createCommandEncoder']);
      session.dispose();
      counted.destroy();
    },
  );
});
