import { elementCount } from './init.ts';
import type { StateSlot } from './program.ts';
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

/** What a file says of a state. */
export type SavedState = Pick<StateSlot, 'name' | 'dtype' | 'shape'>;

/** A state and what it is to hold. */
export type StateWords = readonly [slot: StateSlot, words: Words];

/**
 * A snapshot as a safetensors file: all states by name, one after the other, and the place as JSON, its text `sinter`. States of
 * truth values are U32, as they lie in memory.
 *
 * @param words of all states, in the program's order
 */
export function encodeSnapshot(
  { state }: { readonly state: readonly SavedState[] },
  place: Place,
  words: readonly Uint32Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  const fields = [...tensorsOf(state), ['__metadata__', { sinter: JSON.stringify(place) }]];
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields)));
  // Elements begin at a multiple of eight bytes.
  const length = 2 * inFours(header.length / 2);
  const size = words.reduce((n, part) => n + part.byteLength, 8 + length);
  const bytes = new Uint8Array(size).fill(32, 8);
  const all = new Uint32Array(bytes.buffer);
  all[0] = length;
  bytes.set(header, 8);
  let end = 2 + length / 4;
  for (const part of words) {
    all.set(part, end);
    end += part.length;
  }
  return bytes;
}

/** @throws FormatError where the bytes are no snapshot, are cut, or are of a program with other states */
export function decodeSnapshot<Slot extends SavedState>(
  { state }: { readonly state: readonly Slot[] },
  saved: Uint8Array,
): readonly [place: Place, states: readonly (readonly [slot: Slot, words: Words])[]] {
  let header: Readonly<Record<string, Readonly<Record<string, string>>>>;
  let place: unknown;
  let bytes: Uint8Array<ArrayBuffer>;
  let end = 8;
  try {
    // A copy: decoders refuse memory that threads share, or that can be resized. What has no such part is not bytes.
    bytes = new Uint8Array(saved.subarray());
    end += Number(new BigUint64Array(bytes.buffer, 0, 1)[0]);
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, end)));
    place = JSON.parse(header.__metadata__?.sinter ?? '');
  } catch {
    fail('saved', 'bytes that save() made', saved);
  }
  check<Place>(
    place,
    {
      seed: 'count',
      shuffles: 'count',
      entries: {
        '*': {
          steps: 'count',
          position: { epoch: 'count', step: 'count', draw: 'count', sums: 'string', plan: 'string' },
        },
      },
    },
    'saved',
  );
  const wanted = Object.fromEntries(tensorsOf(state));
  for (const name in { ...wanted, ...header }) {
    const [a, b] = [wanted, header].map((of) => JSON.stringify(of[name]));
    if (a !== b && name !== '__metadata__') fail(`saved.${name}`, `${a}`, b);
  }
  const states = state.map((slot) => {
    const start = end;
    end += 4 * elementCount(slot.shape);
    return [slot, bytes.subarray(start, end)] as const;
  });
  if (bytes.length !== end) fail('saved', `${end} bytes`, bytes.length);
  return [place, states];
}

/** States as the header of a file has them, where they lie one after the other. */
function tensorsOf(states: readonly SavedState[]): [name: string, tensor: object][] {
  let end = 0;
  return states.map(({ name, dtype, shape }): [string, object] => {
    const start = end;
    end += 4 * elementCount(shape);
    return [
      name,
      { dtype: dtype === 'bool' ? 'U32' : dtype.toUpperCase(), shape, data_offsets: [start, end] },
    ];
  });
}
