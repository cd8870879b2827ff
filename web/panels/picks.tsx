import type { ComponentChildren } from 'preact';
import type { Access, LookNode } from '../../src/inspect/look.ts';
import { dispatchColour } from './colours.ts';
import { countText } from './figures.ts';
import type { Places } from './places.ts';
import { pick } from './select.ts';
import type { PanelProps, Picked, Selection } from './selection.ts';

/* Names of what can be picked, as buttons that pick it. */

/** What lists of an entry's nodes and dispatches are given. */
export interface OfEntry extends PanelProps {
  readonly places: Places;
}

/** Tensors that a dispatch reads or writes, as buttons. */
export function Accesses({
  accesses,
  selection,
}: {
  readonly accesses: readonly Access[];
  readonly selection: Selection;
}) {
  return (
    <span class="picks">
      {accesses.slice(0, MANY).map(({ tensor, type }) => (
        <Pick key={tensor} picked={{ kind: 'buffer', name: tensor }} selection={selection} hint={type}>
          {tensor}
        </Pick>
      ))}
      <More of={accesses.length} />
    </span>
  );
}

/** As many as are named; of a line that builds a thousand nodes the rest is a number. */
const MANY = 24;

function More({ of }: { readonly of: number }) {
  return of > MANY ? <span class="soft">and {countText(of - MANY)} more</span> : null;
}

/** Nodes of the entry that is shown, as buttons; `none` where there are none. */
export function Nodes({
  ids,
  none,
  ...props
}: OfEntry & { readonly ids: readonly number[]; readonly none: string }) {
  const shown = ids.filter((id) => props.places.nodes.has(id));
  if (shown.length === 0) return <span class="soft">{none}</span>;
  return (
    <span class="picks">
      {shown.slice(0, MANY).map((id) => (
        <Pick
          key={id}
          picked={{ kind: 'node', id }}
          selection={props.selection}
          hint={`${props.look.nodes[id]?.dtype ?? ''}${props.look.nodes[id]?.shape ?? ''}`}
        >
          {nodeName(props.look.nodes[id], id)}
        </Pick>
      ))}
      <More of={shown.length} />
    </span>
  );
}

/** What a node is called: by its label, or by its operation and its number. */
export function nodeName(node: LookNode | undefined, id: number): string {
  return node?.label ?? `${node?.op ?? ''} %${id}`;
}

/** Dispatches, as buttons; `none` where there are none. */
export function Dispatches({
  dispatches,
  none,
  places,
  selection,
}: OfEntry & { readonly dispatches: readonly number[]; readonly none: string }) {
  if (dispatches.length === 0) return <span class="soft">{none}</span>;
  return (
    <span class="picks">
      {dispatches.slice(0, MANY).map((k) => (
        <Pick key={k} picked={{ kind: 'dispatch', dispatch: k }} selection={selection}>
          <DispatchMark dispatch={k} /> {places.report.dispatches[k]?.name ?? ''}
        </Pick>
      ))}
      <More of={dispatches.length} />
    </span>
  );
}

/** The number of a dispatch on its colour. */
export function DispatchMark({ dispatch }: { readonly dispatch: number }) {
  return (
    <span class="mark" style={{ '--mark': dispatchColour(dispatch) }}>
      {dispatch}
    </span>
  );
}

/** A button that picks. */
export function Pick(props: {
  readonly picked: Picked;
  readonly selection: Selection;
  readonly hint?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <button
      type="button"
      class="pick"
      title={props.hint}
      onClick={(event) => pick(props.selection, props.picked, event)}
    >
      {props.children}
    </button>
  );
}
