import { numberOf, numbersOf } from '../../graph/attributes.ts';
import { broadcast, concatenate, pad, reshape, reverse, slice, transpose, unlessSame } from '../lines.ts';
import { splat } from '../literals.ts';
import { scalarOf, tensorTypeOf } from '../types.ts';
import { type HloRow, operandOf } from './row.ts';

const same: HloRow = (context) => operandOf(context, 0);

/** What gives elements other places, and composites, which are their first operand: only their gradient is their own. */
export const movementRows = {
  reshape: (context) => {
    const x = operandOf(context, 0);
    return unlessSame(x, reshape(x, tensorTypeOf(context.node).shape));
  },
  permute: (context) => transpose(operandOf(context, 0), numbersOf('permute', context.node.attrs, 'perm')),
  expand: (context) => {
    const x = operandOf(context, 0);
    const { shape } = tensorTypeOf(context.node);
    const lead = shape.length - x.type.shape.length;
    const dims = x.type.shape.map((_, k) => lead + k);
    return unlessSame(x, broadcast(x, dims, shape));
  },
  slice: (context) => {
    const list = (name: string): readonly number[] => numbersOf('slice', context.node.attrs, name);
    const x = operandOf(context, 0);
    // A bounded axis is taken whole, up to its maximum.
    return unlessSame(x, slice(x, list('starts'), list('stops'), list('steps')));
  },
  pad: (context) => {
    const { node, scope } = context;
    const x = operandOf(context, 0);
    const value = scope.keep(splat(numberOf('pad', node.attrs, 'value'), scalarOf(x.type.element)));
    return pad(x, value, numbersOf('pad', node.attrs, 'low'), numbersOf('pad', node.attrs, 'high'));
  },
  flip: (context) => reverse(operandOf(context, 0), numbersOf('flip', context.node.attrs, 'axes')),
  concat: ({ node, operands }) =>
    concatenate(operands, numberOf('concat', node.attrs, 'axis'), tensorTypeOf(node)),
  detach: same,
  custom: same,
  softmax: same,
  softplus: same,
  bceWithLogits: same,
  remainder: same,
  cummax: same,
  cummin: same,
  takeAlong: same,
  rearrange: same,
  training: same,
} satisfies Record<string, HloRow>;
