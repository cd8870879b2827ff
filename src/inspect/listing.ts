import type { Compilation } from '../compile.ts';
import { grouped } from '../grouped.ts';
import { elementCount } from '../loops/index.ts';
import { cut, micros, percent } from './figures.ts';
import { formulaContextOf } from './formulaContext.ts';
import { type ListingFormula, type ListingRow, listingRows } from './listingRows.ts';
import type { Role } from './look.ts';
import { oneLine } from './oneLine.ts';
import { type Paint, plain } from './paint.ts';
import type { EntryReport, Report } from './report.ts';
import { bytesText, scaled } from './reportText.ts';
import { widthWithin, wrapped } from './wrapped.ts';

/** How a listing is written. */
export interface ListingOptions {
  readonly paint?: Paint;
  /** Columns, 80 where nobody says; of fewer than 60 it takes 60, of more than 120 it takes 120. */
  readonly width?: number;
  /** Whether bars are of letters that every terminal has. */
  readonly isDumb?: boolean;
  /** Lines that it should fit, 40 where nobody says: more dispatches are told in fewer lines each. */
  readonly lines?: number;
}

/** Lines of a screen. */
const SCREEN = 40;

/**
 * What a compilation became, on a screen: for each entry its dispatches, with the formulas that they compute, what those are for,
 * their parts of the predicted time, what limits them, and the user's lines. The more dispatches there are, the fewer lines each has;
 * those that are alike, as layers are, share theirs.
 *
 * @param report of the compilation; entries that it leaves out are left out
 */
export function listing(compilation: Compilation, report: Report, options: ListingOptions = {}): string {
  const { paint = plain, isDumb = false, lines: screen = SCREEN } = options;
  const width = widthWithin(options.width);
  const context = formulaContextOf(compilation.module);
  const entries = Object.entries(report.entries).map(([name, entry]) => ({
    name,
    entry,
    rows: listingRows(compilation, name, report, context, width - INDENT.length),
  }));
  const head = headLines(compilation, report, width, paint);
  const style: Style = { width, paint, isDumb };
  const body = (detail: Detail): string[] =>
    entries.flatMap(({ name, entry, rows }) => [
      '',
      entryHeading(name, entry, style),
      ...(detail.formulas === 0 ? [] : [columnHeads(style)]),
      ...rowsWithin(rows, detail, style),
    ]);
  const fits = details.find((detail) => head.length + body(detail).length + 2 <= screen);
  const shown = fits ?? { ...LEAST_DETAIL, rows: rowsOf(screen - head.length - 2, entries.length) };
  return `${[...head, ...body(shown), '', ...legend(shown, style)].join('\n')}\n`;
}

interface Style {
  readonly width: number;
  readonly paint: Paint;
  readonly isDumb: boolean;
}

/** How much is said of each dispatch. */
interface Detail {
  /** Lines of formulas at most; 0: the first stands in the line of its dispatch. */
  readonly formulas: number;
  /** Whether shapes, lines of source and what is computed again have a line. */
  readonly place: boolean;
  /** Dispatches of an entry, at most: those that take longest. */
  readonly rows?: number;
}

const LEAST_DETAIL: Detail = { formulas: 0, place: false };

/** The most that is said first. */
const details: readonly Detail[] = [
  { formulas: 8, place: true },
  { formulas: 5, place: true },
  { formulas: 3, place: true },
  { formulas: 2, place: true },
  { formulas: 1, place: true },
  { formulas: 1, place: false },
  LEAST_DETAIL,
];

const INDENT = '     ';

/** Rows that are left for each entry on a screen, beside its heading and a line of what is left out; six at least. */
function rowsOf(lines: number, entries: number): number {
  return Math.max(6, Math.floor(lines / entries) - 4);
}

function headLines(compilation: Compilation, report: Report, width: number, paint: Paint): string[] {
  const { name, about } = report.machine;
  const { states } = compilation.module;
  const own = states.filter(({ trainable }) => trainable);
  const count = own.reduce((n, { node }) => n + elementCount(node.shape), 0);
  const machine = about === undefined ? name : `${name} (${about})`;
  const kernels = `${report.kernels} ${report.kernels === 1 ? 'kernel' : 'kernels'}`;
  const facts = ` for ${report.target}: ${grouped(count)} parameters, ${kernels}`;
  const title = cut(oneLine(report.name), Math.max(8, width - facts.length));
  const memory = `memory ${bytesText(report.peakBytes)}, no less than ${bytesText(report.lowerBoundBytes)}`;
  const times = `times predicted for ${machine}`;
  const together = `${memory}; ${times}`;
  const second = together.length <= width ? [together] : [memory, ...wrapped(times, width)];
  return [`${paint.bold(title)}${facts}`, ...second.map(paint.dim)];
}

function entryHeading(name: string, entry: EntryReport, style: Style): string {
  const n = entry.dispatches.length;
  const rest = `: ${n} ${n === 1 ? 'dispatch' : 'dispatches'} a step, ${scaled(entry.flops)}FLOP, ${micros(entry.predictedMicros)} predicted`;
  const most = Math.max(8, style.width - rest.length);
  return `${style.paint.bold(cut(oneLine(name), most))}${rest}`;
}

function rowsWithin(rows: readonly ListingRow[], detail: Detail, style: Style): string[] {
  const most = detail.rows ?? rows.length;
  if (rows.length <= most) return rows.flatMap((row) => rowLines(row, detail, style));
  const longest = new Set(rows.toSorted((a, b) => b.timeShare - a.timeShare).slice(0, most));
  const left = rows.filter((row) => !longest.has(row));
  const dispatches = left.reduce((n, { numbers }) => n + numbers.length, 0);
  const share = left.reduce((n, { timeShare }) => n + timeShare, 0);
  return [
    ...rows.filter((row) => longest.has(row)).flatMap((row) => rowLines(row, detail, style)),
    style.paint.dim(`${INDENT}and ${dispatches} more, ${percent(share)} of the time: --verbose shows all`),
  ];
}

function rowLines(row: ListingRow, detail: Detail, style: Style): string[] {
  if (detail.formulas === 0) return [shortLine(row, style)];
  const lines = [headLine(row, style), ...formulaLines(row.formulas, detail.formulas, style)];
  if (detail.place) lines.push(...placeLines(row, style));
  return lines;
}

/** Characters of a bar. */
const BAR = 8;

/** What the columns of a dispatch are. */
function columnHeads({ width, paint }: Style): string {
  const figures = figuresText('time', '', 'FLOP', 'limited by');
  return paint.dim(
    `  #  ${'dispatch'.padEnd(nameWidth(width) + 1 + LETTERS + 1 + BAR + 1)}${figures}`.trimEnd(),
  );
}

function figuresText(time: string, share: string, flops: string, limit: string): string {
  return `${time.padStart(8)} ${share.padStart(5)}  ${flops.padStart(5)}  ${limit.padEnd('limited by'.length)}`;
}

/** Characters of a dispatch's name: what the other columns leave. */
function nameWidth(width: number): number {
  const figures = figuresText('', '', '', '').length;
  return width - INDENT.length - 1 - LETTERS - 1 - BAR - 1 - figures;
}

/** `  0  hidden   F·· ████▌   180 µs  49 %   50 %  arithmetic` */
function headLine(row: ListingRow, style: Style): string {
  const { width, paint } = style;
  const figures = figuresText(micros(row.micros), percent(row.timeShare), percent(row.flopsShare), row.limit);
  const most = nameWidth(width);
  const [first = 0] = row.numbers;
  const number = paint.dim(String(first).padStart(3));
  const name = paint.bold(nameOf(row, most).padEnd(most));
  return `${number}  ${name} ${letters(row.roles, paint)} ${bar(row.timeShare, style)} ${figures}`.trimEnd();
}

/** `  0 FB· 49 % hidden = relu(x/255 · hidden.weight + hidden.bias)` */
function shortLine(row: ListingRow, style: Style): string {
  const { width, paint } = style;
  const [first = 0] = row.numbers;
  const times = row.numbers.length > 1 ? ` ×${row.numbers.length}` : '';
  const before = `${String(first).padStart(3)}${times.padEnd(5)}`;
  const share = percent(row.timeShare).padStart(6);
  const taken = before.length + 1 + LETTERS + 1 + share.length + 2;
  const heaviest = byWork(row.formulas)[0];
  const more = row.formulas.length > 1 ? ` +${row.formulas.length - 1}` : '';
  const text = cut(oneLine(heaviest?.text ?? row.name), width - taken - more.length);
  const painted = heaviest === undefined ? text : painting(heaviest.role, paint)(text);
  return `${paint.dim(before)} ${letters(row.roles, paint)} ${share}  ${painted}${paint.dim(more)}`;
}

function nameOf({ name, numbers }: ListingRow, most: number): string {
  const times = numbers.length > 1 ? ` ×${numbers.length}` : '';
  return `${cut(oneLine(name), most - times.length)}${times}`;
}

/** The formulas that most work goes to, in their order; names of the others after them. */
function formulaLines(formulas: readonly ListingFormula[], most: number, style: Style): string[] {
  const { width, paint } = style;
  const isCut = formulas.length > most;
  const kept = new Set(isCut ? byWork(formulas).slice(0, Math.max(1, most - 1)) : formulas);
  const lines = formulas.filter((one) => kept.has(one)).map((one) => formulaLine(one, style));
  if (!isCut || most === 1) return lines;
  const others = formulas.filter((one) => !kept.has(one)).map(({ name }) => oneLine(name));
  return [...lines, paint.dim(`${INDENT}${listedIn(others, width - INDENT.length, 'and ')}`)];
}

function formulaLine({ text, alike, role }: ListingFormula, { width, paint }: Style): string {
  const room = width - INDENT.length;
  const paintText = painting(role, paint);
  if (alike.length === 0) return `${INDENT}${paintText(cut(oneLine(text), room))}`;
  const whole = cut(oneLine(text), room - 12);
  const rest = room - whole.length - 2;
  const names = listedIn(alike.map(oneLine), rest, 'so ');
  return `${INDENT}${paintText(whole)}  ${paint.dim(names)}`;
}

/** As many names as there is room for, and how many more there are. */
function listedIn(names: readonly string[], room: number, before: string): string {
  let text = '';
  for (const [k, name] of names.entries()) {
    const next = text === '' ? `${before}${name}` : `${text}, ${name}`;
    const left = names.length - k - 1;
    const end = left === 0 ? '' : `, +${left}`;
    if (next.length + end.length > room)
      return text === '' ? `×${names.length + 1}` : `${text}, +${left + 1}`;
    text = next;
  }
  return text;
}

/** `x[batch, 784] → hidden[batch, 128]   again: d output   model.ts:12`; in two lines where one has no room for a name of each side. */
function placeLines({ reads, writes, source, again }: ListingRow, { width, paint }: Style): string[] {
  const room = width - INDENT.length;
  const others = [
    again.length === 0 ? '' : `again: ${listedIn(again, MOST_AGAIN, '')}`,
    cut(oneLine(source), MOST_SOURCE),
  ].filter((one) => one !== '');
  const end = others.join('  ');
  const beside = shapesIn(reads, writes, room - end.length - (end === '' ? 0 : 2));
  if (beside === undefined)
    return [
      cut(shapesIn(reads, writes, room) ?? shapesText(reads, writes, 1, 1), room),
      end.padStart(room),
    ].map((text) => `${INDENT}${paint.dim(text)}`);
  const text = `${beside}${' '.repeat(Math.max(2, room - beside.length - end.length))}${end}`.trimEnd();
  return text === '' ? [] : [`${INDENT}${paint.dim(text)}`];
}

/** Characters of what is computed again, and of a place in the user's files. */
const [MOST_AGAIN, MOST_SOURCE] = [18, 24];

/** What is read and written, the largest first, in so many characters; undefined where one of each takes more. */
function shapesIn(reads: readonly string[], writes: readonly string[], room: number): string | undefined {
  const counts = [4, 3, 2, 1].flatMap((ins) => [3, 2, 1].map((outs) => [ins, outs] as const));
  for (const [ins, outs] of counts) {
    const text = shapesText(reads, writes, ins, outs);
    if (text.length <= room) return text;
  }
  return undefined;
}

function shapesText(reads: readonly string[], writes: readonly string[], ins: number, outs: number): string {
  const arrow = reads.length > 0 && writes.length > 0 ? ' → ' : '';
  return `${someOf(reads, ins)}${arrow}${someOf(writes, outs)}`;
}

function someOf(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).map(oneLine);
  return names.length > most ? `${shown.join(', ')}, +${names.length - most}` : shown.join(', ');
}

function byWork(formulas: readonly ListingFormula[]): ListingFormula[] {
  return formulas.toSorted((a, b) => b.work - a.work);
}

/** Letters of a step's parts in their order. */
const marks = { data: '', forward: 'F', backward: 'B', update: 'U' } as const satisfies Record<Role, string>;

const LETTERS = 3;

function letters(roles: readonly Role[], paint: Paint): string {
  return (['forward', 'backward', 'update'] as const)
    .map((role) => (roles.includes(role) ? painting(role, paint)(marks[role]) : paint.dim('·')))
    .join('');
}

function painting(role: Role, paint: Paint): (text: string) => string {
  return paint.role[role];
}

/** A part of a whole as a bar, in eighths of a character where the terminal has such. */
function bar(share: number, { isDumb, paint }: Style): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share)) * BAR * 8);
  if (isDumb) return paint.dim('#'.repeat(Math.round(eighths / 8)).padEnd(BAR, '.'));
  const part = ' ▏▎▍▌▋▊▉'[eighths % 8] ?? ' ';
  return paint.dim(
    '█'
      .repeat(Math.floor(eighths / 8))
      .concat(eighths % 8 === 0 ? '' : part)
      .padEnd(BAR),
  );
}

function legend({ formulas }: Detail, { paint }: Style): string[] {
  const of = (role: 'forward' | 'backward' | 'update'): string =>
    `${painting(role, paint)(marks[role])} ${role}`;
  const share = formulas === 0 ? '%: time' : 'bar: time';
  return [`${of('forward')}  ${of('backward')}  ${of('update')}${paint.dim(`  ${share}  --verbose: all`)}`];
}
