import type { Look, Role } from '../../src/inspect/look.ts';
import { secondLine } from './boxSize.ts';
import { dispatchColour, roleNames } from './colours.ts';
import { type PlacedBox, TITLE } from './layout.ts';
import type { Places } from './places.ts';

/** How a box stands to what is picked. */
export interface BoxState {
  /** Whether all of it lights up, or some of what is in it. */
  readonly lit: 'all' | 'some' | 'none';
  readonly isPicked: boolean;
  readonly isSecond: boolean;
  /** Whether the keyboard comes to it first. */
  readonly isCurrent: boolean;
}

/** A box of the graph: a node, a closed box of several, or the frame of an open one. */
export function GraphBox({
  look,
  places,
  placed,
  state,
  onChoose,
  onKey,
}: {
  readonly look: Look;
  readonly places: Places;
  readonly placed: PlacedBox;
  readonly state: BoxState;
  readonly onChoose: (placed: PlacedBox, event: MouseEvent) => void;
  readonly onKey: (placed: PlacedBox, event: KeyboardEvent) => void;
}) {
  const { box, isOpen, x, y, width, height } = placed;
  const [id] = box.nodes;
  const node = box.kind === 'node' && id !== undefined ? look.nodes[id] : undefined;
  const dispatches = dispatchesIn(places, box.nodes);
  const below = secondLine(box, node);
  const classes = [
    'box',
    `role-${box.role}`,
    box.kind,
    ...(isOpen ? ['open'] : []),
    ...(state.lit === 'none' ? [] : [`lit-${state.lit}`]),
    ...(state.isPicked ? ['picked'] : []),
    ...(state.isSecond ? ['second'] : []),
  ];
  return (
    <button
      type="button"
      class={classes.join(' ')}
      style={{ left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${isOpen ? TITLE : height}px` }}
      tabIndex={state.isCurrent ? 0 : -1}
      data-key={box.key}
      title={isOpen ? `${box.title}: press to close` : tooltip(box.title, below, dispatches, places)}
      {...(box.kind === 'node' ? { 'aria-pressed': state.isPicked } : { 'aria-expanded': isOpen })}
      onClick={(event) => onChoose(placed, event)}
      onKeyDown={(event) => onKey(placed, event)}
    >
      <svg width={width} height={height} aria-hidden="true">
        {isOpen ? (
          <rect class="frame" width={width} height={height} rx="8" />
        ) : (
          <>
            {box.kind !== 'node' && (
              <path class="behind" d={outline(box.role, width, height)} transform="translate(4 4)" />
            )}
            <path class="shape" d={outline(box.role, width, height)} />
            {box.role === 'update' && (
              <path class="inner" d={outline('update', width - 6, height - 6)} transform="translate(3 3)" />
            )}
            <Stripes dispatches={dispatches} height={height} />
          </>
        )}
      </svg>
      <span class={isOpen ? 'frame-title' : 'box-title'}>{box.title}</span>
      {!isOpen && <span class="box-below">{below}</span>}
      <span class="visually-hidden">
        {roleNames[box.role]}
        {byText(dispatches, places)}
      </span>
    </button>
  );
}

/** The dispatches that compute some of these nodes, in order. */
function dispatchesIn(places: Places, nodes: readonly number[]): readonly number[] {
  const found = new Set<number>();
  for (const id of nodes) for (const k of places.dispatchesOfNode.get(id) ?? []) found.add(k);
  return [...found].sort((a, b) => a - b);
}

/** As many dispatches as have a stripe each. */
const STRIPES = 5;

function Stripes({
  dispatches,
  height,
}: {
  readonly dispatches: readonly number[];
  readonly height: number;
}) {
  const shown = dispatches.slice(0, STRIPES);
  const each = (height - 12) / Math.max(1, shown.length);
  return (
    <g>
      {shown.map((k, i) => (
        <rect
          key={k}
          x="7"
          y={6 + i * each}
          width="5"
          height={Math.max(1, each - 1)}
          rx="1.5"
          style={{ fill: dispatchColour(k) }}
        />
      ))}
    </g>
  );
}

/** Each role has a shape of its own, beside its colour. */
function outline(role: Role, width: number, height: number): string {
  switch (role) {
    case 'data': {
      const r = height / 2;
      return `M${r} 0H${width - r}A${r} ${r} 0 0 1 ${width - r} ${height}H${r}A${r} ${r} 0 0 1 ${r} 0Z`;
    }
    case 'forward':
      return rounded(width, height, 7);
    case 'backward':
      return `M9 0H${width - 9}L${width} 9V${height - 9}L${width - 9} ${height}H9L0 ${height - 9}V9Z`;
    case 'update':
      return rounded(width, height, 2);
    default:
      return role satisfies never;
  }
}

function rounded(w: number, h: number, r: number): string {
  return `M${r} 0H${w - r}Q${w} 0 ${w} ${r}V${h - r}Q${w} ${h} ${w - r} ${h}H${r}Q0 ${h} 0 ${h - r}V${r}Q0 0 ${r} 0Z`;
}

function tooltip(title: string, below: string, dispatches: readonly number[], places: Places): string {
  return `${title}\n${below}${byText(dispatches, places)}`;
}

/** Which dispatches compute a box, after what it is; nothing where none does. */
function byText(dispatches: readonly number[], places: Places): string {
  if (dispatches.length === 0) return '';
  const names = dispatches.slice(0, STRIPES).map((k) => `${k} ${places.report.dispatches[k]?.name ?? ''}`);
  const more = dispatches.length > STRIPES ? ` and ${dispatches.length - STRIPES} more` : '';
  return `, ${dispatches.length === 1 ? 'dispatch' : 'dispatches'} ${names.join(', ')}${more}`;
}

/** The smallest picture of a role, for the legend. */
export function RoleMark({ role }: { readonly role: Role }) {
  return (
    <svg class={`role-mark box role-${role}`} width="26" height="18" viewBox="-1 -1 28 20" aria-hidden="true">
      <path class="shape" d={outline(role, 26, 18)} />
      {role === 'update' && <path class="inner" d={outline('update', 20, 12)} transform="translate(3 3)" />}
    </svg>
  );
}
