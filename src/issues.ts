import { didYouMean } from './nearest.ts';

/** A name that is not there: of an entry, a target, a node. Lists those that are. */
export class UnknownNameError extends Error {
  override readonly name = 'UnknownNameError';
  readonly code = 'unknown-name';
  /** What was looked for, `entry`. */
  readonly kind: string;
  readonly unknown: string;
  readonly known: readonly string[];

  constructor(kind: string, unknown: string, known: readonly string[]) {
    const shown = known.slice(0, MOST_SHOWN).map((name) => JSON.stringify(name));
    const more = known.length > MOST_SHOWN ? ` and ${known.length - MOST_SHOWN} more` : '';
    super(
      `there is no ${kind} ${JSON.stringify(unknown)}${didYouMean(unknown, known)}; there are ${shown.join(', ')}${more}`,
    );
    this.kind = kind;
    this.unknown = unknown;
    this.known = known;
  }
}

const MOST_SHOWN = 40;
