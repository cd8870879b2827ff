import { FormatError } from './issues.ts';

/**
 * @param at the file, and the place in it: `train.csv, line 3`
 * @throws FormatError `file`, always: what was expected there, and what was found
 */
export function unlike(at: string, expected: string, found: string): never {
  throw new FormatError('file', `${at}: expected ${expected}, found ${found}`);
}
