import { broadcast, concatenate, pad, reshape, reverse, slice, transpose, unlessSame } from '../lines.ts';
import { splat } from '../literals.ts';
import { scalarOf, tensorTypeOf } from '../types.ts';
import { numberOf, numbersOf } from '../../graph/attributes.ts';
import { type HloRow, operandOf } from './row.ts';

/** What gives elements other places, and composites, which are their first operand: only their gradient is their own. */
const same: HloRow = (context) => operandOf(context, 0);

export const movementRows = {
  reshape: (context) => {
    const x = operandOf(context, 0);
    return unlessSame(x, reshape(x, tensorTypeOf(context.node).shape));
  },
  permute: (context) => transpose(operandOf(context, 0), numbersOf(context.node.op, context.node.attrs, 'perm')),
  expand: (context) => {
    const x = operandOf(context, 0);
    const { shape } = tensorTypeOf(context.node);
    const lead = shape.length - x.type.shape.length;
    const dims = x.type.shape.map((_, k) => lead + k);
    return unlessSame(x, broadcast(x, dims, shape));
  },
  slice: (context) => {
    const [starts, stops, steps] = ['starts', 'stops', 'steps'].map((name) => numbersOf(context.node.op, context.node.attrs, name));
    const x = operandOf(context, 0);
    // A bounded axis is taken whole, up to its maximum.
    return unlessSame(x, slice(x, starts ?? [], stops ?? [], steps ?? []));
  },
  pad: (context) => {
    const { node, scope } = context;
    const x = operandOf(context, 0);
    const value = scope.keep(splat(numberOf(node.op, node.attrs, 'value'), scalarOf(x.type.element)));
    return pad(x, value, numbersOf(node.op, node.attrs, 'low'), numbersOf(node.op, node.attrs, 'high'));
  },
  flip: (context) => reverse(operandOf(context, 0), numbersOf(context.node.op, context.node.attrs, 'axes')),
  concat: ({ node, operands }) => concatenate(operands, numberOf(node.op, node.attrs, 'axis'), tensorTypeOf(node)),
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
