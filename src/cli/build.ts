import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { Command } from 'commander';
import { type CompiledProgram, compileFor, programOf } from '../compiled.ts';
import type { TargetName } from '../machine/index.ts';
import { fileStore } from '../node/fileStore.ts';
import { fileError } from '../node/files.ts';
import { declarationText, moduleText } from '../program/declaration.ts';
import { firstValue } from '../runtime/init.ts';
import { stateWords, takeInitial } from '../runtime/initial.ts';
import { FormatError, slotOf } from '../runtime/issues.ts';
import { decodeSnapshot, encodeSnapshot, type Place } from '../runtime/saved.ts';
import { asElements } from '../runtime/values.ts';
import {
  LoadError,
  loadWeights,
  metadataOf,
  verifyChecksum,
  type WeightsSession,
  withMetadata,
} from '../weights/index.ts';
import { loadModel, partsOf } from './loadModel.ts';
import { type ModelOptions, modelCommand, targetAsked, targetOption } from './modelCommand.ts';
import type { Terminal } from './run.ts';
import { statusLine } from './statusLine.ts';
import { exitCodes, UsageError, wholeNumber } from './usage.ts';

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
  const files: readonly (readonly [string, Uint8Array])[] = [
    [json, texts.encode(JSON.stringify(program))],
    [`${name}.program.js`, texts.encode(moduleText(json))],
    [`${name}.program.d.ts`, texts.encode(declarationText(program, json))],
    ...(options.weights === undefined
      ? []
      : [
          [
            `${name}.weights.safetensors`,
            await weightsFile(compiled, options.weights, options.seed ?? 0),
          ] as const,
        ]),
  ];
  terminal.stdout.write(`${module.name} for ${target}\n`);
  const folder = options.out ?? dirname(file);
  const store = fileStore(folder);
  const paths = files.map(([called]) => join(folder, called));
  const width = Math.max(...paths.map((path) => path.length));
  for (const [k, [called, bytes]] of files.entries()) {
    const path = paths[k] ?? called;
    const isReplaced = existsSync(path);
    try {
      await store.write(called, bytes);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new UsageError(cause.message, { cause });
    }
    const size = `${bytes.length.toLocaleString('en')} bytes`;
    terminal.stdout.write(
      `${path.padEnd(width)}  ${size}${isReplaced ? ', in place of the one before' : ''}\n`,
    );
  }
}

/** What stands before the first step. */
const FIRST: Omit<Place, 'seed'> = { shuffles: 0, entries: {} };

const wordsOf = ({
  buffer,
  byteOffset,
  byteLength,
}: ArrayBufferView<ArrayBuffer>): Uint32Array<ArrayBuffer> =>
  new Uint32Array(buffer, byteOffset, byteLength / 4);

/** The words of each state before the first step. */
function firstWords({ program, weights }: CompiledProgram, seed: number): Uint32Array<ArrayBuffer>[] {
  const given = takeInitial(program, { ...weights });
  return program.state.map((slot) => wordsOf(given.get(slot.name) ?? firstValue(slot, seed)));
}

/** The states of a program as a file: those of one that was saved, first values with weights in them, or first values alone. */
async function weightsFile(
  compiled: CompiledProgram,
  from: string | true,
  seed: number,
): Promise<Uint8Array> {
  const { program } = compiled;
  const begun = (words: readonly Uint32Array<ArrayBuffer>[]): Uint8Array =>
    withMetadata(encodeSnapshot(program, { seed, ...FIRST }, words), {});
  if (from === true) return begun(firstWords(compiled, seed));
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(from);
  } catch (cause) {
    throw new UsageError(`--weights ${fileError(from, cause).message}`, { cause });
  }
  try {
    verifyChecksum(bytes, 'saved');
    if (!Object.hasOwn(metadataOf(bytes), 'sinter')) {
      const words = firstWords(compiled, seed);
      await loadWeights(statesIn(compiled, words), bytes);
      return begun(words);
    }
    const [place, states] = decodeSnapshot(program, bytes);
    // Another alignment than that of the file: words begin at a multiple of four bytes.
    const words = states.map(([, values]) => wordsOf(values.slice()));
    return withMetadata(encodeSnapshot(program, place, words), {});
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    const fault = cause instanceof LoadError ? `\n${cause.report}` : ` ${cause.message}`;
    throw new UsageError(`--weights ${from} does not fit:${fault}`, { cause });
  }
}

/** States that lie in words, to load weights into. */
function statesIn({ program }: CompiledProgram, words: readonly Uint32Array<ArrayBuffer>[]): WeightsSession {
  const find = (name: string) => {
    const slot = slotOf('state', program.state, name);
    return { slot, own: words[program.state.indexOf(slot)] ?? new Uint32Array() };
  };
  return {
    program,
    read: async (name) => {
      const { slot, own } = find(name);
      return { shape: slot.shape, data: asElements(slot.dtype, own.slice()) };
    },
    write: async (name, values, from) => {
      const { slot, own } = find(name);
      const [, given] = stateWords(slot, values, from);
      own.set(wordsOf(given), from);
    },
  };
}
