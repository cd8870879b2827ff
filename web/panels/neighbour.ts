import type { Edges } from './edges.ts';
import type { Layout, PlacedBox } from './layout.ts';

/**
 * The box that an arrow key goes to: down along an edge to what reads this one, up to what it reads, the nearest of several; to
 * the left or right the next one at about the same height. Of an open box, the first that lies in it.
 *
 * @returns its key; undefined where there is none
 */
export function neighbour(layout: Layout, edges: Edges, from: PlacedBox, key: string): string | undefined {
  const closed = layout.boxes.filter(({ isOpen }) => !isOpen);
  const middle = middleOf(from);
  const distance = (to: PlacedBox): number => {
    const { x, y } = middleOf(to);
    return Math.hypot(x - middle.x, y - middle.y);
  };
  const along = (keys: ReadonlySet<string> | undefined): readonly PlacedBox[] =>
    closed.filter(({ box }) => keys?.has(box.key) === true);
  const beside = (side: 1 | -1): readonly PlacedBox[] =>
    closed.filter((to) => {
      const { x, y } = middleOf(to);
      return side * (x - middle.x) > 1 && Math.abs(y - middle.y) < (to.height + from.height) / 2;
    });
  switch (key) {
    case 'ArrowDown':
      return nearest(from.isOpen ? inside(closed, from) : along(edges.next.get(from.box.key)), distance);
    case 'ArrowUp':
      return nearest(along(edges.before.get(from.box.key)), distance);
    case 'ArrowRight':
      return nearest(beside(1), distance);
    case 'ArrowLeft':
      return nearest(beside(-1), distance);
    default:
      return undefined;
  }
}

function inside(boxes: readonly PlacedBox[], { box }: PlacedBox): readonly PlacedBox[] {
  const own = new Set(box.nodes);
  return boxes.filter((one) => one.box.nodes.some((id) => own.has(id)));
}

function middleOf({ x, y, width, height, isOpen }: PlacedBox): { readonly x: number; readonly y: number } {
  return { x: x + width / 2, y: isOpen ? y : y + height / 2 };
}

function nearest(boxes: readonly PlacedBox[], distance: (box: PlacedBox) => number): string | undefined {
  return boxes.reduce<PlacedBox | undefined>(
    (best, box) => (best === undefined || distance(box) < distance(best) ? box : best),
    undefined,
  )?.box.key;
}
