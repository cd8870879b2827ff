import { type Command, Option } from 'commander';
import {
  type Compilation,
  type OptionalPass,
  optionalPasses,
  type WasmCompilation,
  type WebGpuCompilation,
} from '../compile.ts';
import { compileFor } from '../compiled.ts';
import { printModule } from '../graph/index.ts';
import { dispatchesOf, explain, explanationText } from '../inspect/explain.ts';
import { type Report, reportOf } from '../inspect/report.ts';
import { type Paint, reportText } from '../inspect/reportText.ts';
import { UnknownNameError } from '../issues.ts';
import type { TargetName } from '../machine/index.ts';
import type { Traced } from '../trace.ts';
import { check, outcomeText, parseExpectation } from './expect.ts';
import { loadModel } from './loadModel.ts';
import { modelCommand, targetAsked, targetOption } from './modelCommand.ts';
import { paintFor } from './paint.ts';
import type { Terminal } from './run.ts';
import { timingsOf, timingsText } from './timings.ts';
import { exitCodes, listed, UsageError } from './usage.ts';

interface InspectOptions {
  readonly target: 'auto' | TargetName;
  readonly entry?: string;
  readonly code?: string | true;
  readonly ir?: Traced['level'];
  readonly after?: string;
  readonly explain?: readonly string[];
  readonly timings?: true;
  readonly without?: readonly OptionalPass[];
  readonly json?: true;
  readonly expect?: readonly string[];
}

const levels = [
  'graph',
  'loops',
  'groups',
  'stages',
  'kernels',
  'evaluated',
  'functions',
] as const satisfies Traced['level'][];

/**
 * `sinter inspect`: compiles without a device and shows what came of it.
 *
 * @param done is told the exit code
 */
export function inspectCommand(terminal: Terminal, done: (code: number) => void): Command {
  return modelCommand('inspect', 'compile a module, without a device, and show its dispatches and its memory')
    .addOption(targetOption('what to compile for'))
    .option('--entry <name>', 'show this entry only')
    .addOption(
      new Option(
        '--code [kernel]',
        'print kernels: all, those with this name, that of dispatch N, or those that compute a node; names in one that several dispatches run are those of the first',
      ).conflicts(['ir', 'after', 'explain']),
    )
    .addOption(
      new Option(
        '--ir <level>',
        'print the program at a level (kernels, evaluated: WebGPU; functions: WebAssembly)',
      )
        .choices([...levels])
        .conflicts('explain'),
    )
    .addOption(new Option('--after <pass>', 'print what this pass made').conflicts('explain'))
    .option('--explain <names...>', 'A B: why two nodes share a kernel, or why not')
    .addOption(
      new Option('--without <passes...>', 'leave passes out, to see what they do').choices([
        ...optionalPasses,
      ]),
    )
    .addOption(
      new Option(
        '--timings',
        'print what each pass took to run and to verify, in a process that has compiled nothing before',
      ).conflicts(['code', 'ir', 'after', 'explain']),
    )
    .addOption(
      new Option('--json', 'print everything, or the timings, as JSON').conflicts([
        'code',
        'ir',
        'after',
        'explain',
      ]),
    )
    .option(
      '--expect <budget>',
      "exit with 1 where it does not hold, as 'train.dispatches<=3'; may be repeated",
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .addHelpText(
      'after',
      `
Examples:
  $ sinter inspect model.ts
  $ sinter inspect model.ts#mnist --entry train --code
  $ sinter inspect model.ts --explain hidden loss
  $ sinter inspect model.ts --target wasm --timings
  $ sinter inspect model.ts --expect 'train.dispatches<=3' --expect 'peakBytes<2000000'

Exit codes: 0, all is well; 1, an expectation does not hold; 2, wrong usage or bad input;
3, a fault in sinter itself.`,
    )
    .action(async (file: string, options: InspectOptions) => {
      done(await inspect(file, options, terminal));
    });
}

async function inspect(file: string, options: InspectOptions, terminal: Terminal): Promise<number> {
  const expectations = (options.expect ?? []).map(parseExpectation);
  const module = await loadModel(file);
  const target = await targetAsked(options.target);
  const compilation = await compileFor(module, target, new Set(options.without ?? []));
  const report = reportOf(compilation);
  const { entry } = options;
  if (entry !== undefined && !compilation.entries.has(entry)) {
    throw new UsageError(
      `there is no entry ${JSON.stringify(entry)}; there are ${listed([...compilation.entries.keys()])}`,
    );
  }
  const outcomes = expectations.map((expectation) => check(expectation, report));
  terminal.stdout.write(output(compilation, report, options, paintFor(terminal)));
  for (const outcome of outcomes) terminal.stderr.write(`${outcomeText(outcome)}\n`);
  return outcomes.every(({ holds }) => holds) ? exitCodes.ok : exitCodes.expectationFailed;
}

function output(
  compilation: WebGpuCompilation | WasmCompilation,
  report: Report,
  options: InspectOptions,
  paint: Paint,
): string {
  if (options.timings === true) return timings(compilation, options, paint);
  const shown = only(report, options.entry);
  if (options.json === true) return `${JSON.stringify(shown, null, 2)}\n`;
  if (options.explain !== undefined) return explanation(compilation, options.explain, options.entry);
  if (options.code !== undefined) return code(compilation, shown, options.code);
  if (options.ir !== undefined || options.after !== undefined) return text(compilation, options);
  const listing = reportText(shown, paint);
  if (options.target !== 'auto') return listing;
  return `${paint.dim(chosenText(report.target))}\n\n${listing}`;
}

/** What each pass took, of all entries or of one. */
function timings(
  compilation: WebGpuCompilation | WasmCompilation,
  { json, entry }: InspectOptions,
  paint: Paint,
): string {
  return json === true
    ? `${JSON.stringify(timingsOf(compilation), null, 2)}\n`
    : timingsText(compilation, entry, paint);
}

/** Which target was taken where none was named, and how to have another. */
function chosenText(target: string): string {
  const reason = target === 'wasm' ? 'no GPU is at hand' : 'a GPU is at hand';
  return `target ${target}, as compile() takes here: ${reason}; --target names another, without a device`;
}

function only(report: Report, entry: string | undefined): Report {
  const found = entry === undefined ? undefined : report.entries[entry];
  return found === undefined || entry === undefined ? report : { ...report, entries: { [entry]: found } };
}

function explanation(compilation: Compilation, names: readonly string[], entry: string | undefined): string {
  const [a, b, ...more] = names;
  if (a === undefined || b === undefined || more.length > 0) {
    const given =
      b === undefined ? `the second is missing after ${listed(names)}` : `${listed(names)} are more`;
    throw new UsageError(`--explain takes two names, as in --explain hidden loss; ${given}`);
  }
  try {
    const all = explain(compilation, a, b).filter((e) => entry === undefined || e.entry === entry);
    return explanationText(a, b, all);
  } catch (error) {
    throw error instanceof UnknownNameError ? new UsageError(`--explain: ${error.message}`) : error;
  }
}

/** Kernels as text: all of the shown entries, those of a name, that of a dispatch, or those that compute a node. */
function code(
  compilation: WebGpuCompilation | WasmCompilation,
  report: Report,
  wanted: string | true,
): string {
  const entries = Object.entries(report.entries);
  // Functions of one module read best in it.
  const isWhole = entries.length === compilation.entries.size;
  if (wanted === true && isWhole && 'text' in compilation) return compilation.text;
  const all = entries.flatMap(([, entry]) => entry.kernels);
  const dispatched = entries.flatMap(([, entry]) => entry.dispatches.filter(({ name }) => name === wanted));
  const named = new Set([wanted, ...dispatched.map(({ kernel }) => kernel)]);
  const chosen = wanted === true ? all : all.filter(({ name }) => named.has(name));
  if (wanted !== true && chosen.length === 0) {
    const dispatches = /^\d+$/.test(wanted)
      ? () => new Set([Number(wanted)])
      : dispatchesComputing(compilation, wanted);
    for (const [name, entry] of entries) {
      const kernels = new Set([...dispatches(name)].map((k) => entry.dispatches[k]?.kernel));
      chosen.push(...entry.kernels.filter((kernel) => kernels.has(kernel.name)));
    }
  }
  if (chosen.length === 0) {
    const names = listed([...new Set(all.map(({ name }) => name))]);
    throw new UsageError(
      `--code: there is no kernel ${JSON.stringify(wanted)}; there are ${names}; the name of a node finds the kernel that computes it`,
    );
  }
  return [...new Set(chosen.map((kernel) => kernel.code))]
    .map((text) => text.replace(/\n*$/, '\n'))
    .join('\n');
}

/** For an entry, its dispatches that compute a node: none where there is no such node. */
function dispatchesComputing(compilation: Compilation, node: string): (entry: string) => ReadonlySet<number> {
  try {
    const found = dispatchesOf(compilation, node);
    return (entry) => found.get(entry) ?? new Set();
  } catch (error) {
    if (error instanceof UnknownNameError) return () => new Set();
    throw error;
  }
}

/** The program at a level, or after a pass, for each entry. */
function text({ module, trace }: Compilation, { ir, after, entry }: InspectOptions): string {
  // The graph is one for all entries, and no pass of an entry makes it.
  if (ir === 'graph' && after === undefined) return printModule(module);
  const passes = trace.passes.filter(
    (p) =>
      (entry === undefined || p.entry === entry) &&
      (ir === undefined || p.level === ir) &&
      (after === undefined || p.pass === after),
  );
  if (passes.length === 0 && after === undefined) {
    const levels = [...new Set(['graph', ...trace.passes.map((p) => p.level)])];
    throw new UsageError(`--ir: this target has no level ${JSON.stringify(ir)}; there are ${listed(levels)}`);
  }
  if (passes.length === 0) {
    const names = [...new Set(trace.passes.map((p) => p.pass))];
    throw new UsageError(
      `--after: no pass ${JSON.stringify(after)}${ir === undefined ? '' : ` gives ${ir}`}; there are ${listed(names)}`,
    );
  }
  const last = new Map(passes.map((p) => [p.entry, p]));
  return [...last.values()]
    .map((p) => `# ${p.entry}, after ${p.pass}${p.unchanged() ? ' (unchanged)' : ''}\n${p.text()}`)
    .join('\n');
}
