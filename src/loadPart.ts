import { CodedError, reasonOf } from './runtime/issues.ts';

/**
 * A part of the library that is loaded when it is needed did not come: its file lies somewhere else than the build put it, or no
 * network reaches it.
 */
export class LoadError extends CodedError<'part'> {
  /** What the part does: `what compiles for WebGPU`. */
  readonly part: string;
  /** Where it was looked for, an address or a path; undefined where the engine does not say. */
  readonly place: string | undefined;

  constructor(part: string, cause: unknown) {
    const reason = reasonOf(cause);
    const place = placeIn(reason);
    const found = place === undefined ? reason : `there is none that can be read at ${place}`;
    super('LoadError', 'part', `${part} is a file of its own, and did not load: ${found}; ${HINT}`, {
      cause,
    });
    this.part = part;
    this.place = place;
  }
}

const HINT = 'files of one build belong together: serve all of them, in the folder of the first';

/** The address, or the quoted path, in the words of an engine or a bundler. */
function placeIn(reason: string): string | undefined {
  return /\w+:\/\/[^\s'")]+/.exec(reason)?.[0] ?? /'([^']+)'/.exec(reason)?.[1];
}

/**
 * Loads a part of the library.
 *
 * @param part what it does, as errors say it
 * @throws LoadError where it does not come
 */
export async function loadPart<Part>(part: string, load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (cause) {
    throw new LoadError(part, cause);
  }
}
