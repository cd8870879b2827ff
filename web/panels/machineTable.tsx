import type { Look } from '../../src/inspect/look.ts';
import { type Column, DataTable } from './dataTable.tsx';

interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly from: string;
}

const columns: readonly Column<Row>[] = [
  { id: 'name', title: 'Number', cell: ({ name }) => <code>{name}</code>, by: ({ name }) => name },
  {
    id: 'value',
    title: 'Value',
    isNumber: true,
    cell: ({ value }) => value.toLocaleString('en-US', { maximumFractionDigits: 6 }),
  },
  { id: 'unit', title: 'Unit', cell: ({ unit }) => unit, by: ({ unit }) => unit },
  {
    id: 'from',
    title: 'Where it comes from',
    cell: ({ from }) => <span class="wide">{from}</span>,
    by: ({ from }) => from,
  },
];

/** The numbers of a machine, each with its unit and where it comes from. */
export function MachineTable({ look }: { readonly look: Look }) {
  const rows = Object.entries(look.quantities).map(([name, quantity]) => ({ name, ...quantity }));
  return (
    <DataTable
      caption={`Numbers of machine ${look.report.machine.name}`}
      columns={columns}
      rows={rows}
      keyOf={({ name }) => name}
    />
  );
}
