import { type Signal, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Look } from '../../src/inspect/look.ts';
import { nodesFound } from './find.ts';
import type { Places } from './places.ts';
import { pick } from './select.ts';
import type { Selection } from './selection.ts';

/** What is above the graph: search, zoom, and what is open. */
export function GraphTools(props: {
  readonly look: Look;
  readonly places: Places;
  readonly selection: Selection;
  readonly isFolded: Signal<boolean>;
  readonly zoom: (factor: number) => void;
  readonly fit: () => void;
  readonly expand: () => void;
  readonly collapse: () => void;
}) {
  return (
    <div class="graph-tools" role="toolbar" aria-label="Graph">
      <Search look={props.look} places={props.places} selection={props.selection} />
      <span class="group">
        <Tool label="Zoom out (-)" text="−" press={() => props.zoom(0.8)} />
        <Tool label="Zoom in (+)" text="+" press={() => props.zoom(1.25)} />
        <Tool label="Fit all into the window (0)" text="Fit" press={props.fit} />
      </span>
      <span class="group">
        <Tool label="Expand boxes, as many as can be drawn" text="Expand" press={props.expand} />
        <Tool label="Collapse all boxes" text="Collapse" press={props.collapse} />
        <button
          type="button"
          class="button"
          aria-pressed={!props.isFolded.value}
          title="Draw reshapes, transpositions and constants too, rather than edges through them"
          onClick={() => {
            props.isFolded.value = !props.isFolded.value;
          }}
        >
          Movements
        </button>
      </span>
    </div>
  );
}

function Tool({
  label,
  text,
  press,
}: {
  readonly label: string;
  readonly text: string;
  readonly press: () => void;
}) {
  return (
    <button type="button" class="button" title={label} aria-label={label} onClick={press}>
      {text}
    </button>
  );
}

/** Finds nodes by name, operation or dispatch; Enter goes to the next, with Shift to the one before. */
function Search({
  look,
  places,
  selection,
}: {
  readonly look: Look;
  readonly places: Places;
  readonly selection: Selection;
}) {
  const text = useSignal('');
  const at = useSignal(-1);
  const found = useMemo(() => nodesFound(look, places, text.value), [look, places, text.value]);
  const go = (by: 1 | -1): void => {
    if (found.length === 0) return;
    at.value = (Math.max(at.value, by > 0 ? -1 : 0) + by + found.length) % found.length;
    const id = found[at.value];
    if (id !== undefined) pick(selection, { kind: 'node', id });
  };
  return (
    <search class="find">
      <input
        type="search"
        class="field"
        placeholder="Find nodes, dispatches"
        aria-label="Find nodes by name, operation or dispatch"
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          at.value = -1;
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') go(event.shiftKey ? -1 : 1);
        }}
      />
      <output class="soft">
        {text.value === '' ? '' : found.length === 0 ? 'none' : `${at.value + 1 || '–'} of ${found.length}`}
      </output>
      <button
        type="button"
        class="button"
        aria-label="Previous"
        disabled={found.length === 0}
        onClick={() => go(-1)}
      >
        ↑
      </button>
      <button
        type="button"
        class="button"
        aria-label="Next"
        disabled={found.length === 0}
        onClick={() => go(1)}
      >
        ↓
      </button>
    </search>
  );
}
