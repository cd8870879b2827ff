import { gzipSync } from 'node:zlib';
import {
  bytesSource,
  type DataStream,
  readCsv,
  readIdx,
  readNpy,
  readNpz,
  streamCsv,
  streamIdx,
  streamNpy,
} from '../../src/data/index.ts';
import { CodedError } from '../../src/runtime/issues.ts';
import { bytesOf, numpyFiles } from './numpyFiles.ts';

/** A file, and what reads it. */
interface Original {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly read: (bytes: Uint8Array) => unknown;
}

/** The values of a file that is streamed. @throws Error where they are not those of the file that is read whole */
async function streamed(
  stream: DataStream<ArrayLike<unknown>>,
  whole: () => ArrayLike<unknown>,
): Promise<void> {
  const values: unknown[] = [];
  for await (const row of stream) values.push(...Array.from(row));
  const expected = Array.from(whole());
  if (values.length !== expected.length || values.some((value, k) => !Object.is(value, expected[k])))
    throw new Error(`streamed: ${values}; read whole: ${expected}`);
}

/** Every column of a file of three as its text: types are found in other records where it is streamed. */
const texts = { columns: { a: 'text', b: 'text', c: 'text' }, names: ['a', 'b', 'c'] } as const;

/** Readers that take a file as it comes. */
const streamers = {
  idx: (bytes: Uint8Array) => streamed(streamIdx(bytesSource(bytes)), () => readIdx(bytes).data),
  npy: (bytes: Uint8Array) => streamed(streamNpy(bytesSource(bytes)), () => readNpy(bytes).data),
  csv: (bytes: Uint8Array) =>
    streamed(streamCsv(bytesSource(bytes), texts).map(Object.values), () => {
      const { columns, rows } = readCsv(bytes, texts);
      return Array.from({ length: rows }, (_, row) => columns.map(({ values }) => values[row])).flat();
    }),
};

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const idx = Uint8Array.of(0, 0, 13, 2, 0, 0, 0, 2, 0, 0, 0, 2, ...new Array(16).fill(63));
const csv = text('name,width,kind\r\n"a ""b"", c",1.5,x\r\nNA,-2e3,y\r\n\r\n"line\r\nbreak",.5,"z"\r\n');

function twoMembers(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([gzipSync(bytes.subarray(0, 20)), gzipSync(bytes.subarray(20))]));
}

/** Small files of each format. */
export const originals: readonly Original[] = [
  ...numpyFiles.arrays
    .filter(({ name }) =>
      ['<i8', '>f8', '<f2', 'fortran', 'version 2', 'version 3', 'no elements'].includes(name),
    )
    .map(({ name, file }) => ({ name: `npy ${name}`, bytes: bytesOf(file), read: readNpy })),
  {
    name: 'npy.gz',
    bytes: new Uint8Array(gzipSync(bytesOf(numpyFiles.arrays[0]?.file ?? ''))),
    read: readNpy,
  },
  { name: 'npz stored', bytes: bytesOf(numpyFiles.archives.stored), read: readNpz },
  { name: 'npz deflated', bytes: bytesOf(numpyFiles.archives.deflated), read: readNpz },
  { name: 'idx', bytes: idx, read: readIdx },
  { name: 'idx.gz', bytes: new Uint8Array(gzipSync(idx)), read: readIdx },
  { name: 'csv', bytes: csv, read: readCsv },
  { name: 'csv masked', bytes: csv, read: (bytes) => readCsv(bytes, { missing: 'mask' }) },
  { name: 'csv.gz', bytes: new Uint8Array(gzipSync(csv)), read: readCsv },
  { name: 'csv.gz of two members', bytes: twoMembers(csv), read: readCsv },
  { name: 'streamed idx', bytes: idx, read: streamers.idx },
  { name: 'streamed idx.gz', bytes: new Uint8Array(gzipSync(idx)), read: streamers.idx },
  { name: 'streamed npy', bytes: bytesOf(numpyFiles.arrays[10]?.file ?? ''), read: streamers.npy },
  { name: 'streamed csv', bytes: csv, read: streamers.csv },
  { name: 'streamed csv.gz', bytes: new Uint8Array(gzipSync(csv)), read: streamers.csv },
  { name: 'streamed csv.gz of two members', bytes: twoMembers(csv), read: streamers.csv },
];

/** Bytes that mean something in one of the formats. */
const telling = [0, 1, 7, 8, 10, 13, 34, 39, 40, 41, 44, 57, 63, 127, 128, 255];

/** The file with a few changes: bytes that are others, are cut out, are there twice or come from elsewhere. */
export function mutant(bytes: Uint8Array, draw: (below: number) => number): Uint8Array {
  let made = [...bytes];
  for (let changes = 1 + draw(4); changes > 0; changes--) {
    const [at, length] = [draw(made.length + 1), draw(8) === 0 ? draw(made.length + 1) : draw(5)];
    switch (draw(6)) {
      case 0:
        made.splice(at, length);
        break;
      case 1:
        made.splice(at, 0, ...made.slice(at, at + length));
        break;
      case 2:
        made = made.slice(0, Math.max(at, 1));
        break;
      case 3:
        for (let k = at; k < Math.min(at + length, made.length); k++) made[k] = 255;
        break;
      case 4:
        made[at] = telling[draw(telling.length)] ?? 0;
        break;
      default:
        made[at] = (made[at] ?? 0) ^ (1 << draw(8));
    }
  }
  return Uint8Array.from(made);
}

/** What is wrong with how a file was read: an error that is none of ours. Undefined where it was read, or refused. */
export async function fault({ name, read }: Original, bytes: Uint8Array): Promise<string | undefined> {
  try {
    await read(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof CodedError && /expected .*, found |damaged/s.test(error.message)) return undefined;
    return `${name}: ${error instanceof Error ? error.stack : error}\n${Buffer.from(bytes).toString('base64')}`;
  }
}
