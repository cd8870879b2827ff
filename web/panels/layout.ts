import { Graph, type GraphLabel, layout, type NodeLabel, type Point } from '@dagrejs/dagre';
import type { Look } from '../../src/inspect/look.ts';
import type { Box } from './boxes.ts';
import { sizeOf } from './boxSize.ts';
import { type Edge, type Edges, INTO, OUT } from './edges.ts';
import { inRanks, lanesOf, throughLane } from './lanes.ts';

/** Where everything on the page of a graph is, in the units of the drawing. */
export interface Layout {
  /** Open boxes come before what is in them. */
  readonly boxes: readonly PlacedBox[];
  readonly edges: readonly PlacedEdge[];
  readonly width: number;
  readonly height: number;
}

/** A box, by its upper left corner. */
export interface PlacedBox {
  readonly box: Box;
  readonly isOpen: boolean;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An edge, and the points that it goes through. */
export interface PlacedEdge extends Edge {
  /** The key of the open box that it is in; the root's is empty. */
  readonly container: string;
  readonly points: readonly Point[];
}

/** Above what is in an open box stands its title. */
export const TITLE = 26;
const MARGIN = 14;

/**
 * The boxes that are shown and the edges between them, in ranks from above. Each open box is laid out by itself, by dagre, which
 * takes long for graphs of boxes in boxes, and not for forty.
 */
export function layoutOf(look: Look, root: Box, open: ReadonlySet<string>, edges: Edges): Layout {
  const { width, height, boxes, lines } = placed(look, root, open, edges);
  return { width, height, boxes, edges: lines };
}

/** One open box: what is in it, from its own corner on, and where edges come in and go out. */
interface Placed {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  readonly lines: readonly PlacedEdge[];
  readonly into: number;
  readonly out: number;
}

// Recursion is as deep as boxes lie in one another: layers, and runs of a fortieth each.
function placed(look: Look, container: Box, open: ReadonlySet<string>, edges: Edges): Placed {
  const inner = new Map<string, Placed>();
  for (const child of container.children) {
    if (child.children.length > 0 && open.has(child.key))
      inner.set(child.key, placed(look, child, open, edges));
  }
  const own = edges.levels.get(container.key) ?? [];
  const graph = new Graph<GraphLabel, NodeLabel, Line>();
  graph.setGraph({ rankdir: 'TB', nodesep: 14, ranksep: 26, edgesep: 8, marginx: MARGIN, marginy: MARGIN });
  for (const child of container.children) {
    const { width, height } = inner.get(child.key) ?? sizeOf(look, child);
    graph.setNode(child.key, { width, height });
  }
  for (const port of [INTO, OUT])
    if (own.some(({ from, to }) => from === port || to === port))
      graph.setNode(port, { width: 2, height: 2 });
  const { near, far } = inRanks(
    container.children.map(({ key }) => key),
    own,
  );
  for (const { from, to, sources } of near) graph.setEdge(from, to, { weight: Math.min(3, sources.size) });
  keepPortsOutside(graph, container);
  layout(graph);
  const top = container.key === '' ? 0 : TITLE;
  const { width: ranked = 0, height = 0 } = graph.graph();
  const lanes = lanesOf(far, ranked);
  const width = ranked + lanes.width;
  const at = (key: string): { x: number; y: number; width: number; height: number } => {
    const { x = 0, y = 0, ...size } = graph.node(key);
    return { x: x - size.width / 2, y: y - size.height / 2 + top, width: size.width, height: size.height };
  };
  const boxes: PlacedBox[] = [];
  const line = (edge: Edge, points: readonly Point[]): PlacedEdge => ({
    ...edge,
    container: container.key,
    points: joined(edge, points, at, inner, height + top),
  });
  const lines: PlacedEdge[] = near.map((edge) =>
    line(
      edge,
      (graph.edge(edge.from, edge.to)?.points ?? []).map(({ x, y }) => ({ x, y: y + top })),
    ),
  );
  for (const edge of far) {
    const [from, to] = [at(edge.from), at(edge.to)];
    const below = { x: from.x + from.width / 2, y: from.y + from.height };
    const above = { x: to.x + to.width / 2, y: to.y };
    lines.push(line(edge, throughLane(below, above, lanes.at(edge.from))));
  }
  for (const child of container.children) {
    const place = at(child.key);
    const content = inner.get(child.key);
    boxes.push({ box: child, isOpen: content !== undefined, ...place });
    for (const one of content?.boxes ?? []) boxes.push({ ...one, x: one.x + place.x, y: one.y + place.y });
    for (const one of content?.lines ?? [])
      lines.push({ ...one, points: one.points.map(({ x, y }) => ({ x: x + place.x, y: y + place.y })) });
  }
  const portAt = (port: string): number => (graph.hasNode(port) ? at(port).x + 1 : width / 2);
  return { width, height: height + top, boxes, lines, into: portAt(INTO), out: portAt(OUT) };
}

interface Line {
  readonly weight: number;
  points?: Point[];
}

/** The way in is above everything that nothing else is above of, and the way out below. */
function keepPortsOutside(graph: Graph<GraphLabel, NodeLabel, Line>, { children }: Box): void {
  for (const { key } of children) {
    if (graph.hasNode(INTO) && (graph.inEdges(key) ?? []).length === 0)
      graph.setEdge(INTO, key, { weight: 0 });
    if (graph.hasNode(OUT) && (graph.outEdges(key) ?? []).length === 0)
      graph.setEdge(key, OUT, { weight: 0 });
  }
}

/** Points of an edge, which joins those inside of open boxes at its ends, and reaches the rim of the box that it leaves. */
function joined(
  { from, to }: Edge,
  points: readonly Point[],
  at: (key: string) => { readonly x: number; readonly y: number; readonly height: number },
  inner: ReadonlyMap<string, Placed>,
  bottom: number,
): Point[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return [];
  const [source, target] = [inner.get(from), inner.get(to)];
  const ends = [...points];
  if (source !== undefined) ends[0] = { x: at(from).x + source.out, y: at(from).y + at(from).height };
  if (target !== undefined) ends[ends.length - 1] = { x: at(to).x + target.into, y: at(to).y };
  if (from === INTO) ends[0] = { x: at(INTO).x + 1, y: 0 };
  if (to === OUT) ends[ends.length - 1] = { x: at(OUT).x + 1, y: bottom };
  return ends;
}
