import type { Role } from '../../src/inspect/look.ts';
import type { DispatchReport } from '../../src/inspect/report.ts';
import type { Measured } from '../../src/profile/profile.ts';
import { roleNames } from './colours.ts';
import { Bar, type Column, DataTable } from './dataTable.tsx';
import { microsText, percentText, ratioText } from './figures.ts';
import { DispatchMark, Pick } from './picks.tsx';
import { placesOf } from './places.ts';
import { profileOf } from './roofs.ts';
import type { PanelProps, Selection } from './selection.ts';

interface Row {
  readonly k: number;
  readonly role: Role;
  readonly share: number;
  readonly report: DispatchReport;
  readonly measured: Measured | undefined;
}

/** What each dispatch takes: the time line as a table. */
export function TimeTable({ look, selection }: PanelProps) {
  const entry = selection.entry.value;
  const places = placesOf(look, entry);
  const profile = profileOf(look, entry);
  const rows = places.report.dispatches.map(
    (report, k): Row => ({
      k,
      role: places.entry.dispatches[k]?.role ?? 'forward',
      share: places.entry.dispatches[k]?.timeShare ?? 0,
      report,
      measured: profile?.dispatches[k]?.measured ?? undefined,
    }),
  );
  const most = Math.max(...rows.map(({ share }) => share), Number.MIN_VALUE);
  const columns: readonly Column<Row>[] = [
    dispatchColumn(selection),
    { id: 'role', title: 'Role', cell: ({ role }) => roleNames[role], by: ({ role }) => role },
    {
      id: 'predicted',
      title: 'Predicted',
      hint: 'its kernel, without the dispatch itself',
      isNumber: true,
      cell: ({ report }) => microsText(report.predicted.micros),
      by: ({ report }) => report.predicted.micros,
    },
    {
      id: 'share',
      title: 'Of the step',
      hint: 'by prediction, the dispatch itself included',
      isNumber: true,
      cell: ({ share, role }) => (
        <Bar part={share / most} text={percentText(share)} class={`ground-${role}`} />
      ),
      by: ({ share }) => share,
    },
    {
      id: 'limit',
      title: 'Limited by',
      cell: ({ report }) => report.predicted.limit,
      by: ({ report }) => report.predicted.limit,
    },
    ...(profile === undefined ? [] : measuredColumns),
  ];
  return (
    <DataTable
      caption={`Time of each dispatch of ${entry}`}
      columns={columns}
      rows={rows}
      keyOf={({ k }) => k}
      isLit={({ k }) => selection.lit.value.dispatches.has(k)}
    />
  );
}

/** The first column of every table of dispatches: it picks. */
export function dispatchColumn(
  selection: Selection,
): Column<{ readonly k: number; readonly report: DispatchReport }> {
  return {
    id: 'dispatch',
    title: 'Dispatch',
    cell: ({ k, report }) => (
      <Pick picked={{ kind: 'dispatch', dispatch: k }} selection={selection}>
        <DispatchMark dispatch={k} /> {report.name}
      </Pick>
    ),
    by: ({ k }) => k,
  };
}

const measuredColumns: readonly Column<Row>[] = [
  {
    id: 'measured',
    title: 'Measured',
    hint: 'median of all steps',
    isNumber: true,
    cell: ({ measured }) => (measured === undefined ? '–' : microsText(measured.median)),
    by: ({ measured }) => measured?.median,
  },
  {
    id: 'quartiles',
    title: '25 % to 75 %',
    isNumber: true,
    cell: ({ measured }) =>
      measured === undefined ? '–' : `${microsText(measured.low)} to ${microsText(measured.high)}`,
  },
  {
    id: 'ratio',
    title: 'Measured / predicted',
    isNumber: true,
    cell: ({ measured }) => (measured === undefined ? '–' : ratioText(measured.ratio)),
    by: ({ measured }) => measured?.ratio,
  },
];
