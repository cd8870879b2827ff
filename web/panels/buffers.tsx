import { useMemo } from 'preact/hooks';
import type { Role } from '../../src/inspect/look.ts';
import type { Report } from '../../src/inspect/report.ts';
import { BufferTable } from './bufferTable.tsx';
import { Chart, RoleLegend, rolesAmong } from './chart.tsx';
import { Detail } from './detail.tsx';
import { bytesText, bytesTick, countOf } from './figures.ts';
import {
  type ArenaPlan,
  arenaPlans,
  type Block,
  bytesInUse,
  type Lane,
  laneHeights,
  peakDispatch,
} from './liveRanges.ts';
import { type Places, placesOf } from './places.ts';
import { type Ends, extremes, linearScale } from './scales.ts';
import { pick } from './select.ts';
import type { PanelProps } from './selection.ts';
import { sharingBytes } from './sharing.ts';
import { useMarks } from './useMarks.ts';
import { useWidth } from './useWidth.ts';

const HEIGHT = 420;
const LEAST = 16;
const GAP = 26;
const LEFT = 62;
const TOP = 44;

/** The plan of memory: what lies where, from which dispatch to which. */
export function Buffers({ look, selection }: PanelProps) {
  const places = placesOf(look, selection.entry.value);
  return (
    <div class="charts">
      <Plan look={look} selection={selection} places={places} />
      <Detail look={look} selection={selection} />
      <section class="card">
        <BufferTable look={look} selection={selection} />
      </section>
    </div>
  );
}

function Plan({ look, selection, places }: PanelProps & { readonly places: Places }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const { report } = look;
  // Pointing at a mark draws all of them again: what they say is found once.
  const { plans, blocks, texts, peak } = useMemo(() => {
    const plans = arenaPlans(report, places.report);
    const blocks = plans.flatMap((plan) => plan.blocks);
    return { plans, blocks, texts: blocks.map(placeText), peak: peakDispatch(places.report) };
  }, [report, places]);
  const marks = useMarks({
    count: blocks.length,
    label: `Tensors of ${selection.entry.value} in memory`,
    tell: (k) => `${texts[k] ?? ''}.`,
    isPicked: (k) => selection.lit.value.buffers.has(blocks[k]?.name ?? ''),
    pick: (k, event) => {
      const block = blocks[k];
      if (block?.type !== undefined) pick(selection, { kind: 'buffer', name: block.name }, event);
    },
  });
  const told = marks.told === undefined ? undefined : blocks[marks.told];
  // Who shares its bytes is found for the one that is told of: of all it is as many pairs as the square of them.
  const { toldText, sharing } = useMemo(() => toldOf(told, blocks), [told, blocks]);
  const lanes = laneHeights(
    plans.map(({ bytes }) => bytes),
    HEIGHT,
    LEAST,
    GAP,
  );
  const dispatches = places.report.dispatches.length;
  const columns = linearScale([0, dispatches], [LEFT, Math.max(LEFT + 1, width - 2)]);
  const roles = rolesAmong(blocks.map((block) => roleOf(block, places)));
  const bottom = TOP + (lanes.at(-1)?.top ?? 0) + (lanes.at(-1)?.height ?? 0);
  const first = plans.map((_, k) => plans.slice(0, k).reduce((sum, plan) => sum + plan.blocks.length, 0));
  return (
    <Chart
      title="Memory while a step runs"
      summary={summaryText(report, places, peak)}
      hint="From left to right dispatches, from below bytes of an arena. Point at a tensor, or go through them with the arrow keys; a click or Enter picks it."
      told={toldText}
      tools={
        <>
          <RoleLegend roles={roles} />
          <ul class="chart-legend" aria-label="Lines">
            <li>
              <svg width="22" height="10" aria-hidden="true">
                <path class="in-use" d="M1,5H21" />
              </svg>
              bytes in use
            </li>
            <li>
              <svg width="22" height="10" aria-hidden="true">
                <path class="bound" d="M1,5H21" />
              </svg>
              bound: the most in use, which no plan goes below
            </li>
            {peak !== undefined && (
              <li>
                <svg width="12" height="12" aria-hidden="true">
                  <rect class="peak" width="12" height="12" />
                </svg>
                dispatch of the peak
              </li>
            )}
          </ul>
        </>
      }
    >
      <div ref={frame}>
        {width > 0 && (
          <svg width={width} height={bottom + 4} role="presentation">
            <Columns {...{ columns, dispatches, bottom, peak }} lit={selection.lit.value.dispatches} />
            {plans.map((plan, k) => (
              <ArenaGround
                key={plan.name}
                plan={plan}
                lane={lanes[k]}
                ends={[LEFT, width - 2]}
                bound={boundOf(plan, places)}
              />
            ))}
            <g {...marks.group}>
              {plans.map((plan, k) =>
                plan.blocks.map((block, b) => {
                  const mark = (first[k] ?? 0) + b;
                  const { x, y, w, h } = boxOf(block, plan, lanes[k], columns.at);
                  const relation = block === told ? 'is-told' : sharing.has(block) ? 'is-sharing' : '';
                  return (
                    <g
                      key={block.name}
                      {...marks.mark(mark)}
                      {...(block === told ? { 'aria-label': toldText } : {})}
                    >
                      <rect
                        class={`body tint-${roleOf(block, places)} edge-${roleOf(block, places)} ${relation}`}
                        x={x}
                        y={y}
                        width={w}
                        height={h}
                        rx={Math.min(2, h / 4)}
                        stroke-width={Math.min(1, h / 4)}
                      />
                      {h >= 13 && w > 6.2 * block.name.length + 8 && (
                        <text class="label" x={x + 5} y={y + Math.min(h / 2 + 4, 15)}>
                          {block.name}
                        </text>
                      )}
                    </g>
                  );
                }),
              )}
            </g>
            {plans.map((plan, k) => (
              <InUse key={plan.name} {...{ plan, places, columns }} lane={lanes[k]} />
            ))}
          </svg>
        )}
      </div>
    </Chart>
  );
}

/** The dispatches along the top; that of the peak has a ground of its own, and so have those that are lit. */
function Columns(props: {
  readonly columns: { readonly at: (value: number) => number };
  readonly dispatches: number;
  readonly bottom: number;
  readonly peak: number | undefined;
  readonly lit: ReadonlySet<number>;
}) {
  const { columns, dispatches, bottom, peak, lit } = props;
  const wide = columns.at(1) - columns.at(0);
  const every = Math.max(1, Math.ceil(22 / wide));
  return (
    <g class="axis">
      <text x={LEFT - 6} y={15} text-anchor="end">
        dispatch
      </text>
      {Array.from({ length: dispatches }, (_, k) => (
        <g key={k}>
          {k === peak && <rect class="peak" x={columns.at(k)} y={20} width={wide} height={bottom - 20} />}
          {lit.has(k) && <rect class="lit" x={columns.at(k)} y={20} width={wide} height={bottom - 20} />}
          {k % every === 0 && (
            <text
              class={lit.has(k) ? 'is-lit' : undefined}
              x={columns.at(k) + wide / 2}
              y={15}
              text-anchor="middle"
            >
              {k}
            </text>
          )}
        </g>
      ))}
    </g>
  );
}

/** Title and axis of an arena. */
function ArenaGround(props: {
  readonly plan: ArenaPlan;
  readonly lane: Lane | undefined;
  readonly ends: Ends;
  readonly bound: number | undefined;
}) {
  const { plan, lane, ends, bound } = props;
  if (lane === undefined) return null;
  const [left, right] = ends;
  const top = TOP + lane.top;
  const scale = linearScale([0, plan.bytes], [top + lane.height, top], Math.max(1, lane.height / 46));
  return (
    <g class="axis">
      <rect class="arena" x={left} y={top} width={right - left} height={lane.height} />
      <text class="lane-title" x={left + 2} y={top - 6}>
        {plan.name}, {bytesText(plan.bytes)}
        {bound === undefined ? '' : `, bound ${bytesText(bound)}`}
        {lane.isToScale ? '' : ' (drawn larger)'}
      </text>
      {lane.height > 30 &&
        scale.ticks.map((tick) => (
          <g key={tick}>
            <line class="grid" x1={left} x2={right} y1={scale.at(tick)} y2={scale.at(tick)} />
            <text x={left - 6} y={scale.at(tick) + (tick === 0 ? 0 : 4)} text-anchor="end">
              {bytesTick(tick)}
            </text>
          </g>
        ))}
    </g>
  );
}

/** How many bytes of an arena are in use at each dispatch, as stairs over what lies in it. */
function InUse(props: {
  readonly plan: ArenaPlan;
  readonly lane: Lane | undefined;
  readonly places: Places;
  readonly columns: { readonly at: (value: number) => number };
}) {
  const { plan, lane, places, columns } = props;
  const bound = boundOf(plan, places);
  if (lane === undefined || lane.height < 30 || bound === undefined) return null;
  const used = usedOf(plan, places);
  const y = (bytes: number): number => TOP + lane.top + lane.height * (1 - bytes / plan.bytes);
  const stairs = used.map(
    (bytes, k) => `${k === 0 ? 'M' : 'L'}${columns.at(k)},${y(bytes)}H${columns.at(k + 1)}`,
  );
  return (
    <>
      <path class="bound" d={`M${columns.at(0)},${y(bound)}H${columns.at(used.length)}`} />
      <path class="in-use" d={stairs.join('')} />
    </>
  );
}

/** Bytes of an arena that are in use at each dispatch, those that outlive the step too. */
function usedOf({ name, blocks }: ArenaPlan, { report: { temporaries, dispatches } }: Places): number[] {
  const persistent = blocks.reduce((sum, { persists, bytes }) => sum + (persists ? bytes : 0), 0);
  return bytesInUse(temporaries, name, dispatches.length).map((bytes) => persistent + bytes);
}

/** The least that any plan of an arena takes: the most of it that is in use at once; undefined where nothing is temporary. */
function boundOf(plan: ArenaPlan, places: Places): number | undefined {
  return plan.blocks.every(({ persists }) => persists) ? undefined : extremes(usedOf(plan, places))[1];
}

function boxOf(block: Block, plan: ArenaPlan, lane: Lane | undefined, at: (value: number) => number) {
  const [top, height] = [TOP + (lane?.top ?? 0), lane?.height ?? 0];
  const x = at(block.from) + 0.75;
  const y = top + height * (1 - (block.offset + block.bytes) / plan.bytes);
  return {
    x,
    y: y + 0.5,
    w: Math.max(1, at(block.to + 1) - 0.75 - x),
    h: Math.max(0.75, (height * block.bytes) / plan.bytes - 1),
  };
}

/** Temporaries have the role of the dispatch that writes them first. */
function roleOf(block: Block, places: Places): Role {
  return block.persists ? 'data' : (places.entry.dispatches[block.from]?.role ?? 'forward');
}

/** What a block is, where it lies and when, without a full stop. */
function placeText({ name, type, bytes, arena, offset, from, to, persists }: Block): string {
  const head = `${name}${type === undefined ? '' : ` ${type}`}, ${bytesText(bytes)}, in ${arena} from byte ${offset} on`;
  if (persists) return `${head}: it outlives the step`;
  return `${head}, live for ${from === to ? `dispatch ${from} alone` : `dispatch ${from} to ${to}`}`;
}

/** All that is said of the block that is told of, and what shares its bytes. */
function toldOf(told: Block | undefined, blocks: readonly Block[]) {
  if (told === undefined) return { sharing: new Set<Block>() };
  if (told.persists) return { toldText: `${placeText(told)}.`, sharing: new Set<Block>() };
  const { from, to } = told;
  const sharing = sharingBytes(told, blocks);
  const isBefore = (other: Block): boolean => other.from < from || (other.from === from && other.to < to);
  const reuse = [
    { when: 'before', some: sharing.filter(isBefore) },
    { when: 'after', some: sharing.filter((other) => !isBefore(other)) },
  ].flatMap(({ when, some }) => (some.length === 0 ? [] : [`${when} it ${namedText(some)}`]));
  const toldText = `${placeText(told)}; in the same bytes lie ${reuse.length === 0 ? 'no others' : reuse.join(', ')}.`;
  return { toldText, sharing: new Set(sharing) };
}

/** As many of those that share bytes as are named. */
const NAMED = 4;

function namedText(some: readonly Block[]): string {
  const names = some.slice(0, NAMED).map(({ name }) => name);
  return `${names.join(', ')}${some.length > NAMED ? ` and ${some.length - NAMED} more` : ''}`;
}

function summaryText(report: Report, places: Places, peak: number | undefined): string {
  const { peakBytes, lowerBoundBytes, batchBytes } = report;
  const { temporaries, dispatches } = places.report;
  const ratio = lowerBoundBytes > 0 ? (peakBytes / lowerBoundBytes).toFixed(3) : '1';
  const most =
    peak === undefined
      ? 'This entry has no temporaries.'
      : `Its ${countOf(temporaries.length, 'temporary', 'temporaries')} take most at dispatch ${peak}, ${dispatches[peak]?.name ?? ''}.`;
  const batch = batchBytes > 0 ? ` A batch of inputs takes ${bytesText(batchBytes)} besides.` : '';
  return `Peak of all entries ${bytesText(peakBytes)}, ${ratio} times the lower bound of ${bytesText(lowerBoundBytes)}. ${most}${batch}`;
}
