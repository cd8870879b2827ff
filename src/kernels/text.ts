import { printExpr } from '../loops/text.ts';
import { liveGridText } from '../schedule/liveGrid.ts';
import type { Kernel, Stmt } from './kernel.ts';

/** The text form of kernels: the statement tree, target-independent, for `--ir kernels` and traces. */
export function printKernels(kernels: readonly Kernel[]): string {
  return kernels.map(printKernel).join('\n');
}

/** One kernel: its shape, its arrays, its statements. */
export function printKernel(kernel: Kernel): string {
  const live = kernel.live === undefined ? '' : `, ${liveGridText(kernel.live)}`;
  const lines = [
    `kernel ${kernel.name}: ${kernel.kind}, ${kernel.grid} workgroups of ${kernel.workgroup}${live}`,
  ];
  for (const array of kernel.arrays)
    lines.push(`  ${array.role} ${array.name}: ${array.dtype}[${array.shape.join(', ')}]`);
  writeBody(kernel.body, '  ', lines);
  return `${lines.join('\n')}\n`;
}

function writeBody(body: readonly Stmt[], indent: string, lines: string[]): void {
  const at = (exprs: readonly Parameters<typeof printExpr>[0][]): string =>
    exprs.map((e) => printExpr(e)).join(', ');
  for (const stmt of body) {
    switch (stmt.kind) {
      case 'let':
      case 'var':
        lines.push(`${indent}${stmt.kind} ${stmt.name} = ${printExpr(stmt.value)}`);
        break;
      case 'assign':
        lines.push(`${indent}${stmt.name} = ${printExpr(stmt.value)}`);
        break;
      case 'store':
        lines.push(`${indent}${stmt.tensor.name}[${at(stmt.at)}] = ${printExpr(stmt.value)}`);
        break;
      case 'for':
        lines.push(`${indent}for ${stmt.name} in ${stmt.from} .. ${stmt.to}:`);
        writeBody(stmt.body, `${indent}  `, lines);
        break;
      case 'if':
        lines.push(`${indent}if ${printExpr(stmt.condition)}:`);
        writeBody(stmt.body, `${indent}  `, lines);
        if (stmt.otherwise.length > 0) {
          lines.push(`${indent}else:`);
          writeBody(stmt.otherwise, `${indent}  `, lines);
        }
        break;
      case 'break':
        lines.push(`${indent}break if ${printExpr(stmt.condition)}`);
        break;
      case 'barrier':
        lines.push(`${indent}barrier${stmt.memory === undefined ? '' : ` ${stmt.memory}`}`);
        break;
      case 'comment':
        lines.push(`${indent}# ${stmt.text.replaceAll(/[\r\n]+/g, ' ')}`);
        break;
      default:
        stmt satisfies never;
    }
  }
}
