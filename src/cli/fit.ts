import { existsSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { type Command, Option } from 'commander';
import { targetOf } from '../compiled.ts';
import {
  type Machine,
  type MachineDescription,
  machineOf,
  machines,
  type TargetName,
  targetNames,
} from '../machine/index.ts';
import { openGpu } from '../node/gpu.ts';
import { type FitOptions, fitOf } from '../profile/fits.ts';
import { fitText } from '../profile/fitText.ts';
import { type Limits, limitsOfAdapter, limitsOfMachine } from '../profile/limits.ts';
import { loadModel } from './loadModel.ts';
import { type ModelOptions, modelCommand, targetAsked, targetOption } from './modelCommand.ts';
import { paintFor } from './paint.ts';
import type { Terminal } from './run.ts';
import { statusLine } from './statusLine.ts';
import { exitCodes, listed, MOST_THREADS, UsageError, wholeNumber } from './usage.ts';

interface FitCommandOptions extends ModelOptions {
  readonly target: 'auto' | TargetName;
  readonly machine?: string;
  readonly adapter?: true;
  readonly threads?: number;
  readonly json?: true;
}

/**
 * `sinter fit`: compares what a module needs with the limits of a machine, or of the adapter at hand, without running it.
 *
 * @param done is told the exit code
 */
export function fitCommand(terminal: Terminal, done: (code: number) => void): Command {
  return modelCommand('fit', 'compare what a module needs with limits, before anything is allocated')
    .addOption(targetOption('what to compile for', 'what compile() takes here, or what a named machine runs'))
    .option(
      '--machine <name>',
      `a machine: ${Object.keys(machines).join(', ')}, or a file of JSON that describes one`,
    )
    .addOption(new Option('--adapter', 'compare with the limits of the adapter at hand').conflicts('machine'))
    .option(
      '--threads <n>',
      'threads of WebAssembly that would run it; by default one for each core of the machine',
      wholeNumber('--threads', 1, MOST_THREADS),
    )
    .option('--json', 'print everything as JSON')
    .addHelpText(
      'after',
      `
Limits are those of the target's machine: the ones that every adapter has, or the addresses of WebAssembly
and the memory of this computer. With --adapter they are those of the adapter itself. What is too large is
told, with all else, and the largest maximum of each bounded size (m.size) with which all would fit, found by
compiling the module with other maxima. Datasets come on top.

A machine in a file is what machineOf takes: { name, features, numbers: { binding: { value, unit, from }, … } }.

Examples:
  $ sinter fit model.ts
  $ sinter fit model.ts#mnist --target webgpu --adapter
  $ sinter fit model.ts --machine laptop.json

Exit codes: 0, it fits; 1, it does not; 2, wrong usage or bad input; 3, a fault in sinter itself.`,
    )
    .action(async (file: string, options: FitCommandOptions) => {
      done(await fitFile(file, options, terminal));
    });
}

async function fitFile(file: string, options: FitCommandOptions, terminal: Terminal): Promise<number> {
  const module = await loadModel(file, options);
  const { target, machine, limits } = await placeOf(options);
  const { threads } = options;
  if (threads !== undefined && target !== 'wasm')
    throw new UsageError(`--threads: target ${target} has no threads; --target wasm has`);
  const progress = statusLine(terminal.stderr);
  try {
    const found = fitOf(module, {
      target,
      machine,
      limits,
      ...(threads === undefined ? {} : { threads }),
      onProgress: progress.show,
    });
    progress.end();
    terminal.stdout.write(
      options.json === true ? `${JSON.stringify(found, null, 2)}\n` : fitText(found, paintFor(terminal)),
    );
    return found.fits ? exitCodes.ok : exitCodes.expectationFailed;
  } finally {
    progress.end();
  }
}

/** For what is compiled, by which machine, and with what it is compared. */
async function placeOf(
  options: FitCommandOptions,
): Promise<Required<Pick<FitOptions, 'target' | 'machine' | 'limits'>>> {
  if (options.machine !== undefined) {
    const machine = machineNamed(options.machine);
    // A named machine is that of the target of its name.
    const own = targetNames.find((name) => machines[name] === machine) ?? 'auto';
    const target = targetOf(machine, options.target === 'auto' ? own : options.target);
    return { target, machine, limits: limitsOfMachine(machine) };
  }
  const target = await targetAsked(options.target);
  const machine = machines[target];
  // What runs on the processor has this computer's memory; of a GPU's nobody tells.
  const withMemory = ({ of, values }: Limits): Limits =>
    target === 'webgpu' ? { of, values } : { of, values: { ...values, memory: totalmem() } };
  if (options.adapter !== true) return { target, machine, limits: withMemory(limitsOfMachine(machine)) };
  if (target === 'wasm')
    throw new UsageError('--adapter: target wasm has no adapter; name --target webgpu or webgpu-software');
  const { adapter } = await openGpu({ target: target === 'webgpu' ? 'hardware' : 'software' });
  return { target, machine, limits: withMemory(limitsOfAdapter(adapter)) };
}

/** A machine by its name, or by a file that describes it. @throws UsageError; MachineError where a description is not one */
function machineNamed(name: string): Machine {
  const known = Object.values(machines).find((machine) => machine.name === name);
  if (known !== undefined) return known;
  if (!existsSync(name)) {
    const names = listed(Object.keys(machines));
    throw new UsageError(
      `--machine ${name}: there is no such machine, nor such a file; machines are ${names}`,
    );
  }
  // What it holds is checked by `machineOf`, which takes anything for a description.
  let described: MachineDescription;
  try {
    described = JSON.parse(readFileSync(name, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`--machine ${name}: it cannot be read as JSON: ${reason}`, { cause });
  }
  return machineOf(described);
}
