import { existsSync, statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import {
  type ExportFormat,
  type ExportFormatName,
  exportFormatNames,
  exportFormats,
  formatOf,
} from './exportFormats.ts';
import { loadModel } from './loadModel.ts';
import { type ModelOptions, modelCommand } from './modelCommand.ts';
import type { Terminal } from './run.ts';
import { statesFile } from './statesFile.ts';
import { exitCodes, UsageError, wholeNumber } from './usage.ts';
import { version } from './version.ts';
import { writeFiles } from './writeFiles.ts';

interface ExportOptions extends ModelOptions {
  readonly out: string;
  readonly format?: ExportFormatName;
  readonly entry?: string;
  readonly weights?: string;
  readonly seed?: number;
}

/**
 * `sinter export`: writes a module, its training step included, for other programs: XLA, runtimes of ONNX, whoever reads
 * safetensors.
 *
 * @param done is told the exit code
 */
export function exportCommand(terminal: Terminal, done: (code: number) => void): Command {
  const width = Math.max(...exportFormatNames.map((name) => name.length));
  const formats = exportFormatNames.map((name) => `  ${name.padEnd(width)}  ${exportFormats[name].doc}`);
  return modelCommand('export', 'write a module, its training step included, for other programs')
    .requiredOption('--out <path>', 'the folder or file to write')
    .addOption(
      new Option('--format <format>', 'what to write; by default what the ending of --out says').choices(
        exportFormatNames,
      ),
    )
    .option('--entry <name>', 'one entry alone')
    .option(
      '--weights <saved>',
      'states of a file that save() or saveWeights() made, in place of first values',
    )
    .option('--seed <n>', 'of first values, 0 by default', wholeNumber('--seed', 0))
    .addHelpText(
      'after',
      `
Formats:

${formats.join('\n')}

Each file is written whole or not at all, and replaces the one that is there.

Examples:
  $ sinter export model.ts#mnist --format stablehlo --out exported
  $ sinter export model.ts --entry predict --out predict.mlir
  $ sinter export model.ts --entry predict --out model.onnx
  $ sinter export model.ts --weights training.saved --out model.safetensors

Exit codes: 0, all is written; 2, wrong usage or bad input; 3, a fault in sinter itself.`,
    )
    .action(async (file: string, options: ExportOptions) => {
      await exportModel(file, options, terminal);
      done(exitCodes.ok);
    });
}

async function exportModel(spec: string, options: ExportOptions, terminal: Terminal): Promise<void> {
  const { out, entry, weights, seed = 0 } = options;
  const name = options.format ?? formatOf(out);
  if (out === '') throw new UsageError('--out is empty: name the folder or file to write');
  if (name === undefined) {
    const names = exportFormatNames.join(', ');
    throw new UsageError(`--out ${out}: its ending says no format; name one by --format: ${names}`);
  }
  const format: ExportFormat = exportFormats[name];
  const module = await loadModel(spec, options);
  const states = await statesFile(module, weights, seed);
  const producer = `sinter ${version()}`;
  const ofStates = [
    ...(weights === undefined ? [] : ['--weights']),
    ...(options.seed === undefined ? [] : ['--seed']),
  ];
  const { folder, files } = await format.write({ module, entry, out, states, ofStates, producer });
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new UsageError(`${folder} is a file: --out must name a folder for ${name}`);
  terminal.stdout.write(`${module.name} as ${name}\n`);
  await writeFiles(folder, files, terminal.stdout);
}
