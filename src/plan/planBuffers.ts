import { tensorSize, tensorsRead } from '../loops/edges.ts';
import { byteSize, type Tensor } from '../loops/index.ts';
import { type Group, type Stage, tensorsWritten } from '../schedule/group.ts';

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
  /** All arenas together: everything but datasets. */
  readonly peakBytes: number;
  /** What persists, plus the largest sum of bytes live at one dispatch; the most of any entry. */
  readonly lowerBoundBytes: number;
  /** Temporaries of each entry with their first and last dispatch, for tables. */
  readonly ranges: ReadonlyMap<string, readonly LiveRange[]>;
}

/** A temporary and the dispatches between which it is needed, both included. */
export interface LiveRange {
  readonly tensor: Tensor;
  readonly from: number;
  readonly to: number;
}

/**
 * Gives every tensor its place. State, given arrays and results persist; temporaries share storage where
 * their live ranges (closed intervals of dispatches) do not meet: the largest first, each at the lowest
 * place that is free. Entries share the arenas, since they do not run at the same time.
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
    temps = Math.max(
      temps,
      pack(
        live.filter(({ tensor }) => tensor.dtype === 'f32'),
        'temps',
        0,
        places,
        placedSize,
      ),
    );
    words = Math.max(
      words,
      pack(
        live.filter(({ tensor }) => tensor.dtype !== 'f32'),
        'words',
        used.words,
        places,
        placedSize,
      ),
    );
    for (const at of stages.keys()) {
      const here = live.filter(({ from, to }) => from <= at && at <= to);
      liveBytes = Math.max(
        liveBytes,
        here.reduce((n, { tensor }) => n + 4 * tensorSize(tensor), 0) + 4 * resultWords,
      );
    }
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

/** The temporaries of an entry that need a buffer, from the dispatch that writes them to the last that reads them. */
export function liveRanges(stages: readonly Stage[]): LiveRange[] {
  const first = new Map<Tensor, number>();
  const last = new Map<Tensor, number>();
  for (const [at, stage] of stages.entries()) {
    for (const group of stage.groups) {
      const inside = new Set([
        ...group.locals,
        ...group.prologue.flatMap((loop) => loop.outs.map((o) => o.tensor)),
      ]);
      for (const tensor of tensorsWritten(group)) {
        if (tensor.role === 'temp' && !group.locals.includes(tensor)) {
          first.set(tensor, at);
          last.set(tensor, Math.max(at, last.get(tensor) ?? at));
        }
      }
      for (const tensor of readByGroup(group))
        if (tensor.role === 'temp' && !inside.has(tensor)) last.set(tensor, at);
    }
  }
  return [...first].map(([tensor, from]) => ({ tensor, from, to: last.get(tensor) ?? from }));
}

function readByGroup(group: Group): Set<Tensor> {
  return new Set([...group.prologue, ...group.loops].flatMap((loop) => [...tensorsRead(loop)]));
}

/** Places ranges into one arena from `base` on. @returns the arena's length in elements */
function pack(
  ranges: readonly LiveRange[],
  arena: 'temps' | 'words',
  base: number,
  places: Map<Tensor, ArenaPlace>,
  placedSize: (tensor: Tensor) => number,
): number {
  const placed: { range: LiveRange; offset: number; end: number }[] = [];
  let length = base;
  for (const range of [...ranges].sort((a, b) => tensorSize(b.tensor) - tensorSize(a.tensor))) {
    const size = placedSize(range.tensor);
    const others = placed
      .filter((p) => p.range.from <= range.to && range.from <= p.range.to)
      .sort((a, b) => a.offset - b.offset);
    let offset = base;
    for (const other of others) if (offset + size > other.offset && offset < other.end) offset = other.end;
    placed.push({ range, offset, end: offset + size });
    places.set(range.tensor, { arena, offset });
    length = Math.max(length, offset + size);
  }
  return length;
}

/** Bytes of a tensor's elements, at its bounded sizes' maxima. */
export function tensorBytes(tensor: Tensor): number {
  return byteSize(tensor.dtype) * tensorSize(tensor);
}
