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

/** A server of one file that knows ranges, while `work` is done with its address. */
async function serving(
  body: Uint8Array,
  headersOf: (from: number, to: number) => Readonly<Record<string, string>>,
  work: (url: string) => Promise<void>,
): Promise<(string | undefined)[]> {
  const ranges: (string | undefined)[] = [];
  const server = createServer(({ headers: { range } }, response) => {
    ranges.push(range);
    const [, from = 0, to = 0] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '')?.map(Number) ?? [];
    if (range === undefined) response.end(body);
    else if (from >= body.length) response.writeHead(416).end();
    else response.writeHead(206, headersOf(from, to)).end(body.subarray(from, to + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/w`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
  return ranges;
}

test('a file is loaded whole where a server does not say how large it is, or a page may not read it', async () => {
  const hidden = [() => ({}), (from: number, to: number) => ({ 'Content-Range': `bytes ${from}-${to}/*` })];
  for (const headersOf of hidden) {
    const ranges = await serving(file, headersOf, async (url) => {
      const source = await openUrl(url);
      expect(source.size).toBe(file.length);
      expect(await source.read(3, 9)).toEqual(file.subarray(3, 12));
    });
    expect(ranges).toEqual(['bytes=0-0', undefined]);
  }
  await serving(
    new Uint8Array(),
    () => ({}),
    async (url) => expect((await openUrl(url)).size).toBe(0),
  );
});

test('a file that is replaced on its server between two parts is not read as a mix', async () => {
  const changes: ((asked: number) => Readonly<Record<string, string>>)[] = [
    (asked) => ({ ETag: `"${Math.min(asked, 3)}"`, 'Content-Range': `bytes 0-0/${file.length}` }),
    (asked) => ({ 'Content-Range': `bytes 0-0/${asked < 3 ? file.length : file.length + 1}` }),
  ];
  for (const change of changes) {
    let asked = 1;
    await serving(
      file,
      () => change(Math.max(2, ++asked)),
      async (url) => {
        const source = await openUrl(url);
        const text = 'another file than before: it was replaced on the server';
        await expect(loadWeights(heldStates({ a: 'f32[4]' }), source)).rejects.toThrow(text);
      },
    );
  }
});

test('a file of a server that knows ranges is read in parts', async () => {
  const headersOf = (from: number, to: number) => ({ 'Content-Range': `bytes ${from}-${to}/${file.length}` });
  const ranges = await serving(file, headersOf, async (url) => {
    const source = await openUrl(url);
    expect(source.size).toBe(file.length);
    const session = heldStates({ a: 'f32[4]' });
    await loadWeights(session, source);
    expect(session.values.a).toEqual([1, 2, 3, 4]);
    expect(await source.read(0, 0)).toEqual(new Uint8Array());
  });
  expect(ranges[0]).toBe('bytes=0-0');
  expect(ranges.at(-1)).toBe(`bytes=${file.length - 16}-${file.length - 1}`);
});
