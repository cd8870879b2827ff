import { numberOf } from '../../graph/attributes.ts';
import { type OnnxRow, operandOf } from './exporter.ts';
import { remainder } from './functions/floats.ts';
import { nearest } from './gathers.ts';

/** What is written in primitives already: its first operand. */
const primitive: OnnxRow = (out, node) => out.spread(operandOf(node, 0));

/** Operations that are their first operand. Where ONNX has an operator for one, its primitives are left out. */
export const compositeRows = {
  detach: primitive,
  custom: primitive,
  training: primitive,
  softplus: primitive,
  bceWithLogits: primitive,
  cummax: primitive,
  cummin: primitive,
  softmax: (out, node) =>
    out.writer.node('Softmax', [out.operand(node, 1)], { axis: numberOf('softmax', node.attrs, 'axis') }),
  remainder: (out, node) => {
    const { values, shape } = out.pointwise(node.inputs.slice(1));
    return { value: out.writer.call(remainder, values), shape };
  },
  takeAlong: (out, node) => {
    const [x, indices] = [operandOf(node, 1), operandOf(node, 2)];
    const axis = numberOf('takeAlong', node.attrs, 'axis');
    const near = nearest(out, indices, x.shape[axis] ?? 1);
    return out.writer.node('GatherElements', [out.value(x), near], { axis });
  },
  rearrange: (out, node) => {
    const [x, order] = [operandOf(node, 1), operandOf(node, 2)];
    const found = out.writer.node(
      'GatherElements',
      [out.value(x), nearest(out, order, x.shape.at(-1) ?? 1)],
      { axis: -1 },
    );
    const zero = out.writer.constant('int32', 0);
    const isThere = out.writer.node('GreaterOrEqual', [out.value(order), zero]);
    return out.writer.node('Where', [isThere, found, out.number(0, 'f32')]);
  },
} as const satisfies Record<string, OnnxRow>;
