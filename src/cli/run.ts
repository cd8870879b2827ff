import { Command, CommanderError } from 'commander';
import { GraphError } from '../graph/index.ts';
import { UnknownNameError } from '../issues.ts';
import { MachineError } from '../machine/index.ts';
import { OnnxError } from '../onnx/issues.ts';
import { DeviceError, FormatError, InputError } from '../runtime/index.ts';
import { ScheduleError } from '../schedule/issues.ts';
import { buildCommand } from './build.ts';
import { checkCommand } from './check.ts';
import { exportCommand } from './export.ts';
import { fitCommand } from './fit.ts';
import { importCommand } from './import.ts';
import { inspectCommand } from './inspect/command.ts';
import { profileCommand } from './profile.ts';
import { summaryCommand } from './summary.ts';
import { errorText, exitCodes, UsageError } from './usage.ts';
import { version } from './version.ts';
import { weightsCommand } from './weights.ts';

/** Where a command prints, and the environment that it reads; `process` is one. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Something that takes text: a terminal, or not. */
export interface Output {
  readonly isTTY?: boolean;
  /** Of a terminal that tells. */
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * Runs `sinter` with arguments.
 *
 * @returns the exit code; nothing is thrown
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = exitCodes.ok;
  const done = (result: number): void => {
    code = result;
  };
  const program = new Command('sinter')
    .description('A static computation-graph compiler: a whole training step in a handful of dispatches.')
    .version(version(), '-V, --version')
    .showHelpAfterError('(sinter --help tells more, and sinter COMMAND --help)')
    .addCommand(inspectCommand(terminal, done))
    .addCommand(checkCommand(terminal, done))
    .addCommand(buildCommand(terminal, done))
    .addCommand(exportCommand(terminal, done))
    .addCommand(importCommand(terminal, done))
    .addCommand(profileCommand(terminal, done))
    .addCommand(fitCommand(terminal, done))
    .addCommand(summaryCommand(terminal, done))
    .addCommand(weightsCommand(terminal, done));
  for (const command of [program, ...program.commands]) {
    // Commander ends the process itself, with 1 for wrong usage, unless it is told to throw.
    command.exitOverride();
    command.configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return report(error, terminal);
  }
}

/** Errors that the one who typed the command can put right. */
const inputErrors = [
  UsageError,
  GraphError,
  DeviceError,
  ScheduleError,
  MachineError,
  InputError,
  FormatError,
  OnnxError,
  UnknownNameError,
] as const;

/** Says what went wrong. @returns the exit code */
function report(error: unknown, { stderr, env }: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const isInput = inputErrors.some((kind) => error instanceof kind);
  const wantsStack = (env.SINTER_DEBUG ?? '') !== '';
  const message = error instanceof Error ? (wantsStack ? error.stack : error.message) : String(error);
  const hint = isInput || wantsStack ? '' : '\nThis is a fault in sinter: SINTER_DEBUG=1 shows where.';
  stderr.write(errorText(`${message ?? ''}${hint}`));
  return isInput ? exitCodes.usage : exitCodes.fault;
}
