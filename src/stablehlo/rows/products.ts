import { numbersOf } from '../../graph/attributes.ts';
import { extentOf } from '../../loops/index.ts';
import { convolution, dotGeneral, reshape, unlessSame } from '../lines.ts';
import { masked } from '../live.ts';
import { type Line, tensorTypeOf, type Value } from '../types.ts';
import { type HloRow, inputOf, operandOf, type RowContext } from './row.ts';

/** The dimension of both operands of a convolution that is summed over, beside the window's. */
const FEATURES = 2;

/** Dimensions before those of space: batch, group, feature. */
const LEADING = 3;

/** Sums of products. What is not live is 0 in both factors: in one alone, it would meet a NaN in the other. */
export const productRows = {
  contract: (context) => {
    const { node } = context;
    const list = (name: string): readonly number[] => numbersOf('contract', node.attrs, name);
    const [batchA, batchB, overA, overB] = [list('batchA'), list('batchB'), list('overA'), list('overB')];
    const a = factor(context, 0, overA);
    const b = factor(context, 1, overB);
    return dotGeneral(a, b, { batch: [batchA, batchB], over: [overA, overB] }, tensorTypeOf(node).shape);
  },
  convolve: (context) => {
    const { node, scope } = context;
    const x = factor(context, 0, [FEATURES]);
    const w = factor(context, 1, [FEATURES]);
    const [batch = 1, groups = 1, inputs = 1, ...space] = x.type.shape;
    const [, outputs = 1, , ...window] = w.type.shape;
    const positions = node.shape.slice(LEADING).map(extentOf);
    // XLA has the groups in one dimension with the features.
    const merged = (value: Value, shape: readonly number[]): Value =>
      written(context, unlessSame(value, reshape(value, shape)));
    const list = (name: string): readonly number[] => numbersOf('convolve', node.attrs, name);
    const lists = {
      stride: list('stride'),
      low: list('low'),
      high: list('high'),
      inputDilation: list('inputDilation'),
      windowDilation: list('windowDilation'),
    };
    const product = convolution(
      merged(x, [batch, groups * inputs, ...space]),
      merged(w, [groups * outputs, inputs, ...window]),
      lists,
      groups,
      [batch, groups * outputs, ...positions],
    );
    return reshape(scope.let(product), tensorTypeOf(node).shape);
  },
} satisfies Record<string, HloRow>;

/** Operand `k`, 0 where it is not live along the axes that are summed over. */
function factor(context: RowContext, k: number, axes: readonly number[]): Value {
  return masked(context, operandOf(context, k), inputOf(context, k).shape, axes, 0);
}

/** A line's value, or the value that there is. */
function written({ scope }: RowContext, line: Line | Value): Value {
  return 'text' in line ? scope.let(line) : line;
}
