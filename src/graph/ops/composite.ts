import { elementCount, shapeText } from '../../loops/index.ts';
import { numberOf } from '../attributes.ts';
import { floorOfQuotient } from '../composed/floorOfQuotient.ts';
import { rearranged } from '../composed/rearranged.ts';
import { ShapeError } from '../issues.ts';
import type { ValueTypeOf } from '../node.ts';
import { sameShape } from '../shape.ts';
import { customRuleOf } from './customRule.ts';
import { MOVEMENT, type OpDef, operand, requireDtype, requireSameDtype, type Vjp } from './definition.ts';

/** What an operation is whose elements are those of its first operand, each at its own place. */
const FIRST_OPERAND = {
  ...MOVEMENT,
  isFirstOperand: true,
  lower: { kind: 'value', value: ({ read }, at) => read(0, at) },
} satisfies Partial<OpDef>;

/**
 * What composites are made of that decide their gradient themselves. `softmax` and the like are their first
 * operand, the composite written in primitives, and have a better gradient in the others; `custom` has the user's;
 * `detach` has none; `training` says what stands in its place once training is over. They compute nothing.
 */
export const compositeOps = {
  detach: {
    ...FIRST_OPERAND,
    doc: 'its operand, as a constant to gradients; attributes keep one apart from all others',
    arity: 1,
    type: (inputs) => ({ shape: operand(inputs, 0).shape, dtype: operand(inputs, 0).dtype }),
    vjp: { none: 'it is there to end gradients' },
  },
  custom: {
    ...FIRST_OPERAND,
    doc: 'its first operand, with the gradient in the others that a rule of the user gives',
    arity: 'many',
    type: (inputs, attrs) => {
      numberOf('custom', attrs, 'rule');
      const { shape, dtype } = operand(inputs, 0);
      requireDtype('custom', dtype, ['f32']);
      return { shape, dtype };
    },
    vjp: (context, k) => operand(customRuleOf(context.output, context.node).cotangents(context), k - 1),
  },
  softmax: {
    // dx = s (c - Σ c s) does not change if a number is added to c. Taking that at the largest element away
    // keeps a saturated softmax (s near 1 there) from cancelling. The largest s stands where the largest x does, and
    // only s is needed then.
    ...composite('softmax', 'the softmax of the second along an axis', 1, ({ node, ...ctx }) => {
      const { output, cotangent } = ctx;
      const axis = numberOf('softmax', node.attrs, 'axis');
      if (elementCount(node.shape) === 0) return cotangent;
      const top = output.argmax(axis, { keepDims: true });
      const shifted = cotangent.sub(cotangent.takeAlongAxis(top, axis));
      return output.mul(shifted.sub(shifted.mul(output).sum(axis, { keepDims: true })));
    }),
    type: (inputs, attrs) => {
      numberOf('softmax', attrs, 'axis');
      return floatsOfOneShape('softmax', inputs);
    },
  },
  // Its pieces have kinks at 0, and the function has none: the pieces' second derivative there is not its own.
  softplus: composite('softplus', 'log(1 + exp(x)) of the second', 1, ({ inputs, cotangent }) =>
    cotangent.mul(operand(inputs, 1).sigmoid()),
  ),
  bceWithLogits: {
    ...composite(
      'bceWithLogits',
      'the binary cross-entropy of the second, logits, with the third, targets',
      2,
      ({ inputs, cotangent }, k) => {
        const [x, target] = [operand(inputs, 1), operand(inputs, 2)];
        if (k === 2) return cotangent.mul(x).neg();
        // sigmoid(x) - t, by the smaller one of sigmoid(x) and 1 - sigmoid(x): what is nearly right keeps a gradient.
        const isPositive = x.ge(0);
        const small = isPositive.where(x.neg(), x).sigmoid();
        const difference = isPositive.where(target.neg().add(1).sub(small), small.sub(target));
        return cotangent.mul(difference);
      },
    ),
    probabilityOperand: 2,
  },
  // Of its pieces, trunc(x / y) is one too large where the quotient is rounded up to an integer.
  remainder: composite(
    'remainder',
    'the remainder of the second by the third, with the sign of the third',
    2,
    ({ inputs, cotangent }, k) =>
      k === 1 ? cotangent : cotangent.mul(floorOfQuotient(operand(inputs, 1), operand(inputs, 2))).neg(),
  ),
  cummax: running('cummax', 'cumargmax'),
  cummin: running('cummin', 'cumargmin'),
  takeAlong: {
    ...FIRST_OPERAND,
    doc: 'its first operand, which has the elements of the second along an axis at the indices that are the third',
    arity: 3,
    gradientOperands: [1],
    type: (inputs, attrs) => {
      numberOf('takeAlong', attrs, 'axis');
      const [value, x, indices] = [0, 1, 2].map((k) => operand(inputs, k));
      if (value === undefined || indices === undefined || !sameShape(value.shape, indices.shape))
        throw new ShapeError('shape-mismatch', 'takeAlong', 'there must be an index for each element');
      requireDtype('takeAlong', x?.dtype ?? 'bool', ['f32']);
      return { shape: value.shape, dtype: 'f32' };
    },
    vjp: ({ node, inputs, cotangent }) => {
      const [x, indices] = [operand(inputs, 1), operand(inputs, 2)];
      return x.fullLike(0).scatterAdd(numberOf('takeAlong', node.attrs, 'axis'), indices, cotangent);
    },
  },
  rearrange: {
    ...FIRST_OPERAND,
    doc: 'its first operand, which has along the last axis the elements of the second by the third; the fourth is the way back',
    arity: 4,
    gradientOperands: [1],
    type: (inputs) => {
      const [value, x, order, back] = [0, 1, 2, 3].map((k) => operand(inputs, k));
      for (const [table, of] of [
        [order, value],
        [back, x],
      ]) {
        if (table !== undefined && of !== undefined && sameShape(table.shape, of.shape)) continue;
        throw new ShapeError('shape-mismatch', 'rearrange', 'a table must have a number for each element');
      }
      requireDtype('rearrange', operand(inputs, 1).dtype, ['f32']);
      return { shape: operand(inputs, 0).shape, dtype: 'f32' };
    },
    vjp: ({ inputs, cotangent }) => rearranged(cotangent, operand(inputs, 3), operand(inputs, 2)),
  },
  training: {
    ...FIRST_OPERAND,
    doc: 'its first operand, which holds while a model is trained; its evaluation has the second in its place',
    arity: 2,
    gradientOperands: [0],
    type: (inputs) => {
      const [trained, evaluated] = [operand(inputs, 0), operand(inputs, 1)];
      requireSameDtype('training', inputs);
      if (!sameShape(trained.shape, evaluated.shape)) {
        const shapes = `${shapeText(trained.shape)} and ${shapeText(evaluated.shape)}`;
        throw new ShapeError('shape-mismatch', 'training', `operands of shapes ${shapes}`);
      }
      return { shape: trained.shape, dtype: trained.dtype };
    },
    vjp: ({ cotangent }) => cotangent,
  },
} satisfies Record<string, OpDef>;

/** The composites with a gradient of their own. */
export type CompositeOp = Exclude<
  keyof typeof compositeOps,
  'custom' | 'detach' | 'remainder' | 'training' | 'cummax' | 'cummin' | 'rearrange' | 'takeAlong'
>;

/**
 * A composite with a gradient of its own. Its first operand is its value, through which no gradient goes; the others
 * are what it is a function of, floats of its shape.
 *
 * @param doc      what the value is
 * @param count    of the operands beside the value
 * @param gradient the cotangents of operands 1 to `count`
 */
function composite(op: string, doc: string, count: number, gradient: Vjp): OpDef {
  return {
    ...FIRST_OPERAND,
    doc: `its first operand, which is ${doc}`,
    arity: 1 + count,
    gradientOperands: Array.from({ length: count }, (_, k) => k + 1),
    type: (inputs) => floatsOfOneShape(op, inputs),
    vjp: gradient,
  };
}

/** A running extremum: an element gets the cotangents of all places of which it is the extremum. */
function running(op: string, index: 'cumargmax' | 'cumargmin'): OpDef {
  const definition = composite(
    op,
    `the ${op} of the second along an axis`,
    1,
    ({ node, inputs, cotangent }) => {
      const axis = numberOf(op, node.attrs, 'axis');
      const places = operand(inputs, 1)[index](axis, { reverse: numberOf(op, node.attrs, 'reverse') !== 0 });
      return cotangent.fullLike(0).scatterAdd(axis, places, cotangent);
    },
  );
  return {
    ...definition,
    type: (inputs, attrs) => {
      for (const name of ['axis', 'reverse']) numberOf(op, attrs, name);
      return floatsOfOneShape(op, inputs);
    },
  };
}

function floatsOfOneShape(op: string, inputs: readonly ValueTypeOf[]): ValueTypeOf {
  const { shape } = operand(inputs, 0);
  for (const input of inputs) {
    requireDtype(op, input.dtype, ['f32']);
    if (!sameShape(input.shape, shape))
      throw new ShapeError('shape-mismatch', op, 'value and operand differ in shape');
  }
  return { shape, dtype: 'f32' };
}
