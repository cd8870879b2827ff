import type { Look } from '../../src/inspect/look.ts';
import type { Layout, PlacedEdge } from './layout.ts';
import { nodeName } from './picks.tsx';
import type { Selection } from './selection.ts';

/** The edges, under the boxes; those that carry a value that lights up are lit. */
export function GraphEdges({
  layout,
  look,
  selection,
}: {
  readonly layout: Layout;
  readonly look: Look;
  readonly selection: Selection;
}) {
  const { nodes } = selection.lit.value;
  return (
    <svg class="edges" width={layout.width} height={layout.height} aria-hidden="true">
      {layout.edges.map((edge) => {
        const isLit = [...edge.sources].some((id) => nodes.has(id));
        return (
          <path
            key={`${edge.container}\n${edge.from}\n${edge.to}`}
            class={`edge${isLit ? ' lit' : ''}${edge.movements.size > 0 ? ' moving' : ''}`}
            d={curve(edge.points)}
          >
            <title>{titleOf(edge, look)}</title>
          </path>
        );
      })}
    </svg>
  );
}

/** A smooth line through the middles between points, which begins and ends at the outer ones, with a tip. */
function curve(points: PlacedEdge['points']): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return '';
  let path = `M${first.x} ${first.y}`;
  for (const [i, point] of rest.entries()) {
    const next = rest[i + 1];
    if (next !== undefined)
      path += `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  }
  const tip = `M${last.x - 3} ${last.y - 5}L${last.x} ${last.y}L${last.x + 3} ${last.y - 5}`;
  return `${path}L${last.x} ${last.y}${tip}`;
}

/** As many tensors of an edge as are named. */
const NAMED = 6;

function titleOf({ sources, movements }: PlacedEdge, look: Look): string {
  const names = [...sources].slice(0, NAMED).map((id) => nodeName(look.nodes[id], id));
  const more = sources.size > NAMED ? ` and ${sources.size - NAMED} more` : '';
  const through = movements.size === 0 ? '' : `\nthrough ${[...movements].join(', ')}`;
  return `${names.join(', ')}${more}${through}`;
}
