import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import './charts.css';
import { More, usePaged } from './paged.tsx';
import { Scroller } from './scroller.tsx';

/** A column of a table. */
export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** What it means, where the title does not say. */
  readonly hint?: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** By what the column sorts; absent where it does not. Rows without a number come last. */
  readonly by?: (row: Row) => number | string | undefined;
  readonly isNumber?: boolean;
  /** Whether it is left out where the page is narrow: what it says follows from the others. */
  readonly isMinor?: boolean;
}

/** Which way a table is sorted; by no column it has the order of its rows. */
interface Sorting {
  readonly column?: string;
  readonly isFalling: boolean;
}

/** Rows of a table that are shown at first, and more each time. */
const PAGE = 200;

/** A table whose columns sort by a press on their heads. */
export function DataTable<Row>(props: {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  readonly isLit?: (row: Row) => boolean;
}) {
  const sorting = useSignal<Sorting>({ isFalling: false });
  const { caption, columns, rows, keyOf, isLit } = props;
  const { column, isFalling } = sorting.value;
  const by = columns.find(({ id }) => id === column)?.by;
  const sorted = by === undefined ? rows : sortedBy(rows, by, isFalling);
  const paged = usePaged(sorted, PAGE);
  return (
    <Scroller class="table-frame" label={caption}>
      <table class="data-table">
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ id, title, hint, by: sorts, isNumber, isMinor }) => (
              <th
                key={id}
                scope="col"
                class={classOf(isNumber, isMinor)}
                title={hint}
                aria-sort={id !== column ? undefined : isFalling ? 'descending' : 'ascending'}
              >
                {sorts === undefined ? (
                  title
                ) : (
                  <button
                    type="button"
                    class="sort"
                    onClick={() => {
                      sorting.value = next(sorting.value, id, isNumber === true);
                    }}
                  >
                    {title}
                    <span class="sort-mark" aria-hidden="true">
                      {id !== column ? '↕' : isFalling ? '↓' : '↑'}
                    </span>
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {paged.shown.map((row) => (
            <tr key={keyOf(row)} class={isLit?.(row) === true ? 'is-lit' : undefined}>
              {columns.map(({ id, cell, isNumber, isMinor }) => (
                <td key={id} class={classOf(isNumber, isMinor)}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <More paged={paged} noun="rows" />
    </Scroller>
  );
}

function classOf(isNumber = false, isMinor = false): string | undefined {
  const classes = [...(isNumber ? ['number'] : []), ...(isMinor ? ['minor'] : [])];
  return classes.length === 0 ? undefined : classes.join(' ');
}

/** What a press on a column's head does: numbers fall first, then rise, then the rows' own order. */
function next({ column, isFalling }: Sorting, id: string, isNumber: boolean): Sorting {
  if (column !== id) return { column: id, isFalling: isNumber };
  return isFalling === isNumber ? { column: id, isFalling: !isFalling } : { isFalling: false };
}

function sortedBy<Row>(
  rows: readonly Row[],
  by: (row: Row) => number | string | undefined,
  isFalling: boolean,
): Row[] {
  const sign = isFalling ? -1 : 1;
  // What a row sorts by may be work: it is asked for once.
  const keyed = rows.map((row) => ({ row, key: by(row) }));
  keyed.sort(({ key: x }, { key: y }) => {
    if (x === undefined || y === undefined) return (x === undefined ? 1 : 0) - (y === undefined ? 1 : 0);
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y);
    return sign * String(x).localeCompare(String(y));
  });
  return keyed.map(({ row }) => row);
}

/** A part, from 0 to 1, as a bar with its text: the bar is for the eye alone. */
export function Bar(props: { readonly part: number; readonly text: string; readonly class?: string }) {
  return (
    <span class="bar-cell">
      <span class="bar-text">{props.text}</span>
      <span class="share-bar" aria-hidden="true">
        <span
          class={`share-fill ${props.class ?? ''}`}
          style={{ width: `${(100 * Math.max(0, Math.min(1, props.part))).toFixed(2)}%` }}
        />
      </span>
    </span>
  );
}
