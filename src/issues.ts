import { didYouMean } from './nearest.ts';
import { listed } from './runtime/clipped.ts';
import { shown } from './runtime/issues.ts';

/**
 * The one of that name.
 *
 * @param kind what errors call them, `entry`
 * @throws UnknownNameError where there is none, listing those that there are
 */
export function named<T extends { readonly name: string }>(
  kind: string,
  name: string,
  among: readonly T[],
): T {
  const found = among.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new UnknownNameError(
    kind,
    name,
    among.map((one) => one.name),
  );
}

/** A name that is not there: of an entry, a target, a node. Lists those that are. */
export class UnknownNameError extends Error {
  override readonly name = 'UnknownNameError';
  readonly code = 'unknown-name';
  /** What was looked for, `entry`. */
  readonly kind: string;
  readonly unknown: string;
  readonly known: readonly string[];

  /** @param unknown callers without types may give anything */
  constructor(kind: string, unknown: unknown, known: readonly string[]) {
    const near = typeof unknown === 'string' ? didYouMean(unknown, known) : '';
    super(`there is no ${kind} ${shown(unknown)}${near}; there are ${listed(known.map(shown))}`);
    this.kind = kind;
    this.unknown = String(unknown);
    this.known = known;
  }
}
