import { useSignal } from '@preact/signals';
import type { Role } from '../../src/inspect/look.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { BottomAxis, Chart, RoleLegend, rolesAmong } from './chart.tsx';
import { roleNames } from './colours.ts';
import { Detail } from './detail.tsx';
import { microsText, microsTick, percentText, ratioText } from './figures.ts';
import { limitLetters } from './limits.ts';
import { type Places, placesOf } from './places.ts';
import { profileOf } from './roofs.ts';
import { type Ends, linearScale, type Scale } from './scales.ts';
import { pick } from './select.ts';
import type { PanelProps } from './selection.ts';
import { endOf, type Span, spansOf } from './steps.ts';
import { TimeTable } from './timeTable.tsx';
import { useMarks } from './useMarks.ts';
import { useWidth } from './useWidth.ts';

const LANE = 26;
const LIMITS = 16;
const AXIS = 22;
const NAMES = 76;
const ZOOMS = [1, 2, 4, 8, 16] as const;

/** The dispatches of a step along its time: as the model of time has them, and as they were measured. */
export function Timeline({ look, selection }: PanelProps) {
  const entry = selection.entry.value;
  const places = placesOf(look, entry);
  const profile = profileOf(look, entry);
  const predicted = predictedSpans(places, look.report.machine.dispatchMicros);
  const measured = profile === undefined ? [] : measuredSpans(places, profile);
  return (
    <div class="charts">
      <Step {...{ look, selection, places, profile, predicted, measured }} />
      <Detail look={look} selection={selection} />
      <section class="card">
        <TimeTable look={look} selection={selection} />
      </section>
    </div>
  );
}

interface StepProps extends PanelProps {
  readonly places: Places;
  readonly profile: Profile | undefined;
  readonly predicted: readonly Span[];
  readonly measured: readonly Span[];
}

function Step({ look, selection, places, profile, predicted, measured }: StepProps) {
  const zoom = useSignal<number>(1);
  const isStretched = useSignal(false);
  const [frame, width] = useWidth<HTMLDivElement>();
  const roles = rolesAmong(predicted.map(({ role }) => role));
  const spans = [...predicted, ...measured];
  const marks = useMarks({
    count: spans.length,
    label: `Dispatches of ${selection.entry.value} in the order of time`,
    tell: (k) => spanText(places, spans[k], k < predicted.length),
    isPicked: (k) => selection.lit.value.dispatches.has(spans[k]?.dispatch ?? -1),
    pick: (k, event) => pick(selection, { kind: 'dispatch', dispatch: spans[k]?.dispatch ?? 0 }, event),
  });
  const ends = [endOf(predicted), endOf(measured)] as const;
  const full = Math.max(1, width * zoom.value);
  const scaleTo = (end: number): Scale => linearScale([0, end], [1, full - 28], Math.max(2, full / 110));
  const common = scaleTo(Math.max(...ends));
  const scales = isStretched.value ? ([scaleTo(ends[0]), scaleTo(ends[1])] as const) : [common, common];
  const height = roles.length * LANE + LIMITS + AXIS;
  const endsOf = (row: number): Ends => [row * (height + 24) + 24, (row + 1) * (height + 24) - AXIS];
  const told = marks.told;
  const rows = [
    { title: `Predicted: ${microsText(ends[0])}`, spans: predicted, first: 0, scale: scales[0] },
    ...(measured.length === 0
      ? []
      : [
          {
            title: `Measured: ${microsText(ends[1])} in kernels`,
            spans: measured,
            first: predicted.length,
            scale: scales[1],
          },
        ]),
  ];
  return (
    <Chart
      title="Time line of a step"
      summary={summaryText(places, look.report.machine.name, ends, profile)}
      hint="Point at a dispatch, or go through them with the arrow keys; a click or Enter picks it."
      told={told === undefined ? undefined : spanText(places, spans[told], told < predicted.length)}
      tools={
        <>
          <RoleLegend roles={roles} />
          <ul class="chart-legend" aria-label="What limits a kernel">
            {limitsAmong(places).map((limit) => (
              <li key={limit}>
                <b class="letter">{limitLetters[limit]}</b>
                {limit}
              </li>
            ))}
          </ul>
          <label class="choice">
            Zoom
            <select
              class="select"
              value={String(zoom.value)}
              onChange={(event) => {
                zoom.value = Number(event.currentTarget.value);
              }}
            >
              {ZOOMS.map((times) => (
                <option key={times} value={String(times)}>
                  ×{times}
                </option>
              ))}
            </select>
          </label>
          {measured.length > 0 && (
            <label class="choice">
              <input
                type="checkbox"
                checked={isStretched.value}
                onChange={(event) => {
                  isStretched.value = event.currentTarget.checked;
                }}
              />
              each over the whole width
            </label>
          )}
        </>
      }
    >
      <div class="timeline">
        <div class="timeline-names" aria-hidden="true" style={{ width: `${NAMES}px` }}>
          {rows.map(({ title }) => (
            <div key={title} style={{ height: `${height + 24}px` }}>
              {roles.map((role) => (
                <span key={role} style={{ height: `${LANE}px` }}>
                  {roleNames[role]}
                </span>
              ))}
              <span style={{ height: `${LIMITS}px` }}>limit</span>
            </div>
          ))}
        </div>
        <div class="timeline-scroll" ref={frame}>
          {width > 0 && (
            <svg width={full} height={rows.length * (height + 24)} role="presentation">
              <Patterns roles={roles} />
              {rows.map(({ title, scale }, row) => (
                <Ground key={title} title={title} scale={scale} ends={endsOf(row)} lanes={roles.length} />
              ))}
              <g {...marks.group}>
                {rows.map(({ title, spans: some, first, scale }, row) => (
                  <Row
                    key={title}
                    spans={some}
                    scale={scale}
                    ends={endsOf(row)}
                    roles={roles}
                    mark={(k) => marks.mark(first + k)}
                  />
                ))}
              </g>
              {rows.map(({ title, spans: some, scale }, row) => (
                <RowTexts
                  key={title}
                  spans={some}
                  scale={scale}
                  ends={endsOf(row)}
                  roles={roles}
                  places={places}
                />
              ))}
            </svg>
          )}
        </div>
      </div>
    </Chart>
  );
}

/** Title, axis and lanes of a row. */
function Ground(props: {
  readonly title: string;
  readonly scale: Scale;
  readonly ends: Ends;
  readonly lanes: number;
}) {
  const [top, bottom] = props.ends;
  return (
    <>
      <text class="lane-title" x={1} y={top - 8}>
        {props.title}
      </text>
      <BottomAxis scale={props.scale} text={microsTick} y={bottom} top={top} />
      {Array.from({ length: props.lanes }, (_, lane) => top + (lane + 1) * LANE).map((y) => (
        <line key={y} class="lane-line" x1={0} x2="100%" y1={y} y2={y} />
      ))}
    </>
  );
}

interface RowProps {
  readonly spans: readonly Span[];
  readonly scale: Scale;
  /** Top of the first lane, and bottom of the last. */
  readonly ends: Ends;
  readonly roles: readonly Role[];
  readonly mark: (k: number) => ReturnType<ReturnType<typeof useMarks>['mark']>;
}

/** Dispatches in the lanes of their roles, and below them what limits each. */
function Row({ spans, scale, ends: [top, bottom], roles, mark }: RowProps) {
  return (
    <>
      {spans.map((span, k) => {
        const y = top + roles.indexOf(span.role) * LANE;
        const x = scale.at(span.from);
        const begin = scale.at(span.from + span.overhead);
        const end = scale.at(span.from + span.overhead + span.micros);
        return (
          <g key={span.dispatch} {...mark(k)} class="span">
            <rect class="catch" x={x} y={top} width={Math.max(3, end - x)} height={bottom - top} />
            {span.overhead > 0 && (
              <rect
                x={x}
                y={y + 4}
                width={Math.max(0.5, begin - x)}
                height={LANE - 8}
                fill={`url(#overhead-${span.role})`}
              />
            )}
            <rect
              class={`body fill-${span.role}`}
              x={begin}
              y={y + 3}
              width={Math.max(1, end - begin - 0.5)}
              height={LANE - 6}
              rx={2}
            />
            {span.quartiles !== undefined && (
              <Whisker
                low={scale.at(span.from + span.quartiles[0])}
                high={scale.at(span.from + span.quartiles[1])}
                y={y + LANE / 2}
              />
            )}
          </g>
        );
      })}
    </>
  );
}

/** Numbers and names on what is wide enough for them, and below a letter for what limits it: for the eye, marks have it in words. */
function RowTexts({
  spans,
  scale,
  ends: [top, bottom],
  roles,
  places,
}: Omit<RowProps, 'mark'> & { readonly places: Places }) {
  return (
    <g class="over">
      {spans.map((span) => {
        const begin = scale.at(span.from + span.overhead);
        const end = scale.at(span.from + span.overhead + span.micros);
        const dispatch = places.report.dispatches[span.dispatch];
        if (dispatch === undefined || end - begin <= 8) return null;
        const isWide = end - begin > 6.4 * dispatch.name.length + 34;
        return (
          <g key={span.dispatch}>
            {end - begin > 9 + 7 * String(span.dispatch).length && (
              <text class="on-fill" x={begin + 5} y={top + (roles.indexOf(span.role) + 0.5) * LANE + 4}>
                {isWide ? `${span.dispatch}  ${dispatch.name}` : span.dispatch}
              </text>
            )}
            <text class="letter-mark" x={(begin + end) / 2} y={bottom - 4} text-anchor="middle">
              {limitLetters[dispatch.predicted.limit]}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function Whisker({ low, high, y }: { readonly low: number; readonly high: number; readonly y: number }) {
  return <path class="whisker" d={`M${low},${y - 4}v8M${low},${y}H${high}M${high},${y - 4}v8`} />;
}

/** What a dispatch takes besides its kernel is hatched in the colour of its role. */
function Patterns({ roles }: { readonly roles: readonly Role[] }) {
  return (
    <defs>
      {roles.map((role) => (
        <pattern
          key={role}
          id={`overhead-${role}`}
          width="5"
          height="5"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect class={`tint-${role}`} width="5" height="5" />
          <rect class={`fill-${role}`} width="1.2" height="5" />
        </pattern>
      ))}
    </defs>
  );
}

function predictedSpans(places: Places, overhead: number): Span[] {
  return spansOf(
    places.report.dispatches.map(({ predicted }, k) => ({
      role: roleAt(places, k),
      overhead,
      micros: predicted.micros,
    })),
  );
}

/** What was timed are kernels: what dispatches take beside them is not among it. */
function measuredSpans(places: Places, { dispatches }: Profile): Span[] {
  if (dispatches.every(({ measured }) => measured === null)) return [];
  return spansOf(
    dispatches.map(({ measured }, k) => ({
      role: roleAt(places, k),
      overhead: 0,
      micros: measured?.median ?? 0,
      ...(measured === null ? {} : { quartiles: [measured.low, measured.high] as const }),
    })),
  );
}

function roleAt(places: Places, k: number): Role {
  return places.entry.dispatches[k]?.role ?? 'forward';
}

function limitsAmong(places: Places) {
  return [...new Set(places.report.dispatches.map(({ predicted }) => predicted.limit))];
}

function spanText(places: Places, span: Span | undefined, isPredicted: boolean): string {
  if (span === undefined) return '';
  const { dispatch, from, overhead, micros, role, quartiles } = span;
  const report = places.report.dispatches[dispatch];
  if (report === undefined) return '';
  const when = `from ${microsText(from)} on`;
  const head = `${dispatch} ${report.name}, ${roleNames[role].toLowerCase()}, ${isPredicted ? 'predicted' : 'measured'}`;
  if (isPredicted)
    return `${head}: ${microsText(micros)} and ${microsText(overhead)} for the dispatch, ${when}; limited by ${report.predicted.limit}`;
  const spread =
    quartiles === undefined ? '' : `, half of all from ${quartiles.map(microsText).join(' to ')}`;
  return `${head}: ${microsText(micros)}${spread}, ${when}; ${ratioText(micros / report.predicted.micros)} of what is predicted`;
}

function summaryText(
  places: Places,
  machine: string,
  [predicted, measured]: Ends,
  profile: Profile | undefined,
): string {
  const { dispatches } = places.report;
  const kernels = dispatches.reduce((sum, dispatch) => sum + dispatch.predicted.micros, 0);
  const parts = [
    `${dispatches.length === 1 ? 'One dispatch' : `${dispatches.length} dispatches`}, ${microsText(predicted)} by the numbers of machine ${machine}: ${percentText(kernels / predicted)} in kernels, the rest for the dispatches themselves (hatched).`,
  ];
  if (profile === undefined) parts.push('Nothing was measured.');
  else if (measured === 0)
    parts.push(
      `By the clock a step took ${microsText(profile.wall.median)}; ${profile.adapter ?? 'what ran it'} has no clock for kernels.`,
    );
  else
    parts.push(
      `Measured over ${profile.steps} steps on ${profile.adapter ?? `${profile.threads ?? 1} threads`}: ${microsText(measured)} in kernels; by the clock of the host a step took ${microsText(profile.wall.median)}.`,
    );
  return parts.join(' ');
}
