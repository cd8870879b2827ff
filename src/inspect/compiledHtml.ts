import type { Compilation } from '../compile.ts';
import { grouped } from '../grouped.ts';
import { elementCount, isFloat } from '../loops/index.ts';
import { type Content, displayOf, type Html, html, tableOf } from '../notebook/html.ts';
import { micros, percent } from './figures.ts';
import { formulaContextOf } from './formulaContext.ts';
import { type ListingRow, listingRows } from './listingRows.ts';
import type { Report } from './report.ts';
import { bytesText, scaled } from './reportText.ts';

/** Characters of a formula at most, formulas of a dispatch, and names of what it writes. */
const [WIDTH, MOST_FORMULAS, MOST_NAMES] = [100, 6, 3];

/**
 * A compiled program as a notebook shows it: what it takes, and for each entry its dispatches with what they compute, in the user's
 * words.
 *
 * @param report of the compilation
 */
export function compiledHtml(compilation: Compilation, report: Report): string {
  const context = formulaContextOf(compilation.module);
  const { states } = compilation.module;
  const trained = states.filter(({ node, trainable }) => trainable && isFloat(node.dtype));
  const parameters = trained.reduce((n, { node }) => n + elementCount(node.shape), 0);
  const tables = Object.entries(report.entries).map(([name, { dispatches, flops, predictedMicros }]) => {
    const n = dispatches.length;
    const caption = `${name}: ${n} ${n === 1 ? 'dispatch' : 'dispatches'} a step, ${scaled(flops)}FLOP, ${micros(predictedMicros)} predicted`;
    return tableOf(caption, columns, listingRows(compilation, name, report, context, WIDTH).map(cellsOf));
  });
  const { name, about } = report.machine;
  return displayOf(
    html`Program ${html`<code>${report.name}</code>`} for ${report.target}`,
    [
      `${grouped(parameters)} parameters to train, ${report.kernels} ${report.kernels === 1 ? 'kernel' : 'kernels'}, memory ${bytesText(report.peakBytes)}`,
      `times are predictions for ${about === undefined ? name : `${name} (${about})`}`,
    ],
    tables,
  );
}

const columns = [
  { head: '#', isNumber: true },
  { head: 'computes' },
  { head: 'for' },
  { head: 'time', isNumber: true },
  { head: '', isNumber: true },
  { head: 'limited by' },
  { head: 'writes' },
  { head: 'lines' },
];

function cellsOf(row: ListingRow): Content[] {
  const { numbers, micros: time, timeShare, limit, writes, source, roles } = row;
  const [first = 0] = numbers;
  return [
    numbers.length > 1 ? `${first} (×${numbers.length})` : first,
    formulasOf(row),
    between(roles.map((role) => html`<span class="${role}">${role}</span>`)),
    micros(time),
    percent(timeShare),
    limit,
    listOf(writes),
    source,
  ];
}

/** Each formula in the colour of what it is for, those of most work where there are many. */
function formulasOf({ formulas }: ListingRow): Content {
  const heaviest = new Set(formulas.toSorted((a, b) => b.work - a.work).slice(0, MOST_FORMULAS));
  const lines = formulas
    .filter((one) => heaviest.has(one))
    .map(({ text, role, alike }) => {
      const more = alike.length === 0 ? '' : html` <small>and ${alike.length} like it</small>`;
      return html`<code class="${role}">${text}</code>${more}`;
    });
  const left = formulas.length - lines.length;
  const all = left === 0 ? lines : [...lines, html`<small>and ${left} more</small>`];
  return html`<div class="wide">${between(all)}</div>`;
}

/** The first names, and how many more there are. */
function listOf(names: readonly string[]): Content {
  const left = names.length - MOST_NAMES;
  const shown = names.slice(0, MOST_NAMES).map((name) => html`<code>${name}</code>`);
  return between(left > 0 ? [...shown, html`<small>and ${left} more</small>`] : shown);
}

/** Pieces, each in a line of its own. */
function between(pieces: readonly Html[]): Content {
  return pieces.map((piece, k) => (k === 0 ? piece : html`<br>${piece}`));
}
