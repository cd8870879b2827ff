import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Session, type SessionOptions, TrainingError } from '../../src/runtime/index.ts';
import { BATCH, linearData, linearReference } from './linearModel.ts';
import { collect, type Machine, type Target } from './targets.ts';

const initial = { w: [0.5, -0.25, 1], b: [2] };

/** What a session of the linear model does, wherever it runs. */
export function sessionSuite(target: Target): void {
  let machine: Machine;
  beforeAll(async () => {
    machine = await target.prepare();
  });
  const sessions: Session[] = [];
  afterAll(() => {
    for (const session of sessions) session.dispose();
    machine.close();
  });
  const open = async (options: SessionOptions = { initial }): Promise<Session> => {
    const session = await machine.start(options);
    sessions.push(session);
    return session;
  };

  test('a state is written whole, or a part of it from an element on', async () => {
    const session = await open();
    await session.write('w', [7, 8], 1);
    expect([...(await session.read('w')).data]).toEqual([0.5, 7, 8]);
    await session.write('w', [], 3);
    await session.write('w', [9], 0);
    expect([...(await session.read('w')).data]).toEqual([9, 7, 8]);
    expect([...(await session.read('b')).data]).toEqual([2]);
  });

  describe('training', () => {
    test('replays the steps of a program: losses and states are those of the same steps in float64', async () => {
      const session = await open();
      const data = linearData(5 * BATCH);
      const [epoch] = await collect(session.train({ data }));
      const reference = linearReference([...initial.w, ...initial.b], data, batchesOf(5 * BATCH), 0.01);
      const mean = reference.losses.reduce((sum, loss) => sum + loss, 0) / 5;
      expect(epoch?.loss).toBeCloseTo(mean, 3);
      expect(epoch).toMatchObject({ epoch: 1, steps: 5, samples: 40, scalars: { seen: 40 } });
      const states = [...(await session.read('w')).data, ...(await session.read('b')).data];
      for (const [k, value] of reference.state.entries()) expect(states[k]).toBeCloseTo(value, 4);
      expect((await session.read('steps')).data).toEqual(new Uint32Array([5]));
    });

    test('counts every sample of a last batch that is not full once, and weighs the mean loss by rows', async () => {
      const session = await open();
      const data = linearData(2 * BATCH + 3);
      const [epoch] = await collect(session.train({ data }));
      const reference = linearReference([...initial.w, ...initial.b], data, batchesOf(2 * BATCH + 3), 0.01);
      const [a = 0, b = 0, c = 0] = reference.losses;
      expect(epoch?.loss).toBeCloseTo((a * 8 + b * 8 + c * 3) / 19, 3);
      expect(epoch).toMatchObject({ steps: 3, samples: 19, scalars: { seen: 19 } });
    });

    test('takes smaller batches where `sizes` says so', async () => {
      const session = await open();
      const data = linearData(20);
      const [epoch] = await collect(session.train({ data, sizes: { batch: 3 } }));
      const reference = linearReference([...initial.w, ...initial.b], data, batchesOf(20, 3), 0.01);
      expect(epoch).toMatchObject({ steps: 7, scalars: { seen: 20 } });
      const w = (await session.read('w')).data;
      for (const k of [0, 1, 2]) expect(w[k]).toBeCloseTo(reference.state[k] ?? 0, 4);
    });

    test('reads every row once in an epoch that is shuffled, in another order in the next', async () => {
      const session = await open();
      const data = linearData(53);
      const frozen = {
        data,
        shuffle: true,
        params: { lr: 0 },
        epochs: 2,
        sizes: { batch: 1 },
        stepsPerSubmit: 1,
      };
      const means: number[][] = [[], []];
      const epochs = await collect(
        session.train({ ...frozen, onProgress: ({ epoch, loss }) => means[epoch - 1]?.push(loss) }),
      );
      const [first = [], second = []] = means;
      const losses = (m: number[]): number[] => m.map((mean, i) => mean * (i + 1) - (m[i - 1] ?? 0) * i);
      const sorted = (m: number[]): string[] =>
        losses(m)
          .map((loss) => Math.abs(loss).toFixed(2))
          .sort();
      const plain = linearReference([...initial.w, ...initial.b], data, batchesOf(53, 1), 0).losses;
      expect(sorted(first)).toEqual(plain.map((loss) => loss.toFixed(2)).sort());
      expect(sorted(second)).toEqual(sorted(first));
      expect(losses(first).map((loss) => loss.toFixed(2))).not.toEqual(
        losses(second).map((loss) => loss.toFixed(2)),
      );
      expect(epochs[0]?.loss).toBeCloseTo(epochs[1]?.loss ?? 0, 4);
    });

    test('gives the same bits for one seed however steps are chunked into submits, and others for another', async () => {
      const data = linearData(61);
      const states: string[] = [];
      for (const [seed, stepsPerSubmit] of [
        [7, 1],
        [7, 3],
        [7, 100],
        [8, 3],
      ] as const) {
        const session = await open({ seed });
        await collect(
          session.train({ data, epochs: 3, shuffle: true, params: { lr: 0.002 }, stepsPerSubmit }),
        );
        states.push(await bits(session));
      }
      const adaptive = await open({ seed: 7 });
      await collect(adaptive.train({ data, epochs: 3, shuffle: true, params: { lr: 0.002 } }));
      const [one, three, hundred, other] = states;
      expect(three).toBe(one);
      expect(hundred).toBe(one);
      expect(await bits(adaptive)).toBe(one);
      expect(other).not.toBe(one);
    });

    test('gives a run-time scalar to each step, counted from 1 for the entry', async () => {
      const session = await open();
      const asked: number[] = [];
      const lr = (step: number): number => {
        asked.push(step);
        return 0.01 / step;
      };
      const epochs = await collect(session.train({ data: linearData(16), epochs: 2, params: { lr } }));
      expect(asked).toEqual([1, 2, 3, 4]);
      expect(epochs.map(({ scalars }) => scalars.at)).toEqual([1.5, 3.5]);
    });

    test('stops at a NaN in the loss and says where, or goes on', async () => {
      const session = await open({ initial: { ...initial, b: [Number.NaN] } });
      const data = linearData(3 * BATCH);
      const stopped = collect(session.train({ data }));
      await expect(stopped).rejects.toThrow(TrainingError);
      await expect(stopped).rejects.toMatchObject({
        code: 'nan',
        entry: 'train',
        output: 'loss',
        epoch: 1,
        step: 1,
      });
      const [epoch] = await collect(session.train({ data, onNaN: 'continue' }));
      expect(epoch?.loss).toBeNaN();
      expect(epoch?.scalars.seen).toBe(24);
    });

    test('names the step of a NaN in the middle of a submit', async () => {
      const session = await open();
      const lr = (step: number): number => (step === 5 ? Number.POSITIVE_INFINITY : 0.001);
      const stopped = collect(
        session.train({ data: linearData(20 * BATCH), params: { lr }, stepsPerSubmit: 4 }),
      );
      await expect(stopped).rejects.toMatchObject({ code: 'nan', epoch: 1, step: 6 });
    });

    test('stops where its signal says so, and lets the session be used after that', async () => {
      const session = await open();
      const control = new AbortController();
      const seen: number[] = [];
      const onProgress = ({ step }: { step: number }): void => {
        seen.push(step);
        if (step >= 4) control.abort(new Error('enough'));
      };
      const options = { data: linearData(50 * BATCH), stepsPerSubmit: 2, signal: control.signal, onProgress };
      await expect(collect(session.train(options))).rejects.toThrow('enough');
      // Steps 5 and 6 were submitted before.
      expect(seen).toEqual([2, 4, 6]);
      const { value } = await session.run('predict', { x: [1, 2, 3] });
      expect(value?.shape).toEqual([1]);
    });

    test('lets other calls run between epochs, and waits for those before it', async () => {
      const session = await open();
      const data = await session.dataset(linearData(20));
      const values: number[] = [];
      for await (const { epoch } of session.train({ data, epochs: 3 })) {
        const { outputs, samples } = await session.evaluate('predict', { data });
        expect(samples).toBe(20);
        expect(outputs.value?.shape).toEqual([20]);
        values[epoch] = outputs.value?.data[0] ?? Number.NaN;
      }
      expect(new Set(values.slice(1)).size).toBe(3);
      const both = await Promise.all([
        session.run('predict', { x: [1, 0, 0] }),
        session.run('predict', { x: [0, 1, 0] }),
      ]);
      const [w, b] = [(await session.read('w')).data, (await session.read('b')).data];
      expect(both[0]?.value?.data[0]).toBeCloseTo((w[0] ?? 0) + (b[0] ?? 0), 5);
      expect(both[1]?.value?.data[0]).toBeCloseTo((w[1] ?? 0) + (b[0] ?? 0), 5);
    });
  });

  describe('single calls', () => {
    test('take fewer rows than declared, and cut the outputs to them', async () => {
      const session = await open();
      for (const rows of [1, 5, BATCH]) {
        const { value } = await session.run('predict', { x: linearData(rows).x });
        expect(value?.shape).toEqual([rows]);
        const reference = [...linearData(rows).y.keys()].map((r) => {
          const [x0 = 0, x1 = 0, x2 = 0] = linearData(rows).x.subarray(3 * r);
          return 0.5 * x0 - 0.25 * x1 + x2 + 2;
        });
        expect([...(value?.data ?? [])]).toEqual(reference);
      }
    });

    test('train a step too, and count it', async () => {
      const session = await open();
      const first = await session.run('train', linearData(4));
      const second = await session.run('train', linearData(4), { params: { lr: 0.02 } });
      expect([first.at?.data[0], second.at?.data[0]]).toEqual([1, 2]);
      expect(second.seen?.data).toEqual(new Int32Array([4]));
      expect(second.loss?.data[0]).toBeLessThan(first.loss?.data[0] ?? 0);
    });
  });

  describe('a whole dataset', () => {
    test('is evaluated in order, every row once, after a shuffled epoch too', async () => {
      const session = await open();
      const arrays = linearData(2 * BATCH + 5);
      const data = await session.dataset(arrays);
      expect(data.count).toBe(21);
      const before = await session.evaluate('predict', { data });
      await collect(session.train({ data, shuffle: true, params: { lr: 0 } }));
      const after = await session.evaluate('predict', { data });
      expect(after.outputs.value?.data).toEqual(before.outputs.value?.data);
      expect(before.outputs.value?.data.length).toBe(21);
      const { scalars } = await session.evaluate('train', { data, params: { lr: 0 } });
      const reference = linearReference([...initial.w, ...initial.b], arrays, batchesOf(21), 0).losses;
      const [a = 0, b = 0, c = 0] = reference;
      expect(scalars.loss).toBeCloseTo((8 * a + 8 * b + 5 * c) / 21, 3);
      expect(scalars.seen).toBe(21);
    });
  });
}

/** Bits of all states. */
async function bits(session: Session): Promise<string> {
  const parts = await Promise.all(['w', 'b', 'steps'].map((name) => session.read(name)));
  return parts
    .map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'))
    .join();
}

/** Numbers 0..count-1 cut into batches. */
function batchesOf(count: number, size = BATCH): number[][] {
  return Array.from({ length: Math.ceil(count / size) }, (_, i) =>
    Array.from({ length: Math.min(size, count - i * size) }, (_, r) => i * size + r),
  );
}
