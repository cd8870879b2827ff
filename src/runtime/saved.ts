import { elementCount } from './init.ts';
import type { ProgramBase, StateSlot } from './program.ts';
import { check, fail } from './shape.ts';
import { inFours, type Words } from './values.ts';

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

/** A state and what it is to hold. */
export type StateWords = readonly [slot: StateSlot, words: Words];

/**
 * A snapshot as bytes: the length of the header as a little-endian word, the header (JSON, padded to whole
 * words), the words of all states.
 *
 * @param words of all states, one after the other in the program's order
 */
export function encodeSnapshot(
  program: ProgramBase,
  place: Place,
  words: Uint32Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify({ ...place, states: signatures(program.state) });
  const header = new TextEncoder().encode(text);
  const length = inFours(header.length);
  const bytes = new Uint8Array(4 + length + words.byteLength).fill(32);
  const all = new Uint32Array(bytes.buffer);
  all[0] = length;
  bytes.set(header, 4);
  all.set(words, 1 + length / 4);
  return bytes;
}

/** @throws FormatError where the bytes are no snapshot, are cut, or are of a program with other states */
export function decodeSnapshot(
  program: ProgramBase,
  saved: Uint8Array,
): readonly [place: Place, states: readonly StateWords[]] {
  let bytes: Uint8Array<ArrayBuffer>;
  let header: unknown;
  let end = 4;
  try {
    // A copy: decoders refuse memory that threads share, or that can be resized. What has no such part is not bytes.
    bytes = new Uint8Array(saved.subarray());
    const [length = 0] = new Uint32Array(bytes.buffer, 0, 1);
    end += length;
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, end)));
  } catch {
    fail('saved', 'bytes that save() made', saved);
  }
  checkHeader(header);
  const { states: found, ...place } = header;
  const wanted = signatures(program.state);
  for (const i of [...wanted, ...found].keys())
    if (wanted[i] !== found[i]) fail(`saved.states[${i}]`, wanted[i] ?? 'no more', found[i]);
  const states = program.state.map((slot) => {
    const start = end;
    end += 4 * elementCount(slot.shape);
    return [slot, bytes.subarray(start, end)] as const;
  });
  if (bytes.length !== end) fail('saved', `${end} bytes`, bytes.length);
  return [place, states];
}

interface Header extends Place {
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
