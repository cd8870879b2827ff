import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileStore, openFile } from '../../src/node/index.ts';
import { loadWeights, withMetadata } from '../../src/weights/index.ts';
import { heldStates } from '../weights/heldStates.ts';
import { soundFile } from '../weights/mutants.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-store-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a script of the tests in a process of its own. */
function child(command: string) {
  return spawn('bash', ['-c', `exec ${command}`], { stdio: ['ignore', 'pipe', 'pipe'] });
}

const writer = 'node --import tsx test/node/storeWriter.ts';

describe('a folder as a store', () => {
  test('keeps files by name, lists them sorted, and forgets them', async () => {
    const store = fileStore(join(folder, 'new', 'deep'));
    expect(await store.list()).toEqual([]);
    expect(await store.read('a')).toBeUndefined();
    await store.remove('a');
    const bytes = withMetadata(soundFile(), {});
    await store.write('b', Uint8Array.of(1, 2, 3));
    await store.write('a.safetensors', bytes);
    await store.write('b', Uint8Array.of(4));
    expect(await store.list()).toEqual(['a.safetensors', 'b']);
    expect(await store.read('b')).toEqual(Uint8Array.of(4));
    expect(await store.read('a.safetensors')).toEqual(bytes);
    expect(readdirSync(join(folder, 'new', 'deep'))).toHaveLength(2);
    await store.remove('b');
    expect(await store.list()).toEqual(['a.safetensors']);
  });

  test('gives no file out that was changed, and takes no name that leads elsewhere', async () => {
    const store = fileStore(folder);
    const bytes = withMetadata(soundFile(), {});
    bytes[bytes.length - 1] = 0;
    writeFileSync(join(folder, 'changed'), bytes);
    await expect(store.read('changed')).rejects.toThrow('changed: expected the checksum ');
    for (const name of ['../x', 'a/b', '.x', ''])
      for (const call of [store.write(name, bytes), store.read(name), store.remove(name)])
        await expect(call, name).rejects.toMatchObject({ code: 'file' });
  });

  test('keeps the old file whole where a new one does not fit, says why, and leaves nothing', async () => {
    const small = join(folder, 'small');
    await fileStore(small).write('c', Uint8Array.of(1, 2, 3));
    // Files of this process may have 16 blocks of 1,024 bytes at most, as on a disk that is full then.
    const full = child(`bash -c 'ulimit -f 16; exec ${writer} ${small} c 100000 1'`);
    const said = readAll(full.stdout);
    await once(full, 'exit');
    expect(await said).toMatch(/c: cannot be written: .*EFBIG/);
    expect([...readFileSync(join(small, 'c'))]).toEqual([1, 2, 3]);
    expect(readdirSync(small)).toEqual(['c']);
    const notFolder = fileStore(join(small, 'c'));
    await expect(notFolder.write('d', Uint8Array.of(1))).rejects.toThrow('cannot be written');
    await expect(notFolder.list()).rejects.toThrow('c: cannot be listed: it is not a folder (ENOTDIR)');
  });

  test('has the old file or the new one, whole, when its writer is killed', async () => {
    const killed = join(folder, 'killed');
    const store = fileStore(killed);
    const running = child(`${writer} ${killed} c 3000000 1000`);
    const whole = new Set<number>();
    let lines = 0;
    for await (const _ of running.stdout) {
      const bytes = await store.read('c');
      const [first = 0] = bytes ?? [];
      expect(bytes?.length).toBe(3_000_000);
      expect(bytes?.every((byte) => byte === first)).toBe(true);
      whole.add(first);
      if (++lines === 4) running.kill('SIGKILL');
    }
    expect(whole.size).toBeGreaterThan(1);
    const bytes = await store.read('c');
    expect(bytes?.every((byte) => byte === bytes[0])).toBe(true);
    // What it left the next write removes.
    await store.write('c', Uint8Array.of(7));
    expect(readdirSync(killed)).toEqual(['c']);
  });
});

test('threads of one process that write one name each keep theirs, and leave nothing', async () => {
  const shared = join(folder, 'shared');
  const entryPoints = ['test/node/storeWriter.ts'];
  const outfile = join(folder, 'writer.mjs');
  await build({ entryPoints, bundle: true, outfile, platform: 'node', format: 'esm' });
  const options = { argv: [shared, 'c', '1000000', '8'], stdout: true };
  const threads = [0, 1].map(() => new Worker(outfile, options));
  const texts = await Promise.all(threads.map(({ stdout }) => readAll(stdout)));
  const all = Array.from({ length: 8 }, (_, k) => `wrote ${k + 1}\n`).join('');
  expect(texts).toEqual([all, all]);
  expect(readdirSync(shared)).toEqual(['c']);
});

test('what another host is still writing stays, whatever the numbers of its processes', async () => {
  const mounted = join(folder, 'mounted');
  const store = fileStore(mounted);
  await store.write('c', Uint8Array.of(1));
  // Above what systems number processes by: none of this host has it.
  const theirs = '.c.0badcafe-99999999-0123456789ab.partial';
  writeFileSync(join(mounted, theirs), 'half');
  await store.write('c', Uint8Array.of(2));
  await store.remove('c');
  expect(readdirSync(mounted)).toEqual([theirs]);
});

test('a file is opened, read in parts, and loaded from', async () => {
  const path = join(folder, 'model.safetensors');
  writeFileSync(path, soundFile());
  const file = await openFile(path);
  expect(file).toMatchObject({ name: path, size: soundFile().length });
  expect(await file.read(3, 9)).toEqual(soundFile().subarray(3, 12));
  expect(await file.read(file.size - 2, 9)).toHaveLength(2);
  const session = heldStates({ flags: 'bool[3]' });
  await loadWeights(session, file);
  expect(session.values.flags).toEqual([0, 1, 1]);
  await file.close();
  await expect(file.read(0, 1)).rejects.toThrow();
  await expect(openFile(join(folder, 'none'))).rejects.toThrow(
    'none: cannot be read: there is no such file (ENOENT)',
  );
  await expect(openFile(folder)).rejects.toThrow('it is a folder (EISDIR)');
});

async function readAll(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const piece of stream) text += String(piece);
  return text;
}
