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

/** `a`, `b` and `c`, quoted, for messages. */
export function listed(names: readonly string[]): string {
  const quoted = names.map((name) => JSON.stringify(name));
  if (quoted.length <= 1) return quoted.join('');
  return `${quoted.slice(0, -1).join(', ')} and ${quoted[quoted.length - 1]}`;
}
