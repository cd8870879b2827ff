import { elementCount, shapeText } from '../../loops/index.ts';
import { numberOf } from '../attributes.ts';
import { ShapeError } from '../issues.ts';
import { sameShape } from '../shape.ts';
import { MOVEMENT, type OpDef, operand, requireDtype, requireSameDtype } from './definition.ts';

/**
 * What composites are made of that decide their gradient themselves. `softmax` and the like are their first
 * operand, the composite written in primitives, and have a more accurate gradient in the others; `detach`
 * has none; `training` says what stands in its place once training is over. They compute nothing.
 */
export const compositeOps = {
  detach: {
    ...MOVEMENT,
    doc: 'its operand, as a constant to gradients',
    arity: 1,
    type: (inputs) => ({ shape: operand(inputs, 0).shape, dtype: operand(inputs, 0).dtype }),
    vjp: { none: 'it is there to end gradients' },
    lower: { kind: 'value', value: ({ read }, at) => read(0, at) },
  },
  softmax: {
    ...MOVEMENT,
    doc: 'its first operand, which is the softmax of the second along an axis',
    arity: 2,
    type: (inputs, attrs) => {
      const [value, x] = [operand(inputs, 0), operand(inputs, 1)];
      requireDtype('softmax', x.dtype, ['f32']);
      numberOf('softmax', attrs, 'axis');
      if (!sameShape(value.shape, x.shape))
        throw new ShapeError('shape-mismatch', 'softmax', 'value and operand differ in shape');
      return { shape: x.shape, dtype: x.dtype };
    },
    // dx = s (c - Σ c s) does not change if a number is added to c. Taking that at the largest element away
    // keeps a saturated softmax (s near 1 there) from cancelling.
    vjp: ({ node, inputs, output, cotangent }, k) => {
      if (k === 0) return undefined;
      const axis = numberOf('softmax', node.attrs, 'axis');
      if (elementCount(node.shape) === 0) return cotangent;
      const top = operand(inputs, 1).argmax(axis, { keepDims: true });
      const shifted = cotangent.sub(cotangent.takeAlongAxis(top, axis));
      return output.mul(shifted.sub(shifted.mul(output).sum(axis, { keepDims: true })));
    },
    lower: { kind: 'value', value: ({ read }, at) => read(0, at) },
  },
  training: {
    ...MOVEMENT,
    doc: 'its first operand, which holds while a model is trained; its evaluation has the second in its place',
    arity: 2,
    type: (inputs) => {
      const [trained, evaluated] = [operand(inputs, 0), operand(inputs, 1)];
      requireSameDtype('training', inputs);
      if (!sameShape(trained.shape, evaluated.shape)) {
        const shapes = `${shapeText(trained.shape)} and ${shapeText(evaluated.shape)}`;
        throw new ShapeError('shape-mismatch', 'training', `operands of shapes ${shapes}`);
      }
      return { shape: trained.shape, dtype: trained.dtype };
    },
    vjp: ({ cotangent }, k) => (k === 0 ? cotangent : undefined),
    lower: { kind: 'value', value: ({ read }, at) => read(0, at) },
  },
} satisfies Record<string, OpDef>;
