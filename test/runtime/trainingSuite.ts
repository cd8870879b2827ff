import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Epoch,
  type Progress,
  type Session,
  SessionError,
  TrainingError,
} from '../../src/runtime/index.ts';
import { BATCH, linearData } from './linearModel.ts';
import { trainWithStops } from './stops.ts';
import { collect, type Machine, type Target } from './targets.ts';

/** How training stops and goes on, and what its callbacks may do, wherever it runs. */
export function trainingSuite(target: Target): void {
  let machine: Machine;
  const sessions: Session[] = [];
  beforeAll(async () => {
    machine = await target.prepare();
  });
  afterAll(() => {
    for (const session of sessions) session.dispose();
    machine.close();
  });
  const open = async (seed = 1): Promise<Session> => {
    const session = await machine.start({ seed });
    sessions.push(session);
    return session;
  };
  const plain = (epochs: readonly Epoch[]): Epoch[] => epochs.map((epoch) => ({ ...epoch, seconds: 0 }));

  describe('training that was stopped', () => {
    test('goes on with the same bits and the same losses, wherever and however often it was stopped', async () => {
      const [whole, one, other] = [await open(3), await open(4), await open(5)];
      const begin = await whole.save();
      let next = one;
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            rows: fc.integer({ min: 1, max: 60 }),
            batch: fc.integer({ min: 1, max: BATCH }),
            epochs: fc.integer({ min: 1, max: 4 }),
            shuffle: fc.boolean(),
            perSubmit: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
            stops: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
          }),
          async ({ rows, batch, epochs, shuffle, perSubmit: [a, b], stops }) => {
            const lr = (step: number): number => 0.01 / step;
            const options = { data: linearData(rows), sizes: { batch }, epochs, shuffle, params: { lr } };
            await whole.load(begin);
            const expected = await whole.train({ ...options, stepsPerSubmit: a });
            expect((await whole.read('steps')).data[0]).toBe(epochs * Math.ceil(rows / batch));
            const others = async (): Promise<Session> => {
              next = next === one ? other : one;
              return next;
            };
            const parts = await trainWithStops(others, { ...options, stepsPerSubmit: b }, stops, begin);
            expect(parts.epochs).toEqual(plain(expected));
            expect(await parts.session.save()).toEqual(await whole.save());
          },
        ),
        { numRuns: 15, seed: 1 },
      );
    });

    test('counts the steps that were submitted when its signal came, and says so', async () => {
      const session = await open();
      const control = new AbortController();
      const seen: number[] = [];
      const onProgress = ({ step }: Progress): void => {
        seen.push(step);
        if (step >= 4) control.abort(new Error('enough'));
      };
      const options = { data: linearData(50 * BATCH), stepsPerSubmit: 2, onProgress };
      await expect(session.train({ ...options, signal: control.signal })).rejects.toThrow('enough');
      expect(seen).toEqual([2, 4, 6]);
      expect((await session.read('steps')).data).toEqual(Uint32Array.of(6));
      await session.train({ ...options, resume: true });
      expect(seen.slice(3, 5)).toEqual([8, 10]);
      expect((await session.read('steps')).data).toEqual(Uint32Array.of(50));
    });

    test('takes no step where the signal came before, and needs none for a training that is done', async () => {
      const session = await open();
      const data = linearData(9);
      const signal = AbortSignal.abort(new Error('never'));
      await expect(session.train({ data, signal })).rejects.toThrow('never');
      expect((await session.read('steps')).data).toEqual(Uint32Array.of(0));
      expect(await session.train({ data, epochs: 3 })).toHaveLength(3);
      expect(await session.train({ data, epochs: 3, resume: true, signal })).toEqual([]);
      expect(await session.train({ data, epochs: 2, resume: true })).toEqual([]);
    });

    test('gives the epoch whose last step was submitted before the signal came', async () => {
      const session = await open();
      const control = new AbortController();
      const training = session.train({
        data: linearData(2 * BATCH),
        epochs: 2,
        stepsPerSubmit: 1,
        signal: control.signal,
        onProgress: () => control.abort(new Error('enough')),
      });
      expect((await training.next()).value).toMatchObject({ epoch: 1, steps: 2 });
      await expect(training.next()).rejects.toThrow('enough');
    });

    test('counts epochs from its start where it is left between two', async () => {
      const session = await open();
      const data = linearData(9);
      for await (const { epoch } of session.train({ data, epochs: 9 })) if (epoch === 2) break;
      const saved = await session.save();
      const numbers = (epochs: readonly Epoch[]): number[] => epochs.map(({ epoch }) => epoch);
      expect(numbers(await session.train({ data, epochs: 4, resume: true }))).toEqual([3, 4]);
      expect(numbers(await session.train({ data, epochs: 1 }))).toEqual([1]);
      await session.load(saved);
      expect(numbers(await session.train({ data, epochs: 3, resume: true }))).toEqual([3]);
      // Between epochs nothing is half done: other rows, and another order, are another epoch of the same training.
      const other = { data: linearData(20), shuffle: true, sizes: { batch: 2 }, resume: true };
      expect(await session.train({ ...other, epochs: 4 })).toMatchObject([{ epoch: 4, samples: 20 }]);
    });

    test('does not go on with rows, batches or an order that are not its own', async () => {
      const session = await open();
      const options = { data: linearData(53), shuffle: true, stepsPerSubmit: 1 };
      const control = new AbortController();
      const onProgress = (): void => control.abort(new Error('stopped'));
      await expect(session.train({ ...options, onProgress, signal: control.signal })).rejects.toThrow(
        'stopped',
      );
      const before = await session.save();
      const outputs = 'loss,seen,at';
      for (const [change, found] of [
        [{ data: linearData(52) }, '52 rows by 8, shuffled'],
        [{ sizes: { batch: 4 } }, '53 rows by 4, shuffled'],
        [{ shuffle: false }, '53 rows by 8'],
      ] as const) {
        const failed = session.train({ ...options, ...change, epochs: 2, resume: true });
        await expect(failed).rejects.toThrow(SessionError);
        await expect(failed).rejects.toMatchObject({
          code: 'other-training',
          message: `train: to resume in an epoch needs 53 rows by 8, shuffled, for ${outputs}; found ${found}, for ${outputs}`,
        });
      }
      expect(await session.save()).toEqual(before);
      // Without `resume` a training begins, whatever was before.
      expect(await session.train({ data: linearData(8) })).toMatchObject([{ epoch: 1, steps: 1 }]);
    });

    test('stands where it stood when another is refused, whatever of it is refused', async () => {
      const session = await open(7);
      const data = linearData(20 * BATCH);
      const options = { data, shuffle: true, stepsPerSubmit: 1 };
      const control = new AbortController();
      const onProgress = ({ step }: Progress): void => {
        if (step === 5) control.abort(new Error('stopped'));
      };
      await expect(session.train({ ...options, onProgress, signal: control.signal })).rejects.toThrow(
        'stopped',
      );
      const before = await session.save();
      const refused: Record<string, object> = {
        'a parameter that there is not': { params: { rl: 1 } },
        'a NaN': { params: { lr: Number.NaN } },
        'a text': { params: { lr: 'a' } },
        'a function that gives a NaN': { params: { lr: () => Number.NaN } },
        'a function that gives a NaN later': {
          params: { lr: (step: number) => (step < 8 ? 0.1 : Number.NaN) },
          stepsPerSubmit: 4,
        },
        'an entry': { entry: 'nobody' },
        'a size': { sizes: { batch: 0 } },
        'an option': { epoch: 2 },
        'an order': { shuffle: 'yes' },
        rows: { data: { x: data.x } },
      };
      for (const [what, change] of Object.entries(refused)) {
        await expect(session.train({ ...options, epochs: 2, ...change }).next(), what).rejects.toThrow();
        expect(await session.save(), what).toEqual(before);
      }
      const seen: number[] = [];
      const goOn = { ...options, resume: true, onProgress: ({ step }: Progress) => seen.push(step) };
      expect(await session.train(goOn)).toMatchObject([{ epoch: 1, steps: 20 }]);
      // The sixth step was submitted before the signal came.
      expect(seen[0]).toBe(7);
    });

    test('draws no order where it was refused before its first step', async () => {
      const [session, alone] = [await open(5), await open(5)];
      const data = linearData(20 * BATCH);
      const params = { lr: Number.NaN };
      await expect(session.run('train', linearData(BATCH), { params })).rejects.toThrow(
        'lr: expected a number',
      );
      await expect(session.evaluate('train', { data, params })).rejects.toThrow('lr: expected');
      await expect(session.train({ data, params, shuffle: true })).rejects.toThrow('lr: expected');
      await session.train({ data, shuffle: true, signal: AbortSignal.abort() }).catch(() => {});
      const [after, undisturbed] = [
        await session.train({ data, shuffle: true }),
        await alone.train({ data, shuffle: true }),
      ];
      expect(after[0]?.loss).toBe(undisturbed[0]?.loss);
    });

    test('stands where it stood for each entry apart, whatever runs between', async () => {
      const [session, alone] = [await open(5), await open(5)];
      const data = linearData(40);
      const params = { lr: 0 };
      const options = { data, shuffle: true, stepsPerSubmit: 1, epochs: 2, params };
      const control = new AbortController();
      const stopped = session.train({
        ...options,
        signal: control.signal,
        onProgress: () => control.abort(new Error('stopped')),
      });
      await expect(stopped).rejects.toThrow('stopped');
      await session.train({ data: { x: data.x }, entry: 'predict', shuffle: true });
      await session.evaluate('train', { data, params });
      expect(plain(await session.train({ ...options, resume: true })).map(({ loss }) => loss)[0]).toBe(
        (await alone.train(options))[0]?.loss,
      );
    });

    test('ends a NaN, an error of a run-time scalar and one of a callback at a whole step too', async () => {
      for (const stop of ['nan', 'scalar', 'callback'] as const) {
        const session = await open(2);
        const whole = await open(2);
        const data = linearData(20 * BATCH);
        let broken = true;
        const lr = (step: number): number => {
          if (broken && stop === 'scalar' && step === 8) throw new Error('no rate');
          return 0.001;
        };
        const options = { data, epochs: 2, shuffle: true, stepsPerSubmit: 2, params: { lr }, resume: true };
        const onProgress = ({ step }: Progress): void => {
          if (stop === 'callback' && step === 6) throw new Error('no display');
        };
        if (stop === 'nan') await session.write('b', [Number.NaN]);
        await expect(session.train({ ...options, onProgress })).rejects.toThrow(
          stop === 'nan' ? TrainingError : stop === 'scalar' ? 'no rate' : 'no display',
        );
        broken = false;
        const { data: counted } = await session.read('steps');
        expect(counted).toEqual(Uint32Array.of(stop === 'nan' ? 4 : stop === 'scalar' ? 6 : 8));
        const rest = session.train({ ...options, onNaN: 'continue' });
        const expected = await whole.train(options);
        if (stop === 'nan')
          expect((await rest)[0]).toMatchObject({ loss: Number.NaN, scalars: { seen: 160 } });
        else {
          expect(plain(await rest)).toEqual(plain(expected));
          expect(await session.save()).toEqual(await whole.save());
        }
      }
    });
  });

  describe('callbacks', () => {
    test('that throw or reject end training with what they threw, and leave the session as it is', async () => {
      const failures: unknown[] = [];
      const hear = (reason: unknown): void => void failures.push(reason);
      process.on('unhandledRejection', hear);
      const session = await open();
      const data = await session.dataset(linearData(6 * BATCH));
      let calls = 0;
      const ways: readonly (() => unknown)[] = [
        () => {
          throw new Error('at once');
        },
        () => Promise.reject(new Error('at once')),
        async () => {
          await session.read('w');
          throw new Error('at once');
        },
        // What is thrown need not be an error.
        () => {
          throw undefined;
        },
      ];
      for (const [k, way] of ways.entries()) {
        calls = 0;
        const onProgress = (): unknown => {
          calls++;
          return way();
        };
        const training = session.train({ data, stepsPerSubmit: 1, epochs: 2, onProgress });
        await expect(training).rejects.toEqual(k === 3 ? undefined : new Error('at once'));
        expect(calls).toBe(1);
      }
      expect((await session.evaluate('predict', { data })).samples).toBe(48);
      await new Promise((resolve) => setImmediate(resolve));
      process.off('unhandledRejection', hear);
      expect(failures).toEqual([]);
    });

    test('that are asynchronous are waited for, one by one, and may call the session: it is saved at a whole step', async () => {
      const options = { data: linearData(11 * BATCH), shuffle: true, epochs: 2, stepsPerSubmit: 2 };
      const session = await open(8);
      const saves: { saved: Uint8Array; steps: number }[] = [];
      let running = 0;
      const onProgress = async (): Promise<void> => {
        expect(++running).toBe(1);
        const [saved, { data }] = [await session.save(), await session.read('steps')];
        saves.push({ saved, steps: data[0] ?? 0 });
        await session.run('predict', { x: [1, 2, 3] });
        await session.evaluate('predict', { data: { x: options.data.x } });
        running--;
      };
      const expected = plain(await session.train({ ...options, onProgress }));
      expect(saves.length).toBeGreaterThan(8);
      const other = await open(9);
      for (const { saved, steps } of saves) {
        await other.load(saved);
        expect((await other.read('steps')).data[0]).toBe(steps);
        const rest = plain(await other.train({ ...options, resume: true }));
        expect(rest).toEqual(expected.slice(2 - rest.length));
        expect((await other.read('w')).data).toEqual((await session.read('w')).data);
      }
    });

    test('that dispose of the dataset end training with a typed error, after steps that were whole', async () => {
      for (const isAsync of [false, true]) {
        const session = await open();
        const data = await session.dataset(linearData(30 * BATCH));
        const onProgress = (): unknown => {
          data.dispose();
          return isAsync ? Promise.resolve() : undefined;
        };
        const training = session.train({ data, stepsPerSubmit: 2, onProgress });
        await expect(training).rejects.toMatchObject({ name: 'SessionError', code: 'disposed' });
        await expect(training).rejects.toThrow('the dataset is disposed');
        expect((await session.read('steps')).data).toEqual(Uint32Array.of(4));
        const arrays = linearData(30 * BATCH);
        const [epoch] = await session.train({ data: arrays, stepsPerSubmit: 2, resume: true });
        const [whole] = await (await open()).train({ data: arrays, stepsPerSubmit: 2 });
        expect(epoch?.loss).toBe(whole?.loss);
      }
    });

    test('that dispose of the dataset let its memory be given to another, into which nothing is written', async () => {
      const session = await open();
      const arrays = linearData(6 * BATCH);
      const data = await session.dataset(arrays);
      let other = data;
      const onProgress = async (): Promise<void> => {
        if (other !== data) return;
        // In order again, so that the next steps need it shuffled again.
        await session.evaluate('predict', { data });
        data.dispose();
        other = await session.dataset(arrays);
      };
      const training = session.train({ data, shuffle: true, stepsPerSubmit: 1, onProgress });
      await expect(training).rejects.toThrow('the dataset is disposed');
      const values = (await session.evaluate('predict', { data: other })).outputs.value?.data;
      expect(values).toEqual((await session.evaluate('predict', { data: arrays })).outputs.value?.data);
    });

    test('that dispose of the session end training as disposed, and so does a loop that does', async () => {
      for (const isAsync of [false, true]) {
        const session = await open();
        const onProgress = (): unknown => {
          session.dispose();
          return isAsync ? Promise.resolve() : undefined;
        };
        const training = session.train({ data: linearData(9), stepsPerSubmit: 1, onProgress });
        await expect(training).rejects.toMatchObject({ name: 'SessionError', code: 'disposed' });
      }
      const session = await open();
      const inLoop = (async () => {
        for await (const _ of session.train({ data: linearData(9), epochs: 3 })) session.dispose();
      })();
      await expect(inLoop).rejects.toMatchObject({ name: 'SessionError', code: 'disposed' });
    });
  });

  describe('a training', () => {
    test('runs when it is awaited, and gives its epochs; again, the same', async () => {
      const session = await open();
      const training = session.train({ data: linearData(20), epochs: 3 });
      expect((await session.read('steps')).data).toEqual(Uint32Array.of(0));
      const epochs = await training;
      expect(epochs.map(({ epoch, steps }) => [epoch, steps])).toEqual([
        [1, 3],
        [2, 3],
        [3, 3],
      ]);
      expect(await training).toBe(epochs);
      expect((await session.read('steps')).data).toEqual(Uint32Array.of(9));
      expect(await collect(training)).toEqual([]);
    });

    test('runs what is left when it is awaited in the middle of a loop, or after it', async () => {
      const session = await open();
      const training = session.train({ data: linearData(20), epochs: 3 });
      let inside: readonly Epoch[] = [];
      for await (const _ of training) inside = await training;
      expect(inside.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
      expect(await training).toBe(inside);
      const left = session.train({ data: linearData(20), epochs: 3 });
      for await (const { epoch } of left) if (epoch === 2) break;
      expect((await left).map(({ epoch }) => epoch)).toEqual([1, 2]);
    });

    test('has the ways of a promise to hear of its end and of its errors', async () => {
      const session = await open();
      const data = linearData(20);
      const ended: string[] = [];
      const epochs = await session.train({ data }).finally(() => ended.push('finally'));
      expect(epochs).toHaveLength(1);
      const code = await session.train({ data, entry: 'fit' }).catch((error: SessionError) => error.code);
      expect(code).toBe('unknown-entry');
      expect(await session.train({ data }).then(([epoch]) => epoch?.steps)).toBe(3);
      expect(ended).toEqual(['finally']);
    });

    test('gives back its arrays however it ends', async () => {
      const session = await open();
      const made: { disposed: boolean }[] = [];
      const dataset = session.dataset.bind(session);
      session.dataset = async (data) => {
        const one = await dataset(data);
        const record = { disposed: false };
        made.push(record);
        const dispose = one.dispose.bind(one);
        one.dispose = () => {
          record.disposed = true;
          dispose();
        };
        return one;
      };
      const options = { data: linearData(20), epochs: 3 };
      for await (const _ of session.train(options)) break;
      const returned = session.train(options);
      await returned.next();
      expect(await returned.return()).toEqual({ value: undefined, done: true });
      const thrown = session.train(options);
      await thrown.next();
      await expect(thrown.throw(new Error('from outside'))).rejects.toThrow('from outside');
      await expect(session.train({ ...options, params: { lr: () => Number.NaN } })).rejects.toThrow('lr');
      await expect(session.train({ ...options, sizes: { batch: 99 } })).rejects.toThrow('batch');
      expect(made).toHaveLength(5);
      expect(made.every(({ disposed }) => disposed)).toBe(true);
    });

    test('takes turns with another at the same time, an epoch each, and neither disturbs the other', async () => {
      const [session, first, second] = [await open(), await open(), await open()];
      const params = { lr: 0 };
      const [a, b] = [linearData(20), linearData(33)];
      const order: string[] = [];
      const loop = async (name: string, data: typeof a): Promise<Epoch[]> => {
        const epochs: Epoch[] = [];
        for await (const epoch of session.train({ data, epochs: 3, params })) {
          order.push(`${name}${epoch.epoch}`);
          epochs.push(epoch);
        }
        return epochs;
      };
      const both = await Promise.all([loop('a', a), loop('b', b)]);
      expect(order.toSorted()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3']);
      const losses = (epochs: readonly Epoch[]): number[] => epochs.map(({ loss }) => loss);
      expect(losses(both[0])).toEqual(losses(await first.train({ data: a, epochs: 3, params })));
      expect(losses(both[1])).toEqual(losses(await second.train({ data: b, epochs: 3, params })));
    });
  });
}
