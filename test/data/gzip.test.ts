import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type ByteSource, readCsv, streamCsv } from '../../src/data/index.ts';
import { FormatError } from '../../src/runtime/index.ts';

const texts = { header: false, columns: { 0: 'text' } } as const;

/** The first column of a packed file, read in pieces. */
async function streamed(file: Uint8Array, piece: number): Promise<unknown[]> {
  const source: ByteSource = {
    name: 'x.gz',
    async *pieces() {
      for (let at = 0; at < file.length; at += piece) yield file.subarray(at, at + piece);
    },
  };
  const rows = await streamCsv(source, texts).toArray();
  return rows.map((row) => row['0']);
}

/** The first column of a packed file, read whole. */
function whole(file: Uint8Array): unknown[] {
  return [...readCsv(file, { name: 'x.gz', ...texts }).column('0').values];
}

const rows = Array.from({ length: 3000 }, (_, k) => `${(k * k) % 7919}`);
const packed = new Uint8Array(gzipSync(rows.join('\n')));

/** Members with a name, a comment and a checksum of the header, without any, and without contents. */
const members = new Uint8Array(
  Buffer.concat([
    Uint8Array.of(0x1f, 0x8b, 8, 0b1_1010, 0, 0, 0, 0, 0, 3, 97, 0, 98, 99, 0, 1, 2),
    gzipSync('1\n2\n').subarray(10),
    gzipSync(''),
    gzipSync('3\n'),
  ]),
);

test('gzip is read whole and in pieces of any size alike, of one member and of several', async () => {
  expect(whole(packed)).toEqual(rows);
  expect(whole(members)).toEqual(['1', '2', '3']);
  for (const piece of [1, 2, 7, 100_000]) {
    expect(await streamed(packed, piece)).toEqual(rows);
    expect(await streamed(members, piece)).toEqual(['1', '2', '3']);
  }
});

test('thousands of members in one piece are read', async () => {
  const many = Buffer.concat(Array.from({ length: 5000 }, (_, k) => gzipSync(`${k}\n`)));
  expect(whole(many)).toHaveLength(5000);
  expect(await streamed(many, many.length)).toEqual(Array.from({ length: 5000 }, (_, k) => `${k}`));
});

test('one bit of a packed file that is another is always found, in pieces too', async () => {
  // The first ten bytes are its header, which has nothing that counts.
  for (let at = 10; at < packed.length; at += 61) {
    const flipped = packed.slice();
    flipped[at] = (flipped[at] ?? 0) ^ 4;
    expect(() => whole(flipped)).toThrow(FormatError);
    await expect(streamed(flipped, 999)).rejects.toThrow(FormatError);
  }
});

test('a file that is cut is refused, wherever that is, and so is what stands behind it', async () => {
  for (const file of [packed, members])
    for (const cut of [1, 3, 4, 7, 8, 9, 12]) {
      expect(() => whole(file.subarray(0, -cut))).toThrow(FormatError);
      await expect(streamed(file.subarray(0, -cut), 999)).rejects.toThrow(FormatError);
    }
  for (const length of [100, packed.length - 500, packed.length - 9]) {
    expect(() => whole(packed.subarray(0, length))).toThrow(
      'x.gz: what is packed is damaged: the file is cut',
    );
    await expect(streamed(packed.subarray(0, length), 999)).rejects.toThrow(
      'x.gz: what is packed is damaged: the file is cut',
    );
  }
  for (const rest of [1, 5]) {
    const longer = new Uint8Array([...packed, ...new Uint8Array(rest)]);
    expect(() => whole(longer)).toThrow(FormatError);
    await expect(streamed(longer, 999)).rejects.toThrow(FormatError);
  }
});

test('members that come to too many bytes together are refused', () => {
  const one = gzipSync(`${'x'.repeat(999)}\n`);
  const three = Buffer.concat([one, one, one]);
  expect(() => readCsv(three, { ...texts, maxBytes: 2999 })).toThrow(
    '2999 bytes at most when it is unpacked',
  );
  expect(readCsv(three, { ...texts, maxBytes: 3000 }).rows).toBe(3);
});
