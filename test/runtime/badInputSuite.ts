import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InputErrorCode, Session, SessionOptions } from '../../src/runtime/index.ts';
import { linearData } from './linearModel.ts';
import type { Machine, Target } from './targets.ts';

const { x, y } = linearData(4);

/** What a session refuses, wherever it runs. */
export function badInputSuite(target: Target): void {
  let machine: Machine;
  let session: Session;
  beforeAll(async () => {
    machine = await target.prepare();
    session = await machine.start();
  });
  afterAll(() => {
    session.dispose();
    machine.close();
  });

  describe('inputs are checked at the door', () => {
    test.each<[string, Record<string, ArrayLike<number>>, InputErrorCode, string, string]>([
      ['missing', { x }, 'missing', 'y', 'y: train reads this input'],
      ['unknown', { x, y, z: [1] }, 'unknown', 'z', 'z: no such input; there are x, y'],
      [
        'cut within a row',
        { x: x.slice(0, 11), y },
        'length',
        'x',
        'expected one or more rows of 3 elements, found 11',
      ],
      ['not of one number of rows', { x, y: [1, 2, 3] }, 'length', 'y', 'expected 4 rows'],
      ['empty', { x: [], y: [] }, 'length', 'x', 'expected one or more rows of 3 elements, found 0'],
      ['more rows than declared', linearData(9), 'range', 'batch', 'expected 1 to 8, found 9'],
      [
        'not whole',
        { x: [0.5, ...x.slice(1)], y },
        'type',
        'x',
        'expected an integer (u8) at index 0, found 0.5',
      ],
      [
        'too large for bytes',
        { x: [1, 2, 256], y: [1] },
        'range',
        'x',
        'expected 0 to 255 at index 2, found 256',
      ],
      [
        'labels below their range',
        { x, y: [1, 2, -1001, 3] },
        'range',
        'y',
        'expected -1000 to 999 at index 2, found -1001',
      ],
      ['labels beyond it', { x, y: Int32Array.of(1, 2, 3, 1000) }, 'range', 'y', 'at index 3, found 1000'],
      ['NaN for an integer', { x, y: [1, 2, 3, Number.NaN] }, 'type', 'y', 'found NaN'],
    ])('%s', async (_, inputs, code, input, message) => {
      const failed = session.run('train', inputs);
      await expect(failed).rejects.toThrow(message);
      await expect(failed).rejects.toMatchObject({ name: 'InputError', code, input });
    });

    test('what is no array of numbers is refused', async () => {
      const text: ArrayLike<number> = JSON.parse('["1", "2", "3"]');
      await expect(session.run('predict', { x: text })).rejects.toMatchObject({ code: 'type', index: 0 });
      const nothing: ArrayLike<number> = JSON.parse('7');
      await expect(session.run('predict', { x: nothing })).rejects.toThrow('x: expected an array');
    });

    test('a batch that is refused leaves no trace on the device', async () => {
      const before = await session.run('predict', { x });
      await expect(session.run('train', { x: [9, 9, 9], y: [5000] })).rejects.toThrow();
      expect(await session.run('predict', { x })).toEqual(before);
    });

    test('a dataset is checked when it is uploaded, and has what an entry reads when it is used', async () => {
      await expect(session.dataset({ x, y: [1, 2, 3, 5000] })).rejects.toMatchObject({
        code: 'range',
        index: 3,
      });
      const images = await session.dataset({ x });
      await expect(session.train({ data: images }).next()).rejects.toMatchObject({
        code: 'missing',
        input: 'y',
      });
      expect((await session.evaluate('predict', { data: images })).samples).toBe(4);
      images.dispose();
    });

    test('a run-time scalar that does not fit is told without an index, for it has none', async () => {
      const run = (lr: unknown): Promise<unknown> =>
        session.run('train', { x, y }, { params: { lr: lr as number } });
      for (const [wrong, found] of [
        ['1', '"1"'],
        [Number.NaN, 'NaN'],
      ] as const) {
        await expect(run(wrong)).rejects.toMatchObject({
          name: 'InputError',
          message: `lr: expected a number, found ${found}`,
          index: undefined,
        });
      }
    });

    test('a first value of a state that is not there is an InputError', async () => {
      await expect(machine.start({ initial: { weights: [1, 2, 3] } })).rejects.toMatchObject({
        name: 'InputError',
        code: 'unknown',
        message: 'weights: no such initial state; there are w, b, steps',
      });
    });

    test('a session that is disposed says so first', async () => {
      const session = await machine.start();
      session.dispose();
      const calls = [
        () => session.run('train', {}),
        () => session.run('none'),
        () => session.evaluate('none', { data: {} }),
      ];
      for (const call of calls)
        await expect(call()).rejects.toMatchObject({ name: 'SessionError', code: 'disposed' });
    });

    test('names of any length are quoted in part, and long lists too', async () => {
      const long = 'tain'.repeat(5e4);
      const start = `${long.slice(0, 60)} … (200000 in all): no such `;
      await expect(session.run(long, { x })).rejects.toThrow(`${start}entry; there are train, predict`);
      await expect(session.read(long)).rejects.toThrow(`${start}state; there are w, b, steps`);
      await expect(session.run('predict', { x, [long]: x })).rejects.toThrow(`${start}input; there are x, y`);
      await expect(session.run('predict', { x }, { [long]: 1 })).rejects.toThrow(`${start}option; there are`);
      const text = JSON.parse(JSON.stringify([long, 1, 2]));
      await expect(session.run('predict', { x: text })).rejects.toThrow(
        `at index 0, found "${long.slice(0, 60)} … (200000 in all)"`,
      );
    });

    test('a size that is given says as many rows as the arrays have', async () => {
      const run = (batch: number): Promise<unknown> =>
        session.run('train', linearData(2), { sizes: { batch }, params: { lr: 0 } });
      await run(2);
      const failed = run(8);
      await expect(failed).rejects.toThrow('batch: 2 rows given, sizes says 8');
      await expect(failed).rejects.toMatchObject({ name: 'InputError', code: 'length', input: 'batch' });
      await expect(run(9)).rejects.toThrow('batch: expected 1 to 8, found 9');
    });

    test('run-time scalars, sizes, entries and states have to be there', async () => {
      await expect(session.run('predict', { x }, { params: { rate: 1 } })).rejects.toMatchObject({
        code: 'unknown',
      });
      await expect(session.run('predict', { x }, { sizes: { rows: 1 } })).rejects.toMatchObject({
        code: 'unknown',
      });
      const badSize = session.evaluate('predict', { data: { x }, sizes: { batch: 9 } });
      await expect(badSize).rejects.toMatchObject({ code: 'range', input: 'batch' });
      await expect(session.run('constructor', { x })).rejects.toThrow(
        'constructor: no such entry; there are train, predict',
      );
      await expect(session.read('weights')).rejects.toThrow('weights: no such state; there are w, b, steps');
      await expect(session.write('w', [1])).rejects.toThrow('w: expected 3 elements, found 1');
      for (const from of [2, -1, 0.5, Number.NaN])
        await expect(session.write('w', [1, 2], from)).rejects.toMatchObject({ code: 'length', input: 'w' });
      await expect(session.write('steps', [-1])).rejects.toMatchObject({ code: 'range' });
      await expect(machine.start({ initial: { w: [1, 2] } })).rejects.toMatchObject({
        code: 'length',
      });
    });
  });

  describe('options', () => {
    const data = linearData(8);

    const counts = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, '3', null, true];
    test.each<[name: string, options: unknown, wanted: string, found: unknown]>([
      ...counts.flatMap((value): [string, unknown, string, unknown][] => [
        ['epochs', { data, epochs: value }, '1 to 4294967295', value],
        ['stepsPerSubmit', { data, stepsPerSubmit: value }, '1 to 4294967295', value],
      ]),
      ['onNaN', { data, onNaN: 'foo' }, 'stop or continue', 'foo'],
      ['onNaN', { data, onNaN: () => {} }, 'stop or continue', () => {}],
      ['shuffle', { data, shuffle: 'yes' }, 'true or false', 'yes'],
      ['shuffle', { data, shuffle: 1 }, 'true or false', 1],
      ['resume', { data, resume: null }, 'true or false', null],
      ['onProgress', { data, onProgress: 3 }, 'function', 3],
      ['onProgress', { data, onProgress: {} }, 'function', {}],
      ['signal', { data, signal: {} }, 'AbortSignal', {}],
      ['signal', { data, signal: new AbortController() }, 'AbortSignal', {}],
      ['signal', { data, signal: 'now' }, 'AbortSignal', 'now'],
      ['signal', { data, signal: null }, 'AbortSignal', null],
      ['params', { data, params: null }, 'object', null],
      ['sizes', { data, sizes: 8 }, 'object', 8],
      ['entry', { data, entry: 3 }, 'string', 3],
      ['options', null, 'an object', null],
      ['options', 'data', 'an object', 'data'],
    ])('%s of %o says what it may be, and what was found', async (name, options, wanted, value) => {
      const training = session.train(options as unknown as Parameters<typeof session.train>[0]);
      const found =
        typeof value === 'string'
          ? JSON.stringify(value)
          : Object(value) === value
            ? typeof value
            : String(value);
      await expect(training).rejects.toMatchObject({
        name: 'InputError',
        message: `${name}: expected ${wanted}, found ${found}`,
      });
    });

    test('those of evaluate and run are looked at too, and there are none of train', async () => {
      const evaluate = (options: unknown): Promise<unknown> =>
        session.evaluate('predict', options as Parameters<typeof session.evaluate>[1]);
      await expect(evaluate(null)).rejects.toThrow('options: expected an object, found null');
      await expect(evaluate({ data, stepsPerSubmit: '3' })).rejects.toThrow(
        'stepsPerSubmit: expected 1 to 4294967295, found "3"',
      );
      await expect(evaluate({ data, epochs: 1 })).rejects.toThrow(
        'epochs: no such option; there are params, sizes, data, stepsPerSubmit',
      );
      await expect(evaluate({ data: null })).rejects.toThrow('data: expected object, found null');
      await expect(evaluate({})).rejects.toThrow('data: expected an object, found undefined');
      const run = (options: unknown): Promise<unknown> =>
        session.run('predict', { x }, options as Parameters<typeof session.run>[2]);
      await expect(run(null)).rejects.toThrow('options: expected an object, found null');
      await expect(run({ params: null })).rejects.toThrow('params: expected object, found null');
    });

    test('may be undefined, as if they were not there', async () => {
      const options = { epochs: undefined, shuffle: undefined, signal: undefined, onProgress: undefined };
      const given = { data, ...options } as unknown as Parameters<typeof session.train>[0];
      expect(await session.train(given)).toHaveLength(1);
    });

    test.each([
      ['epoch', { data, epoch: 3 }],
      ['data', {}],
      ['lr', { data, params: { lr: Number.NaN } }],
      ['lr', { data, params: { lr: () => Number.NaN } }],
    ])('a wrong %s is refused before a step is taken', async (input, options) => {
      const session = await machine.start({ initial: { w: [1, 2, 3], b: [4] } });
      const training = session.train(options as unknown as Parameters<typeof session.train>[0]);
      await expect(training.next()).rejects.toMatchObject({ name: 'InputError', input });
      expect([...(await session.read('w')).data]).toEqual([1, 2, 3]);
      session.dispose();
    });

    test('null, and what is not an object, are refused for options and for what is given by name', async () => {
      for (const wrong of [null, 7, 'text'] as unknown as readonly never[]) {
        const calls: readonly (() => Promise<unknown>)[] = [
          () => machine.start({ initial: wrong }),
          () => session.run('predict', wrong),
          () => session.run('predict', { x }, wrong),
          () => session.run('predict', { x }, { params: wrong }),
          () => session.run('predict', { x }, { sizes: wrong }),
          () => session.evaluate('predict', wrong),
          () => session.evaluate('predict', { data: wrong }),
          () => session.train(wrong).next(),
          () => session.train({ data: { x, y }, params: wrong }).next(),
          () => session.dataset(wrong),
          () => session.load(wrong),
          () => session.write('w', wrong),
          () => session.read(wrong),
          () => session.run(wrong, { x }),
        ];
        for (const call of calls)
          await expect(call(), `${call} of ${wrong}`).rejects.toMatchObject({
            name: expect.stringMatching(/^(Input|Session|Format)Error$/),
          });
      }
      expect((await session.run('predict', { x })).value?.shape).toEqual([4]);
    });

    test.each([
      ['lr', null],
      ['lr', undefined],
      ['lr', '0.1'],
      ['lr', [0.1]],
      ['lr', () => '0.1'],
    ])('run-time scalar %s is not %s', async (name, value) => {
      const options = { params: { [name]: value } } as unknown as Parameters<typeof session.run>[2];
      await expect(session.run('train', { x, y }, options)).rejects.toMatchObject({
        name: 'InputError',
        code: 'type',
        input: name,
      });
    });

    test.each([-1, 1.5, Number.NaN, 'a', null])('%s is not a seed', async (seed) => {
      const options = { seed } as unknown as SessionOptions;
      await expect(machine.start(options)).rejects.toMatchObject({ name: 'InputError', input: 'seed' });
    });
  });
}
