import { beforeAll, describe, expect, test } from 'vitest';
import { mnist } from '../../examples/model.ts';
import type { Look } from '../../src/inspect/look.ts';
import { boxesOf, openAtFirst, opened, openUpTo, shownBoxes } from '../../web/panels/boxes.ts';
import { edgesOf, INTO, OUT } from '../../web/panels/edges.ts';
import { layoutOf } from '../../web/panels/layout.ts';
import { neighbour } from '../../web/panels/neighbour.ts';
import { placesOf } from '../../web/panels/places.ts';
import { largeLook, lookAt } from './looks.ts';

let look: Look;
let large: Look;

beforeAll(async () => {
  look = await lookAt(mnist, 'examples/model.ts');
  large = largeLook(look, 10_000);
});

const treeOf = (of: Look, folded = true) => boxesOf(of, placesOf(of, 'train'), folded);

describe('boxes of a graph', () => {
  test('hold every node that is drawn once, none with more than forty', () => {
    for (const of of [look, large]) {
      const tree = treeOf(of);
      const all = shownBoxes(tree.root, openUpTo(tree.root, Number.POSITIVE_INFINITY));
      const nodes = all.filter(({ box }) => box.kind === 'node').map(({ box }) => box.nodes[0]);
      const drawn = [...tree.drawnAs].filter(([id, as]) => id === as).map(([id]) => id);
      expect(nodes.sort()).toEqual(drawn.sort());
      expect(Math.max(...all.map(({ box }) => box.children.length))).toBeLessThanOrEqual(40);
      expect(tree.root.children.length).toBeLessThanOrEqual(40);
    }
  });

  test('are layers, by role, and what is in none beside them', () => {
    const layers = treeOf(look).root.children.filter(({ kind }) => kind === 'layer');
    expect(layers.map(({ role, title }) => `${role} ${title}`)).toEqual([
      'forward hidden',
      'forward output',
      'backward output',
      'backward hidden',
      'update hidden',
      'update output',
    ]);
  });

  test('leave movements and constants out where they are folded, and draw all else', () => {
    const place = placesOf(look, 'train');
    expect(treeOf(look, false).drawnAs.size).toBe(place.nodes.size);
    const folded = treeOf(look);
    for (const [id, as] of folded.drawnAs)
      if (id !== as) expect(look.nodes[id]?.isMovement, `node ${id}`).toBe(true);
  });

  test('open so far as they can be drawn, around the node that is asked for', () => {
    const tree = treeOf(large);
    expect(openAtFirst(tree.root, 64).size).toBe(0);
    expect(shownBoxes(tree.root, openUpTo(tree.root, 160)).length).toBeLessThanOrEqual(160);
    const open = opened(tree, new Set(), 5000, 160);
    expect(shownBoxes(tree.root, open).some(({ box }) => box.key === '%5000')).toBe(true);
    const crowded = openUpTo(tree.root, 160);
    expect(shownBoxes(tree.root, opened(tree, crowded, 5000, 160)).length).toBeLessThanOrEqual(160);
  });
});

describe('a layout', () => {
  test('has every box inside of the one around it, apart from its neighbours', () => {
    const tree = treeOf(look);
    const open = openUpTo(tree.root, 160);
    const { boxes, width, height } = layoutOf(look, tree.root, open, edgesOf(look, tree, open));
    const closed = boxes.filter(({ isOpen }) => !isOpen);
    for (const [i, a] of closed.entries()) {
      expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height).toBe(true);
      for (const b of closed.slice(i + 1)) {
        const apart =
          a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart, `${a.box.title} and ${b.box.title}`).toBe(true);
      }
    }
  });

  test('draws an edge into an open box in parts, and arrow keys follow it from end to end', () => {
    const tree = treeOf(look);
    const open = openUpTo(tree.root, 160);
    const edges = edgesOf(look, tree, open);
    const inner = tree.root.children.find(({ title, role }) => title === 'output' && role === 'forward');
    const parts = edges.levels.get(inner?.key ?? '') ?? [];
    expect(parts.some(({ from }) => from === INTO)).toBe(true);
    expect(parts.some(({ to }) => to === OUT)).toBe(true);
    const layout = layoutOf(look, tree.root, open, edges);
    const hidden = look.nodes.find(({ label }) => label === 'hidden')?.id;
    const from = layout.boxes.find(({ box }) => box.key === `%${hidden}`);
    const key = from && neighbour(layout, edges, from, 'ArrowDown');
    const reader = look.nodes[Number(key?.slice(1))];
    expect(reader?.op).toBe('contract');
    expect(reader?.inputs).toContain(hidden);
  });
});
