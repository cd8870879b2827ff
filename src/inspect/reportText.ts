import { count, cut, digits } from './figures.ts';
import { oneLine } from './oneLine.ts';
import { type Paint, plain } from './paint.ts';
import type { DispatchReport, EntryReport, Report } from './report.ts';
import { wrapped } from './wrapped.ts';

/** Columns of a summary: those of a terminal that nobody made wider. */
const WIDTH = 80;

/** A few lines: for each entry its dispatches with their times and bytes, then the peak of memory; 80 columns. */
export function summaryText(report: Report, paint: Paint = plain): string {
  const lines = headingLines(report, WIDTH, paint);
  for (const [name, entry] of Object.entries(report.entries)) {
    lines.push('', ...entryHeading(name, entry, WIDTH, paint));
    lines.push(...dispatchTable(report, entry, WIDTH, paint));
  }
  lines.push('', ...memoryLines(report, WIDTH, paint));
  return `${lines.join('\n')}\n`;
}

/** What was compiled for what, and of which machine the times are: dispatches and kernels together make a step. */
export function headingLines(report: Report, width: number, paint: Paint): string[] {
  const { name, about, dispatchMicros } = report.machine;
  const machine = about === undefined ? name : `${name} (${about})`;
  return [
    ...titled(report.name, ` for ${report.target}: ${count(report.kernels, 'kernel')}`, width, paint),
    ...wrapped(
      `times are predictions for machine ${machine}; a step is its kernels and ${digits(dispatchMicros)} µs for each dispatch`,
      width,
    ).map(paint.dim),
  ];
}

/** `train: 3 dispatches a step, 52.8 MFLOP, 1.76 MB read and written, 14.6 µs predicted` */
export function entryHeading(name: string, entry: EntryReport, width: number, paint: Paint): string[] {
  const total = `${scaled(entry.flops)}FLOP, ${bytesText(entry.bytes)} read and written, ${digits(entry.predictedMicros)} µs predicted`;
  return titled(name, `: ${count(entry.dispatches.length, 'dispatch', 'es')} a step, ${total}`, width, paint);
}

/** The dispatches of an entry, with the times that the model predicts; names take what the numbers leave. */
export function dispatchTable(
  { target }: Pick<Report, 'target'>,
  entry: EntryReport,
  width: number,
  paint: Paint,
): string[] {
  const row = (dispatch: DispatchReport, k: number): string[] => [
    String(k),
    dispatch.name,
    dispatch.kind,
    String(dispatch.grid),
    digits(dispatch.predicted.micros),
    dispatch.predicted.limit,
    scaled(dispatch.flops).trimEnd(),
    bytesText(dispatch.bytes),
  ];
  const grid = target === 'wasm' ? 'tasks' : 'grid';
  const heads = ['#', 'name', 'kind', grid, 'µs', 'limited by', 'FLOPs', 'bytes'];
  return tableWithin(width, heads, entry.dispatches.map(row), paint);
}

/** `memory: peak 545 kB (state 407 kB, temps 137 kB, …), 1.001 times the lower bound …` */
export function memoryLines(report: Report, width: number, paint: Paint): string[] {
  const { arenas } = report;
  const parts = Object.entries(arenas).map(([name, bytes]) => `${name} ${bytesText(bytes)}`);
  const ratio = report.lowerBoundBytes > 0 ? report.peakBytes / report.lowerBoundBytes : 1;
  const bound = `${ratio.toFixed(3)} times the lower bound ${bytesText(report.lowerBoundBytes)}`;
  const batch =
    report.batchBytes > 0
      ? `, and ${bytesText(report.batchBytes)} for a batch of inputs from the first run on`
      : '';
  const rest = `: peak ${bytesText(report.peakBytes)} (${parts.join(', ')}), ${bound}; datasets apart${batch}`;
  return titled('memory', rest, width, paint);
}

/** A bold name and what is said of it, in lines of a width. */
function titled(name: string, rest: string, width: number, paint: Paint): string[] {
  const title = cut(oneLine(name), Math.floor(width / 2));
  // A name is not broken, so that all of it is bold.
  const whole = `${title.replaceAll(' ', NO_BREAK)}${rest}`;
  return wrapped(whole, width, '  ').map((line, k) =>
    k === 0 ? `${paint.bold(title)}${line.slice(title.length)}` : line,
  );
}

const NO_BREAK = '\u00a0';

/** `1.50 MB`, of bytes; thousands, as disks count. */
export function bytesText(bytes: number): string {
  return `${scaled(bytes)}B`;
}

/** Characters that stay of what is cut to fit. */
const LEAST_CELL = 8;

/** A table whose columns of names and types are cut where it is wider than it may be. */
export function tableWithin(
  width: number,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
): string[] {
  const most = heads.map((head, c) => Math.max(head.length, ...rows.map((row) => row[c]?.length ?? 0)));
  let over = INDENT.length + most.reduce((sum, n) => sum + n + GAP.length, -GAP.length) - width;
  const room = most.map((n, c) => {
    const isCut = over > 0 && (heads[c] === 'name' || heads[c] === 'type');
    const left = isCut ? Math.max(Math.min(n, LEAST_CELL), n - over) : n;
    over -= n - left;
    return left;
  });
  return table(
    heads,
    rows.map((row) => row.map((cell, c) => cut(oneLine(cell), room[c] ?? cell.length))),
    paint,
  );
}

const [INDENT, GAP] = ['  ', '  '];

/** Rows under their heads; columns of numbers are aligned at the right. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
): string[] {
  const cells = rows.map((row) => row.map(oneLine));
  const widths = heads.map((head, c) => Math.max(head.length, ...cells.map((row) => row[c]?.length ?? 0)));
  const isNumeric = heads.map((_, c) => cells.every((row) => /^[\d.]+( ?[kMGT]?B?)?$/.test(row[c] ?? '')));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, c) => (isNumeric[c] ? cell.padStart(widths[c] ?? 0) : cell.padEnd(widths[c] ?? 0)))
      .join(GAP)
      .trimEnd();
  return [paint.dim(`${INDENT}${line(heads)}`), ...cells.map((row) => `${INDENT}${line(row)}`)];
}

/** `12.3 M` for 12,300,000; the unit follows. */
export function scaled(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let scale = 0;
  let rest = value;
  while (rest >= 999.5 && scale < units.length - 1) {
    rest /= 1000;
    scale++;
  }
  const number = scale === 0 ? String(rest) : rest.toPrecision(3);
  return `${number} ${units[scale]}`;
}
