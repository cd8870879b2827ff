import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bytesSource, mnistOf, type NamedIdx, readIdx, streamIdx } from '../../src/data/index.ts';

/** An idx file of 2 × 2 elements, whose bytes are given. */
const idx = (type: number, ...elements: readonly number[]): Uint8Array =>
  Uint8Array.of(0, 0, type, 2, 0, 0, 0, 2, 0, 0, 0, 2, ...elements);

describe('an idx file', () => {
  test.each([
    [0x08, 'u8', [0, 1, 127, 255], [0, 1, 127, 255]],
    [0x09, 'i8', [0, 1, 127, 255], [0, 1, 127, -1]],
    [0x0b, 'i16', [0, 1, 1, 0, 127, 255, 255, 254], [1, 256, 32767, -2]],
    [
      0x0c,
      'i32',
      [0, 0, 0, 1, 0, 1, 0, 0, 127, 255, 255, 255, 255, 255, 255, 254],
      [1, 65536, 2147483647, -2],
    ],
    [0x0d, 'f32', [63, 128, 0, 0, 192, 0, 0, 0, 0, 0, 0, 0, 127, 128, 0, 0], [1, -2, 0, Infinity]],
    [
      0x0e,
      'f64',
      [
        63,
        240,
        0,
        0,
        0,
        0,
        0,
        0,
        192,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        ...new Array(8).fill(0),
        63,
        224,
        ...new Array(6).fill(0),
      ],
      [1, -2, 0, 0.5],
    ],
  ] as const)('has elements of type %i, big-endian, %s', async (type, dtype, bytes, elements) => {
    const file = idx(type, ...bytes);
    const array = readIdx(file);
    expect(array).toMatchObject({ dtype, shape: [2, 2] });
    expect([...array.data]).toEqual(elements);
    expect(readIdx(new Uint8Array(gzipSync(file)))).toEqual(array);
    const rows = await streamIdx(bytesSource(new Uint8Array(gzipSync(file)))).toArray();
    expect(rows.map((row) => [...row])).toEqual([elements.slice(0, 2), elements.slice(2)]);
  });

  test('is not read with options that there are not', () => {
    // @ts-expect-error: an option that there is not
    expect(() => readIdx(idx(8, 1, 2, 3, 4), { maxbytes: 3 })).toThrow('maxbytes: no such option');
  });

  test('packed by gzip that is cut or damaged is refused, streamed too', async () => {
    const packed = new Uint8Array(gzipSync(idx(8, 1, 2, 3, 4)));
    const wrong = packed.slice();
    wrong[wrong.length - 6] = 1;
    expect(() => readIdx(wrong)).toThrow('expected bytes with the checksum');
    const large = packed.slice();
    large[large.length - 2] = 3;
    expect(() => readIdx(large)).toThrow('expected 196624 bytes when it is unpacked, found 16');
    expect(() => readIdx(packed.slice(0, -1))).toThrow('the idx file');
    expect(() => readIdx(packed.slice(0, 12))).toThrow('a gzip file with a header and 8 bytes at its end');
    const cut = streamIdx(bytesSource(packed.slice(0, 20), 'cut.gz')).toArray();
    await expect(cut).rejects.toThrow(/^cut\.gz: what is packed is damaged/);
  });
});

describe('MNIST', () => {
  const named = (name: string, shape: readonly number[]): NamedIdx => {
    const data = new Uint8Array(shape.reduce((n, extent) => n * extent, 1));
    return { name, array: { dtype: 'u8', shape, data } };
  };
  const files = {
    trainImages: named('a', [2, 28, 28]),
    trainLabels: named('b', [2]),
    testImages: named('c', [1, 28, 28]),
    testLabels: named('d', [1]),
  };

  test('is made of its four files', () => {
    const { train, test: held } = mnistOf(files);
    expect([train.count, train.images.length, held.count, held.labels.length]).toEqual([2, 1568, 1, 1]);
  });

  test('of other elements or shapes is refused', () => {
    const floats = {
      name: 'a',
      array: { dtype: 'f32' as const, shape: [2, 28, 28], data: new Float32Array(1568) },
    };
    expect(() => mnistOf({ ...files, trainImages: floats })).toThrow('a: expected unsigned bytes, found f32');
    expect(() => mnistOf({ ...files, testLabels: named('d', [3]) })).toThrow(
      'd: expected the shape [1], found [3]',
    );
  });
});
