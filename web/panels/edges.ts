import type { Look } from '../../src/inspect/look.ts';
import type { BoxTree } from './boxes.ts';

/** An edge between two boxes of one level, or between one and the way into or out of the box around them. */
export interface Edge {
  /** A box's key, or {@link INTO}. */
  readonly from: string;
  /** A box's key, or {@link OUT}. */
  readonly to: string;
  /** The nodes whose values go along it. */
  readonly sources: ReadonlySet<number>;
  /** Movements that are folded into it, by name. */
  readonly movements: ReadonlySet<string>;
}

/** Where edges from outside come into an open box. */
export const INTO = '→';
/** Where edges leave it. */
export const OUT = '←';

/** The edges of a graph of boxes. */
export interface Edges {
  /** Those of each open box, by its key; the root's is empty. */
  readonly levels: ReadonlyMap<string, readonly Edge[]>;
  /** For each box that is shown closed, those that its values go to, and come from: what arrow keys follow. */
  readonly next: ReadonlyMap<string, ReadonlySet<string>>;
  readonly before: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * The edges that are drawn when these boxes are open. An edge between nodes of two open boxes is drawn in three parts: out of the
 * one, from box to box, into the other; parts that coincide are one. So each open box is laid out by itself.
 */
export function edgesOf(look: Look, tree: BoxTree, open: ReadonlySet<string>): Edges {
  const levels = new Map<string, Map<string, Drawn>>();
  const next = new Map<string, Set<string>>();
  const before = new Map<string, Set<string>>();
  for (const [id, as] of tree.drawnAs) {
    if (id !== as) continue;
    for (const input of look.nodes[id]?.inputs ?? []) {
      const source = tree.drawnAs.get(input);
      if (source === undefined) continue;
      const from = wayTo(tree, source);
      const to = wayTo(tree, id);
      let depth = 0;
      while (depth < from.length - 1 && from[depth] === to[depth]) depth++;
      // Both are in one box that is closed.
      if (from.slice(0, depth).some((key) => !open.has(key))) continue;
      const draw = (container: string, a = '', b = ''): void => {
        const edge = drawn(levels, container, a, b);
        edge.sources.add(source);
        for (
          let at = look.nodes[input];
          at !== undefined && at.id !== source;
          at = look.nodes[at.inputs[0] ?? -1]
        )
          edge.movements.add(at.op);
      };
      draw(from[depth - 1] ?? '', from[depth], to[depth]);
      let [i, k] = [depth, depth];
      for (; i < from.length - 1 && open.has(from[i] ?? ''); i++) draw(from[i] ?? '', from[i + 1], OUT);
      for (; k < to.length - 1 && open.has(to[k] ?? ''); k++) draw(to[k] ?? '', INTO, to[k + 1]);
      addTo(next, from[i] ?? '', to[k] ?? '');
      addTo(before, to[k] ?? '', from[i] ?? '');
    }
  }
  return {
    levels: new Map([...levels].map(([container, edges]) => [container, [...edges.values()]])),
    next,
    before,
  };
}

interface Drawn extends Edge {
  readonly sources: Set<number>;
  readonly movements: Set<string>;
}

/** The keys of the boxes around a node, and its own. */
function wayTo(tree: BoxTree, id: number): readonly string[] {
  return [...(tree.around.get(id) ?? []), `%${id}`];
}

function drawn(levels: Map<string, Map<string, Drawn>>, container: string, from: string, to: string): Drawn {
  const level = levels.get(container) ?? new Map<string, Drawn>();
  levels.set(container, level);
  const key = `${from}\n${to}`;
  const known = level.get(key);
  if (known !== undefined) return known;
  const edge: Drawn = { from, to, sources: new Set(), movements: new Set() };
  level.set(key, edge);
  return edge;
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key) ?? new Set<string>();
  map.set(key, set);
  set.add(value);
}
