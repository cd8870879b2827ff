import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { compileFor, programOf } from '../compiled.ts';
import type { TargetName } from '../machine/index.ts';
import { type Profile, profile } from '../profile/profile.ts';
import { profileText } from '../profile/profileText.ts';
import { traceOf } from '../profile/trace.ts';
import { deviceFor } from './deviceFor.ts';
import { loadModel } from './loadModel.ts';
import { type ModelOptions, modelCommand, targetAsked, targetOption } from './modelCommand.ts';
import { paintFor } from './paint.ts';
import { readInputs } from './readInputs.ts';
import type { Terminal } from './run.ts';
import { statusLine } from './statusLine.ts';
import { exitCodes, listed, MOST_THREADS, UsageError, wholeNumber } from './usage.ts';

interface ProfileCommandOptions extends ModelOptions {
  readonly entry?: string;
  readonly target: 'auto' | TargetName;
  readonly steps?: number;
  readonly warmup?: number;
  readonly threads?: number;
  readonly seed: number;
  readonly data?: string;
  readonly trace?: string;
  readonly json?: true;
}

/**
 * `sinter profile`: runs an entry, and shows what each kernel takes beside what the model of time says.
 *
 * @param done is told the exit code
 */
export function profileCommand(terminal: Terminal, done: (code: number) => void): Command {
  return modelCommand(
    'profile',
    'run an entry, and show what each kernel takes beside what the model of time says',
  )
    .option('--entry <name>', 'run this entry; by default train, or the first')
    .addOption(targetOption('what to run on'))
    .option('--steps <n>', 'steps that count; by default as many as take a second', wholeNumber('--steps', 1))
    .option(
      '--warmup <n>',
      'steps before, which do not count; by default as many as take 0.3 s',
      wholeNumber('--warmup', 0),
    )
    .option(
      '--threads <n>',
      'threads of WebAssembly; by default one for each core',
      wholeNumber('--threads', 1, MOST_THREADS),
    )
    .option('--seed <n>', 'of first values and inputs', wholeNumber('--seed', 0), 0)
    .option(
      '--data <file>',
      'inputs in the place of drawn ones: .npz or .safetensors, arrays by the names of inputs',
    )
    .option(
      '--trace <out>',
      'write a time line of all steps, which ui.perfetto.dev and chrome://tracing open',
    )
    .option('--json', 'print everything as JSON')
    .addHelpText(
      'after',
      `
Inputs that --data does not have are drawn from the seed: labels and indices in their range (0 or 1
where a loss takes probabilities), pixels (u8) from 0 to 255, floats standard normal; every bounded size is at its maximum. What updates states is trained.

  25 %, 75 %     half of all samples of a kernel are between the two
  ratio          what is measured, as a multiple of what is predicted
  % of roofline  the least time that the machine's rates allow, of what is measured, and by which rate:
                 arithmetic, bytes between cores and cache, or bytes from memory

Predictions are those of the machine that is named, with all of its cores; a roofline has its rates, and on
WebAssembly as many cores as there are threads. On WebGPU each dispatch is timed in a pass of its own, so that
all together may take longer than a step.

Examples:
  $ sinter profile model.ts
  $ sinter profile model.ts#mnist --entry predict --threads 2
  $ sinter profile model.ts --steps 20 --trace step.json

Exit codes: 0, it ran; 2, wrong usage or bad input; 3, a fault in sinter itself.`,
    )
    .action(async (file: string, options: ProfileCommandOptions) => {
      await profileFile(file, options, terminal);
      done(exitCodes.ok);
    });
}

async function profileFile(file: string, options: ProfileCommandOptions, terminal: Terminal): Promise<void> {
  const module = await loadModel(file, options);
  const { entry, threads, steps, warmup, seed, data, trace } = options;
  const names = module.entries.map(({ name }) => name);
  if (names.length === 0) throw new UsageError(`module ${JSON.stringify(module.name)} has no entries to run`);
  if (entry !== undefined && !names.includes(entry))
    throw new UsageError(`there is no entry ${JSON.stringify(entry)}; there are ${listed(names)}`);
  const target = await targetAsked(options.target);
  if (threads !== undefined && target !== 'wasm')
    throw new UsageError(`--threads: target ${target} has no threads; --target wasm has`);
  if (trace !== undefined) checkTrace(trace);
  const progress = statusLine(terminal.stderr);
  let found: Profile;
  const device = target === 'wasm' ? undefined : await deviceFor(target);
  try {
    progress.show('compiling');
    const compiled = await programOf(await compileFor(module, target));
    found = await profile(compiled, {
      seed,
      ...(data === undefined ? {} : { inputs: readInputs(data, compiled.program.inputs) }),
      ...(entry === undefined ? {} : { entry }),
      ...(steps === undefined ? {} : { steps }),
      ...(warmup === undefined ? {} : { warmup }),
      ...(threads === undefined ? {} : { threads }),
      ...(device === undefined ? {} : { device }),
      onProgress: progress.show,
    });
  } finally {
    progress.end();
    device?.destroy();
  }
  const { calls: _, ...shown } = found;
  terminal.stdout.write(
    options.json === true
      ? `${JSON.stringify(shown, null, 2)}\n`
      : profileText(found, paintFor(terminal), terminal.stdout.columns),
  );
  if (trace !== undefined) writeTrace(trace, found);
}

/** Whether a file can be written, before a long run; leaves nothing there. @throws UsageError */
function checkTrace(file: string): void {
  const isThere = existsSync(file);
  tryTrace(file, () => closeSync(openSync(file, 'a')));
  if (!isThere) rmSync(file);
}

function writeTrace(file: string, found: Profile): void {
  tryTrace(file, () => writeFileSync(file, JSON.stringify(traceOf(found))));
}

function tryTrace(file: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`--trace ${file}: it cannot be written: ${reason}`, { cause });
  }
}
