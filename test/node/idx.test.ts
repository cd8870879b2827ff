import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadMnist, readIdx } from '../../src/node/index.ts';
import { FormatError } from '../../src/runtime/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sinter-idx-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** An idx file of bytes 0, 1, 2, … of a shape. */
function idx(...shape: readonly number[]): Uint8Array {
  const count = shape.reduce((n, extent) => n * extent, 1);
  const bytes = new Uint8Array(4 + 4 * shape.length + count);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 + shape.length);
  for (const [d, extent] of shape.entries()) view.setUint32(4 + 4 * d, extent);
  for (let i = 0; i < count; i++) bytes[4 + 4 * shape.length + i] = i;
  return bytes;
}

describe('an idx file', () => {
  test('is read from bytes and from a path', async () => {
    const bytes = idx(2, 3);
    const expected = { dtype: 'u8', shape: [2, 3], data: Uint8Array.of(0, 1, 2, 3, 4, 5) };
    expect(await readIdx(bytes)).toEqual(expected);
    const path = join(folder, 'small');
    await writeFile(path, bytes);
    expect(await readIdx(path)).toEqual(expected);
    const inside = new Uint8Array(100);
    inside.set(bytes, 7);
    expect(await readIdx(inside.subarray(7, 7 + bytes.length))).toEqual(expected);
  });

  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'expected an idx file of 4 bytes at least, found 0 bytes'],
    ['another format', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1), 'found 89 50 4e 47'],
    ['another element type', Uint8Array.of(0, 0, 0x0a, 1, 0, 0, 0, 0), 'found 00 00 0a 01'],
    ['cut in its header', idx(2, 3).slice(0, 9), 'expected a header of 12 bytes, found 9 bytes'],
    [
      'cut in its data',
      idx(2, 3).slice(0, 17),
      'expected 18 bytes (a header of 12, and 6 for [2, 3]), found 17 bytes',
    ],
    [
      'followed by more',
      new Uint8Array([...idx(2, 3), 0]),
      'expected 18 bytes (a header of 12, and 6 for [2, 3]), found 19 bytes',
    ],
  ])('that is %s is refused', async (_, bytes, message) => {
    const path = join(folder, 'bad');
    await writeFile(path, bytes);
    await expect(readIdx(path)).rejects.toThrow(FormatError);
    await expect(readIdx(path)).rejects.toThrow(message);
    await expect(readIdx(path)).rejects.toThrow(path);
  });

  test('that is not there is named', async () => {
    const path = join(folder, 'absent');
    await expect(readIdx(path)).rejects.toMatchObject({ name: 'FormatError', code: 'file' });
    await expect(readIdx(path)).rejects.toThrow(`${path}: cannot be read: there is no such file (ENOENT)`);
    await expect(readIdx(folder)).rejects.toThrow(`${folder}: cannot be read: it is a folder (EISDIR)`);
  });
});

describe('MNIST', () => {
  test('is 60,000 and 10,000 real digits, each class among them', async () => {
    const { train, test: held } = await loadMnist();
    expect([train.count, train.images.length, train.labels.length]).toEqual([60_000, 47_040_000, 60_000]);
    expect([held.count, held.images.length, held.labels.length]).toEqual([10_000, 7_840_000, 10_000]);
    expect([...train.labels.slice(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect(new Set(held.labels)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });

  test('of the wrong shape, or with labels beyond nine, is refused', async () => {
    const files = {
      'train-images-idx3-ubyte': idx(2, 28, 28),
      'train-labels-idx1-ubyte': idx(2),
      't10k-images-idx3-ubyte': idx(1, 28, 28),
      't10k-labels-idx1-ubyte': idx(1),
    };
    const write = async (changed: Record<string, Uint8Array>): Promise<void> => {
      for (const [name, bytes] of Object.entries({ ...files, ...changed }))
        await writeFile(join(folder, name), bytes);
    };
    await write({});
    expect((await loadMnist(folder)).train.count).toBe(2);
    await write({ 't10k-images-idx3-ubyte': idx(1, 27, 28) });
    await expect(loadMnist(folder)).rejects.toThrow('expected the shape [1, 28, 28], found [1, 27, 28]');
    await write({ 'train-labels-idx1-ubyte': idx(3) });
    await expect(loadMnist(folder)).rejects.toThrow('expected the shape [2], found [3]');
    await write({ 'train-images-idx3-ubyte': idx(11, 28, 28), 'train-labels-idx1-ubyte': idx(11) });
    await expect(loadMnist(folder)).rejects.toThrow('expected labels 0 to 9, found 10 at index 10');
  });
});
