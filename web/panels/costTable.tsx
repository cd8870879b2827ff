import type { LookDispatch } from '../../src/inspect/look.ts';
import type { DispatchReport } from '../../src/inspect/report.ts';
import { roleNames } from './colours.ts';
import { Bar, type Column, DataTable } from './dataTable.tsx';
import { bytesText, countText, digits, flopsText, microsText, percentText } from './figures.ts';
import { placesOf } from './places.ts';
import type { PanelProps } from './selection.ts';
import { dispatchColumn } from './timeTable.tsx';

interface Row {
  readonly k: number;
  readonly report: DispatchReport;
  readonly look: LookDispatch;
}

/** What each dispatch costs, and how it runs. */
export function CostTable({ look, selection }: PanelProps) {
  const entry = selection.entry.value;
  const places = placesOf(look, entry);
  const rows = places.report.dispatches.flatMap((report, k): Row[] => {
    const dispatch = places.entry.dispatches[k];
    return dispatch === undefined ? [] : [{ k, report, look: dispatch }];
  });
  const most = (share: (dispatch: LookDispatch) => number): number =>
    rows.reduce((largest, row) => Math.max(largest, share(row.look)), Number.MIN_VALUE);
  const [mostFlops, mostTime] = [most((d) => d.flopsShare), most((d) => d.timeShare)];
  const isWasm = look.report.target === 'wasm';
  const columns: readonly Column<Row>[] = [
    dispatchColumn(selection),
    { id: 'role', title: 'Role', cell: (row) => roleNames[row.look.role], by: (row) => row.look.role },
    {
      id: 'flops',
      title: 'Operations',
      isNumber: true,
      cell: ({ report }) => flopsText(report.flops),
      by: ({ report }) => report.flops,
    },
    {
      id: 'flopsShare',
      title: 'Of all',
      isNumber: true,
      cell: (row) => (
        <Bar
          part={row.look.flopsShare / mostFlops}
          text={percentText(row.look.flopsShare)}
          class={`ground-${row.look.role}`}
        />
      ),
      by: (row) => row.look.flopsShare,
    },
    {
      id: 'bytes',
      title: 'Bytes',
      hint: 'of the tensors that it reads and writes, each once',
      isNumber: true,
      cell: ({ report }) => bytesText(report.bytes),
      by: ({ report }) => report.bytes,
    },
    {
      id: 'intensity',
      title: 'FLOP/B',
      isNumber: true,
      cell: ({ report }) => (report.bytes > 0 ? digits(report.flops / report.bytes) : '–'),
      by: ({ report }) => (report.bytes > 0 ? report.flops / report.bytes : undefined),
    },
    {
      id: 'micros',
      title: 'Predicted',
      hint: 'its kernel, without the dispatch itself',
      isNumber: true,
      cell: ({ report }) => microsText(report.predicted.micros),
      by: ({ report }) => report.predicted.micros,
    },
    {
      id: 'timeShare',
      title: 'Of the step',
      hint: 'by prediction, the dispatch itself included',
      isNumber: true,
      cell: (row) => (
        <Bar
          part={row.look.timeShare / mostTime}
          text={percentText(row.look.timeShare)}
          class={`ground-${row.look.role}`}
        />
      ),
      by: (row) => row.look.timeShare,
    },
    {
      id: 'limit',
      title: 'Limited by',
      cell: ({ report }) => report.predicted.limit,
      by: ({ report }) => report.predicted.limit,
    },
    {
      id: 'least',
      title: 'Least',
      hint: 'the least time by the rates of the machine',
      isNumber: true,
      cell: (row) => microsText(row.look.roofline.micros),
      by: (row) => row.look.roofline.micros,
    },
    {
      id: 'kind',
      title: 'Kind',
      cell: ({ report }) => report.kind,
      by: ({ report }) => report.kind,
    },
    {
      id: 'grid',
      title: isWasm ? 'Tasks' : 'Workgroups',
      isNumber: true,
      cell: ({ report }) => <span title={report.live}>{countText(report.grid)}</span>,
      by: ({ report }) => report.grid,
    },
    ...(isWasm
      ? []
      : [
          {
            id: 'workgroup',
            title: 'Invocations',
            hint: 'of a workgroup',
            isNumber: true,
            cell: ({ report }: Row) => countText(report.workgroup),
            by: ({ report }: Row) => report.workgroup,
          },
        ]),
    {
      id: 'shared',
      title: isWasm ? 'Packed' : 'Shared',
      hint: isWasm ? 'bytes of packed operands' : 'bytes of workgroup memory',
      isNumber: true,
      cell: ({ report }) => (report.sharedBytes === 0 ? '–' : bytesText(report.sharedBytes)),
      by: ({ report }) => report.sharedBytes,
    },
  ];
  return (
    <DataTable
      caption={`Costs of each dispatch of ${entry}`}
      columns={columns}
      rows={rows}
      keyOf={({ k }) => k}
      isLit={({ k }) => selection.lit.value.dispatches.has(k)}
    />
  );
}
