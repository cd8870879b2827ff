import { FormatError } from '../runtime/issues.ts';

/** A state that does not fit what the file has for it. */
export interface Mismatch {
  readonly name: string;
  /** What the state is: `f32[784, 128]`. */
  readonly expected: string;
  /** What the file has. */
  readonly found: string;
}

/** Names in a message at most; of more it says how many. */
const MOST_NAMES = 12;

/** By this name Node, Deno and Bun find what `console.log` shows of an object. */
const custom = Symbol.for('nodejs.util.inspect.custom');

/** What became of a file's tensors and a session's states. */
export class LoadReport {
  /** States that have the file's values. */
  readonly loaded: readonly string[];
  /** States that were asked for, or weights where nothing was, that are not in the file. */
  readonly missing: readonly string[];
  /** Tensors of the file that no state was made of. */
  readonly extra: readonly string[];
  readonly mismatched: readonly Mismatch[];

  /** @internal */
  constructor(parts: Pick<LoadReport, 'loaded' | 'missing' | 'extra' | 'mismatched'>) {
    this.loaded = parts.loaded;
    this.missing = parts.missing;
    this.extra = parts.extra;
    this.mismatched = parts.mismatched;
  }

  /** Whether every state that was asked for, or every weight where nothing was, has the file's values. */
  get isWhole(): boolean {
    return this.missing.length + this.mismatched.length === 0;
  }

  /** A few lines for people. */
  toString(): string {
    const lines = [`${this.loaded.length} states loaded`];
    const add = (what: string, names: readonly string[]): void => {
      if (names.length === 0) return;
      lines.push(`${names.length} ${what}:`, ...names.slice(0, MOST_NAMES).map((name) => `  ${name}`));
      if (names.length > MOST_NAMES) lines.push(`  … and ${names.length - MOST_NAMES} more`);
    };
    add('missing in the file', this.missing);
    const unfit = this.mismatched.map(
      ({ name, expected, found }) => `${name}: expected ${expected}, found ${found}`,
    );
    add('that do not fit', unfit);
    add('of the file not used', this.extra);
    return lines.join('\n');
  }

  [custom](): string {
    return this.toString();
  }
}

/** A file does not hold what a session was to be given; nothing was written. */
export class LoadError extends FormatError {
  readonly report: LoadReport;

  constructor(file: string, report: LoadReport) {
    super('file', `${file} does not fit; strict: false loads what does.\n${report}`);
    this.report = report;
  }
}
