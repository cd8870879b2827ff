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

test.each([
  [3, [1, 2], 'from 0 to 1 as the element to begin with, since 2 of its 3 elements are given; found 3'],
  [-1, [1], 'from 0 to 2 as the element to begin with, since 1 of its 3 elements are given; found -1'],
  [1.5, [1], 'from 0 to 2 as the element to begin with, since 1 of its 3 elements are given; found 1.5'],
  [
    null,
    [1, 2, 3],
    'from 0 to 0 as the element to begin with, since 3 of its 3 elements are given; found null',
  ],
  [0, [1, 2, 3, 4], 'expected 3 elements at most, found 4'],
])('elements are not written from %j on, and where they may be is said', async (from, values, text) => {
  const writing = session.write('output.bias', values, from as number);
  await expect(writing).rejects.toThrow(InputError);
  await expect(writing).rejects.toThrow(text);
  await expect(session.write('output.bias', [1])).rejects.toThrow('expected 3 elements, found 1');
});

test('a session that does not start says what to do', async () => {
  const words = new Float32Array(2 ** 15).map((_, k) => k % 7);
  const large = defineModule('large', (m) => {
    const table = m.state('table', { shape: [2 ** 15], init: nn.init.values(words) });
    m.entry('run', { sum: table.sum() });
  });
  const { program } = await compile(large, { target: 'wasm' });
  await expect(start(program, { threads: 1 })).rejects.toThrow(
    'table: its values lie beside the program, not in it: pass those of compiled.weights as initial',
  );
  const { program: forGpu } = await compile(fixed, { target: 'webgpu' });
  const gpu = { requestAdapter: async () => null } as unknown as GPU;
  await expect(start(forGpu, { gpu })).rejects.toMatchObject({
    code: 'no-adapter',
    message:
      "no WebGPU adapter: install or update the graphics driver, pass an adapter or GPU of your own, or compile for 'wasm'",
  });
});

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
    [new Uint8Array(10), /^saved is not a safetensors file: .* \(10 bytes that save\(\) did not make\)$/],
    [new Uint8Array(3), /^saved is .*: it has 3 bytes, .* \(3 bytes that save\(\) did not make\)$/],
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
