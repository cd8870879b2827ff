import { tensorSize } from '../loops/edges.ts';
import type { Tensor } from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import { type Group, type Stage, tensorsInside, tensorsReadBy, tensorsWritten } from './group.ts';
import { readsElsewhere } from './oldValue.ts';

/** A temporary and the dispatches between which it is needed, both included. */
export interface LiveRange {
  readonly tensor: Tensor;
  readonly from: number;
  readonly to: number;
  /** The temporary whose place it takes: whoever writes this one reads that one just before, for the last time. */
  readonly over?: Tensor;
}

/** Temporaries that lie in one place, each over the one before it: needed from `from` to `to`. */
export interface Run {
  readonly ranges: readonly [LiveRange, ...LiveRange[]];
  readonly from: number;
  readonly to: number;
}

/** The temporaries of an entry that need a buffer, from the dispatch that writes them to the last that reads them. */
export function liveRanges(stages: readonly Stage[]): LiveRange[] {
  const first = new Map<Tensor, number>();
  const last = new Map<Tensor, number>();
  for (const [at, stage] of stages.entries()) {
    for (const group of stage.groups) {
      for (const tensor of stored(group)) {
        first.set(tensor, at);
        last.set(tensor, Math.max(at, last.get(tensor) ?? at));
      }
      for (const tensor of loaded(group)) last.set(tensor, at);
    }
  }
  const over = placesTaken(stages, first, last);
  return [...first].map(([tensor, from]) => {
    const range = { tensor, from, to: last.get(tensor) ?? from };
    const old = over.get(tensor);
    return old === undefined ? range : { ...range, over: old };
  });
}

/** Ranges by the place that they share. */
export function runsOf(ranges: readonly LiveRange[]): Run[] {
  const next = new Map(
    ranges.flatMap((range) => (range.over === undefined ? [] : [[range.over, range] as const])),
  );
  return ranges.flatMap((range) => {
    if (range.over !== undefined) return [];
    const run: [LiveRange, ...LiveRange[]] = [range];
    let { to } = range;
    for (let then = next.get(range.tensor); then !== undefined; then = next.get(then.tensor)) {
      run.push(then);
      to = then.to;
    }
    return [{ ranges: run, from: range.from, to }];
  });
}

/** Bytes that are live at each of some dispatches, a word for each element. */
export function liveBytesOf(runs: readonly Run[], dispatches: number): number[] {
  const bytes = Array.from({ length: dispatches }, () => 0);
  for (const run of runs)
    for (let at = run.from; at <= run.to; at++) bytes[at] = (bytes[at] ?? 0) + 4 * tensorSize(firstOf(run));
  return bytes;
}

/** The first of the temporaries that lie in one place: all are as large, and of one type. */
export function firstOf(run: Run): Tensor {
  return run.ranges[0].tensor;
}

/**
 * The temporaries that may be written over others: as large, of the same type, and made by the only group that reads the
 * other one in the last dispatch that does, each element just before it is written. That one was made by an earlier
 * dispatch. The first such one of a tensor's operands.
 */
function placesTaken(
  stages: readonly Stage[],
  first: ReadonlyMap<Tensor, number>,
  last: ReadonlyMap<Tensor, number>,
): Map<Tensor, Tensor> {
  const taken = new Map<Tensor, Tensor>();
  const gone = new Set<Tensor>();
  for (const [at, { groups }] of stages.entries()) {
    const readers = new Map<Tensor, number>();
    for (const group of groups)
      for (const tensor of loaded(group)) readers.set(tensor, (readers.get(tensor) ?? 0) + 1);
    for (const group of groups) {
      const dying = [...loaded(group)].filter(
        (tensor) => (first.get(tensor) ?? at) < at && last.get(tensor) === at && readers.get(tensor) === 1,
      );
      for (const tensor of stored(group)) {
        const old = dying.find(
          (other) =>
            !gone.has(other) &&
            other.dtype === tensor.dtype &&
            tensorSize(other) === tensorSize(tensor) &&
            readsElsewhere(group, tensor, other) === null,
        );
        if (old === undefined) continue;
        taken.set(tensor, old);
        gone.add(old);
      }
    }
  }
  return taken;
}

/** The temporaries that a group stores. */
const stored = memoized((group: Group): readonly Tensor[] =>
  tensorsWritten(group).filter((tensor) => tensor.role === 'temp' && !group.locals.includes(tensor)),
);

/** The temporaries that a group loads. */
const loaded = memoized((group: Group): ReadonlySet<Tensor> => {
  const inside = tensorsInside(group);
  return new Set([...tensorsReadBy(group)].filter((tensor) => tensor.role === 'temp' && !inside.has(tensor)));
});
