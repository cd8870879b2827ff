import { expect, test } from 'vitest';
import {
  DataStream,
  readCsv,
  readIdx,
  readNpy,
  readNpz,
  streamCsv,
  streamNpy,
} from '../../src/data/index.ts';
import { fileLog, fileStore } from '../../src/node/index.ts';
import { InputError } from '../../src/runtime/index.ts';

const bytes = /^file: expected its bytes, a Uint8Array.*, found /;
const pieces = /^source: expected bytes that come in pieces.*, found /;
const given = (value: unknown): never => value as never;

test.each<[string, () => unknown, RegExp]>([
  ['readCsv of nothing', () => readCsv(given(undefined)), bytes],
  ['readCsv of a number', () => readCsv(given(5)), bytes],
  ['readNpy of a path', () => readNpy(given('a.npy')), bytes],
  ['readNpz of a path', () => readNpz(given('a.npz')), bytes],
  ['readIdx of a path', () => readIdx(given('a.idx')), bytes],
  ['streamCsv of a text', () => streamCsv(given('a,b')), pieces],
  ['streamNpy of bytes', () => streamNpy(given(new Uint8Array(1))), pieces],
  [
    'arrays of no selections',
    () => readCsv('a\n1\n').arrays(given(undefined)),
    /^selections: expected columns/,
  ],
  ['map by a number', () => DataStream.from([1]).map(given(3)), /^map: expected a function/],
  ['filter by a number', () => DataStream.from([1]).filter(given(3)), /^filter: expected a function/],
  ['fileStore of nothing', () => fileStore(given(undefined)), /^folder: expected the path of a folder/],
  ['fileLog of nothing', () => fileLog(given(undefined)), /^path: expected the path of a file/],
])('%s is refused at the door', (_, work, message) => {
  expect(work).toThrow(InputError);
  expect(work).toThrow(message);
});
