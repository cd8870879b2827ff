import { useMemo } from 'preact/hooks';
import { type Column, DataTable } from './dataTable.tsx';
import { bytesText, countText } from './figures.ts';
import { arenaPlans, type Block } from './liveRanges.ts';
import { Pick } from './picks.tsx';
import { placesOf } from './places.ts';
import type { PanelProps } from './selection.ts';
import { sharingCounts } from './sharing.ts';

/** Every tensor of the plan of memory: the chart as a table. */
export function BufferTable({ look, selection }: PanelProps) {
  const entry = selection.entry.value;
  const { report } = placesOf(look, entry);
  const { blocks, sharing } = useMemo(() => {
    const blocks = arenaPlans(look.report, report)
      .flatMap((plan) => plan.blocks)
      .filter(({ type }) => type !== undefined)
      .sort((a, b) => Number(a.persists) - Number(b.persists) || b.bytes - a.bytes);
    return { blocks, sharing: sharingCounts(blocks) };
  }, [look, report]);
  const columns: readonly Column<Block>[] = [
    {
      id: 'name',
      title: 'Tensor',
      cell: ({ name }) => (
        <Pick picked={{ kind: 'buffer', name }} selection={selection}>
          {name}
        </Pick>
      ),
      by: ({ name }) => name,
    },
    { id: 'type', title: 'Type', cell: ({ type }) => <code>{type}</code> },
    {
      id: 'bytes',
      title: 'Bytes',
      isNumber: true,
      cell: ({ bytes }) => bytesText(bytes),
      by: ({ bytes }) => bytes,
    },
    { id: 'arena', title: 'Arena', cell: ({ arena }) => arena, by: ({ arena }) => arena },
    {
      id: 'offset',
      title: 'From byte',
      isNumber: true,
      cell: ({ offset }) => countText(offset),
      by: ({ offset }) => offset,
    },
    {
      id: 'live',
      title: 'Live',
      hint: 'the dispatches that need it, both included',
      cell: ({ from, to, persists }) => (persists ? 'always' : from === to ? `${from}` : `${from} to ${to}`),
      by: ({ from, to }) => from + to / 1e6,
    },
    {
      id: 'sharing',
      title: 'Shares bytes with',
      hint: 'tensors that have some of its bytes at another time',
      isNumber: true,
      cell: (block) => (block.persists ? '–' : countText(sharing.get(block) ?? 0)),
      by: (block) => (block.persists ? undefined : sharing.get(block)),
    },
  ];
  return (
    <DataTable
      caption={`Tensors of ${entry} in memory`}
      columns={columns}
      rows={blocks}
      keyOf={({ arena, name }) => `${arena} ${name}`}
      isLit={({ name }) => selection.lit.value.buffers.has(name)}
    />
  );
}
