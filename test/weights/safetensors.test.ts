import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/runtime/index.ts';
import {
  converted,
  readSafetensors,
  type SafeTensor,
  type TensorType,
  tensorTypes,
  writeSafetensors,
} from '../../src/weights/index.ts';
import { mutantFile, soundFile } from './mutants.ts';

/** A file with a header of any text. */
function fileOf(header: string, data = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const tensor = (dtype: TensorType, shape: readonly number[], data: ArrayBufferView): SafeTensor => ({
  dtype,
  shape,
  data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
});

describe('a safetensors file', () => {
  test('is read as it was written, whatever its names', () => {
    const bytes = soundFile();
    const { tensors, metadata } = readSafetensors(bytes);
    expect([...tensors.keys()]).toEqual(['w', '__proto__', 'a "name" with \\ and \u00fc', 'empty', 'flags']);
    expect(tensors.get('__proto__')).toMatchObject({ dtype: 'BF16', shape: [4] });
    expect(Object.entries(metadata)).toEqual([
      ['format', 'pt'],
      ['__proto__', 'text'],
      ['note', 'several\nlines'],
    ]);
    expect(writeSafetensors(tensors, metadata)).toEqual(bytes);
    expect((bytes.length - 43) % 8).toBe(0);
  });

  test('may begin anywhere in memory, and in memory that threads share', () => {
    const bytes = soundFile();
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 3), 3);
    shared.set(bytes);
    expect([...readSafetensors(shared).tensors.keys()]).toEqual([...readSafetensors(bytes).tensors.keys()]);
  });

  test('has tensors in the order of their places, whatever the order of the header', () => {
    const header =
      '{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}  ';
    expect([...readSafetensors(fileOf(header, 3)).tensors.keys()]).toEqual(['a', 'b']);
  });

  test.each([
    [
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
      2,
      'tensor "a": expected data_offsets from 0 on, found 1, behind a hole',
    ],
    [
      '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
      3,
      'tensor "b": expected data_offsets from 2 on, found 1, inside of another tensor',
    ],
    ['{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}', 3, 'there is more behind its tensors'],
    ['{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}', 1, 'it is cut'],
    [
      '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}',
      4,
      'tensor "a": expected 8 bytes for F32 [2], found data_offsets [0, 4], 4 bytes',
    ],
    ['{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}', 4, 'found "F33"'],
    [
      '{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}',
      4,
      'expected a shape, a list of whole numbers from 0 on, found [-1]',
    ],
    ['{"a":{"dtype":"F32","shape":[1e12,1e12],"data_offsets":[0,4]}}', 4, 'elements that can be counted'],
    ['{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}', 1, '0.5 bytes'],
    ['{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}', 1, 'two whole numbers'],
    ['{"a":null}', 0, 'found undefined'],
    [
      '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
      0,
      '"a" twice',
    ],
    ['{"__metadata__":{"k":"1","k":"1"}}', 0, '"k" twice'],
    ['{"__metadata__":{"k":1}}', 0, '__metadata__: "k": expected a text, found 1'],
    ['{"__metadata__":["k"]}', 0, '__metadata__: expected an object of texts'],
    ['{"a":', 0, 'expected a header of JSON'],
    ['{}x', 0, 'expected a header of JSON'],
  ])('%s with %i bytes is refused, with the place', (header, data, text) => {
    expect(() => readSafetensors(fileOf(header, data), 'model.safetensors')).toThrow(text);
    expect(() => readSafetensors(fileOf(header, data), 'model.safetensors')).toThrow(/^model\.safetensors: /);
  });

  test('is refused where its header is longer than the file, or is not UTF-8', () => {
    const cut = soundFile().subarray(0, 30);
    expect(() => readSafetensors(cut)).toThrow('30 bytes in all: it is cut');
    const wrong = fileOf('{"a":1}');
    wrong[10] = 0xff;
    expect(() => readSafetensors(wrong)).toThrow('text that is not UTF-8');
  });

  const one = `save() and saveWeights() of a session write one, and so does save_file of Python's safetensors`;

  test.each([
    [new Uint8Array(7), 'it has 7 bytes, and one has 8 at least, which say how long its header is'],
    [
      new Uint8Array(20).fill(255),
      'its first 8 bytes should say how long its header is, up to 100000000 bytes, and say 18446744073709552000',
    ],
    [fileOf(' {}'), 'its header should begin with {, and begins with the byte 32'],
    [fileOf(''), 'its header should begin with {, and is empty'],
  ])('is told from what is none: %o', (bytes, why) => {
    expect(() => readSafetensors(bytes, 'model.bin')).toThrow(
      new FormatError('file', `model.bin is not a safetensors file: ${why}. ${one}`),
    );
  });

  test.each([
    ['PK\x03\x04\0\0\x08\x08\0\0', 'it is a zip file, as torch.save, Keras (.keras) and NumPy (.npz) write'],
    ['\x89HDF\r\n\x1a\n\0\0', 'it is an HDF5 file, as Keras writes (.h5)'],
    ['GGUF\x03\0\0\0\0\0', 'it is a GGUF file'],
    ['\x93NUMPY\x01\0\x76\0', 'it is a NumPy array (.npy)'],
    ['\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9', 'it is a pickle, as older versions of torch.save write'],
    ['\x1f\x8b\x08\0\0\0\0\0\0\x03', 'it is a gzip file: unpack it first'],
  ])('of another format is named: %j', (start, what) => {
    const bytes = new Uint8Array(1_000_000);
    for (let i = 0; i < start.length; i++) bytes[i] = start.charCodeAt(i);
    expect(() => readSafetensors(bytes, 'model.bin')).toThrow(
      `model.bin is not a safetensors file: ${what}. save()`,
    );
  });

  test('is not written with names that it cannot have, or with other bytes than its shapes say', () => {
    const one = tensor('U8', [1], Uint8Array.of(1));
    expect(() => writeSafetensors(new Map([['__metadata__', one]]))).toThrow(FormatError);
    expect(() => writeSafetensors(new Map([['a', { ...one, shape: [2] }]]))).toThrow(
      'tensor "a": expected 2 bytes, found 1',
    );
  });

  test('that is spoilt is refused with an error of ours, or read whole', () => {
    const sound = soundFile();
    let refused = 0;
    for (let seed = 0; seed < 4000; seed++) {
      const bytes = mutantFile(sound, seed);
      try {
        const { tensors } = readSafetensors(bytes);
        const held = [...tensors.values()].reduce((n, { data }) => n + data.length, 0);
        expect(held, `seed ${seed}`).toBeLessThan(bytes.length);
      } catch (error) {
        refused++;
        if (!(error instanceof FormatError)) throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    expect(refused).toBeGreaterThan(2000);
    expect(refused).toBeLessThan(4000);
  });
});

describe('elements of a file', () => {
  test('are floats of fewer bits exactly', () => {
    const half = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x03ff, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000);
    const values = [1, -2, 2 ** -24, 1023 * 2 ** -24, 65504, Infinity, -Infinity, Number.NaN, -0];
    expect([...converted('f32', 'F16', new Uint8Array(half.buffer), 'w')]).toEqual(values);
    const brain = Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x0001, 0x7fc0);
    const found = [...converted('f32', 'BF16', new Uint8Array(brain.buffer), 'w')];
    expect(found).toEqual([1, -2, Infinity, 2 ** -133, Number.NaN]);
    expect([...converted('f32', 'F8_E4M3', Uint8Array.of(0x38, 0x7e, 0x01, 0xff), 'w')]).toEqual([
      1,
      448,
      2 ** -9,
      Number.NaN,
    ]);
    expect([...converted('f32', 'F8_E5M2', Uint8Array.of(0x3c, 0x7b, 0xfc), 'w')]).toEqual([
      1,
      57344,
      -Infinity,
    ]);
  });

  test.each<[TensorType, ArrayBufferView]>([
    ['I64', BigInt64Array.of(1n, 0n, 1n)],
    ['U64', BigUint64Array.of(1n, 0n, 1n)],
    ['I32', Int32Array.of(1, 0, 1)],
    ['U32', Uint32Array.of(1, 0, 1)],
    ['I16', Int16Array.of(1, 0, 1)],
    ['U16', Uint16Array.of(1, 0, 1)],
    ['I8', Int8Array.of(1, 0, 1)],
    ['U8', Uint8Array.of(1, 0, 1)],
    ['BOOL', Uint8Array.of(1, 0, 1)],
    ['F64', Float64Array.of(1, -0, 1)],
    ['F32', Float32Array.of(1, -0, 1)],
  ])('of %s become each type of ours', (type, array) => {
    const { data } = tensor(type, [3], array);
    for (const to of ['f32', 'i32', 'u32', 'bool', 'u8'] as const)
      expect(
        [...converted(to, type, data, 'w')].map((x) => x + 0),
        to,
      ).toEqual([1, 0, 1]);
  });

  test.each<['f32' | 'i32' | 'u32' | 'bool' | 'u8', TensorType, ArrayBufferView, string]>([
    ['i32', 'I64', BigInt64Array.of(1n, 2n ** 31n), '"w": element 11 is 2147483648, which i32 does not hold'],
    ['f32', 'I64', BigInt64Array.of(1n, 2n ** 53n + 1n), 'element 11 is 9007199254740993, which f32'],
    ['f32', 'I32', Int32Array.of(2 ** 24, 2 ** 24 + 1), 'element 11 is 16777217, which f32'],
    ['u32', 'I8', Int8Array.of(1, -1), 'element 11 is -1, which u32'],
    ['u8', 'I16', Int16Array.of(255, 256), 'element 11 is 256, which u8'],
    ['bool', 'U8', Uint8Array.of(1, 2), 'element 11 is 2, which bool'],
    ['u8', 'BOOL', Uint8Array.of(1, 2), 'element 11 is 2, which bool'],
    ['i32', 'F32', Float32Array.of(3, 0.5), 'element 11 is 0.5, which i32'],
    ['i32', 'F32', Float32Array.of(3, Number.NaN), 'element 11 is NaN, which i32'],
    ['f32', 'F64', Float64Array.of(0.1, 1e300), 'element 11 is 1e+300, which f32'],
  ])('that %s does not hold are refused: %s', (to, type, array, text) => {
    expect(() => converted(to, type, tensor(type, [2], array).data, 'w', 10)).toThrow(text);
  });

  test('of every other type are listed, and not read', () => {
    const unread = Object.keys(tensorTypes).filter((type) => /^(C|F4|F6_|F8_E8|F8.*UZ)/.test(type));
    expect(unread).toHaveLength(7);
    for (const type of unread) {
      const read = (): unknown => converted('f32', type as TensorType, new Uint8Array(8), 'w');
      expect(read, type).toThrow(`elements of ${type} are listed, and not read`);
    }
  });
});

test.each([
  [{ dtype: 'F99', shape: [2] }, {}, 'tensor "a": expected a dtype, one of BOOL, '],
  [{ dtype: 'U8', shape: [-8, -1] }, {}, 'tensor "a": expected a shape, a list of whole numbers from 0 on'],
  [{ dtype: 'U8', shape: 8 }, {}, 'tensor "a": expected a shape'],
  [{ dtype: 'F4', shape: [15] }, {}, 'tensor "a": expected whole bytes, found 7.5 bytes for F4 [15]'],
  [{ dtype: 'U8', shape: [9] }, {}, 'tensor "a": expected 9 bytes, found 8'],
  [{ dtype: 'U8', shape: [8] }, { a: 1 }, '__metadata__: "a": expected a text, found 1'],
  [{ dtype: 'U8', shape: [8] }, [], '__metadata__: expected an object of texts'],
])('what could not be read again is not written: %j with texts %j', (kind, texts, message) => {
  const tensors = new Map([['a', { ...kind, data: new Uint8Array(8) } as SafeTensor]]);
  expect(() => writeSafetensors(tensors, texts as unknown as Readonly<Record<string, string>>)).toThrow(
    message,
  );
});
