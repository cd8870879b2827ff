import { afterAll, beforeAll, expect, test } from 'vitest';
import { compile, type Session } from '../../src/index.ts';
import { writeSafetensors } from '../../src/weights/index.ts';
import { loadInto } from '../../web/playground/loadInto.ts';
import { perceptron } from '../train/models.ts';

let session: Session;

beforeAll(async () => {
  session = await (await compile(perceptron, { target: 'wasm' })).start({ seed: 1, threads: 1 });
});

afterAll(() => session.dispose());

/** A file that counts how many of its bytes are read. */
class CountedFile extends File {
  read = 0;

  override slice(start?: number, end?: number): Blob {
    const part = super.slice(start, end);
    this.read += part.size;
    return part;
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    this.read += this.size;
    return super.arrayBuffer();
  }
}

/** A file of megabytes, and what is said of it. */
async function refused(content: Uint8Array, name: string): Promise<{ message: string; read: number }> {
  const file = new CountedFile([Uint8Array.from(content)], name);
  try {
    await loadInto(session, 'train', name, file);
  } catch (error) {
    if (error instanceof Error) return { message: error.message, read: file.read };
  }
  throw new Error('it was loaded');
}

const megabytes = 2 ** 23;
const header = 4096;

test('of a large file that is not of the model little more than the header is read, and the error names it', async () => {
  const random = await refused(new Uint8Array(megabytes).fill(0xa5), 'random.bin');
  expect(random.message).toMatch(/^random\.bin is not a safetensors file: its first 8 bytes should say /);
  expect(random.read).toBeLessThan(header);

  const w = { dtype: 'F32', shape: [megabytes / 4], data: new Uint8Array(megabytes) } as const;
  const weights = await refused(writeSafetensors(new Map([['w', w]])), 'weights.safetensors');
  expect(weights.message).toMatch(
    /^weights\.safetensors is of another model .*: it lacks .*; it has, .* w\. A file fits/,
  );
  expect(weights.read).toBeLessThan(header);

  const state = await refused(
    writeSafetensors(new Map([['w', w]]), { sinter: '{"entries":{}}' }),
    'state.safetensors',
  );
  expect(state.message).toMatch(
    /^state\.safetensors is of another model .*: it lacks .*; it has, .* w\. A file fits/,
  );
  expect(state.read).toBeLessThan(header);
});

test('weights say nothing of where training stood, and a state does', async () => {
  const weights = new Blob([await session.saveWeights()]);
  expect(await loadInto(session, 'train', 'weights.safetensors', weights)).toBeUndefined();
  const state = await session.save();
  const standing = { total: 0, epoch: 0, step: 0 };
  for (const file of [state, new Blob([state])])
    expect(await loadInto(session, 'train', 'state.safetensors', file)).toEqual(standing);
});

test('what is spoilt is told by the name of the file', async () => {
  const state = await session.save();
  state.set([(state.at(-1) ?? 0) ^ 1], state.length - 1);
  await expect(loadInto(session, 'train', 'state.safetensors', state)).rejects.toThrow(
    /^state\.safetensors: expected .*checksum/,
  );
});
