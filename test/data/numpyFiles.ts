import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface NumpyFiles {
  readonly arrays: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    /** Elements as Python spells floats. */
    readonly values: readonly string[];
    readonly file: string;
  }[];
  readonly archives: Readonly<Record<'stored' | 'deflated', string>>;
  readonly refused: Readonly<Record<string, string>>;
}

/** Files of NumPy's in base64, and what they hold: `test/fixtures/numpyFiles.py` writes them. */
export const numpyFiles: NumpyFiles = JSON.parse(
  readFileSync(fileURLToPath(new URL('../fixtures/numpyFiles.json', import.meta.url)), 'utf8'),
);

/** The bytes of a file. */
export function bytesOf(file: string): Uint8Array {
  return new Uint8Array(Buffer.from(file, 'base64'));
}
