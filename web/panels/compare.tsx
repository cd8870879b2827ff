import type { Look } from '../../src/inspect/look.ts';
import { changeClass } from './changeClass.ts';
import './charts.css';
import { CompareDispatches, EDIT } from './compareDispatches.tsx';
import { type Column, DataTable } from './dataTable.tsx';
import { bytesText, countText, flopsText, microsText, millisText, ratioText, signedText } from './figures.ts';
import { type Figure, figuresOf, type PassChange, passChanges } from './matching.ts';
import { hasEntry } from './select.ts';
import type { Selection } from './selection.ts';

/** Two looks beside each other: before and after an edit, or for two targets. */
export interface CompareProps {
  readonly before: Look;
  readonly after: Look;
  readonly selection: Selection;
}

/** What changed from one look to another: figures, dispatches, kernels, passes. */
export function Compare({ before, after, selection }: CompareProps) {
  const entry = selection.entry.value;
  const names = namesOf(before, after);
  return (
    <div class="charts">
      <section class="card">
        <div class="section-head">
          <h2>What changed</h2>
          <p class="soft">
            From <b>{names[0]}</b> to <b>{names[1]}</b>, entry {entry}.{missing(before, after, entry)}
          </p>
        </div>
        <DataTable
          caption={`Figures of ${names[0]} and ${names[1]}`}
          columns={figureColumns(names)}
          rows={figuresOf(before, after, entry)}
          keyOf={({ name }) => name}
        />
      </section>
      <CompareDispatches before={before} after={after} names={names} selection={selection} />
      <section class="card">
        <div class="section-head">
          <h2>Passes</h2>
          <p class="soft">Milliseconds to run each, without those to verify what it gave.</p>
        </div>
        <DataTable
          caption={`Times of passes of ${names[0]} and ${names[1]}`}
          columns={passColumns(names)}
          rows={passChanges(before.passes, after.passes, entry)}
          keyOf={({ entry: of, name }) => `${of ?? ''} ${name}`}
        />
      </section>
    </div>
  );
}

/** What the two are called: by what tells them apart. */
function namesOf(before: Look, after: Look): readonly [string, string] {
  const [a, b] = [before.report, after.report];
  if (a.target !== b.target) return [a.target, b.target];
  return a.name === b.name ? EDIT : [a.name, b.name];
}

function missing(before: Look, after: Look, entry: string): string {
  if (!hasEntry(before, entry)) return ' It was not there before.';
  return hasEntry(after, entry) ? '' : ' It is not there any more.';
}

function figureColumns([before, after]: readonly [string, string]): readonly Column<Figure>[] {
  return [
    { id: 'name', title: 'Figure', cell: ({ name }) => name },
    { id: 'before', title: before, isNumber: true, cell: (f) => sizeText(f, f.before) },
    { id: 'after', title: after, isNumber: true, cell: (f) => sizeText(f, f.after) },
    {
      id: 'change',
      title: 'Change',
      isNumber: true,
      isMinor: true,
      cell: (f) => (
        <span class={changeClass(f.before, f.after)}>
          {signedText(f.after - f.before, (size) => sizeText(f, size))}
        </span>
      ),
      by: (f) => f.after - f.before,
    },
    {
      id: 'ratio',
      title: 'Ratio',
      hint: `${after}, as a multiple of ${before}; a bar to the right is less`,
      isNumber: true,
      cell: (f) => <Ratio before={f.before} after={f.after} />,
      by: (f) => f.after / f.before,
    },
  ];
}

function passColumns([before, after]: readonly [string, string]): readonly Column<PassChange>[] {
  const text = (milliseconds: number | undefined): string =>
    milliseconds === undefined ? '–' : millisText(milliseconds);
  return [
    { id: 'name', title: 'Pass', cell: ({ name }) => <code>{name}</code>, by: ({ name }) => name },
    { id: 'entry', title: 'Entry', isMinor: true, cell: ({ entry }) => entry ?? 'all' },
    {
      id: 'before',
      title: before,
      isNumber: true,
      cell: (pass) => text(pass.before),
      by: (pass) => pass.before,
    },
    { id: 'after', title: after, isNumber: true, cell: (pass) => text(pass.after), by: (pass) => pass.after },
    {
      id: 'ratio',
      title: 'Ratio',
      isNumber: true,
      cell: ({ before: was, after: is }) =>
        was === undefined || is === undefined ? '–' : <Ratio before={was} after={is} />,
      by: ({ before: was, after: is }) => (was === undefined || is === undefined ? undefined : is / was),
    },
  ];
}

/** By how many doublings a bar is full. */
const FULL = 3;

/** What is as a multiple of what was, and as a bar: to the right where it is less, to the left where it is more. */
function Ratio({ before, after }: { readonly before: number; readonly after: number }) {
  const doublings = Math.log2(after / before);
  const width = 50 * Math.min(1, Math.abs(doublings) / FULL);
  return (
    <span class="ratio-cell">
      <span class="gain-bar" aria-hidden="true">
        {Number.isFinite(width) && (
          <span class={changeClass(before, after)} style={{ width: `${width.toFixed(2)}%` }} />
        )}
      </span>
      <span class={changeClass(before, after)}>{ratioText(after / before)}</span>
    </span>
  );
}

function sizeText({ unit }: Pick<Figure, 'unit'>, size: number): string {
  switch (unit) {
    case 'count':
      return countText(size);
    case 'micros':
      return microsText(size);
    case 'millis':
      return millisText(size);
    case 'bytes':
      return bytesText(size);
    case 'flops':
      return flopsText(size);
    default:
      return unit satisfies never;
  }
}
