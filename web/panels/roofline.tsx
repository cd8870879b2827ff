import { Chart, RoleLegend, rolePath, rolesAmong } from './chart.tsx';
import { roleNames } from './colours.ts';
import { CostTable } from './costTable.tsx';
import { Detail } from './detail.tsx';
import { bandwidthText, intensityText, rateText, rateTick } from './figures.ts';
import type { Limit } from './limits.ts';
import { MachineTable } from './machineTable.tsx';
import { placedLabels } from './placedLabels.ts';
import { placesOf } from './places.ts';
import { inReach, type RooflinePoint, type Roofs, rooflinePoints, roofsOf } from './roofs.ts';
import { type Ends, endsAround, logScale, type Scale } from './scales.ts';
import { pick } from './select.ts';
import type { PanelProps } from './selection.ts';
import { useMarks } from './useMarks.ts';
import { useWidth } from './useWidth.ts';

const HEIGHT = 420;
const LEFT = 84;
const BOTTOM = 40;
const TOP = 14;
const RIGHT = 16;
const RADIUS = 6;

/** What dispatches cost, beside what the machine could do. */
export function Costs({ look, selection }: PanelProps) {
  return (
    <div class="charts">
      <Plane look={look} selection={selection} />
      <Detail look={look} selection={selection} />
      <section class="card">
        <CostTable look={look} selection={selection} />
      </section>
      <section class="card">
        <div class="section-head">
          <h2>Machine {look.report.machine.name}</h2>
          <p class="soft">The numbers by which schedules are chosen and times predicted.</p>
        </div>
        <MachineTable look={look} />
      </section>
    </div>
  );
}

function Plane({ look, selection }: PanelProps) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const entry = selection.entry.value;
  const places = placesOf(look, entry);
  const roofs = roofsOf(look);
  const points = rooflinePoints(look, entry);
  const marks = useMarks({
    count: points.length,
    label: `Dispatches of ${entry} by intensity`,
    tell: (k) => pointText(points[k], roofs, places.report.dispatches),
    isPicked: (k) => selection.lit.value.dispatches.has(points[k]?.dispatch ?? -1),
    pick: (k, event) => pick(selection, { kind: 'dispatch', dispatch: points[k]?.dispatch ?? 0 }, event),
  });
  const { x, y, corner } = axesOf(points, roofs, width);
  const centres = points.map(({ intensity, predicted }) => ({ x: x.at(intensity), y: y.at(predicted) }));
  const labels = placedLabels(
    centres.map((at, k) => ({
      x: at.x + RADIUS + 3,
      y: at.y + 4,
      width: 7 * String(points[k]?.dispatch ?? 0).length,
      height: 9,
    })),
    centres.map((at) => ({ x: at.x - RADIUS, y: at.y + RADIUS, width: 2 * RADIUS, height: 2 * RADIUS })),
  );
  const still = places.report.dispatches.length - points.length;
  const { told } = marks;
  return (
    <Chart
      title="Roofline"
      summary={summaryText(points, roofs, still)}
      hint="To the right more arithmetic for each byte, upwards more of it a second. Point at a dispatch, or go through them with the arrow keys; a click or Enter picks it."
      told={told === undefined ? undefined : pointText(points[told], roofs, places.report.dispatches)}
      tools={
        <>
          <RoleLegend roles={rolesAmong(points.map(({ role }) => role))} />
          <ul class="chart-legend" aria-label="Times">
            <li>filled: predicted</li>
            {points.some(({ measured }) => measured !== undefined) && <li>hollow: measured</li>}
          </ul>
        </>
      }
    >
      <div ref={frame}>
        {width > 0 && (
          <svg width={width} height={HEIGHT} role="presentation">
            <Axes x={x} y={y} right={width - RIGHT} />
            <Ceilings x={x} y={y} roofs={roofs} corner={corner} right={width - RIGHT} />
            {points.map(
              ({ dispatch, intensity, predicted, measured }) =>
                measured !== undefined && (
                  <line
                    key={dispatch}
                    class="between"
                    x1={x.at(intensity)}
                    x2={x.at(intensity)}
                    y1={y.at(predicted)}
                    y2={y.at(measured)}
                  />
                ),
            )}
            {points.length > 0 && (
              <g {...marks.group}>
                {points.map(({ dispatch, role, intensity, predicted, measured }, k) => (
                  <g key={dispatch} {...marks.mark(k)}>
                    <circle class="catch" cx={x.at(intensity)} cy={y.at(predicted)} r={2 * RADIUS} />
                    {measured !== undefined && (
                      <path
                        class={`hollow edge-${role}`}
                        d={rolePath(role, RADIUS - 1)}
                        transform={`translate(${x.at(intensity)},${y.at(measured)})`}
                      />
                    )}
                    <path
                      class={`body fill-${role}`}
                      d={rolePath(role, RADIUS)}
                      transform={`translate(${x.at(intensity)},${y.at(predicted)})`}
                    />
                    {(labels[k] === true || k === told) && (
                      <text class="point-label" x={x.at(intensity) + RADIUS + 3} y={y.at(predicted) + 4}>
                        {dispatch}
                      </text>
                    )}
                  </g>
                ))}
              </g>
            )}
          </svg>
        )}
      </div>
    </Chart>
  );
}

/** Axes that hold all points and the ends of the slopes, and the lower left of the plane. */
function axesOf(
  points: readonly RooflinePoint[],
  roofs: Roofs,
  width: number,
): { readonly x: Scale; readonly y: Scale; readonly corner: Ends } {
  const ridges = [roofs.arithmetic / roofs.memory, roofs.arithmetic / roofs.cache];
  const across = endsAround([...points.map(({ intensity }) => intensity), ...ridges]);
  const rates = points.flatMap(({ predicted, measured }) =>
    measured === undefined ? [predicted] : [predicted, measured],
  );
  const up = endsAround([...rates, roofs.arithmetic]);
  return {
    corner: [across[0], up[0]],
    x: logScale(across, [LEFT, Math.max(LEFT + 1, width - RIGHT)], Math.max(2, width / 90)),
    y: logScale(up, [HEIGHT - BOTTOM, TOP], 8),
  };
}

function Axes({ x, y, right }: { readonly x: Scale; readonly y: Scale; readonly right: number }) {
  const bottom = HEIGHT - BOTTOM;
  return (
    <g class="axis">
      {x.ticks.map((tick) => (
        <g key={tick}>
          <line class="grid" x1={x.at(tick)} x2={x.at(tick)} y1={TOP} y2={bottom} />
          <text x={x.at(tick)} y={bottom + 15} text-anchor="middle">
            {tick}
          </text>
        </g>
      ))}
      <text x={right} y={bottom + 32} text-anchor="end">
        FLOP for each byte
      </text>
      {y.ticks.map((tick) => (
        <g key={tick}>
          <line class="grid" x1={LEFT} x2={right} y1={y.at(tick)} y2={y.at(tick)} />
          <text x={LEFT - 6} y={y.at(tick) + 4} text-anchor="end">
            {rateTick(tick)}
          </text>
        </g>
      ))}
    </g>
  );
}

/** The arithmetic of all cores, and the slopes of cache and memory up to it. */
function Ceilings(props: {
  readonly x: Scale;
  readonly y: Scale;
  readonly roofs: Roofs;
  /** The least intensity and the least rate of the plane. */
  readonly corner: Ends;
  readonly right: number;
}) {
  const { x, y, roofs, corner, right } = props;
  const slopes = [
    { name: 'memory', rate: roofs.memory },
    { name: 'cache', rate: roofs.cache },
  ];
  const top = y.at(roofs.arithmetic);
  return (
    <g class="ceilings">
      {slopes.map(({ name, rate }) => {
        const ridge = x.at(roofs.arithmetic / rate);
        const [from, low] = lowEnd(x, y, corner, rate);
        const angle = (Math.atan2(top - low, ridge - from) * 180) / Math.PI;
        // Near its foot, where few points are: below the lower slope, above the upper one.
        const [px, py] = [from + 0.12 * (ridge - from), low + 0.12 * (top - low)];
        const isUpper = rate === Math.max(roofs.memory, roofs.cache);
        return (
          <g key={name}>
            <path d={`M${from},${low}L${ridge},${top}`} class="ceiling" />
            <text transform={`translate(${px},${py}) rotate(${angle})`} y={isUpper ? -5 : 13}>
              {name} {bandwidthText(rate)}
            </text>
          </g>
        );
      })}
      <path
        d={`M${Math.min(...slopes.map(({ rate }) => x.at(roofs.arithmetic / rate)))},${top}H${right}`}
        class="ceiling"
      />
      <text x={right} y={top - 6} text-anchor="end">
        arithmetic {rateText(roofs.arithmetic)}
      </text>
    </g>
  );
}

/** Where a slope enters the plane: at its left side, or at its foot. */
function lowEnd(x: Scale, y: Scale, [left, foot]: Ends, rate: number): Ends {
  const intensity = Math.max(left, foot / rate);
  return [x.at(intensity), y.at(rate * intensity)];
}

function pointText(
  point: RooflinePoint | undefined,
  roofs: Roofs,
  dispatches: readonly {
    readonly name: string;
    readonly predicted: { readonly limit: Limit };
  }[],
): string {
  if (point === undefined) return '';
  const { dispatch, role, intensity, predicted, measured } = point;
  const name = dispatches[dispatch]?.name ?? '';
  const limit = dispatches[dispatch]?.predicted.limit ?? 'latency';
  const reach = inReach(roofs, roofs.memory, intensity);
  const clock = measured === undefined ? '' : `, measured ${rateText(measured)}`;
  return `${dispatch} ${name}, ${roleNames[role].toLowerCase()}: ${intensityText(intensity)}, predicted ${rateText(predicted)}${clock}; limited by ${limit}. From memory ${rateText(reach)} would be in reach, from cache ${rateText(inReach(roofs, roofs.cache, intensity))}.`;
}

function summaryText(points: readonly RooflinePoint[], roofs: Roofs, still: number): string {
  const ridge = intensityText(roofs.arithmetic / roofs.memory);
  const left = still === 0 ? '' : ` ${still} that compute nothing have no place in it.`;
  return `${points.length} dispatches by how much arithmetic they do for each byte of their tensors. From ${ridge} on memory could keep all cores busy.${left}`;
}
