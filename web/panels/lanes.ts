import type { Point } from '@dagrejs/dagre';
import { type Edge, INTO, OUT } from './edges.ts';

/*
 * Edges over many ranks. A layout in ranks gives each of them a point in every rank that it passes, and most of its time goes into
 * their order: a network whose gradients read what was computed forward has hundreds of them. They go in lanes beside the boxes.
 */

/** Ranks that the edges of one box pass, in all, before the longest go beside: a third of a second. */
const MOST_RANKS = 240;

/** Pixels between lanes, from a box to where its edge turns, and of a turn. */
const BETWEEN = 5;
const STEM = 12;
const TURN = 8;

/**
 * Edges that are laid out in ranks, the shortest ones, and those that go in lanes. Each box keeps the edge that its rank comes from.
 *
 * @param keys of the boxes, in order: most edges go to later ones
 */
export function inRanks(
  keys: readonly string[],
  edges: readonly Edge[],
): { readonly near: readonly Edge[]; readonly far: readonly Edge[] } {
  const ranks = ranksOf(keys, edges);
  const spanOf = ({ from, to }: Edge): number => Math.abs((ranks.get(to) ?? 0) - (ranks.get(from) ?? 0));
  let passed = 0;
  const far = new Set<Edge>();
  for (const edge of [...edges].sort((a, b) => spanOf(a) - spanOf(b))) {
    const span = spanOf(edge);
    passed += span;
    if (span > 1 && passed > MOST_RANKS) far.add(edge);
  }
  return { near: edges.filter((edge) => !far.has(edge)), far: [...far] };
}

/** For each box the longest way to it, along edges to later boxes. */
function ranksOf(keys: readonly string[], edges: readonly Edge[]): ReadonlyMap<string, number> {
  const places = new Map([INTO, ...keys, OUT].map((key, i) => [key, i]));
  const into = new Map<string, string[]>();
  for (const { from, to } of edges) {
    if ((places.get(from) ?? 0) >= (places.get(to) ?? 0)) continue;
    const list = into.get(to) ?? [];
    into.set(to, list);
    list.push(from);
  }
  const ranks = new Map<string, number>();
  for (const key of places.keys())
    ranks.set(
      key,
      (into.get(key) ?? []).reduce((rank, from) => Math.max(rank, 1 + (ranks.get(from) ?? 0)), 0),
    );
  return ranks;
}

/** Where lanes are: what comes out of one box shares one. */
export interface Lanes {
  /** Of the lane of a box, by its key. */
  readonly at: (from: string) => number;
  /** What they take beside the boxes. */
  readonly width: number;
}

/** Lanes for some edges, to the right of what is `width` wide. */
export function lanesOf(far: readonly Edge[], width: number): Lanes {
  const sources = [...new Set(far.map(({ from }) => from))];
  return {
    at: (from) => width + BETWEEN * sources.indexOf(from),
    width: sources.length === 0 ? 0 : BETWEEN * sources.length + STEM,
  };
}

/** The points of an edge that goes from below one box through a lane to above another. */
export function throughLane(from: Point, to: Point, lane: number): Point[] {
  const [out, back] = [from.y + STEM, to.y - STEM];
  const turn = back > out ? TURN : -TURN;
  return [
    from,
    { x: from.x, y: out },
    { x: lane - TURN, y: out },
    { x: lane, y: out },
    { x: lane, y: out + turn },
    { x: lane, y: back - turn },
    { x: lane, y: back },
    { x: lane - TURN, y: back },
    { x: to.x, y: back },
    to,
  ];
}
