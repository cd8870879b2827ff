import type { Command } from 'commander';
import { summaryOf } from '../profile/summary.ts';
import { moduleText } from '../profile/summaryText.ts';
import { loadModel } from './loadModel.ts';
import { type ModelOptions, modelCommand } from './modelCommand.ts';
import { paintFor } from './paint.ts';
import type { Terminal } from './run.ts';
import { exitCodes } from './usage.ts';

/**
 * `sinter summary`: what a module is made of, without compiling it.
 *
 * @param done is told the exit code
 */
export function summaryCommand(terminal: Terminal, done: (code: number) => void): Command {
  return modelCommand(
    'summary',
    'show the layers of a module, what they give, their parameters, and what optimizers keep',
  )
    .option('--json', 'print everything as JSON, with the states of each layer')
    .addHelpText(
      'after',
      `
Layers are found by the names of states: net.0.weight is a parameter of layer 0 of net. Weights that
several layers share are counted once. Parameters that no optimizer updates unless it is told to, such as
running statistics and frozen layers, have a column of their own.

Examples:
  $ sinter summary model.ts
  $ sinter summary model.ts#mnist --json

Exit codes: 0, all is well; 2, wrong usage or bad input; 3, a fault in sinter itself.`,
    )
    .action(async (file: string, options: ModelOptions & { readonly json?: true }) => {
      const found = summaryOf(await loadModel(file, options));
      const text =
        options.json === true ? `${JSON.stringify(found, null, 2)}\n` : moduleText(found, paintFor(terminal));
      terminal.stdout.write(text);
      done(exitCodes.ok);
    });
}
