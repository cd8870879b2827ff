import { writeSafetensors } from '../../src/weights/index.ts';
import { draws } from '../fixtures/generator.ts';

/** A small file with several types, odd names and texts. */
export function soundFile(): Uint8Array<ArrayBuffer> {
  const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => (37 * i) & 255);
  return writeSafetensors(
    new Map([
      ['w', { dtype: 'F32', shape: [2, 3], data: bytes(24) }],
      ['__proto__', { dtype: 'BF16', shape: [4], data: bytes(8) }],
      ['a "name" with \\ and \u00fc', { dtype: 'I64', shape: [], data: bytes(8) }],
      ['empty', { dtype: 'U8', shape: [0, 7], data: bytes(0) }],
      ['flags', { dtype: 'BOOL', shape: [3], data: Uint8Array.of(0, 1, 1) }],
    ]),
    { format: 'pt', ['__proto__']: 'text', note: 'several\nlines' },
  );
}

/** What a header is spoilt with: what others write, or might. */
const pieces = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '0',
  '-1',
  '1e99',
  '9007199254740993',
  'null',
  '{"a":'.repeat(50),
];
const words = [
  '"F32"',
  '"F4"',
  '"dtype"',
  '"shape"',
  '"data_offsets"',
  '"__metadata__"',
  '"w"',
  '[0,24]',
  '[2,3]',
  'true',
];

/** A file with one to four faults: bits and bytes changed, parts cut, doubled or put in, lengths that lie. */
export function mutantFile(sound: Uint8Array, seed: number): Uint8Array {
  const draw = draws(seed);
  const header = Number(new DataView(sound.buffer).getBigUint64(0, true));
  let bytes = [...sound];
  const faults = 1 + draw(4);
  for (let n = 0; n < faults; n++) {
    // Most faults are in the header: elements may be anything.
    const at = draw(8) === 0 ? draw(bytes.length + 1) : 8 + draw(header);
    const kind = draw(8);
    const spare = [...pieces, ...words];
    const text = [...new TextEncoder().encode(spare[draw(spare.length)] ?? '')];
    if (kind === 0) bytes[at] = draw(256);
    else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << draw(8));
    else if (kind === 2) bytes = bytes.slice(0, draw(bytes.length + 1));
    else if (kind === 3) bytes.splice(at, draw(12));
    else if (kind === 4) bytes.splice(at, 0, ...text);
    else if (kind === 5) bytes.splice(at, text.length, ...text);
    else if (kind === 6) bytes.splice(at, 0, ...bytes.slice(at, at + draw(60)));
    else bytes[draw(8)] = draw(3) === 0 ? 255 : draw(256);
    // A length that is right lets the rest be read.
    if (draw(2) === 0 && bytes.length >= 8) {
      const length = Math.max(0, header + bytes.length - sound.length);
      for (let k = 0; k < 8; k++) bytes[k] = Math.floor(length / 256 ** k) % 256;
    }
  }
  return Uint8Array.from(bytes);
}
