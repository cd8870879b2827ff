import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DataStream } from '../../src/data/index.ts';
import {
  loadMnist,
  readCsv,
  readNpy,
  readNpz,
  streamCsv,
  streamIdx,
  streamNpy,
} from '../../src/node/index.ts';
import { bytesOf, numpyFiles } from '../data/numpyFiles.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sinter-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** An idx file of zeros. */
function idx(...shape: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + shape.reduce((n, extent) => n * extent, 1));
  bytes.set([0, 0, 8, shape.length]);
  for (const [d, extent] of shape.entries()) bytes[7 + 4 * d] = extent;
  return bytes;
}

describe('files of data', () => {
  test('are read by path, by URL and as bytes, and named in errors', async () => {
    const path = await file('table.csv', 'a,b\n1,2\n');
    for (const given of [path, pathToFileURL(path), new TextEncoder().encode('a,b\n1,2\n')])
      expect((await readCsv(given)).rows).toBe(1);
    await expect(readCsv(path, { columns: { a: 'boolean' } })).rejects.toThrow(`${path}, line 2, column a`);
    await expect(readNpy(path)).rejects.toThrow(`${path}: expected an npy file`);
    await expect(readNpy(join(folder, 'none'))).rejects.toThrow(
      'cannot be read: there is no such file (ENOENT)',
    );
    const archive = await file('arrays.npz', bytesOf(numpyFiles.archives.deflated));
    expect((await readNpz(archive)).get('labels')?.data).toEqual(Float64Array.of(2, 0, 1));
  });

  test('are read row by row from the disk, those of several files side by side', async () => {
    const images = await file('images.gz', gzipSync(idx(5, 2, 2)));
    const labels = await file(
      'labels.npy',
      bytesOf(numpyFiles.arrays.find(({ name }) => name === 'one dimension')?.file ?? ''),
    );
    expect(await streamNpy(labels).toArray()).toEqual([0, 1, 2].map((label) => Float32Array.of(label)));
    const [batch] = await DataStream.zip({ x: streamIdx(images).take(3), y: streamNpy(labels) })
      .batch(3)
      .toArray();
    expect(batch).toEqual({ x: new Uint8Array(12), y: Float32Array.of(0, 1, 2) });
    const uneven = DataStream.zip({ x: streamIdx(images), y: streamNpy(labels) }).toArray();
    await expect(uneven).rejects.toThrow('y: it ends after 3 elements, and x goes on');
    const path = await file('rows.csv', 'a,b\n1,2\n3,4\n');
    expect(await streamCsv(path).toArray()).toEqual([
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ]);
    expect(await streamCsv(path, {}, { x: ['b', 'a'] }).toArray()).toEqual([
      { x: Float32Array.of(2, 1) },
      { x: Float32Array.of(4, 3) },
    ]);
    await expect(streamIdx(join(folder, 'none')).toArray()).rejects.toThrow('there is no such file (ENOENT)');
  });
});

test('sets of the form of MNIST may be packed', async () => {
  await file('train-images-idx3-ubyte.gz', gzipSync(idx(2, 28, 28)));
  await file('train-labels-idx1-ubyte.gz', gzipSync(idx(2)));
  await file('t10k-images-idx3-ubyte', idx(1, 28, 28));
  await file('t10k-labels-idx1-ubyte', idx(1));
  const { train, test: held } = await loadMnist(folder);
  expect([train.count, held.count]).toEqual([2, 1]);
});
