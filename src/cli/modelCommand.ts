import { Command, Option } from 'commander';
import { targetAtHand } from '../compiled.ts';
import { type TargetName, targetNames } from '../machine/index.ts';
import { wholeNumber } from './usage.ts';

/** A target that was asked for, or to find the one at hand. */
export type AskedTarget = 'auto' | TargetName;

/** What every command on a model is told. */
export interface ModelOptions {
  /** Seconds that its file may take to load. */
  readonly loadTimeout: number;
}

/** Seconds that a file may take where nobody says: most take one. */
const LOAD_TIMEOUT = 60;

/** A day. */
const MOST_SECONDS = 86_400;

/** A command on a model: its first argument names a file, and the module in it. */
export function modelCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<file>', 'a file that exports a module (defineModule), or FILE#EXPORT where it has several')
    .option(
      '--load-timeout <seconds>',
      'give up where the file has not loaded by then',
      wholeNumber('--load-timeout', 1, MOST_SECONDS),
      LOAD_TIMEOUT,
    );
}

/**
 * `--target`, one of all targets, or `auto`, which it is by default.
 *
 * @param what it is for: what to compile for
 * @param auto what `auto` is
 */
export function targetOption(
  what: string,
  auto = 'what compile() takes here: webgpu where there is a GPU, else wasm',
): Option {
  return new Option('--target <target>', `${what}; auto is ${auto}`)
    .choices(['auto', ...targetNames])
    .default('auto');
}

/** The target that was asked for, or the one at hand. */
export async function targetAsked(asked: AskedTarget): Promise<TargetName> {
  return asked === 'auto' ? targetAtHand() : asked;
}
