import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FormatError, SessionError } from '../../src/runtime/index.ts';
import { converted, readSafetensors, withMetadata, writeSafetensors } from '../../src/weights/index.ts';
import { mutantFile } from '../weights/mutants.ts';
import { linearData } from './linearModel.ts';
import { lastOf, type Machine, type Target } from './targets.ts';

/** How a session is saved, and how it ends, wherever it runs. */
export function lifetimeSuite(target: Target): void {
  let machine: Machine;
  beforeAll(async () => {
    machine = await target.prepare();
  });
  afterAll(() => machine.close());

  describe('a saved session', () => {
    test('goes on exactly: states, counts of steps and the order of shuffles', async () => {
      const data = linearData(37);
      const options = { data, shuffle: true, params: { lr: (step: number) => 0.01 / step } };
      const whole = await machine.start({ seed: 3 });
      await lastOf(whole.train({ ...options, epochs: 2 }));
      const saved = await whole.save();
      const expected = await lastOf(whole.train({ ...options, epochs: 2 }));

      const resumed = await machine.start({ seed: 99 });
      await resumed.load(saved);
      expect(await lastOf(resumed.train({ ...options, epochs: 2 }))).toEqual({
        ...expected,
        seconds: expect.any(Number),
      });
      for (const name of ['w', 'b', 'steps'])
        expect(await resumed.read(name)).toEqual(await whole.read(name));
      whole.dispose();
      resumed.dispose();
    });

    test('comes back out of a part of a larger array, as files are read', async () => {
      const session = await machine.start({ seed: 5 });
      const saved = await session.save();
      const other = await machine.start({ seed: 6 });
      await other.load(Buffer.concat([Buffer.from([1, 2, 3]), saved]).subarray(3));
      expect(await other.save()).toEqual(saved);
      session.dispose();
      other.dispose();
    });

    test('is a safetensors file of all states by name, with its place as a text', async () => {
      const session = await machine.start({ initial: { w: [1, 2, 3], b: [4] } });
      const saved = await session.save();
      const { tensors, metadata } = readSafetensors(saved);
      expect([...tensors.keys()]).toEqual(session.program.state.map(({ name }) => name));
      const w = tensors.get('w');
      expect(w).toMatchObject({ dtype: 'F32', shape: [3] });
      expect([...converted('f32', 'F32', w?.data ?? new Uint8Array(), 'w')]).toEqual([1, 2, 3]);
      expect(JSON.parse(metadata.sinter ?? '')).toEqual({ seed: 0, shuffles: 0, entries: {} });
      // Texts of others leave it a snapshot.
      await session.write('w', [0, 0, 0]);
      await session.load(withMetadata(saved, { note: 'of others' }));
      expect([...(await session.read('w')).data]).toEqual([1, 2, 3]);
      session.dispose();
    });

    test('is refused with an error of ours, or loaded whole, whatever is spoilt in it', async () => {
      const session = await machine.start({ initial: { w: [1, 2, 3], b: [4] } });
      const saved = await session.save();
      let refused = 0;
      for (let seed = 0; seed < 60; seed++) {
        const loading = session.load(mutantFile(saved, seed));
        refused += await loading.then(
          () => 0,
          (error: unknown) => {
            expect(error, `seed ${seed}`).toBeInstanceOf(FormatError);
            return 1;
          },
        );
      }
      expect(refused).toBeGreaterThan(40);
      await session.load(saved);
      expect(await session.save()).toEqual(saved);
      session.dispose();
    });

    test('keeps the bits of every value', async () => {
      const odd = [-0, Number.NaN, 1e-42];
      const session = await machine.start({ initial: { w: odd } });
      const saved = await session.save();
      await session.write('w', [1, 2, 3]);
      await session.load(saved);
      const w = await session.read('w');
      expect(new Uint32Array(w.data.buffer)).toEqual(new Uint32Array(new Float32Array(odd).buffer));
      session.dispose();
    });

    test('is refused where it is cut, foreign or of another program, and nothing is changed', async () => {
      const session = await machine.start({ seed: 5 });
      const saved = await session.save();
      const before = await session.read('w');
      const [first, ...others] = session.program.state;
      if (first === undefined) throw new Error('the model has states');
      const renamed = await machine.start({}, { state: [{ ...first, name: 'other' }, ...others] });
      await expect(renamed.load(saved)).rejects.toThrow(
        'saved.other: expected {"dtype":"F32","shape":[3],"data_offsets":[0,12]}, found undefined',
      );
      const cut = saved.slice(0, saved.length - 4);
      await expect(session.load(cut)).rejects.toThrow(`expected ${saved.length} bytes, found ${cut.length}`);
      const { tensors, metadata } = readSafetensors(saved);
      const more = new Map([
        ...tensors,
        ['more', { dtype: 'U8', shape: [0], data: new Uint8Array() }] as const,
      ]);
      const larger = session.load(writeSafetensors(more, metadata));
      await expect(larger).rejects.toThrow(/^saved\.more: expected undefined, found /);
      for (const foreign of [
        new Uint8Array(),
        new Uint8Array(100),
        new Uint8Array(64).fill(255),
        saved.slice(0, 40),
      ])
        await expect(session.load(foreign)).rejects.toThrow(FormatError);
      for (const foreign of [null, 12, 'saved', saved.buffer])
        await expect(session.load(foreign as unknown as Uint8Array)).rejects.toThrow(FormatError);
      expect(await session.read('w')).toEqual(before);
      session.dispose();
      renamed.dispose();
    });
  });

  describe('disposing', () => {
    test('frees the session: whatever is called then says so', async () => {
      const session = await machine.start();
      const data = await session.dataset(linearData(9));
      session.dispose();
      session.dispose();
      const calls = [
        () => session.run('predict', { x: [1, 2, 3] }),
        () => lastOf(session.train({ data })),
        () => session.evaluate('predict', { data }),
        () => session.dataset(linearData(1)),
        () => session.read('w'),
        () => session.write('w', [1, 2, 3]),
        () => session.save(),
        () => session.load(new Uint8Array()),
      ];
      for (const call of calls) {
        const failed = call();
        await expect(failed, String(call)).rejects.toThrow(SessionError);
        await expect(failed).rejects.toMatchObject({ code: 'disposed' });
      }
    });

    test('ends calls that run or wait as disposed', async () => {
      const session = await machine.start();
      const data = await session.dataset(linearData(800));
      const waiting: Promise<unknown>[] = [];
      const onProgress = (): void => {
        waiting.push(session.run('predict', { x: [1, 2, 3] }), session.read('w'));
        session.dispose();
      };
      const running = lastOf(session.train({ data, stepsPerSubmit: 1, onProgress }));
      const results = [...(await Promise.allSettled([running])), ...(await Promise.allSettled(waiting))];
      expect(results).toHaveLength(3);
      for (const result of results)
        expect(result).toMatchObject({
          status: 'rejected',
          reason: { name: 'SessionError', code: 'disposed' },
        });
    });

    test('frees a dataset alone, and a dataset serves its own session alone', async () => {
      const [session, other] = [await machine.start(), await machine.start()];
      const data = await session.dataset(linearData(9));
      await expect(lastOf(other.train({ data }))).rejects.toMatchObject({ code: 'other-session' });
      data.dispose();
      await expect(lastOf(session.train({ data }))).rejects.toThrow('the dataset is disposed');
      expect((await session.run('predict', { x: [0, 0, 0] })).value?.shape).toEqual([1]);
      session.dispose();
      other.dispose();
    });
  });
}
