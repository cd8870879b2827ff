import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { bytesSource, readNpy, readNpz, streamNpy } from '../../src/data/index.ts';
import { FormatError } from '../../src/runtime/index.ts';
import { bytesOf, numpyFiles } from './numpyFiles.ts';

const float = (text: string): number => Number(text.replace('inf', 'Infinity'));

/** An npy file with a header of one's own. */
function npy(header: string, elements: readonly number[] = [], version = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length =
    version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.from([
    0x93,
    ...new TextEncoder().encode('NUMPY'),
    version,
    0,
    ...length,
    ...text,
    ...elements,
  ]);
}

const bytes = (shape: string): string => `{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}, }`;

describe('an npy file of NumPy', () => {
  test.each(numpyFiles.arrays)('has its elements: $name', ({ file, shape, values }) => {
    const array = readNpy(bytesOf(file));
    const isComplex = array.dtype === 'c64' || array.dtype === 'c128';
    expect(array.shape).toEqual(isComplex ? [...shape, 2] : shape);
    expect([...array.data]).toEqual(values.map(float));
  });

  test('has an array of its type', () => {
    const types = numpyFiles.arrays.slice(0, 26).map(({ file }) => {
      const { dtype, data } = readNpy(bytesOf(file));
      return `${dtype} ${data.constructor.name}`;
    });
    expect([...new Set(types)]).toMatchInlineSnapshot(`
      [
        "bool Uint8Array",
        "u8 Uint8Array",
        "i8 Int8Array",
        "u16 Uint16Array",
        "i16 Int16Array",
        "u32 Uint32Array",
        "i32 Int32Array",
        "u64 Float64Array",
        "i64 Float64Array",
        "f16 Float32Array",
        "f32 Float32Array",
        "f64 Float64Array",
        "c64 Float32Array",
        "c128 Float64Array",
      ]
    `);
  });

  test('is read out of gzip, and from the middle of a buffer', () => {
    const file = bytesOf(numpyFiles.arrays[10]?.file ?? '');
    const expected = readNpy(file);
    expect(readNpy(new Uint8Array(gzipSync(file)))).toEqual(expected);
    const inside = new Uint8Array(file.length + 9);
    inside.set(file, 3);
    expect(readNpy(inside.subarray(3, 3 + file.length))).toEqual(expected);
  });

  test.each(Object.entries(numpyFiles.refused))('of %s is refused', (_, file) => {
    expect(() => readNpy(bytesOf(file), { name: 'odd.npy' })).toThrow(FormatError);
    expect(() => readNpy(bytesOf(file), { name: 'odd.npy' })).toThrow(/^odd\.npy: expected .*, found /);
  });

  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'expected an npy file, which starts with \\x93NUMPY, found ""'],
    [
      'another format',
      new TextEncoder().encode('PK\x03\x04 and more'),
      'which starts with \\x93NUMPY, found "PK',
    ],
    [
      'of a later version',
      npy(bytes('(1,)'), [1], 4),
      'expected version 1, 2 or 3 of the npy format, found 4',
    ],
    ['cut in its header', npy(bytes('(1,)')).subarray(0, 40), 'expected a header of'],
    ['cut in its elements', npy(bytes('(2, 2)'), [1, 2, 3]), 'expected 4 bytes for [2, 2] of u8, found 3'],
    ['followed by more', npy(bytes('(2,)'), [1, 2, 3]), 'expected 2 bytes for [2] of u8, found 3'],
    ['larger than any memory', npy(bytes('(99999999, 9999999)'), [1]), 'expected 999999890000001 bytes for'],
    ['larger than any number', npy(bytes(`(${'9'.repeat(400)},)`)), 'as many elements as there may be'],
    ['of no shape', npy(bytes('[1]')), 'expected shape to be a tuple of extents, found [1]'],
    ['of a negative extent', npy(bytes('(-1,)')), 'expected shape to be a tuple of extents, found (-1,)'],
    ['with a key more', npy(`{'x': 1, ${bytes('(1,)').slice(1)}`), 'found x too'],
    ['with a key twice', npy(`{'shape': (1,), ${bytes('(1,)').slice(1)}`), 'found shape twice'],
    [
      'with a key less',
      npy("{'descr': '|u1', 'shape': (1,)}"),
      'expected fortran_order to be True or False, found none',
    ],
    [
      'whose header is code',
      npy("__import__('os').system('ls')"),
      'expected a header that is a dictionary of Python',
    ],
    ['of 65 dimensions', npy(bytes(`(${'1,'.repeat(65)})`), [1]), 'expected 64 dimensions at most, found 65'],
    [
      'with a header of 4 GB',
      npy(bytes('(1,)'), [], 2).fill(255, 8, 12),
      'expected a header of 65536 bytes at most',
    ],
  ])('that is %s is refused', (_, file, message) => {
    expect(() => readNpy(file)).toThrow(FormatError);
    expect(() => readNpy(file)).toThrow(message);
  });

  test('is not read with options that there are not', () => {
    const file = npy(bytes('(1,)'), [1]);
    // Where the door of the package is loaded too, it says what may have been meant.
    const refusal = /^maxbytes: no such option( \(did you mean "maxBytes"\?\))?; there are name, maxBytes$/;
    // @ts-expect-error: an option that there is not
    expect(() => readNpy(file, { maxbytes: 3 })).toThrow(refusal);
    // @ts-expect-error: an option that there is not
    expect(() => readNpz(file, { maxbytes: 3 })).toThrow(refusal);
  });

  test('is streamed row by row, whatever pieces it comes in', async () => {
    for (const { name, file, shape, values } of numpyFiles.arrays) {
      const all = bytesOf(file);
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < all.length; at += 7) yield all.subarray(at, at + 7);
      };
      const rows = streamNpy({ name, pieces }).toArray();
      if (/fortran|single|no elements/.test(name)) await expect(rows).rejects.toThrow(FormatError);
      else {
        expect((await rows).flatMap((row) => [...row])).toEqual(values.map(float));
        expect(await rows).toHaveLength(shape[0] ?? 0);
      }
    }
  });

  test('that ends early, or late, gives its rows before it says so', async () => {
    const rows: number[][] = [];
    const read = async (file: Uint8Array): Promise<void> => {
      for await (const row of streamNpy(bytesSource(file, 'x.npy'))) rows.push([...row]);
    };
    await expect(read(npy(bytes('(3, 2)'), [1, 2, 3]))).rejects.toThrow(
      'x.npy: expected 3 rows of 2 bytes, found the end in row 1',
    );
    await expect(read(npy(bytes('(1, 2)'), [1, 2, 3]))).rejects.toThrow('expected the end behind 1 rows');
    expect(rows).toEqual([[1, 2]]);
  });
});

test('rows without elements are refused where they are streamed: some bytes would give them for ever', async () => {
  const rows = streamNpy(bytesSource(npy(bytes('(9007199254740991, 0)')), 'x.npy'));
  await expect(rows.take(1).toArray()).rejects.toThrow(
    'x.npy: expected rows with elements, found the shape [9007199254740991, 0]',
  );
  expect(await streamNpy(bytesSource(npy(bytes('(0, 3)')))).toArray()).toEqual([]);
});

describe('an npz file of NumPy', () => {
  test.each(['stored', 'deflated'] as const)('has its arrays by name: %s', (kind) => {
    const arrays = readNpz(bytesOf(numpyFiles.archives[kind]));
    expect([...arrays.keys()]).toEqual(['images', 'labels', 'naïve']);
    expect(arrays.get('images')).toEqual({
      dtype: 'u8',
      shape: [3, 4],
      data: Uint8Array.from({ length: 12 }, (_, k) => k),
    });
    expect(arrays.get('labels')).toEqual({ dtype: 'i64', shape: [3], data: Float64Array.of(2, 0, 1) });
    expect(arrays.get('naïve')?.data).toEqual(new Float64Array(1000));
  });

  const file = npy(bytes('(1,)'), [1]);

  test('that is damaged, or none, is refused', () => {
    expect(() => readNpz(file)).toThrow('expected a zip file, with its table of files at the end');
    const packed = bytesOf(numpyFiles.archives.stored);
    const wrong = packed.slice();
    wrong[190] = (wrong[190] ?? 0) ^ 1;
    expect(() => readNpz(wrong, { name: 'a.npz' })).toThrow(
      /^a\.npz, images\.npy: expected bytes with the checksum/,
    );
    expect(() => readNpz(packed.subarray(0, -40))).toThrow('expected a zip file');
    expect(() => readNpz(zipSync({ 'a.txt': file }))).toThrow('expected npy files alone, found a.txt');
    const names = zipSync({ 'a.npy': file, 'b.npy': file });
    const twice = Uint8Array.from(
      Buffer.from(Buffer.from(names).toString('latin1').replaceAll('b.npy', 'a.npy'), 'latin1'),
    );
    expect(() => readNpz(twice)).toThrow('expected files of different names, found two of a.npy');
  });

  /** Says that the only file comes to so many bytes. */
  const claiming = (packed: Uint8Array, size: number): Uint8Array => {
    const view = new DataView(packed.buffer);
    view.setUint32(view.getUint32(packed.length - 6, true) + 24, size, true);
    return packed;
  };

  test('comes to as many bytes as its own allow, or as it is told, before any is unpacked', () => {
    const zeros = new Uint8Array([...npy(bytes('(1000000,)')), ...new Uint8Array(1e6)]);
    const packed = zipSync({ 'a.npy': zeros });
    expect(packed.length).toBeLessThan(2000);
    expect(readNpz(packed).get('a')?.shape).toEqual([1000000]);
    expect(() => readNpz(packed, { maxBytes: 1e6 })).toThrow('1000000 bytes at most when it is unpacked');
    expect(() => readNpz(claiming(packed, 1e8))).toThrow(
      'expected 67108864 bytes at most when it is unpacked (maxBytes says how many), found 100000000',
    );
  });

  test('that comes to other bytes than it says is refused', () => {
    const packed = zipSync({ 'a.npy': new Uint8Array([...npy(bytes('(5000,)')), ...new Uint8Array(5000)]) });
    for (const size of [100, 10_000])
      expect(() => readNpz(claiming(packed.slice(), size))).toThrow(FormatError);
  });
});
