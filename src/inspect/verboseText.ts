import type { Compilation, CompiledEntry } from '../compile.ts';
import { type Accesses, accessesOf } from './accesses.ts';
import { count } from './figures.ts';
import type { Access } from './look.ts';
import { oneLine } from './oneLine.ts';
import { type Paint, plain } from './paint.ts';
import type { DispatchReport, EntryReport, Report, TemporaryReport } from './report.ts';
import {
  bytesText,
  dispatchTable,
  entryHeading,
  headingLines,
  memoryLines,
  tableWithin,
} from './reportText.ts';
import { scheduleWords } from './scheduleWords.ts';
import { widthWithin, wrapped } from './wrapped.ts';

/** How everything is written. */
export interface VerboseOptions {
  readonly paint?: Paint;
  /** Columns, 80 where nobody says; 60 at least, 120 at most. */
  readonly width?: number;
}

/**
 * Everything: of each entry the dispatches, what each reads and writes, its nodes, schedules and launch, and the plan of memory; the
 * totals, and what the numbers are.
 *
 * @param report of the compilation; entries that it leaves out are left out
 */
export function verboseText(compilation: Compilation, report: Report, options: VerboseOptions = {}): string {
  const { paint = plain } = options;
  const style: Style = { paint, width: widthWithin(options.width), report };
  const { width } = style;
  const lines = headingLines(report, width, paint);
  for (const [name, entry] of Object.entries(report.entries)) {
    const compiled = compilation.entries.get(name);
    lines.push('', ...entryHeading(name, entry, width, paint), ...dispatchTable(report, entry, width, paint));
    lines.push(...entryLines(name, entry, compiled, style));
  }
  const states = report.states.map((s) => [
    s.name,
    typeText(s),
    bytesText(s.bytes),
    s.arena,
    String(s.offset),
  ]);
  lines.push('', paint.bold('state'));
  lines.push(...tableWithin(width, ['name', 'type', 'bytes', 'arena', 'offset'], states, paint));
  lines.push('', ...memoryLines(report, width, paint));
  lines.push('', ...legend(report).flatMap((line) => wrapped(line, width, '  ').map(paint.dim)));
  return `${lines.join('\n')}\n`;
}

interface Style {
  readonly paint: Paint;
  readonly width: number;
  readonly report: Report;
}

function entryLines(
  name: string,
  entry: EntryReport,
  compiled: CompiledEntry | undefined,
  style: Style,
): string[] {
  const { paint, width } = style;
  const accesses = compiled === undefined ? [] : accessesOf(compiled);
  const lines = entry.dispatches.flatMap((dispatch, k) => [
    '',
    ...dispatchLines(k, dispatch, accesses[k], style),
  ]);
  if (entry.temporaries.length === 0) return lines;
  const heads = ['name', 'type', 'bytes', 'arena', 'offset', 'live'];
  const rows = entry.temporaries.map(temporaryRow);
  lines.push(
    '',
    `${paint.bold('temporaries')} of ${oneLine(name)}`,
    ...tableWithin(width, heads, rows, paint),
  );
  return lines;
}

/** What a dispatch reads and writes, the nodes that it computes, and how it runs. */
function dispatchLines(
  k: number,
  dispatch: DispatchReport,
  accesses: Accesses | undefined,
  { paint, width, report }: Style,
): string[] {
  const indented = (text: string, indent = '  '): string[] =>
    wrapped(oneLine(text), width - indent.length, '  ').map((line) => unbroken(`${indent}${line}`));
  const said = (text: string): string[] => indented(text).map(paint.dim);
  const lines = [`${paint.bold(`dispatch ${k}`)} ${oneLine(dispatch.name)}`];
  lines.push(...indented(`reads ${tensorsText(accesses?.reads ?? [])}`));
  lines.push(...indented(`writes ${tensorsText(accesses?.writes ?? [])}`));
  lines.push('  computes', ...dispatch.nodes.flatMap((node) => indented(node, '    ')));
  if (dispatch.kernel !== dispatch.name)
    lines.push(
      ...said(`by kernel ${dispatch.kernel}, whose names and comments are those of its first dispatch`),
    );
  for (const { name, schedule } of dispatch.groups)
    lines.push(...said(`group ${name}: ${scheduleWords(schedule)}`));
  lines.push(...said(launchText(dispatch, report.target === 'wasm')));
  if (dispatch.rowLoads !== undefined && dispatch.rowLoads > 0) {
    const loads = count(dispatch.rowLoads, 'load');
    lines.push(
      ...said(`not proven in range: ${loads} of data at rows whose number is known at run time only`),
    );
  }
  return lines;
}

/** How many workgroups or tasks run, and what they see. */
function launchText(dispatch: DispatchReport, isWasm: boolean): string {
  const { grid, live, workgroup, bindings, sharedBytes } = dispatch;
  const noun = isWasm ? 'task' : 'workgroup';
  const number = live === undefined ? count(grid, noun) : `${live} ${noun}s (${grid} at most)`;
  if (isWasm)
    return `runs ${number}${sharedBytes > 0 ? `; packs ${bytesText(sharedBytes)} of operands before, for all threads` : ''}`;
  const memory = sharedBytes > 0 ? ` and ${bytesText(sharedBytes)} of workgroup memory` : '';
  return `runs ${number} of ${count(workgroup, 'invocation')}${memory}; bound: ${bindings.join(', ')}`;
}

/** `x u8[batch<=128, 784], hidden.weight f32[784, 128]`, broken between tensors alone. */
function tensorsText(tensors: readonly Access[]): string {
  const texts = tensors.map(({ tensor, type }) => `${tensor} ${type}`.replaceAll(' ', NO_BREAK));
  return texts.length === 0 ? 'nothing' : texts.join(', ');
}

const NO_BREAK = '\u00a0';

function unbroken(line: string): string {
  return line.replaceAll(NO_BREAK, ' ');
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

/** What names and numbers are. */
function legend({ target }: Report): string[] {
  const own =
    target === 'wasm'
      ? [
          'tasks: pieces that threads take one by one; packed: operands in the order in which vectors take them; i0, k0: axes of a result, and of what is reduced',
        ]
      : [
          'grid: workgroups; bound: buffers that the kernel sees, of which step has run-time scalars and sizes, and data row numbers, inputs and datasets',
        ];
  return [
    'µs: predicted for the kernel, without what each dispatch costs; limited by: what most of that goes to',
    'FLOPs, bytes: of one step; bytes are those of the tensors that are read and written, each once',
    ...own,
    "rows, columns, k: of a product of matrices; k is the axis that is summed. A tile is what is computed together; %12 is node 12 of the graph, a' the next value of state a",
    'arenas: state stays, temps last a step, words are what is not f32, results go to the host',
    'offset: bytes from the start of the arena; live: the dispatches between which a temporary is needed',
  ];
}
