import { unlike } from '../runtime/unlike.ts';
import type { Header } from './header.ts';

/** The text of a file that has its checksum. */
export const CHECKSUM = 'sinter.checksum';

/**
 * A sum of 32 bits of a file's tensors and texts, whatever the spaces and the order of its header. A change within four bytes
 * always changes it; any other does with a probability of 1 - 2⁻³².
 */
export class Checksum {
  #sum = 0;
  /** Bytes of a word that has not ended. */
  #rest: number[] = [];

  constructor({ tensors, metadata }: Header) {
    const { [CHECKSUM]: _, ...texts } = metadata;
    // Tensors without elements share a place: those of one place are in the order of their names.
    const placed = [...tensors].sort(([a, one], [b, other]) =>
      one.start === other.start && one.end === other.end ? byName(a, b) : 0,
    );
    const described = placed.map(([name, { dtype, shape }]) => [name, dtype, shape]);
    const sorted = Object.entries(texts).sort(([a], [b]) => byName(a, b));
    this.add(new TextEncoder().encode(JSON.stringify([described, sorted])));
    this.#end();
  }

  /** Adds bytes that follow those before. */
  add(bytes: Uint8Array): void {
    let at = 0;
    while (this.#rest.length > 0 && at < bytes.length) this.#addByte(bytes[at++] ?? 0);
    const whole = at + ((bytes.length - at) & ~3);
    // A copy: words need not be aligned in a file.
    const words = new Uint32Array(new Uint8Array(bytes.subarray(at, whole)).buffer);
    // A loop of its own: a call for each word takes half as long again.
    let sum = this.#sum;
    for (let k = 0; k < words.length; k++) sum = mixed(sum, words[k] ?? 0);
    this.#sum = sum;
    for (at = whole; at < bytes.length; at++) this.#addByte(bytes[at] ?? 0);
  }

  /** Of all that was added, as the file has it: eight hexadecimal digits. */
  text(): string {
    this.#end();
    return (this.#sum >>> 0).toString(16).padStart(8, '0');
  }

  #addByte(byte: number): void {
    const [a = 0, b = 0, c = 0, d] = [...this.#rest, byte];
    this.#rest.push(byte);
    if (d === undefined) return;
    this.#rest = [];
    this.#addWord(a | (b << 8) | (c << 16) | (d << 24));
  }

  #addWord(word: number): void {
    this.#sum = mixed(this.#sum, word);
  }

  #end(): void {
    while (this.#rest.length > 0) this.#addByte(0);
  }
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function mixed(sum: number, word: number): number {
  const product = Math.imul(sum ^ word, 0x5bd1e995);
  return product ^ (product >>> 15);
}

/** @throws FormatError `file` where a file has a checksum, and it is not that of its tensors and texts */
export function requireChecksum({ metadata }: Header, found: string, file: string): void {
  const expected = metadata[CHECKSUM];
  if (expected !== undefined && expected !== found)
    unlike(file, `the checksum ${expected}`, `${found}: it was changed since it was written`);
}
