import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openUrl } from '../../src/browser/index.ts';
import { loadWeights, writeSafetensors } from '../../src/weights/index.ts';
import { heldStates } from '../weights/heldStates.ts';
import { bundle } from './bundle.ts';
import { visit } from './chromium.ts';

const file = writeSafetensors(
  new Map([['a', { dtype: 'F32', shape: [4], data: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer) }]]),
);

test('a page keeps files of its own and in a database, and loads weights of its server', async ({
  signal,
}) => {
  const page = await bundle('storesPage.ts');
  const files = new Map<string, string | Uint8Array>([...page.files, ['/weights.safetensors', file]]);
  const { result } = await visit({ files, webgpu: false }, signal);
  const kept = [
    [],
    null,
    ['a', 'b'],
    [1, 2, 3],
    [8, 7, 6],
    [5],
    'c: expected the checksum',
    ['a', 'c'],
    'FormatError',
  ];
  expect(result).toEqual({
    opfs: kept,
    indexedDb: kept,
    url: [1, 2, 3, 4],
    absent: expect.stringMatching(/\/absent: cannot be loaded: the server says 404$/),
  });
});

test('a file of a server that knows ranges is read in parts', async () => {
  const ranges: string[] = [];
  const server = createServer(({ headers: { range = '' } }, response) => {
    ranges.push(range);
    const [, from = 0, to = 0] = /^bytes=(\d+)-(\d+)$/.exec(range)?.map(Number) ?? [];
    response.writeHead(206, { 'Content-Range': `bytes ${from}-${to}/${file.length}` });
    response.end(file.subarray(from, to + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const source = await openUrl(`http://127.0.0.1:${port}/w`);
    expect(source.size).toBe(file.length);
    const session = heldStates({ a: 'f32[4]' });
    await loadWeights(session, source);
    expect(session.values.a).toEqual([1, 2, 3, 4]);
    expect(ranges[0]).toBe('bytes=0-0');
    expect(ranges.at(-1)).toBe(`bytes=${file.length - 16}-${file.length - 1}`);
    expect(await source.read(0, 0)).toEqual(new Uint8Array());
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
