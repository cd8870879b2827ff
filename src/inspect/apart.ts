import type { Decision } from '../fuse/index.ts';

/*
 * Why two nodes share a kernel or not, of plain data: the same for a compilation and for a look at one.
 */

/** What fusion considered between two loops, groups or tensors. */
export interface Considered {
  readonly move: Decision['move'];
  readonly from: string;
  readonly to: string;
  readonly taken: boolean;
}

/** A place where a node is computed; what is inlined may have several. */
export interface NodePlace {
  readonly dispatch: number;
  readonly kernel: string;
  readonly group: string;
  readonly loop: string;
}

/** What two share: a loop, a group (phases of one kernel), a dispatch, or nothing. */
export type Share = 'loop' | 'group' | 'dispatch' | 'nothing';

/** A tensor that one part of a step writes and another reads. */
export interface Dependence {
  readonly from: string;
  readonly tensor: string;
  readonly to: string;
}

/** Where two came to lie, and the decisions of fusion that led there. */
export interface Apart<D extends Considered> {
  readonly share: Share;
  readonly a: readonly NodePlace[];
  readonly b: readonly NodePlace[];
  /** Decisions about what the two became part of, taken ones and refusals. */
  readonly decisions: readonly D[];
  /** Tensors by which the later dispatch depends on the earlier one, one for each step of a shortest path. */
  readonly dependence: readonly Dependence[];
}

/** What two of some places share, in words. */
export const shareWords = {
  loop: 'are computed by one loop of one kernel',
  group: 'are phases of one kernel',
  dispatch: 'share a dispatch, in ranges of workgroups of their own',
  nothing: 'share no dispatch',
} satisfies Record<Share, string>;

/** One of two: what it is called, and where it is computed. */
export interface Named {
  readonly names: readonly string[];
  readonly places: readonly NodePlace[];
}

/**
 * Why two share what they share.
 *
 * @param dependence finds the tensors between them, where they share nothing
 */
export function apartOf<D extends Considered>(
  decisions: readonly D[],
  a: Named,
  b: Named,
  dependence: () => readonly Dependence[],
): Apart<D> {
  const share = shareOf(a.places, b.places);
  const became = ({ names, places }: Named): ReadonlySet<string> => becomes(decisions, names, places);
  return {
    share,
    a: a.places,
    b: b.places,
    decisions: decisionsBetween(decisions, became(a), became(b)),
    dependence: share === 'nothing' ? dependence() : [],
  };
}

/** A part of a step, in the order of the step: which tensors it reads and writes. */
export interface Part<T> {
  readonly name: string;
  readonly reads: ReadonlySet<T>;
  readonly writes: readonly T[];
}

/** The most that some place of the one shares with some place of the other. */
export function shareOf(a: readonly NodePlace[], b: readonly NodePlace[]): Share {
  const some = (same: (x: NodePlace, y: NodePlace) => boolean): boolean =>
    a.some((x) => b.some((y) => x.dispatch === y.dispatch && same(x, y)));
  if (some((x, y) => x.group === y.group && x.loop === y.loop)) return 'loop';
  if (some((x, y) => x.group === y.group)) return 'group';
  return some(() => true) ? 'dispatch' : 'nothing';
}

/**
 * What names went into: themselves, the loops where they are, what those went into in turn, and the groups that hold them.
 *
 * @param names what the node is called
 * @param places where it is computed
 */
export function becomes(
  decisions: readonly Considered[],
  names: readonly string[],
  places: readonly NodePlace[],
): ReadonlySet<string> {
  const found = new Set([...names, ...names.map((name) => `${name}'`), ...places.map(({ loop }) => loop)]);
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const d of decisions) {
      const [from, to] = wayOf(d);
      if (d.taken && from !== null && found.has(from)) found.add(to);
    }
  }
  for (const { group } of places) found.add(group);
  return found;
}

/** Decisions that tell how each of two went into others, and those between what they went into. */
export function decisionsBetween<D extends Considered>(
  decisions: readonly D[],
  a: ReadonlySet<string>,
  b: ReadonlySet<string>,
): D[] {
  const between = (d: D): boolean => (a.has(d.from) && b.has(d.to)) || (b.has(d.from) && a.has(d.to));
  const way = (d: D): boolean => {
    const [from, to] = wayOf(d);
    return d.taken && from !== null && ((a.has(from) && a.has(to)) || (b.has(from) && b.has(to)));
  };
  return decisions.filter((d) => between(d) || way(d));
}

/** Which of a decision's loops disappears into which; null where neither does. */
function wayOf(d: Considered): readonly [string, string] | readonly [null, string] {
  switch (d.move) {
    case 'inline':
      return [d.from, d.to];
    case 'epilogue':
    case 'sibling':
      return [d.to, d.from];
    case 'align':
    case 'residues':
    case 'list':
    case 'rows':
    case 'partial':
    case 'prologue':
    case 'pack':
    case 'in place':
    case 'again':
      return [null, d.to];
    default:
      return d.move satisfies never;
  }
}

/**
 * A shortest path of reads from some parts of a step to others, as the tensors along it; empty where there is none.
 *
 * @param first places in `parts` where it may begin
 * @param last places where it may end
 * @param nameOf what a tensor is called
 */
export function shortestReads<T>(
  parts: readonly Part<T>[],
  first: ReadonlySet<number>,
  last: ReadonlySet<number>,
  nameOf: (tensor: T) => string,
): Dependence[] {
  const paths = [...first].map((at) => ({ at, path: [] as readonly Dependence[] }));
  const seen = new Set(first);
  for (const { at, path } of paths) {
    if (last.has(at)) return [...path];
    const from = parts[at];
    if (from === undefined) continue;
    for (const [reader, to] of parts.entries()) {
      if (seen.has(reader)) continue;
      const tensor = from.writes.find((written) => to.reads.has(written));
      if (tensor === undefined) continue;
      seen.add(reader);
      paths.push({ at: reader, path: [...path, { from: from.name, tensor: nameOf(tensor), to: to.name }] });
    }
  }
  return [];
}
