/** The text that examples of language learn: any file, or what this project says of itself. */
import { readFileSync } from 'node:fs';

const OWN = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'BENCHMARKS.md'];

/** The bytes of a file, or of the project's own pages. @throws Error where the file cannot be read, or is very short */
export function corpus(file: string | undefined): Uint8Array {
  const paths = file === undefined ? OWN.map((name) => new URL(`../${name}`, import.meta.url)) : [file];
  const text = Buffer.concat(paths.map((path) => readFileSync(path)));
  if (text.length >= SHORTEST) return text;
  throw new Error(`${file} has ${text.length} bytes: there must be ${SHORTEST} to learn from`);
}

/** Bytes of the shortest text that examples take. */
const SHORTEST = 2000;
