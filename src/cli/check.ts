import { type Command, Option } from 'commander';
import { toleranceForm } from '../check/closeness.ts';
import type { Runner } from '../check/runner.ts';
import { type SideBySide, sideBySide } from '../check/sideBySide.ts';
import { type Target, targets } from '../check/targets.ts';
import { sideBySideText } from '../check/text.ts';
import type { Module } from '../graph/index.ts';
import { DeviceError } from '../runtime/index.ts';
import { loadModel } from './loadModel.ts';
import { type ModelOptions, modelCommand } from './modelCommand.ts';
import { paintFor } from './paint.ts';
import type { Terminal } from './run.ts';
import { statusLine } from './statusLine.ts';
import { exitCodes, listed, UsageError, wholeNumber } from './usage.ts';

interface CheckOptions extends ModelOptions {
  readonly target?: readonly string[];
  readonly entry?: string;
  readonly steps: number;
  readonly seed: number;
  readonly tolerance: number;
  readonly allowNonFinite?: true;
  readonly json?: true;
}

/**
 * `sinter check`: the same steps on every target at hand and on the reference evaluator, side by side.
 *
 * @param done is told the exit code
 * @param known the targets that there may be
 */
export function checkCommand(
  terminal: Terminal,
  done: (code: number) => void,
  known: readonly Target[] = targets,
): Command {
  return modelCommand(
    'check',
    'run the same steps on every target at hand and on the reference evaluator, side by side',
  )
    .addOption(
      new Option('--target <names...>', 'these targets only; all that are at hand by default').choices(
        known.map(({ name }) => name),
      ),
    )
    .option('--entry <name>', 'run this entry only; by default all take turns')
    .option('--steps <n>', 'steps of each entry', wholeNumber('--steps', 1), 3)
    .option('--seed <n>', 'of first values and inputs', wholeNumber('--seed', 0), 0)
    .option('--tolerance <t>', 'how far apart values may be, relative to their tensor', tolerance, 1e-5)
    .option('--allow-non-finite', 'do not end with 1 for NaN and infinities on which all agree')
    .option('--json', 'print everything as JSON; NaN and infinities are texts')
    .addHelpText(
      'after',
      `
Inputs are drawn from the seed: labels and indices in their range (0 or 1 where a loss takes probabilities),
pixels (u8) from 0 to 255, floats standard normal. All outputs and all states are compared after each step:
  ${toleranceForm.replaceAll('; ', '\n  ')}
The table shows the element that is the farthest off, and its distance as a part of what it may be: 1 at most.
Where a target parts from the reference, the first node that differs is named, with its kernel and element.
Where a result is NaN or infinite, the node is named at which that begins, on whatever target.
A gradient of one's own (customGradient) is compared with differences of its function, unless it is an estimate.
Drivers of WebGPU may compute a quotient by a constant as a product with the rounded reciprocal, fuse a
product with a sum, and flush subnormal numbers to zero: that counts as rounding, not as a difference.

Examples:
  $ sinter check model.ts
  $ sinter check model.ts#mnist --entry train --steps 10
  $ sinter check model.ts --target webgpu-software --tolerance 1e-4

Exit codes: 0, all agree, or part by rounding alone; 1, a target differs or fails, a result is NaN or
infinite, or a gradient of one's own is wrong; 2, wrong usage or bad input; 3, a fault in sinter itself.`,
    )
    .action(async (file: string, options: CheckOptions) => {
      const chosen = known.filter(({ name }) => options.target?.includes(name) ?? true);
      done(await check(file, options, chosen, terminal));
    });
}

async function check(
  file: string,
  options: CheckOptions,
  chosen: readonly Target[],
  terminal: Terminal,
): Promise<number> {
  const module = await loadModel(file, options);
  const entries = entriesOf(module, options.entry);
  const { steps, seed } = options;
  const progress = statusLine(terminal.stderr);
  const runners: Runner[] = [];
  let found: SideBySide;
  let missing: readonly Missing[];
  try {
    missing = await openTargets(chosen, runners, progress.show);
    if (missing.length > 0 && (options.target !== undefined || runners.length === 0))
      throw new UsageError(missingText(missing));
    found = await sideBySide(module, runners, {
      entries,
      steps,
      seed,
      tolerance: options.tolerance,
      onProgress: progress.show,
    });
  } finally {
    for (const runner of runners) runner.close();
    progress.end();
  }
  const paint = paintFor(terminal);
  const rest = missing.length === 0 ? '' : `\n${paint.dim(missingText(missing))}\n`;
  terminal.stdout.write(
    options.json === true ? jsonText({ ...found, missing }) : `${sideBySideText(found, paint)}${rest}`,
  );
  const isRight = found.targets.every(({ status }) => status === 'agrees' || status === 'rounding');
  const isSound = found.nonFinite === null || options.allowNonFinite === true;
  const isDerivative = found.gradients.length === 0;
  return isRight && isSound && isDerivative ? exitCodes.ok : exitCodes.expectationFailed;
}

function entriesOf({ name, entries }: Module, wanted: string | undefined): string[] {
  const names = entries.map((entry) => entry.name);
  if (names.length === 0) throw new UsageError(`module ${JSON.stringify(name)} has no entries to run`);
  if (wanted === undefined) return names;
  if (names.includes(wanted)) return [wanted];
  throw new UsageError(`there is no entry ${JSON.stringify(wanted)}; there are ${listed(names)}`);
}

/**
 * Opens targets.
 *
 * @param runners gets them, one by one: whoever has it closes what is open, whatever fails
 * @returns those that are not at hand, and why
 */
async function openTargets(
  chosen: readonly Target[],
  runners: Runner[],
  onProgress: (doing: string) => void,
): Promise<Missing[]> {
  const missing: Missing[] = [];
  for (const target of chosen) {
    onProgress(`${target.name}: opening`);
    try {
      runners.push(await target.open());
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      missing.push({ name: target.name, reason: error.message });
    }
  }
  return missing;
}

/** A target that is not at hand. */
interface Missing {
  readonly name: string;
  readonly reason: string;
}

function missingText(missing: readonly Missing[]): string {
  return `not at hand: ${missing.map(({ name, reason }) => `${name} (${reason})`).join('; ')}`;
}

function jsonText(found: SideBySide & { readonly missing: readonly Missing[] }): string {
  const text = JSON.stringify(
    found,
    (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value),
    2,
  );
  return `${text}\n`;
}

function tolerance(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`--tolerance ${text}: it must be a number from 0 on, as in 1e-5`);
}
