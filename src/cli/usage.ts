import { printable } from '../graph/printable.ts';

/** Exit codes that scripts may rely on. */
export const exitCodes = {
  ok: 0,
  /** An `--expect` does not hold, a target differs, or a result is not finite. */
  expectationFailed: 1,
  /** Wrong usage or bad input. */
  usage: 2,
  /** A fault of our own. */
  fault: 3,
} as const;

/** Something that the one who typed the command can put right; shown as one paragraph, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What is printed of an error: its message as a terminal may have it, since those of models hold anything. */
export function errorText(message: string): string {
  const lines = message.split('\n').map((line) => line.split('\t').map(printable).join('\t'));
  return `sinter: ${lines.join('\n')}\n`;
}

/** `a`, `b` and `c`, quoted, for messages. */
export function listed(names: readonly string[]): string {
  const quoted = names.map((name) => JSON.stringify(name));
  if (quoted.length <= 1) return quoted.join('');
  return `${quoted.slice(0, -1).join(', ')} and ${quoted[quoted.length - 1]}`;
}

/** Why a file could not be read, in words where there are some. */
export function whyUnread(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return cause instanceof Error ? cause.message : String(cause);
}

/** Threads that a session on WebAssembly may have. */
export const MOST_THREADS = 64;

/** The largest number that an option takes: 32 bits, as seeds have. */
const MOST = 0xffffffff;

/**
 * Reads an option that is a whole number.
 *
 * @param least and `most` are what it may be
 * @throws UsageError where the text is anything else
 */
export function wholeNumber(option: string, least: number, most = MOST): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const range = most === MOST && !(value > MOST) ? `from ${least} on` : `from ${least} to ${most}`;
    throw new UsageError(`${option} ${text}: it must be a whole number ${range}`);
  };
}
