import { numbersOf } from '../../graph/attributes.ts';
import { rowsOf } from '../../graph/ops/contraction.ts';
import { OnnxError } from '../issues.ts';
import { type OnnxRow, operandOf } from './exporter.ts';

/** Sums of products: a product of matrices where it is one, else by its equation. */
export const productRows = {
  contract: (out, node) => {
    const list = (name: string): readonly number[] => numbersOf('contract', node.attrs, name);
    const [batchA, batchB, overA, overB] = [list('batchA'), list('batchB'), list('overA'), list('overB')];
    const [a, b] = [operandOf(node, 0), operandOf(node, 1)];
    const [rowsA, rowsB] = [rowsOf(a, batchA, overA), rowsOf(b, batchB, overB)];
    const [x, y] = [out.value(a), out.value(b)];
    // `MatMul` takes rows of any number of dimensions where there is no batch, and of one where there is. Vectors go the
    // other way: runtimes mistake them behind a transposition.
    const isProduct = overA.length === 1 && rowsB.length === 1 && rowsA.length >= 1;
    if (isProduct && (batchA.length === 0 || rowsA.length === 1)) {
      const left = out.transpose(x, [...batchA, ...rowsA, ...overA]);
      const right = out.transpose(y, [...batchB, ...overB, ...rowsB]);
      return out.wrapped(out.writer.node('MatMul', [left, right]), node.dtype);
    }
    // Letters of the first operand in order; of the second those that it has in common with it, else new ones.
    const lettersA = a.shape.map((_, k) => letter(k));
    const lettersB = b.shape.map((_, k) => {
      const [batch, over] = [batchB.indexOf(k), overB.indexOf(k)];
      if (batch >= 0) return lettersA[batchA[batch] ?? 0] ?? '';
      if (over >= 0) return lettersA[overA[over] ?? 0] ?? '';
      return letter(a.shape.length + rowsB.indexOf(k));
    });
    const result = [...[...batchA, ...rowsA].map((k) => lettersA[k]), ...rowsB.map((k) => lettersB[k])];
    const equation = `${lettersA.join('')},${lettersB.join('')}->${result.join('')}`;
    return out.wrapped(out.writer.node('Einsum', [x, y], { equation }), node.dtype);
  },
} as const satisfies Record<string, OnnxRow>;

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The name of a dimension in an equation. @throws OnnxError `value` where there are more than letters */
export function letter(k: number): string {
  const found = LETTERS[k];
  if (found !== undefined) return found;
  throw new OnnxError(
    'value',
    `a product of ${k + 1} dimensions: an equation of ONNX has ${LETTERS.length} letters`,
  );
}
