import type { Session } from '../../src/index.ts';
import { FormatError } from '../../src/runtime/index.ts';
import type { StateSlot } from '../../src/runtime/program.ts';
import { LoadError, type Mismatch } from '../../src/weights/index.ts';
import { type OpenWeights, openWeights } from '../../src/weights/source.ts';
import type { Standing } from './slices.ts';

/** Names that a message lists at most, of each fault. */
const MOST_NAMES = 3;

/** Where training stood, with all steps of it. */
export type SavedStanding = Standing & { readonly total: number };

/**
 * Loads a file into a session: weights, whoever wrote them, or all of a session's state. Of a `Blob` that does not fit little more
 * than its header is read.
 *
 * @param entry the entry that trains
 * @param name  what errors call the file
 * @returns where the training of `entry` stood when the state was saved; undefined where a file has weights alone
 * @throws FormatError whose message begins with the name, and says what is wrong and what would be right; nothing is loaded then
 */
export async function loadInto(
  session: Session,
  entry: string,
  name: string,
  file: Uint8Array | Blob,
): Promise<SavedStanding | undefined> {
  const source = {
    name,
    size: file instanceof Uint8Array ? file.length : file.size,
    read: async (offset: number, length: number): Promise<Uint8Array> =>
      file instanceof Uint8Array
        ? file.subarray(offset, offset + length)
        : bytesOf(file.slice(offset, offset + length)),
  };
  try {
    const weights = await openWeights(source);
    const { sinter } = weights.metadata;
    if (sinter === undefined) {
      await session.loadWeights(source);
      return undefined;
    }
    requireStates(session.program.state, weights);
    const standing = standingIn(sinter, entry);
    await session.load(file instanceof Uint8Array ? file : await bytesOf(file));
    return standing;
  } catch (cause) {
    if (cause instanceof LoadError) throw ofAnother(name, cause.report, cause);
    if (!(cause instanceof FormatError) || cause.message.startsWith(name)) throw cause;
    const text = cause.message.replace(/^saved(: |\.)/, '');
    throw new FormatError(cause.code, `${name}: ${text}`, { cause });
  }
}

async function bytesOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

/** Where an entry stood, by the text that a session saves; at the beginning where it says nothing of the entry. */
function standingIn(place: string, entry: string): SavedStanding {
  const { entries }: { entries?: unknown } = Object(JSON.parse(place));
  const of: { steps?: unknown; position?: unknown } = Object(Object(entries)[`.${entry}`]);
  const { epoch, step }: { epoch?: unknown; step?: unknown } = Object(of.position);
  const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
  return { total: count(of.steps), epoch: count(epoch), step: count(step) };
}

/** What of a model a file lacks, has otherwise, or has besides. */
interface Misfit {
  readonly missing: readonly string[];
  readonly mismatched: readonly Mismatch[];
  readonly extra: readonly string[];
}

/** Requires that a saved state is of a model with these states. @throws FormatError `file` */
function requireStates(states: readonly StateSlot[], { file, tensors }: OpenWeights): void {
  const names = new Set(states.map(({ name }) => name));
  const mismatched = states.flatMap(({ name, dtype, shape }): Mismatch[] => {
    const found = tensors.get(name);
    // What is true or false is kept in words.
    const kept = dtype === 'bool' ? 'u32' : dtype;
    const [here, there] = [shape.join(', '), found?.shape.join(', ')];
    if (found === undefined || (found.dtype.toLowerCase() === kept && here === there)) return [];
    return [{ name, expected: `${dtype}[${here}]`, found: `${found.dtype}[${there}]` }];
  });
  const missing = [...names].filter((name) => !tensors.has(name));
  const extra = [...tensors.keys()].filter((name) => !names.has(name));
  if (missing.length + mismatched.length + extra.length > 0)
    throw ofAnother(file, { missing, mismatched, extra });
}

/** An error for a person who chose the wrong file. */
function ofAnother(file: string, { missing, mismatched, extra }: Misfit, cause?: Error): FormatError {
  const otherwise = mismatched.map(
    ({ name, expected, found }) => `${name} as ${found}, which is ${expected} in this one`,
  );
  const faults = [
    ...listed('it lacks', missing),
    ...listed('it has', otherwise),
    ...listed('it has, and this one has not,', extra),
  ];
  return new FormatError(
    'file',
    `${file} is of another model than the one that runs: ${faults.join('; ')}. A file fits that was saved of this model`,
    { cause },
  );
}

/** The first of some texts, and how many there are besides. */
function listed(begin: string, texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  const others = texts.length > MOST_NAMES ? ` and ${texts.length - MOST_NAMES} more` : '';
  return [`${begin} ${texts.slice(0, MOST_NAMES).join(', ')}${others}`];
}
