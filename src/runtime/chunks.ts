import type { Playback } from './engine.ts';

/** Steps that one chunk may hold, unless their results are large. */
const MOST_STEPS = 256;
/** Bytes of results that one chunk may give, unless one step gives more. */
const MOST_RESULTS = 2 ** 22;

/** Steps of the largest chunk, of `bound` steps at most, for steps that give so many bytes each. */
export function chunkCapacity(resultBytes: number, bound = MOST_STEPS): number {
  return Math.floor(Math.min(bound, MOST_STEPS, MOST_RESULTS / resultBytes)) || 1;
}

/** A place for the records and results of one chunk; there are two. */
export type Half = 0 | 1;

/**
 * Plays all steps of a playback in order, cut into chunks, two of them in flight: the program runs one while the
 * host prepares the next.
 *
 * @param start starts `count` steps from `first`; what it returns is kept when their results are there
 * @param finish takes the results
 * @param release is called once for each chunk that was started, when it is over, whatever came of it
 */
export type PlayChunks = (
  playback: Playback,
  start: (first: number, count: number, place: Half) => Promise<unknown>,
  finish: (first: number, count: number, place: Half) => void,
  release?: (place: Half) => void,
) => Promise<void>;

/**
 * What plays chunks, and remembers for each entry how large they have grown.
 *
 * @param capacity steps of the largest chunk
 * @param longEnough milliseconds: a chunk grows while it takes less, for then its own cost still counts, and shrinks
 *   where it takes four times as long
 */
export function chunkPlayer(capacity: number, longEnough: number): PlayChunks {
  const grown = new Map<string, number>();
  return async ({ entry, steps, stepsPerSubmit, goesOn }, start, finish, release) => {
    /** Kept when the chunk that was started last is over, and its results are taken; fails as it did, or one before. */
    let over: Promise<void> | undefined;
    let size = Math.min(stepsPerSubmit ?? grown.get(entry.name) ?? 1, capacity);
    let last = performance.now();
    try {
      for (
        let first = 0, count = 0, place: Half = 0;
        first < steps && goesOn();
        first += count, place = place ? 0 : 1
      ) {
        count = Math.min(size, steps - first);
        const done = start(first, count, place);
        const before = over;
        over = (async () => {
          await Promise.allSettled([before, done]);
          try {
            // What follows a chunk that failed began from states that are not right, and fails likewise.
            await before;
            await done;
            finish(first, count, place);
          } finally {
            release?.(place);
          }
          const now = performance.now();
          if (!stepsPerSubmit) {
            // Batches may be larger than those for which it grew.
            const took = now - last;
            if (took < longEnough) size = Math.min(2 * size, capacity);
            else if (took > 4 * longEnough) size = (size + 1) >> 1;
            grown.set(entry.name, size);
          }
          last = now;
        })();
        await before;
      }
    } finally {
      // Whatever keeps more from starting: what was started runs, and counts; where it fails, that came first.
      await over;
    }
  };
}
