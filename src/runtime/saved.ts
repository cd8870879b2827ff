import { check } from './format.ts';
import { elementCount, inFours } from './init.ts';
import { FormatError } from './issues.ts';
import type { ProgramBase, StateSlot } from './program.ts';

/** Where the training of an entry stands: what `resume` goes on from. */
export interface Position {
  /** Epochs that are done. */
  epoch: number;
  /** Steps of the epoch after them that are done. */
  step: number;
  /** Which shuffle orders its rows, counted from 1; 0 until one is drawn. */
  draw: number;
  /** What the scalar outputs of those steps come to, as `Tally.sums` gives it. */
  sums: string;
  /** Outputs, rows, batches and order, in words: those with which its steps can go on. */
  plan: string;
}

/** Before the first step. */
export const notBegun: Readonly<Position> = { epoch: 0, step: 0, draw: 0, sums: '', plan: '' };

/** What a session remembers of an entry. */
export interface EntryPlace {
  /** Steps done. */
  steps: number;
  position: Readonly<Position>;
}

/** What a session's next step depends on, beside its states. */
export interface Place {
  readonly seed: number;
  /** Shuffles drawn. */
  shuffles: number;
  /** Of entries that ran, each by a dot and its name. */
  readonly entries: Record<string, EntryPlace>;
}

/** Everything that a session's next step depends on. */
export interface Snapshot extends Place {
  /** The words of all states, one after the other in the program's order. */
  readonly words: Uint32Array<ArrayBuffer>;
}

/**
 * A snapshot as bytes: the length of the header as a little-endian word, the header (JSON, padded to whole
 * words), the words of all states.
 */
export function encodeSnapshot(program: ProgramBase, snapshot: Snapshot): Uint8Array<ArrayBuffer> {
  const { words, ...rest } = snapshot;
  const text = JSON.stringify({ ...rest, states: signatures(program.state) });
  const header = new TextEncoder().encode(text);
  const start = 4 + inFours(header.length);
  const bytes = new Uint8Array(start + words.byteLength).fill(32, 4, start);
  new DataView(bytes.buffer).setUint32(0, start - 4, true);
  bytes.set(header, 4);
  bytes.set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength), start);
  return bytes;
}

/** @throws FormatError where the bytes are no snapshot, are cut, or are of a program with other states */
export function decodeSnapshot(program: ProgramBase, bytes: Uint8Array): Snapshot {
  const fail = (reason: string): never => {
    throw new FormatError('saved', `saved state: ${reason}`);
  };
  if (!(bytes instanceof Uint8Array)) return fail('expected a Uint8Array');
  const length = bytes.length < 8 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  let header: unknown;
  try {
    // A copy: decoders refuse memory that threads share, or that can be resized.
    header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes.subarray(4, 4 + length))));
  } catch {
    return fail('not made by save()');
  }
  checkHeader(header);
  const own = signatures(program.state);
  for (let i = 0; i < Math.max(own.length, header.states.length); i++) {
    const [wanted = 'no more', found = 'none'] = [own[i], header.states[i]];
    if (wanted !== found) fail(`expected ${wanted}, found ${found}`);
  }
  const expected = 4 + length + 4 * program.state.reduce((n, { shape }) => n + elementCount(shape), 0);
  if (bytes.length !== expected) fail(`expected ${expected} bytes, found ${bytes.length}`);
  return { ...header, words: new Uint32Array(new Uint8Array(bytes.subarray(4 + length)).buffer) };
}

interface Header extends Omit<Snapshot, 'words'> {
  readonly states: readonly string[];
}

function checkHeader(value: unknown): asserts value is Header {
  check(
    value,
    {
      seed: 'count',
      shuffles: 'count',
      entries: {
        '*': {
          steps: 'count',
          position: { epoch: 'count', step: 'count', draw: 'count', sums: 'string', plan: 'string' },
        },
      },
      states: ['string'],
    },
    'saved',
  );
}

/** What must be the same for states to be loaded: the format, and each as `hidden.weight f32[784,128]`. */
function signatures(states: readonly StateSlot[]): string[] {
  return ['format 1', ...states.map(({ name, dtype, shape }) => `${name} ${dtype}[${shape}]`)];
}
