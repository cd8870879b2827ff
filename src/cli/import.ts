import { readFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { fileError } from '../node/files.ts';
import type { OnnxText } from '../onnx/in/typescript.ts';
import { fileBytes } from '../onnx/in/weightsFile.ts';
import { OnnxError } from '../onnx/issues.ts';
import type { Terminal } from './run.ts';
import { exitCodes, UsageError } from './usage.ts';
import { writeFiles } from './writeFiles.ts';

interface ImportOptions {
  readonly out: string;
  readonly weights?: string;
  readonly size: Readonly<Record<string, number>>;
  readonly fixed?: boolean;
  readonly name?: string;
}

/**
 * `sinter import`: an ONNX file as TypeScript that declares a module, and a file of its weights.
 *
 * @param done is told the exit code
 */
export function importCommand(terminal: Terminal, done: (code: number) => void): Command {
  return new Command('import')
    .description('write an ONNX file as TypeScript that declares the same module, and its weights')
    .argument('<file>', 'an ONNX file, such as torch.onnx.export writes')
    .requiredOption('--out <file>', 'the file of TypeScript to write')
    .option('--weights <file>', 'the file of weights to write; by default beside --out, NAME.safetensors')
    .option(
      '--size <name=number>',
      'a dimension by its name: the maximum of a batch, 32 by default, or how long another one is',
      sizeOption,
      {},
    )
    .option('--fixed', 'a batch of exactly --size, for models that do with it what a bounded size cannot')
    .option('--name <name>', 'of the module; by default what the file calls its graph')
    .addHelpText(
      'after',
      `
The weights are floats of the file that have axes; they are read by loadWeights, or by session.load of what it saved.
Files of weights beside the model are read from its folder. What is not supported is named, all of it at once.

Examples:
  $ sinter import model.onnx --out model.ts
  $ sinter import model.onnx --out src/model.ts --weights public/model.safetensors --size batch=64 --size tokens=128

Exit codes: 0, all is written; 2, wrong usage or bad input; 3, a fault in sinter itself.`,
    )
    .action(async (file: string, options: ImportOptions) => {
      await importFile(file, options, terminal);
      done(exitCodes.ok);
    });
}

/** Adds a dimension to those before. @throws UsageError where it is no `NAME=NUMBER` */
function sizeOption(text: string, before: Readonly<Record<string, number>>): Record<string, number> {
  const at = text.lastIndexOf('=');
  const [name, number] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || !/^[1-9]\d*$/.test(number))
    throw new UsageError(`--size ${text}: it must be a name and a whole number from 1 on, as batch=32`);
  return { ...before, [name]: Number(number) };
}

async function importFile(file: string, options: ImportOptions, terminal: Terminal): Promise<void> {
  const { out, size, fixed = false, name } = options;
  const stem = basename(out, extname(out));
  if (!/^\.[cm]?ts$/.test(extname(out)) || stem === '')
    throw new UsageError(`--out ${out}: it must be a file of TypeScript, as model.ts`);
  const weights = options.weights ?? join(dirname(out), `${stem}.safetensors`);
  const { typescriptOf } = await import('../onnx/in/typescript.ts');
  const bytes = bytesOf(file);
  const made: OnnxText = naming(file, () =>
    typescriptOf(bytes, {
      sizes: size,
      fixed,
      external: (location) => bytesOf(resolve(dirname(file), location)),
      source: basename(file),
      weightsFile: basename(weights),
      ...(name === undefined ? {} : { name }),
    }),
  );
  terminal.stdout.write(`${made.module.name} from ${basename(file)}\n`);
  const text = new TextEncoder().encode(made.text);
  await writeFiles(dirname(out), new Map([[basename(out), text]]), terminal.stdout);
  await writeFiles(dirname(weights), new Map([[basename(weights), fileBytes(made)]]), terminal.stdout);
}

/** Reads by a function what a file holds. @throws UsageError with the file's name, where it is not as it should be */
function naming<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof OnnxError)) throw cause;
    throw new UsageError(`${file}: ${cause.message}`, { cause });
  }
}

function bytesOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError(fileError(path, cause).message, { cause });
  }
}
