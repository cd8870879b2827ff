import { basename, dirname, extname } from 'node:path';
import type { Command } from 'commander';
import { type CompiledProgram, compileFor, programOf } from '../compiled.ts';
import type { TargetName } from '../machine/index.ts';
import { declarationText, moduleText } from '../program/declaration.ts';
import { loadModel, partsOf } from './loadModel.ts';
import { type ModelOptions, modelCommand, targetAsked, targetOption } from './modelCommand.ts';
import type { Terminal } from './run.ts';
import { statesFile } from './statesFile.ts';
import { statusLine } from './statusLine.ts';
import { exitCodes, UsageError, wholeNumber } from './usage.ts';
import { writeFiles } from './writeFiles.ts';

interface BuildOptions extends ModelOptions {
  readonly target: 'auto' | TargetName;
  /** True where no file is named. */
  readonly weights?: string | true;
  readonly seed?: number;
  readonly out?: string;
  readonly name?: string;
}

/**
 * `sinter build`: compiles a module for one target, and writes the program as JSON, a module of it with a declaration of its names and
 * types, and its weights.
 *
 * @param done is told the exit code
 */
export function buildCommand(terminal: Terminal, done: (code: number) => void): Command {
  return modelCommand(
    'build',
    'compile a module for one target, and write the program, its types, and its weights',
  )
    .addOption(targetOption('what to compile for'))
    .option(
      '--weights [saved]',
      'write weights too: those of a file that save() or saveWeights() made, or first values where none is named',
    )
    .option('--seed <n>', 'of first values, 0 by default', wholeNumber('--seed', 0))
    .option('--out <dir>', 'the folder to write to; by default that of the file')
    .option('--name <name>', 'what the files are called; by default as the file is, without its ending')
    .addHelpText(
      'after',
      `
It writes

  NAME.program.json          the program: data, which sinter/runtime or sinter/runtime/wasm run without the compiler
  NAME.program.js            a module of it, for bundlers: import program from './NAME.program.js'
  NAME.program.d.ts          its entries, inputs, outputs, states and sizes as types, for start of any of them
  NAME.weights.safetensors   with --weights: its states, for session.load

Each is written whole or not at all, and replaces the one that is there.

  import { start } from 'sinter/runtime/wasm';
  import type { Program } from './NAME.program.d.ts';
  const program: Program = await (await fetch('NAME.program.json')).json();
  const session = await start(program);

Examples:
  $ sinter build model.ts --target wasm --out public
  $ sinter build model.ts#mnist --target webgpu --weights training.saved --name digits

Exit codes: 0, all is written; 2, wrong usage or bad input; 3, a fault in sinter itself.`,
    )
    .action(async (file: string, options: BuildOptions) => {
      await build(file, options, terminal);
      done(exitCodes.ok);
    });
}

async function build(spec: string, options: BuildOptions, terminal: Terminal): Promise<void> {
  const { file } = partsOf(spec);
  const name = options.name ?? basename(file, extname(file));
  if (name === '' || name !== basename(name) || name.startsWith('.'))
    throw new UsageError(`--name ${name}: it must be the beginning of a file's name, as in digits`);
  if (options.seed !== undefined && options.weights !== true)
    throw new UsageError(
      '--seed is of first values, which --weights writes where it names no file: give --weights alone too, or leave --seed out',
    );
  const module = await loadModel(spec, options);
  const target = await targetAsked(options.target);
  const progress = statusLine(terminal.stderr);
  let compiled: CompiledProgram;
  try {
    progress.show('compiling');
    compiled = await programOf(await compileFor(module, target));
  } finally {
    progress.end();
  }
  const { program } = compiled;
  const json = `${name}.program.json`;
  const texts = new TextEncoder();
  const files = new Map<string, Uint8Array>([
    [json, texts.encode(JSON.stringify(program))],
    [`${name}.program.js`, texts.encode(moduleText(json))],
    [`${name}.program.d.ts`, texts.encode(declarationText(program, json))],
  ]);
  const { weights, seed = 0 } = options;
  if (weights !== undefined) {
    const states = await statesFile(module, weights === true ? undefined : weights, seed);
    files.set(`${name}.weights.safetensors`, states);
  }
  terminal.stdout.write(`${module.name} for ${target}\n`);
  await writeFiles(options.out ?? dirname(file), files, terminal.stdout);
}
