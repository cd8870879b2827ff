import { tensorSize } from '../loops/edges.ts';
import type { Tensor } from '../loops/index.ts';
import { type Stage, tensorsWritten } from '../schedule/group.ts';
import {
  firstOf,
  type LiveRange,
  liveBytesOf,
  liveRanges,
  type Run,
  runsOf,
} from '../schedule/liveRanges.ts';

/** Where a tensor lies: an arena, and the element where it starts. */
export interface ArenaPlace {
  readonly arena: 'state' | 'temps' | 'words' | 'results';
  readonly offset: number;
}

/** Bytes of each arena, the place of every tensor, and what the plan is measured by. */
export interface BufferLayout {
  readonly places: ReadonlyMap<Tensor, ArenaPlace>;
  readonly state: number;
  readonly temps: number;
  readonly words: number;
  readonly results: number;
  /** All arenas together: everything but datasets and batches of inputs. */
  readonly peakBytes: number;
  /**
   * What persists, plus the largest sum of bytes live at one dispatch, where what is written over another takes no place of
   * its own; the most of any entry.
   */
  readonly lowerBoundBytes: number;
  /** Temporaries of each entry with their first and last dispatch, for tables. */
  readonly ranges: ReadonlyMap<string, readonly LiveRange[]>;
}

/**
 * Gives every tensor its place. State, given arrays and results persist; temporaries share storage where
 * their live ranges (closed intervals of dispatches) do not meet, or where one is written over another in the dispatch that
 * reads that one last: the largest first, each at the lowest place that is free. Entries share the arenas, since they do
 * not run at the same time.
 *
 * @param persistent states and given arrays
 * @param entries the stages of each entry by name
 * @param alignment elements of which every place is a multiple
 */
export function planBuffers(
  persistent: readonly Tensor[],
  entries: ReadonlyMap<string, readonly Stage[]>,
  alignment = 1,
): BufferLayout {
  const placedSize = (tensor: Tensor): number => Math.ceil(tensorSize(tensor) / alignment) * alignment;
  const places = new Map<Tensor, ArenaPlace>();
  const used = { state: 0, words: 0 };
  for (const tensor of persistent) {
    const arena = tensor.dtype === 'f32' ? 'state' : 'words';
    places.set(tensor, { arena, offset: used[arena] });
    used[arena] += placedSize(tensor);
  }
  const persistentBytes = 4 * (used.state + used.words);
  let temps = 0;
  let words = used.words;
  let results = 0;
  let liveBytes = 0;
  const ranges = new Map<string, readonly LiveRange[]>();
  for (const [name, stages] of entries) {
    let resultWords = 0;
    for (const stage of stages) {
      for (const tensor of stage.groups.flatMap(tensorsWritten)) {
        if (tensor.role === 'result') {
          places.set(tensor, { arena: 'results', offset: resultWords });
          resultWords += placedSize(tensor);
        }
        if (tensor.over !== undefined) {
          const place = places.get(tensor.over);
          if (place !== undefined) places.set(tensor, place);
        }
      }
    }
    results = Math.max(results, resultWords);
    const live = liveRanges(stages);
    ranges.set(name, live);
    const runs = runsOf(live);
    const floats = runs.filter((run) => firstOf(run).dtype === 'f32');
    temps = Math.max(temps, pack(floats, 'temps', 0, places, placedSize));
    const rest = runs.filter((run) => firstOf(run).dtype !== 'f32');
    words = Math.max(words, pack(rest, 'words', used.words, places, placedSize));
    for (const bytes of liveBytesOf(runs, stages.length))
      liveBytes = Math.max(liveBytes, bytes + 4 * resultWords);
  }
  return {
    places,
    state: 4 * used.state,
    temps: 4 * temps,
    words: 4 * words,
    results: 4 * results,
    peakBytes: 4 * (used.state + temps + words + results),
    lowerBoundBytes: persistentBytes + liveBytes,
    ranges,
  };
}

/** Places runs into one arena from `base` on. @returns the arena's length in elements */
function pack(
  runs: readonly Run[],
  arena: 'temps' | 'words',
  base: number,
  places: Map<Tensor, ArenaPlace>,
  placedSize: (tensor: Tensor) => number,
): number {
  // By offset.
  const placed: { run: Run; offset: number; end: number }[] = [];
  let length = base;
  for (const run of [...runs].sort((a, b) => tensorSize(firstOf(b)) - tensorSize(firstOf(a)))) {
    const size = placedSize(firstOf(run));
    let offset = base;
    let after = 0;
    for (const [k, other] of placed.entries()) {
      if (offset + size <= other.offset) break;
      const isBeside = other.run.from <= run.to && run.from <= other.run.to;
      if (isBeside && offset < other.end) offset = other.end;
      if (other.offset <= offset) after = k + 1;
    }
    placed.splice(after, 0, { run, offset, end: offset + size });
    for (const { tensor } of run.ranges) places.set(tensor, { arena, offset });
    length = Math.max(length, offset + size);
  }
  return length;
}
