import {
  derivatives,
  indices,
  movement,
  order,
  products,
  randomNumbers,
  reductions,
  scans,
} from './along.ts';
import { augmentation } from './augmentation.ts';
import { arithmetic, comparison, integers } from './elementwise.ts';
import { functions } from './functions.ts';
import { figures, graphMetrics } from './metrics.ts';
import { activations, initialisers, layers, losses, pooling } from './networks.ts';
import { optimizers, schedules } from './optimizers.ts';
import type { Row, Section } from './row.ts';

/** All operations, by kind. */
export const sections: readonly Section[] = [
  arithmetic,
  functions,
  comparison,
  integers,
  reductions,
  scans,
  order,
  movement,
  indices,
  products,
  derivatives,
  randomNumbers,
  augmentation,
  activations,
  layers,
  pooling,
  losses,
  initialisers,
  optimizers,
  schedules,
  graphMetrics,
  figures,
];

/** The operations page, as Markdown. */
export function operationsPage(): string {
  return `${[INTRODUCTION, ...sections.map(sectionText)].join('\n\n')}\n`;
}

const INTRODUCTION = `# Operations

Made of the tables in \`docs/operations\` by \`npm run docs\`: change those, not this page.

Every operation runs on every target, WebGPU and WebAssembly, and on the reference evaluator, with the same special values. \`x\`,
\`y\`, \`a\` and \`b\` are tensors, \`m\` is what \`defineModule\` gives; c is the cotangent of the result: what a loss's gradient in it is. A
gradient is said for each operand, apart by semicolons; *zero* is one that is zero everywhere, *none* means that what is before is a
constant. Options, errors and examples stand at each operation's declaration, which an editor shows.`;

function sectionText({ heading, about, rows }: Section): string {
  const head = ['operation', 'formula', 'shapes', 'gradient', 'special values', 'PyTorch', 'JAX'];
  const lines = [head, head.map(() => '---'), ...rows.map(cellsOf)].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  return [`## ${heading}`, '', about, '', ...lines].join('\n');
}

function cellsOf({ call, formula, shapes, gradient, special, torch, jax }: Row): string[] {
  const code = (text: string): string => (text === '' ? '' : `\`${text}\``);
  return [code(call), formula, shapes, gradient, special, code(torch), code(jax)].map((cell) =>
    cell.replaceAll('|', '\\|'),
  );
}
