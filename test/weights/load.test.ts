import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  LoadError,
  type LoadOptions,
  loadWeights,
  readSafetensors,
  type SafeTensor,
  type SaveOptions,
  saveWeights,
  type TensorType,
  verifyChecksum,
  type WeightsSession,
  writeSafetensors,
} from '../../src/weights/index.ts';
import { heldStates } from './heldStates.ts';

const count = (shape: readonly number[]): number => shape.reduce((n, extent) => n * extent, 1);

/** A tensor that holds first, first + 1, … */
function counting(shape: readonly number[], first = 0, dtype: TensorType = 'F32'): SafeTensor {
  const numbers = new Float64Array(count(shape)).map((_, i) => first + i);
  const array = {
    F32: Float32Array,
    F64: Float64Array,
    I32: Int32Array,
    U8: Uint8Array,
    BOOL: Uint8Array,
    U32: Uint32Array,
  }[dtype as string];
  if (array !== undefined) return { dtype, shape, data: new Uint8Array(array.from(numbers).buffer) };
  return { dtype, shape, data: new Uint8Array(BigInt64Array.from(Array.from(numbers, BigInt)).buffer) };
}

const file = (tensors: Readonly<Record<string, SafeTensor>>): Uint8Array =>
  writeSafetensors(new Map(Object.entries(tensors)));

/** What a state becomes that is alone, `w` unless it is named, out of tensors. */
async function loaded(
  state: string,
  tensors: Readonly<Record<string, SafeTensor>>,
  options: LoadOptions = {},
  name = 'w.weight',
  others: Readonly<Record<string, string>> = {},
): Promise<number[] | undefined> {
  const session = heldStates({ [name]: state, ...others });
  await loadWeights(session, file(tensors), { only: (one) => one === name, ...options });
  return session.values[name];
}

describe('loading weights', () => {
  test('gives states the values of the file by name, and says what became of both', async () => {
    const session = heldStates({
      'a.weight': 'f32[2,3]',
      'a.weight.m': 'f32[2,3]',
      n: 'i32[2]',
      'lr.step': 'i32[]',
    });
    const bytes = file({ 'a.weight': counting([2, 3]), n: counting([2], 5, 'I64'), other: counting([1]) });
    const report = await loadWeights(session, bytes);
    expect(session.values).toEqual({
      'a.weight': [0, 1, 2, 3, 4, 5],
      'a.weight.m': [-1, -1, -1, -1, -1, -1],
      n: [5, 6],
      'lr.step': [-1],
    });
    expect(report).toMatchObject({
      loaded: ['a.weight', 'n'],
      missing: [],
      extra: ['other'],
      mismatched: [],
    });
    expect(inspect(report)).toBe('2 states loaded\n1 of the file not used:\n  other');
  });

  test('writes nothing unless all weights are there and fit, or what does where it is asked to', async () => {
    const session = heldStates({ a: 'f32[2]', b: 'f32[3]', c: 'f32[2]', k: 'i32[2]', t: 'bool[2]' });
    const bytes = file({
      a: counting([2], 7),
      b: counting([2]),
      k: counting([2], 2 ** 31 - 1, 'I64'),
      t: counting([2], 1, 'U8'),
    });
    const loading = loadWeights(session, bytes);
    await expect(loading).rejects.toThrow(LoadError);
    await expect(loading).rejects.toMatchObject({ name: 'FormatError', code: 'file' });
    await expect(loading).rejects.toThrow('b: expected f32[3], found F32[2]');
    expect(session.writes).toEqual([]);
    const report = await loadWeights(session, bytes, { strict: false });
    expect(session.values).toEqual({ a: [7, 8], b: [-1, -1, -1], c: [-1, -1], k: [-1, -1], t: [1, 1] });
    expect(report.missing).toEqual(['c']);
    expect(report.mismatched).toEqual([
      { name: 'b', expected: 'f32[3]', found: 'F32[2]' },
      { name: 'k', expected: 'i32[2]', found: '"k": element 1 is 2147483648, which i32 does not hold' },
      { name: 't', expected: 'bool[2]', found: '"t": element 1 is 2, which bool does not hold' },
    ]);
    expect(report.isWhole).toBe(false);
  });

  test('takes only what is selected: by name, first parts, pattern, function, layer, or several', async () => {
    const names = { 'a.w': 'f32[1]', 'a.b': 'f32[1]', 'ab.w': 'f32[1]', c: 'f32[1]' };
    const bytes = file(Object.fromEntries(Object.keys(names).map((name) => [name, counting([1])])));
    const layer = Object.assign(() => false, { parameters: () => [] });
    Object.defineProperty(layer, 'name', { value: 'ab' });
    for (const [only, expected] of [
      ['a', ['a.w', 'a.b']],
      ['a.b', ['a.b']],
      [/\.w$/g, ['a.w', 'ab.w']],
      [(name: string) => name === 'c', ['c']],
      [layer, ['ab.w']],
      [
        ['c', /b$/],
        ['a.b', 'c'],
      ],
    ] as const) {
      const { loaded } = await loadWeights(heldStates(names), bytes, { only });
      expect(loaded, String(only)).toEqual(expected);
    }
  });

  test('finds names behind a prefix and by a map of names, of their beginnings, or a function', async () => {
    const tensors = { 'm.x.0.weight': counting([2], 3), 'm.y': counting([2], 8) };
    expect(await loaded('f32[2]', tensors, { prefix: 'm.', rename: { 'w.weight': 'y' } })).toEqual([8, 9]);
    expect(await loaded('f32[2]', tensors, { rename: { 'w.': 'm.x.0.' } })).toEqual([3, 4]);
    expect(
      await loaded('f32[2]', tensors, { rename: (name) => (name === 'w.weight' ? 'm.y' : undefined) }),
    ).toEqual([8, 9]);
  });

  test('lays several tensors side by side, or adds nothing where one of them is missing', async () => {
    const tensors = { q: counting([2, 2]), k: counting([2, 1], 10), v: counting([2, 1], 20) };
    const rename = { 'w.weight': ['q', 'k', 'v'] };
    expect(await loaded('f32[2,4]', tensors, { rename })).toEqual([0, 1, 10, 20, 2, 3, 11, 21]);
    await expect(loaded('f32[2,5]', tensors, { rename })).rejects.toThrow(
      'found F32[2, 2] and F32[2, 1] and F32[2, 1]',
    );
    await expect(loaded('f32[2,4]', { q: counting([2, 2]) }, { rename })).rejects.toThrow(
      '1 missing in the file:\n  w.weight',
    );
  });

  test('refuses options that there are not, values that they cannot have, and what is not a file', async () => {
    const session = heldStates({ a: 'f32[1]' });
    for (const options of [
      { strct: true },
      { layout: 'torch' },
      { strict: 1 },
      { rename: 'a' },
      { prefix: 2 },
      { only: 3 },
      { only: 'b' },
      { only: /b/ },
      { kernels: { b: true } },
      { kernels: { a: 'yes' } },
      { rename: { b: 'a' } },
      { rename: { 'b.': 'a.' } },
      { rename: { a: [] } },
      { rename: { a: 3 } },
      { rename: () => 3 },
      null,
    ])
      await expect(
        loadWeights(session, file({ a: counting([1]) }), options as unknown as LoadOptions),
      ).rejects.toMatchObject({
        name: 'InputError',
      });
    for (const source of ['a.safetensors', null, {}, { size: 9 }, { size: -1, read: () => 0 }])
      await expect(loadWeights(session, source as unknown as Uint8Array)).rejects.toMatchObject({
        name: 'InputError',
        code: 'type',
        input: 'source',
      });
    for (const options of [{ onyl: 'a' }, { prefix: 3 }, { metadata: { a: 3 } }, { metadata: 'a' }])
      await expect(saveWeights(session, options as unknown as SaveOptions)).rejects.toMatchObject({
        name: 'InputError',
      });
    await expect(loadWeights(session, new Uint8Array(100))).rejects.toMatchObject({
      name: 'FormatError',
      code: 'file',
    });
  });
});

describe("others' layouts", () => {
  test('kernels of dense layers are transposed, whatever shapes say, and tables are not', async () => {
    const pytorch: LoadOptions = { layout: 'pytorch' };
    expect(await loaded('f32[3,2]', { 'w.weight': counting([2, 3]) }, pytorch)).toEqual([0, 3, 1, 4, 2, 5]);
    // A table, or a kernel that lies as ours do.
    expect(await loaded('f32[3,2]', { 'w.weight': counting([3, 2]) }, pytorch)).toEqual([0, 1, 2, 3, 4, 5]);
    const square = { 'w.weight': counting([2, 2]) };
    expect(await loaded('dense f32[2,2]', square, pytorch)).toEqual([0, 2, 1, 3]);
    expect(await loaded('none f32[2,2]', square, pytorch)).toEqual([0, 1, 2, 3]);
    // No name says what a state is, and no state beside it.
    for (const name of ['w.weight', 'input.weight', 'projection.weight'])
      await expect(
        loaded('f32[2,2]', { [name]: counting([2, 2]) }, pytorch, name, {
          [name.replace('weight', 'bias')]: 'f32[2]',
        }),
      ).rejects.toThrow(`say so by kernels: { '${name}': true } or false`);
    const halves = { a: counting([2, 2]), b: counting([2, 2], 10) };
    const rename = { 'w.weight': ['a', 'b'] };
    expect(await loaded('dense f32[2,4]', halves, { ...pytorch, rename })).toEqual([
      0, 2, 10, 12, 1, 3, 11, 13,
    ]);
    expect(await loaded('none f32[2,4]', halves, { ...pytorch, rename })).toEqual([
      0, 1, 10, 11, 2, 3, 12, 13,
    ]);
    await expect(loaded('f32[2,4]', halves, { ...pytorch, rename })).rejects.toThrow('say so by kernels');
    expect(await loaded('f32[2,2]', square, { ...pytorch, kernels: { 'w.weight': true } })).toEqual([
      0, 2, 1, 3,
    ]);
    expect(await loaded('f32[2,2]', square, { ...pytorch, kernels: { 'w.weight': false } })).toEqual([
      0, 1, 2, 3,
    ]);
    expect(await loaded('f32[2,2]', square)).toEqual([0, 1, 2, 3]);
  });

  test("Keras's kernels of convolutions have their window first", async () => {
    const keras: LoadOptions = { layout: 'keras' };
    const tensors = { 'w/kernel': counting([2, 1, 3, 2]) };
    const expected = [0, 1].flatMap((out) =>
      [0, 1, 2].flatMap((channel) => [0, 1].map((y) => y * 6 + channel * 2 + out)),
    );
    expect(await loaded('f32[2,3,2,1]', tensors, keras)).toEqual(expected);
    // Where both orders fit, it is said which it is, or refused.
    const cube = { 'w/kernel': counting([2, 2, 2]) };
    const turned = [0, 4, 2, 6, 1, 5, 3, 7];
    const asTheyLie = [0, 1, 2, 3, 4, 5, 6, 7];
    expect(await loaded('convolution f32[2,2,2]', cube, keras)).toEqual(turned);
    expect(await loaded('none f32[2,2,2]', cube, keras)).toEqual(asTheyLie);
    for (const [isKernel, expected] of [
      [true, turned],
      [false, asTheyLie],
    ] as const)
      expect(await loaded('f32[2,2,2]', cube, { ...keras, kernels: { 'w.weight': isKernel } })).toEqual(
        expected,
      );
    await expect(loaded('f32[2,2,2]', cube, keras)).rejects.toThrow('say so by kernels');
    const depthwise = { 'w/depthwise_kernel': counting([2, 1, 3, 2]) };
    const each = [0, 1, 2].flatMap((channel) =>
      [0, 1].flatMap((m) => [0, 1].map((y) => y * 6 + channel * 2 + m)),
    );
    expect(await loaded('f32[6,1,2,1]', depthwise, keras)).toEqual(each);
    expect(await loaded('f32[2]', { 'w/moving_mean': counting([2], 4) }, keras, 'w.runningMean')).toEqual([
      4, 5,
    ]);
    expect(await loaded('f32[2,2]', { 'w/kernel': counting([2, 2]) }, keras)).toEqual([0, 1, 2, 3]);
  });

  test("Keras's gated units have their gates in another order, and both biases in one", async () => {
    const keras: LoadOptions = { layout: 'keras' };
    const others = { 'w.recurrent.bias': 'f32[6]', 'w.input.bias': 'f32[6]' };
    const bias = { 'w/gru_cell/bias': counting([2, 6]) };
    expect(
      await loaded('f32[1,6]', { 'w/kernel': counting([1, 6]) }, keras, 'w.input.weight', others),
    ).toEqual([2, 3, 0, 1, 4, 5]);
    expect(await loaded('f32[6]', bias, keras, 'w.input.bias', others)).toEqual([2, 3, 0, 1, 4, 5]);
    expect(await loaded('f32[6]', bias, keras, 'w.recurrent.bias', others)).toEqual([8, 9, 6, 7, 10, 11]);
    // Without a bias of its own for the recurrence it is a long short-term memory, whose gates come in our order.
    expect(
      await loaded('f32[1,4]', { 'w/recurrent_kernel': counting([1, 4]) }, keras, 'w.recurrent.weight'),
    ).toEqual([0, 1, 2, 3]);
  });

  test("Keras's attention keeps heads apart", async () => {
    const keras: LoadOptions = { layout: 'keras' };
    const parts = {
      'w/query/kernel': counting([2, 2, 1]),
      'w/key/kernel': counting([2, 2, 1], 10),
      'w/value/kernel': counting([2, 2, 1], 20),
    };
    expect(await loaded('f32[2,6]', parts, keras, 'w.qkv.weight')).toEqual([
      0, 1, 10, 11, 20, 21, 2, 3, 12, 13, 22, 23,
    ]);
    const biases = {
      'w/query/bias': counting([2, 1]),
      'w/key/bias': counting([2, 1], 10),
      'w/value/bias': counting([2, 1], 20),
    };
    expect(await loaded('f32[6]', biases, keras, 'w.qkv.bias')).toEqual([0, 1, 10, 11, 20, 21]);
    const out = { 'w/attention_output/kernel': counting([2, 1, 3]) };
    expect(await loaded('dense f32[2,3]', out, keras, 'w.projection.weight')).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('two biases of a PyTorch LSTM are one, added up', async () => {
    const tensors = { 'w.bias_ih_l0': counting([4]), 'w.bias_hh_l0': counting([4], 10) };
    expect(await loaded('f32[4]', tensors, { layout: 'pytorch' }, 'w.input.bias')).toEqual([10, 12, 14, 16]);
    const reverse = { 'w.weight_ih_l1_reverse': counting([4, 2]) };
    const name = 'w.1.backward.input.weight';
    expect(await loaded('f32[2,4]', reverse, { layout: 'pytorch' }, name)).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
  });

  test('one bias of PyTorch attention is that of queries, and of keys and values', async () => {
    const tensors = { 'w.in_proj_bias': counting([6]) };
    const pytorch: LoadOptions = { layout: 'pytorch' };
    expect(await loaded('f32[2]', tensors, pytorch, 'w.query.bias')).toEqual([0, 1]);
    expect(await loaded('f32[4]', tensors, pytorch, 'w.keyValue.bias')).toEqual([2, 3, 4, 5]);
    const kernels = { 'w.k_proj_weight': counting([1, 2]), 'w.v_proj_weight': counting([1, 2], 10) };
    expect(await loaded('f32[2,2]', kernels, pytorch, 'w.keyValue.weight')).toEqual([0, 10, 1, 11]);
  });
});

test('a file is read in pieces, and large states are written in them', async () => {
  const [rows, columns] = [1025, 4100];
  const bytes = file({ 'w.weight': counting([rows, columns]), table: counting([1100, 1000]) });
  const reads: number[] = [];
  const source = {
    name: 'large.safetensors',
    size: bytes.length,
    async read(offset: number, length: number) {
      reads.push(length);
      return bytes.subarray(offset, offset + length);
    },
  };
  const held = new Map([
    ['w.weight', new Float32Array(rows * columns)],
    ['table', new Float32Array(1_100_000)],
  ]);
  const writes: number[] = [];
  const session: WeightsSession = {
    ...heldStates({ 'w.weight': `f32[${columns},${rows}]`, table: 'f32[1100,1000]' }),
    async write(name, values, from = 0) {
      writes.push(values.length);
      held.get(name)?.set(values, from);
    },
  };
  await loadWeights(session, source, { layout: 'pytorch' });
  expect(Math.max(...reads)).toBe(4 * 2 ** 20);
  expect(writes).toEqual([2 ** 22, rows * columns - 2 ** 22, 2 ** 20, 1_100_000 - 2 ** 20]);
  const [w = new Float32Array(), table = new Float32Array()] = held.values();
  expect(w.findIndex((value, k) => value !== (k % rows) * columns + Math.floor(k / rows))).toBe(-1);
  expect(table.findIndex((value, k) => value !== k)).toBe(-1);
});

test('what was changed since it was written is refused before anything is written, wherever it lies', async () => {
  const session = heldStates({ a: 'f32[3]', b: 'f32[2]' });
  const bytes = await saveWeights(session);
  const source = (spoilt: Uint8Array) => {
    const reads: number[] = [];
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      reads.push(length);
      return spoilt.subarray(offset, offset + length);
    };
    return { name: 'x', size: spoilt.length, reads, read };
  };
  const whole = source(bytes);
  await loadWeights(session, whole);
  // The header's length, the header, and all tensors, once.
  expect(whole.reads).toEqual([8, bytes.length - 20, 20]);
  const before = session.writes.length;
  for (let at = bytes.length - 20; at < bytes.length; at++) {
    const spoilt = new Uint8Array(bytes);
    spoilt[at] = (spoilt[at] ?? 0) ^ 0x40;
    for (const one of [spoilt, source(spoilt), new Blob([spoilt])])
      await expect(loadWeights(session, one, { only: 'a' })).rejects.toThrow('expected the checksum ');
  }
  expect(session.writes).toHaveLength(before);
});

test('a file with a checksum that can no longer be read half way leaves all states as they were', async () => {
  const session = heldStates({ a: 'f32[3]', b: 'f32[2]' });
  const bytes = await saveWeights(session);
  let reads = 0;
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    if (++reads > 2) throw new Error('gone');
    return bytes.subarray(offset, offset + length);
  };
  await expect(loadWeights(session, { name: 'x', size: bytes.length, read })).rejects.toThrow('gone');
  expect(session.writes).toEqual([]);
});

test('whatever is selected has to be there, of an optimizer too; without a selection only weights', async () => {
  const session = heldStates({ w: 'f32[1]', 'w.m': 'f32[1]', n: 'i32[2]' });
  const bytes = file({ w: counting([1]) });
  expect((await loadWeights(session, bytes)).missing).toEqual([]);
  for (const [only, name] of [
    ['n', 'n'],
    [/\.m$/, 'w.m'],
  ] as const) {
    await expect(loadWeights(session, bytes, { only })).rejects.toThrow(LoadError);
    const report = await loadWeights(session, bytes, { only, strict: false });
    expect(report.missing).toEqual([name]);
    expect(report.isWhole).toBe(false);
  }
});

test('a file is read out of a Blob, and what cannot be read is said with its name', async () => {
  const bytes = new Uint8Array(file({ a: counting([3]) }));
  const session = heldStates({ a: 'f32[3]' });
  await loadWeights(session, new Blob([bytes]));
  expect(session.values.a).toEqual([0, 1, 2]);
  const read = (): Promise<Uint8Array> => Promise.reject(new Error('gone'));
  await expect(loadWeights(session, { name: 'x', size: 100, read })).rejects.toThrow(
    'x: expected bytes 0 to 8, found an error: gone',
  );
  const short = { name: 'x', size: bytes.length, read: async () => bytes.subarray(0, 3) };
  await expect(loadWeights(session, short)).rejects.toThrow('x: expected 8 bytes at 0, found 3: it is cut');
});

test('weights are saved alone, by selection, under a prefix, with a checksum and truth values as such', async () => {
  const session = heldStates({ 'a.w': 'f32[2]', 'a.w.m': 'f32[2]', seen: 'bool[2]', 'lr.step': 'i32[]' });
  await session.write('a.w', [1.5, -2]);
  const alone = await saveWeights(session);
  verifyChecksum(alone);
  expect([...readSafetensors(alone).tensors.keys()]).toEqual(['a.w']);
  const layer = await saveWeights(session, { only: 'a' });
  expect([...readSafetensors(layer).tensors.keys()]).toEqual(['a.w']);
  await expect(saveWeights(session, { only: ['a', 'b'] })).rejects.toThrow(
    'only: "b" selects no state; there are a.w, a.w.m, seen, lr.step',
  );
  const some = await saveWeights(session, {
    only: ['a', /m$/, 'seen'],
    prefix: 'm.',
    metadata: { format: 'pt' },
  });
  const { tensors, metadata } = readSafetensors(some);
  expect([...tensors.keys()]).toEqual(['m.a.w', 'm.a.w.m', 'm.seen']);
  expect(tensors.get('m.seen')).toEqual({ dtype: 'BOOL', shape: [2], data: Uint8Array.of(1, 1) });
  expect(metadata.format).toBe('pt');
  const other = heldStates({ 'a.w': 'f32[2]', seen: 'bool[2]' });
  await other.write('seen', [0, 0]);
  expect((await loadWeights(other, some, { prefix: 'm.' })).extra).toEqual(['m.a.w.m']);
  expect(other.values).toEqual({ 'a.w': [1.5, -2], seen: [1, 1] });
});
