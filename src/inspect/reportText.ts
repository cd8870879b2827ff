import { type Paint, plain } from './paint.ts';
import type { DispatchReport, EntryReport, Report, TemporaryReport } from './report.ts';
import { scheduleWords } from './scheduleWords.ts';

/** A few lines: for each entry its dispatches with grids and bytes, then the peak of memory. */
export function summaryText(report: Report, paint: Paint = plain): string {
  const lines = heading(report, paint);
  for (const [name, entry] of Object.entries(report.entries)) {
    lines.push('', entryHeading(name, entry, paint));
    lines.push(...dispatchTable(report, entry, paint));
  }
  lines.push('', memoryLine(report, paint));
  return `${lines.join('\n')}\n`;
}

/** Everything: the dispatch table with the nodes of each, the buffer plan, the totals. */
export function reportText(report: Report, paint: Paint = plain): string {
  const lines = heading(report, paint);
  for (const [name, entry] of Object.entries(report.entries)) {
    lines.push('', entryHeading(name, entry, paint));
    lines.push(...dispatchTable(report, entry, paint));
    for (const [k, dispatch] of entry.dispatches.entries()) lines.push('', ...nodeLines(k, dispatch, paint));
    if (entry.temporaries.length > 0) {
      lines.push('', `${paint.bold('temporaries')} of ${name}`);
      lines.push(...table(temporaryHeads, entry.temporaries.map(temporaryRow), paint));
    }
  }
  lines.push('', paint.bold('state'));
  lines.push(
    ...table(
      ['name', 'type', 'bytes', 'arena', 'offset'],
      report.states.map((s) => [s.name, typeText(s), bytesText(s.bytes), s.arena, String(s.offset)]),
      paint,
    ),
  );
  lines.push('', memoryLine(report, paint), '', ...legend(report).map(paint.dim));
  return `${lines.join('\n')}\n`;
}

/** What the columns of numbers are. */
function legend({ target }: Report): string[] {
  const own =
    target === 'wasm'
      ? ['tasks: pieces that threads take one by one; packed: bytes of operands that all threads share']
      : ['grid: workgroups; workgroup: invocations of each; bindings: buffers that the kernel sees'];
  return [
    'µs: predicted for the kernel, without what each dispatch costs; limited by: what most of that goes to',
    'FLOPs, bytes: of one step; bytes are those of the tensors that are read and written, each once',
    ...own,
    'offset: bytes from the start of the arena; live: the dispatches between which a temporary is needed',
  ];
}

/** What was compiled for what, and of which machine the times are: dispatches and kernels together make a step. */
function heading(report: Report, paint: Paint): string[] {
  const { name, about, dispatchMicros } = report.machine;
  const machine = about === undefined ? name : `${name} (${about})`;
  return [
    `${paint.bold(report.name)} for ${report.target}: ${count(report.kernels, 'kernel')}`,
    paint.dim(
      `times are predictions for machine ${machine}; a step is its kernels and ${digits(dispatchMicros)} µs for each dispatch`,
    ),
  ];
}

/** `1.50 MB`, of bytes; thousands, as disks count. */
export function bytesText(bytes: number): string {
  return `${scaled(bytes)}B`;
}

/** The dispatches of an entry, with the times that the model predicts: workgroups and bindings on WebGPU, tasks and packed operands on WebAssembly. */
function dispatchTable(report: Report, entry: EntryReport, paint: Paint): string[] {
  if (report.target !== 'wasm')
    return table(
      ['#', 'name', 'kind', 'grid', 'workgroup', 'µs', 'limited by', 'FLOPs', 'bytes', 'bindings'],
      entry.dispatches.map(dispatchRow),
      paint,
    );
  const row = (dispatch: DispatchReport, k: number): string[] => [
    ...dispatchRow(dispatch, k).slice(0, 4),
    bytesText(dispatch.sharedBytes),
    ...dispatchRow(dispatch, k).slice(5, 9),
  ];
  return table(
    ['#', 'name', 'kind', 'tasks', 'packed', 'µs', 'limited by', 'FLOPs', 'bytes'],
    entry.dispatches.map(row),
    paint,
  );
}

const temporaryHeads = ['name', 'type', 'bytes', 'arena', 'offset', 'live'];

function entryHeading(name: string, entry: EntryReport, paint: Paint): string {
  const total = `${scaled(entry.flops)}FLOP, ${bytesText(entry.bytes)} read and written, ${digits(entry.predictedMicros)} µs predicted`;
  return `${paint.bold(name)}: ${count(entry.dispatches.length, 'dispatch', 'es')} a step, ${total}`;
}

function dispatchRow(dispatch: DispatchReport, k: number): string[] {
  return [
    String(k),
    dispatch.name,
    dispatch.kind,
    String(dispatch.grid),
    String(dispatch.workgroup),
    digits(dispatch.predicted.micros),
    dispatch.predicted.limit,
    scaled(dispatch.flops).trimEnd(),
    bytesText(dispatch.bytes),
    dispatch.bindings.join(' '),
  ];
}

function nodeLines(k: number, dispatch: DispatchReport, paint: Paint): string[] {
  const lines = [`${paint.bold(`dispatch ${k}`)} ${dispatch.name} computes`];
  for (const node of dispatch.nodes) lines.push(`  ${oneLine(node)}`);
  if (dispatch.kernel !== dispatch.name)
    lines.push(
      paint.dim(`  by kernel ${dispatch.kernel}, whose names and comments are those of its first dispatch`),
    );
  for (const group of dispatch.groups)
    lines.push(paint.dim(`  group ${group.name}: ${scheduleWords(group.schedule)}`));
  if (dispatch.live !== undefined)
    lines.push(paint.dim(`  what is alive takes ${oneLine(dispatch.live)}, ${dispatch.grid} at most`));
  if (dispatch.rowLoads !== undefined && dispatch.rowLoads > 0) {
    const loads = count(dispatch.rowLoads, 'load');
    lines.push(
      paint.dim(`  not proven in range: ${loads} of data at rows whose number is known at run time only`),
    );
  }
  return lines;
}

function temporaryRow(t: TemporaryReport): string[] {
  return [
    t.name,
    typeText(t),
    bytesText(t.bytes),
    t.arena,
    String(t.offset),
    t.from === t.to ? String(t.from) : `${t.from}..${t.to}`,
  ];
}

function typeText({ dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] }): string {
  return `${dtype}[${shape.join(', ')}]`;
}

function memoryLine(report: Report, paint: Paint): string {
  const { arenas } = report;
  const parts = Object.entries(arenas).map(([name, bytes]) => `${name} ${bytesText(bytes)}`);
  const ratio = report.lowerBoundBytes > 0 ? report.peakBytes / report.lowerBoundBytes : 1;
  const bound = `${ratio.toFixed(3)} of the lower bound ${bytesText(report.lowerBoundBytes)}`;
  const batch =
    report.batchBytes > 0
      ? `, and ${bytesText(report.batchBytes)} for a batch of inputs from the first run on`
      : '';
  return `${paint.bold('memory')}: peak ${bytesText(report.peakBytes)} (${parts.join(', ')}), ${bound}; datasets apart${batch}`;
}

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
      .join('  ')
      .trimEnd();
  return [paint.dim(`  ${line(heads)}`), ...cells.map((row) => `  ${line(row)}`)];
}

/** Microseconds to three digits. */
function digits(micros: number): string {
  return String(Number(micros.toPrecision(3)));
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
  const digits = scale === 0 ? String(rest) : rest.toPrecision(3);
  return `${digits} ${units[scale]}`;
}

// Names hold none of these, the path of a node's file may: a line break would break the table.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const control = /[\u0000-\u001f\u007f]/g;

function oneLine(text: string): string {
  return text.replaceAll(control, ' ');
}

function count(n: number, noun: string, plural = 's'): string {
  return `${n} ${noun}${n === 1 ? '' : plural}`;
}
