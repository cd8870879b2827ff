import type { ComponentChildren } from 'preact';
import type { Role } from '../../src/inspect/look.ts';
import './charts.css';
import { roleNames } from './colours.ts';
import type { Scale } from './scales.ts';

/** A chart with its title, what it says in a sentence, and a line below that tells of what is pointed at. */
export function Chart(props: {
  readonly title: string;
  readonly summary: ComponentChildren;
  readonly tools?: ComponentChildren;
  /** What is pointed at, has the focus, or is picked. */
  readonly told?: ComponentChildren;
  readonly hint: string;
  readonly children: ComponentChildren;
}) {
  return (
    <figure class="chart card">
      <figcaption class="chart-head">
        <h2>{props.title}</h2>
        <p class="soft">{props.summary}</p>
        {props.tools !== undefined && <div class="chart-tools">{props.tools}</div>}
      </figcaption>
      {props.children}
      <p class="told">{props.told ?? <span class="soft">{props.hint}</span>}</p>
    </figure>
  );
}

/** Marks of an axis from left to right, with lines up through the chart. */
export function BottomAxis(props: {
  readonly scale: Scale;
  readonly text: (value: number) => string;
  readonly y: number;
  /** Where lines through the chart begin. */
  readonly top: number;
}) {
  const { scale, text, y, top } = props;
  return (
    <g class="axis">
      {scale.ticks.map((tick, k) => {
        const x = scale.at(tick);
        return (
          <g key={tick}>
            <line class="grid" x1={x} x2={x} y1={top} y2={y} />
            <text x={x} y={y + 15} text-anchor={k === 0 ? 'start' : 'middle'}>
              {text(tick)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** Marks of an axis from below to above, with lines to the right through the chart. */
export function LeftAxis(props: {
  readonly scale: Scale;
  readonly text: (value: number) => string;
  readonly x: number;
  /** Where lines through the chart end. */
  readonly right: number;
}) {
  const { scale, text, x, right } = props;
  return (
    <g class="axis">
      {scale.ticks.map((tick) => {
        const y = scale.at(tick);
        return (
          <g key={tick}>
            <line class="grid" x1={x} x2={right} y1={y} y2={y} />
            <text x={x - 6} y={y + 4} text-anchor="end">
              {text(tick)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

const shapes = {
  forward: (r: number) => `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`,
  backward: (r: number) => `M0,${-1.25 * r}L${1.25 * r},0L0,${1.25 * r}L${-1.25 * r},0Z`,
  update: (r: number) => `M${-r},${-r}H${r}V${r}H${-r}Z`,
  data: (r: number) => `M0,${-1.2 * r}L${1.15 * r},${r}H${-1.15 * r}Z`,
} satisfies Record<Role, (r: number) => string>;

/** The outline of a role around the origin: circle, diamond, square, triangle. Colour never tells alone. */
export function rolePath(role: Role, radius: number): string {
  return shapes[role](radius);
}

/** The roles that a chart shows, each by shape, colour and name. */
export function RoleLegend({ roles }: { readonly roles: readonly Role[] }) {
  return (
    <ul class="chart-legend" aria-label="Roles">
      {roles.map((role) => (
        <li key={role}>
          <svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">
            <path class={`fill-${role}`} d={rolePath(role, 5)} />
          </svg>
          {roleNames[role]}
        </li>
      ))}
    </ul>
  );
}

/** The roles that are among some, in the order in which a step has them. */
export function rolesAmong(roles: readonly Role[]): Role[] {
  return (['data', 'forward', 'backward', 'update'] as const).filter((role) => roles.includes(role));
}
