import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  compile,
  defineModule,
  FormatError,
  InputError,
  nn,
  optim,
  type Session,
  SessionError,
  start,
} from '../../src/index.ts';
import { writeSafetensors } from '../../src/weights/index.ts';

const fixed = defineModule('fixed', (m) => {
  const x = m.input('x', { shape: [8, 4] });
  const y = m.input('y', { shape: [8, 3] });
  const prediction = nn.dense(x, 3, { name: 'output' });
  const loss = nn.mse(prediction, y);
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
  m.entry('predict', { prediction });
  m.entry('evaluate', { loss });
});

let session: Session;
beforeAll(async () => {
  session = await (await compile(fixed, { target: 'wasm' })).start({ threads: 1 });
});
afterAll(() => session.dispose());

/** Inputs of so many rows. */
function rows(count: number): { x: Float32Array; y: Float32Array } {
  return { x: new Float32Array(4 * count), y: new Float32Array(3 * count) };
}

describe('an entry that updates no state', () => {
  test.each(['predict', 'evaluate'])('is not trained: %s', async (entry) => {
    const data = rows(8);
    const text = `entry "${entry}" updates no state, so there is nothing to train: evaluate runs it over data; what can be trained: "train"`;
    for (const training of [session.train({ entry, data }), session.fit({ entry, data, progress: false })]) {
      await expect(training).rejects.toBeInstanceOf(SessionError);
      await expect(training).rejects.toMatchObject({ code: 'no-updates', message: text });
    }
    await expect(session.train({ entry, data }).next()).rejects.toThrow(text);
  });

  test('is trained where nobody knows that it updates none: a program does not say', async () => {
    const { program } = await compile(fixed, { target: 'wasm' });
    const alone = await start(program, { threads: 1 });
    expect(await alone.train({ entry: 'evaluate', data: rows(8) })).toHaveLength(1);
    alone.dispose();
  });

  test('that is not there is told as before', async () => {
    await expect(session.train({ entry: 'dream', data: rows(8) })).rejects.toMatchObject({
      code: 'unknown-entry',
    });
  });
});

describe('a fixed batch', () => {
  test.each([
    ['train', () => session.train({ data: rows(16) })],
    ['fit', () => session.fit({ data: rows(16), progress: false })],
    ['evaluate', () => session.evaluate('evaluate', { data: rows(16) })],
    ['dataset', () => session.dataset(rows(16))],
    ['run', () => session.run('train', rows(16))],
  ])('has as many rows as it says, and the error how it would take more: %s', async (_, call) => {
    const called = call();
    await expect(called).rejects.toBeInstanceOf(InputError);
    await expect(called).rejects.toMatchObject({
      code: 'length',
      input: 'x',
      message:
        "x: 16 rows, and its shape [8, 4] has 8, no more and no fewer: with m.size('batch', { max: 8 }) as its first dimension it takes any number, a batch a step",
    });
  });

  test('is not blamed for what are no rows at all', async () => {
    await expect(session.run('train', { ...rows(8), x: new Float32Array(33) })).rejects.toThrow(
      'x: expected 32 elements, found 33',
    );
  });
});

describe('truth values', () => {
  test('are given as numbers, and the error says how', async () => {
    const masked = defineModule('masked', (m) => {
      const [x, isOut] = [m.input('x', { shape: [2] }), m.input('isOut', { shape: [2], dtype: 'bool' })];
      return m.entry('run', { kept: x.maskedFill(isOut, 0) }, { inputs: [x, isOut] });
    });
    const masking = await (await compile(masked, { target: 'wasm' })).start({ threads: 1 });
    const data = { x: [3, 4], isOut: JSON.parse('[0, true]') };
    const text =
      'isOut: expected 0 or 1 (bool) at index 1, found true: truth values are given as numbers, as Uint8Array.from(values) makes them';
    for (const call of [masking.run('run', data), masking.evaluate('run', { data })])
      await expect(call).rejects.toMatchObject({ code: 'type', input: 'isOut', index: 1, message: text });
    expect(
      (await masking.run('run', { x: [3, 4], isOut: Uint8Array.from([false, true]) })).kept.data,
    ).toEqual(Float32Array.of(3, 0));
    masking.dispose();
  });
});

describe('bytes that are not of a session', () => {
  test.each([
    [new Uint8Array(10), /^saved: expected a safetensors file, .*: 10 bytes that save\(\) did not make$/],
    [new Uint8Array(3), /^saved: .* found 3 bytes: 3 bytes that save\(\) did not make$/],
    [
      writeSafetensors(new Map()),
      /^saved: \d+ bytes of a safetensors file that is not of a session: it has no text "sinter", which/,
    ],
  ])('are told by what they are', async (bytes, message) => {
    const loaded = session.load(bytes);
    await expect(loaded).rejects.toBeInstanceOf(FormatError);
    await expect(loaded).rejects.toMatchObject({ code: 'saved', message: expect.stringMatching(message) });
  });

  test('of another program are told as before', async () => {
    const saved = await session.save();
    await session.load(saved);
    await expect(session.load(saved.subarray(0, -4))).rejects.toBeInstanceOf(FormatError);
  });
});
