import { elementCount } from './init.ts';
import { FormatError } from './issues.ts';
import type { Program, StateSlot } from './program.ts';

/** Everything that a session's next step depends on. */
export interface Snapshot {
  readonly seed: number;
  /** Steps done, by entry. */
  readonly steps: Readonly<Record<string, number>>;
  /** Shuffles drawn. */
  readonly shuffles: number;
  /** The words of all states, one after the other in the program's order. */
  readonly words: Uint32Array<ArrayBuffer>;
}

/**
 * A snapshot as bytes: the length of the header as a little-endian word, the header (JSON, padded to whole
 * words), the words of all states.
 */
export function encodeSnapshot(program: Program, snapshot: Snapshot): Uint8Array<ArrayBuffer> {
  const { seed, steps, shuffles, words } = snapshot;
  const text = JSON.stringify({ format: FORMAT, seed, shuffles, steps, states: signatures(program.state) });
  const header = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 4) * 4 + 4));
  const start = 4 + Math.ceil(header.length / 4) * 4;
  const bytes = new Uint8Array(start + words.byteLength).fill(32, 4, start);
  new DataView(bytes.buffer).setUint32(0, start - 4, true);
  bytes.set(header, 4);
  bytes.set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength), start);
  return bytes;
}

/** @throws FormatError where the bytes are no snapshot, are cut, or are of a program with other states */
export function decodeSnapshot(program: Program, bytes: Uint8Array): Snapshot {
  const fail = (reason: string): never => {
    throw new FormatError('saved', `saved state: ${reason}`);
  };
  if (!(bytes instanceof Uint8Array)) return fail('expected a Uint8Array');
  const length = bytes.length < 8 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  } catch {
    return fail('not made by save()');
  }
  if (!isHeader(header)) return fail('not made by save() of this version');
  const own = signatures(program.state);
  const other = own.findIndex((signature, i) => header.states[i] !== signature);
  if (other >= 0 || header.states.length !== own.length) {
    fail(
      `its states are not the program's: expected ${own[other] ?? 'no more'}, found ${header.states[other] ?? header.states[own.length] ?? 'none'}`,
    );
  }
  const expected = 4 + length + 4 * program.state.reduce((n, { shape }) => n + elementCount(shape), 0);
  if (bytes.length !== expected) fail(`expected ${expected} bytes, found ${bytes.length}`);
  const { seed, steps, shuffles } = header;
  return { seed, steps, shuffles, words: new Uint32Array(bytes.slice(4 + length).buffer) };
}

const FORMAT = 'sinter-state-1';

interface Header extends Omit<Snapshot, 'words'> {
  readonly states: readonly string[];
}

function isHeader(value: unknown): value is Header {
  if (typeof value !== 'object' || value === null) return false;
  const { format, seed, shuffles, steps, states } = { ...EMPTY, ...value };
  return (
    format === FORMAT &&
    typeof seed === 'number' &&
    typeof shuffles === 'number' &&
    typeof steps === 'object' &&
    steps !== null &&
    Object.values(steps).every((n) => typeof n === 'number') &&
    Array.isArray(states)
  );
}

const EMPTY: Readonly<Record<'format' | 'seed' | 'shuffles' | 'steps' | 'states', unknown>> = {
  format: 0,
  seed: 0,
  shuffles: 0,
  steps: 0,
  states: 0,
};

/** What must be the same for a state to be loaded: `hidden.weight f32[784,128]`. */
function signatures(states: readonly StateSlot[]): string[] {
  return states.map(({ name, dtype, shape }) => `${name} ${dtype}[${shape}]`);
}
