import { type Command, Option } from 'commander';
import { optionalPasses, type WebGpuCompilation } from '../../compile.ts';
import { compileFor } from '../../compiled.ts';
import type { WasmCompilation } from '../../compileToWasm.ts';
import { formulaContextOf } from '../../inspect/formulaContext.ts';
import { listing } from '../../inspect/listing.ts';
import { lookDispatches } from '../../inspect/lookDispatches.ts';
import { type Report, reportOf } from '../../inspect/report.ts';
import { verboseText } from '../../inspect/verboseText.ts';
import { check, outcomeText, parseExpectation } from '../expect.ts';
import { requireHtml, withHtmlOptions } from '../html/options.ts';
import { loadModel } from '../loadModel.ts';
import { modelCommand, targetAsked, targetOption } from '../modelCommand.ts';
import { paintFor } from '../paint.ts';
import type { Terminal } from '../run.ts';
import { exitCodes, listed, UsageError } from '../usage.ts';
import { code, showCode } from './code.ts';
import { explanation } from './explanation.ts';
import { levelText } from './levels.ts';
import { type InspectOptions, levels } from './options.ts';
import { timings } from './timings.ts';

/** Options that print something else than the listing. */
const alone = ['code', 'ir', 'after', 'explain', 'timings', 'json'];

/**
 * `sinter inspect`: compiles without a device and shows what came of it.
 *
 * @param done is told the exit code
 */
export function inspectCommand(terminal: Terminal, done: (code: number) => void): Command {
  const command = modelCommand(
    'inspect',
    'compile a module, without a device, and show its dispatches and its memory',
  );
  return withHtmlOptions(command)
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
    .addOption(
      new Option(
        '-v, --verbose',
        'print everything: what is read and written, nodes, schedules in words, and the plan of memory',
      ).conflicts(alone),
    )
    .addOption(
      new Option('-q, --quiet', 'print nothing but what fails, as an expectation').conflicts([
        ...alone,
        'verbose',
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
  $ sinter inspect model.ts --html report.html --profile
  $ sinter inspect model.ts --html changed.html --compare report.html
  $ sinter inspect model.ts --expect 'train.dispatches<=3' --expect 'peakBytes<2000000'

The listing has for each dispatch the formulas that it computes, what they are for (F forward, B backward,
U update), its part of the predicted time as a bar and of the FLOPs, what limits it, and the shapes that it
reads and writes; it is as wide as the terminal, and as long as a screen. · without spaces multiplies
elements, with spaces matrices; d x is the gradient in x; x' is the next value of a state, and "so y'" says that
the one of y is computed alike. Values that are not written out are counted, as +3; ×4 are four alike; … stands
for what did not fit. "again" names what an earlier dispatch computes too: made again, rather than stored.

Exit codes: 0, all is well; 1, an expectation does not hold; 2, wrong usage or bad input;
3, a fault in sinter itself.`,
    )
    .action(async (file: string, options: InspectOptions) => {
      done(await inspect(file, options, terminal));
    });
}

async function inspect(file: string, options: InspectOptions, terminal: Terminal): Promise<number> {
  const expectations = (options.expect ?? []).map(parseExpectation);
  requireHtml(options);
  // Only what writes a page loads what it needs.
  const page = options.html === undefined ? undefined : await import('../html/write.ts');
  page?.requireWritable(options.html ?? '');
  if (options.compare !== undefined) page?.requireComparable(options.compare);
  const module = await loadModel(file, options);
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
  if (page === undefined) {
    const text = output(compilation, report, options, terminal);
    if (options.code === undefined) terminal.stdout.write(text);
    else await showCode(text, compilation, terminal);
  } else {
    const isAuto = options.target === 'auto';
    const shown = { module, target, compilation, report, isAuto, ...(entry === undefined ? {} : { entry }) };
    await page.writePage(shown, options, terminal);
  }
  const told = options.quiet === true ? outcomes.filter(({ holds }) => !holds) : outcomes;
  for (const outcome of told) terminal.stderr.write(`${outcomeText(outcome)}\n`);
  return outcomes.every(({ holds }) => holds) ? exitCodes.ok : exitCodes.expectationFailed;
}

function output(
  compilation: WebGpuCompilation | WasmCompilation,
  report: Report,
  options: InspectOptions,
  terminal: Terminal,
): string {
  if (options.quiet === true) return '';
  const paint = paintFor(terminal);
  if (options.timings === true) return timings(compilation, options, paint);
  const shown = only(report, options.entry);
  if (options.json === true) return `${JSON.stringify(detailed(compilation, shown), null, 2)}\n`;
  if (options.explain !== undefined) return explanation(compilation, options.explain, options.entry);
  if (options.code !== undefined) return code(compilation, shown, options.code);
  if (options.ir !== undefined || options.after !== undefined) return levelText(compilation, options);
  const width = terminal.stdout.isTTY === true ? terminal.stdout.columns : undefined;
  const style = { paint, isDumb: terminal.env.TERM === 'dumb', ...(width === undefined ? {} : { width }) };
  const text =
    options.verbose === true ? verboseText(compilation, shown, style) : listing(compilation, shown, style);
  if (options.target !== 'auto') return text;
  return `${paint.dim(chosenText(report.target))}\n\n${text}`;
}

/** A report whose dispatches say what they compute, for what, and which part of the step they are. */
function detailed(compilation: WebGpuCompilation | WasmCompilation, report: Report): object {
  const context = formulaContextOf(compilation.module);
  const entries = Object.entries(report.entries).map(([name, entry]) => {
    const looks = lookDispatches(compilation, name, report, context);
    return [
      name,
      { ...entry, dispatches: entry.dispatches.map((dispatch, k) => ({ ...dispatch, ...looks[k] })) },
    ];
  });
  return { ...report, entries: Object.fromEntries(entries) };
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
