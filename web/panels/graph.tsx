import './graph.css';
import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { type Box, boxesOf, openAtFirst, opened, openUpTo } from './boxes.ts';
import { edgesOf } from './edges.ts';
import { GraphBox } from './graphBox.tsx';
import { GraphEdges } from './graphEdges.tsx';
import { GraphTools } from './graphTools.tsx';
import { type Layout, layoutOf, type PlacedBox } from './layout.ts';
import { Legend } from './legend.tsx';
import { nodesPicked } from './lit.ts';
import { Minimap } from './minimap.tsx';
import { neighbour } from './neighbour.ts';
import { placesOf } from './places.ts';
import { pick } from './select.ts';
import type { PanelProps, Picked, Selection } from './selection.ts';
import { useViewport } from './useViewport.ts';
import { centred, fitted, isInSight, opening, type Rectangle } from './viewport.ts';

/** Boxes that are shown when a graph opens, and at most. */
const FIRST = 64;
const MOST = 160;

/** The least scale at which text can be read. */
const READABLE = 0.75;

/** Pixels that arrow keys move the drawing by. */
const moves: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [60, 0],
  ArrowRight: [-60, 0],
  ArrowUp: [0, 60],
  ArrowDown: [0, -60],
};

/** The graph of an entry: nodes in boxes that open, each with the colours of the dispatches that compute it. */
export function GraphPanel({ look, selection }: PanelProps) {
  const entry = selection.entry.value;
  const places = placesOf(look, entry);
  const isFolded = useSignal(true);
  const tree = useMemo(() => boxesOf(look, places, isFolded.value), [look, places, isFolded.value]);
  const open = useSignal<{ readonly tree: typeof tree; readonly keys: ReadonlySet<string> }>({
    tree,
    keys: openAtFirst(tree.root, FIRST),
  });
  const keys = open.value.tree === tree ? open.value.keys : openAtFirst(tree.root, FIRST);
  const setOpen = (next: ReadonlySet<string>): void => {
    open.value = { tree, keys: next };
  };
  const edges = useMemo(() => edgesOf(look, tree, keys), [look, tree, keys]);
  const layout = useMemo(() => layoutOf(look, tree.root, keys, edges), [look, tree, keys, edges]);
  const viewport = useViewport();
  const current = useSignal('');
  const known = useRef<{ readonly tree: typeof tree; layout: Layout } | undefined>(undefined);
  const anchor = useRef<string | undefined>(undefined);

  keepInPlace();

  /** What opens or closes a box leaves it where it is on the page. */
  function keepInPlace(): void {
    const before = known.current;
    if (before === undefined || before.layout === layout) return;
    const key = anchor.current;
    const size = viewport.size.peek();
    const [was, is] = [before.layout, layout].map(({ boxes }) => boxes.find(({ box }) => box.key === key));
    const { left, top, scale } = viewport.view.peek();
    if (before.tree !== tree) viewport.view.value = opening(layout, size, startOf(layout), READABLE);
    else if (was !== undefined && is !== undefined)
      viewport.view.value = { scale, left: left + (was.x - is.x) * scale, top: top + (was.y - is.y) * scale };
    known.current = { tree, layout };
  }

  const toggle = (box: Box): void => {
    const next = new Set(keys);
    if (!next.delete(box.key)) next.add(box.key);
    anchor.current = box.key;
    setOpen(next);
  };

  // What is picked elsewhere comes into sight, once; a node, out of whatever it is in.
  const sought = useRef<Picked | undefined>(undefined);
  const picked = selection.picked.value;
  const size = viewport.size.value;
  useEffect(() => {
    if (size.width === 0 || known.current?.tree === tree) return;
    known.current = { tree, layout };
    viewport.view.value = opening(layout, size, startOf(layout), READABLE);
  }, [size, tree, layout]);
  useEffect(() => {
    if (size.width === 0 || picked === sought.current) return;
    const wanted = picked?.kind === 'node' ? opened(tree, keys, picked.id, MOST) : keys;
    if (wanted !== keys) {
      setOpen(wanted);
      return;
    }
    sought.current = picked;
    const lit = layout.boxes.filter((one) => !one.isOpen && stateOf(one, selection).lit !== 'none');
    const [first] = lit;
    if (first === undefined || lit.some((one) => isInSight(viewport.view.peek(), size, one))) return;
    viewport.view.value = centred(viewport.view.peek(), size, first, READABLE);
  }, [picked, size, layout]);

  const choose = (placed: PlacedBox, event: MouseEvent | KeyboardEvent): void => {
    if (viewport.hasDragged()) return;
    const [id] = placed.box.nodes;
    current.value = placed.box.key;
    if (placed.box.kind !== 'node') toggle(placed.box);
    else if (id !== undefined) pick(selection, { kind: 'node', id }, event);
  };
  const goTo = (key: string): void => {
    const to = layout.boxes.find(({ box }) => box.key === key);
    if (to === undefined) return;
    current.value = key;
    const boxes = viewport.window.current?.querySelectorAll<HTMLElement>('.box') ?? [];
    [...boxes].find(({ dataset }) => dataset.key === key)?.focus({ preventScroll: true });
    const { view, size } = viewport;
    if (!isInSight(view.peek(), size.peek(), to))
      view.value = centred(view.peek(), size.peek(), to, READABLE);
  };
  const onKey = (placed: PlacedBox, event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { view } = viewport;
    const [x, y] = moves[event.key] ?? [0, 0];
    if ((x !== 0 || y !== 0) && event.shiftKey) {
      const { left, top, scale } = view.peek();
      view.value = { scale, left: left + x, top: top + y };
    } else if (x !== 0 || y !== 0) {
      const to = neighbour(layout, edges, placed, event.key);
      if (to !== undefined) goTo(to);
    } else if (event.key === '+' || event.key === '=') viewport.zoom(1.25);
    else if (event.key === '-') viewport.zoom(0.8);
    else if (event.key === '0') view.value = fitted(layout, viewport.size.peek());
    else if (event.key === 'Enter' && event.shiftKey) choose(placed, event);
    else return;
    event.preventDefault();
  };

  const transform = useComputed(() => {
    const { left, top, scale } = viewport.view.value;
    return `transform: translate(${left}px, ${top}px) scale(${scale})`;
  });
  const first = layout.boxes.some(({ box }) => box.key === current.value)
    ? current.value
    : layout.boxes[0]?.box.key;
  return (
    <div class="graph">
      <GraphTools
        look={look}
        places={places}
        selection={selection}
        isFolded={isFolded}
        zoom={viewport.zoom}
        fit={() => {
          viewport.view.value = fitted(layout, viewport.size.peek());
        }}
        expand={() => setOpen(openUpTo(tree.root, MOST))}
        collapse={() => setOpen(new Set())}
      />
      <section
        class="graph-window"
        ref={viewport.window}
        aria-label={`Nodes of ${entry}: arrow keys follow edges, with Shift they move the drawing; + and - zoom, 0 shows all`}
      >
        <div class="drawing" style={transform}>
          {layout.boxes.map((placed) => placed.isOpen && draw(placed))}
          <GraphEdges layout={layout} look={look} selection={selection} />
          {layout.boxes.map((placed) => !placed.isOpen && draw(placed))}
        </div>
        <Minimap layout={layout} viewport={viewport} />
      </section>
      <Legend places={places} selection={selection} />
    </div>
  );

  function draw(placed: PlacedBox) {
    return (
      <GraphBox
        key={placed.box.key}
        look={look}
        places={places}
        placed={placed}
        state={{
          ...stateOf(placed, selection),
          isSecond: isOf(selection.second.value, placed, look, entry),
          isCurrent: placed.box.key === first,
        }}
        onChoose={choose}
        onKey={onKey}
      />
    );
  }
}

/** The box that stands highest: what is read first. */
function startOf({ boxes }: Layout): Rectangle {
  const none: Rectangle = { x: 0, y: 0, width: 0, height: 0 };
  return boxes.reduce((top, box) => (box.y < top.y ? box : top), boxes[0] ?? none);
}

function stateOf({ box, isOpen }: PlacedBox, { lit, picked }: Selection) {
  const { nodes } = lit.value;
  const count = isOpen || nodes.size === 0 ? 0 : box.nodes.filter((id) => nodes.has(id)).length;
  const isPicked = picked.value?.kind === 'node' && box.kind === 'node' && box.nodes[0] === picked.value.id;
  const part = count === box.nodes.length ? 'all' : 'some';
  return { lit: count === 0 ? 'none' : part, isPicked } as const;
}

function isOf(
  second: Picked | undefined,
  { box, isOpen }: PlacedBox,
  look: PanelProps['look'],
  entry: string,
) {
  if (second === undefined || isOpen) return false;
  const nodes = nodesPicked(look, entry, second);
  return box.nodes.some((id) => nodes.includes(id));
}
