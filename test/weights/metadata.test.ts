import { expect, test } from 'vitest';
import { FormatError } from '../../src/runtime/index.ts';
import {
  memoryStore,
  metadataOf,
  readSafetensors,
  type SafeTensor,
  verifyChecksum,
  withMetadata,
  writeSafetensors,
} from '../../src/weights/index.ts';
import { mutantFile, soundFile } from './mutants.ts';

test('texts are added to a file, and replaced, and its tensors stay', () => {
  const bytes = soundFile();
  const more = withMetadata(withMetadata(bytes, { a: '1', note: 'other' }), { a: '2' });
  const { format, note, a, 'sinter.checksum': checksum } = metadataOf(more);
  expect([format, note, a]).toEqual(['pt', 'other', '2']);
  expect(checksum).toMatch(/^[0-9a-f]{8}$/);
  expect(readSafetensors(more).tensors).toEqual(readSafetensors(bytes).tensors);
  expect(() => metadataOf(bytes.subarray(1))).toThrow(FormatError);
});

test('a checksum is that of tensors and texts, however the header is written', () => {
  const sealed = withMetadata(soundFile(), { a: '1', b: '2' });
  const { tensors, metadata } = readSafetensors(sealed);
  const reversed = Object.fromEntries(Object.entries(metadata).reverse());
  const other = writeSafetensors(tensors, reversed);
  expect(other).not.toEqual(sealed);
  verifyChecksum(other);
  // Without one there is nothing to hold it to.
  verifyChecksum(soundFile());
});

test('a checksum does not tell orders of tensors without elements, which share a place, apart', () => {
  const none = { dtype: 'F32', shape: [0], data: new Uint8Array() } as const;
  const other = { dtype: 'I32', shape: [0, 2], data: new Uint8Array() } as const;
  const sealed = withMetadata(
    writeSafetensors(
      new Map<string, SafeTensor>([
        ['b', none],
        ['a', other],
      ]),
    ),
    {},
  );
  const { tensors, metadata } = readSafetensors(sealed);
  const reordered = writeSafetensors(new Map([...tensors].reverse()), metadata);
  expect([...readSafetensors(reordered).tensors.keys()]).toEqual(['a', 'b']);
  verifyChecksum(reordered);
});

test('a changed bit anywhere behind the length of the header is found', () => {
  const sealed = withMetadata(soundFile(), {});
  for (let at = 8; at < sealed.length; at++) {
    const changed = Uint8Array.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const space = sealed[at] === 32;
    let isSame = false;
    try {
      verifyChecksum(changed);
      isSame = metadataOf(changed)['sinter.checksum'] !== undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
    }
    // What differs in spelling alone, the name of the checksum, or a space, is the same file.
    if (isSame && !space) expect(readSafetensors(changed)).toEqual(readSafetensors(sealed));
  }
});

test('spoilt files that name a checksum are told from sound ones', () => {
  const sealed = withMetadata(soundFile(), {});
  const tensors = JSON.stringify([...readSafetensors(sealed).tensors]);
  for (let seed = 0; seed < 500; seed++) {
    const bytes = mutantFile(sealed, seed);
    try {
      verifyChecksum(bytes);
    } catch (error) {
      expect(error, `seed ${seed}`).toBeInstanceOf(FormatError);
      continue;
    }
    const found = readSafetensors(bytes);
    if (found.metadata['sinter.checksum'] !== undefined)
      expect(JSON.stringify([...found.tensors]), `seed ${seed}`).toBe(tensors);
  }
});

test('a store in memory keeps copies, by name, and gives no changed file out', async () => {
  const store = memoryStore();
  const bytes = withMetadata(soundFile(), {});
  await store.write('b', bytes);
  await store.write('a', Uint8Array.of(1, 2));
  bytes.fill(0);
  const read = await store.read('b');
  expect(metadataOf(read ?? new Uint8Array()).format).toBe('pt');
  read?.fill(0);
  expect(await store.read('a')).toEqual(Uint8Array.of(1, 2));
  expect(await store.list()).toEqual(['a', 'b']);
  const spoilt = withMetadata(soundFile(), {});
  spoilt[spoilt.length - 1] = 0;
  await store.write('b', spoilt);
  await expect(store.read('b')).rejects.toThrow('b: expected the checksum ');
  await store.remove('b');
  await store.remove('b');
  expect(await store.list()).toEqual(['a']);
  expect(await store.read('b')).toBeUndefined();
  for (const name of ['', 'a/b', '..', 'a\\b', '.hidden', 'x.partial', 'y'.repeat(201)])
    await expect(store.write(name, bytes), name).rejects.toThrow('expected a name');
});

test('memory takes the names that every store takes', async () => {
  const store = memoryStore();
  for (const name of ['../x', 'a/b', '.x', ''])
    for (const call of [store.write(name, new Uint8Array()), store.read(name), store.remove(name)])
      await expect(call, name).rejects.toMatchObject({ code: 'file' });
});
