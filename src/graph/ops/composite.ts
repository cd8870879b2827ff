import { elementCount } from '../../loops/index.ts';
import { numberOf } from '../attributes.ts';
import { ShapeError } from '../issues.ts';
import { sameShape } from '../shape.ts';
import { MOVEMENT, type OpDef, operand, requireDtype } from './definition.ts';

/**
 * Composites with a gradient of their own, for where that of their primitives is less accurate. Each is its
 * first operand, the composite written in primitives, and has the gradient in the others: it computes
 * nothing itself.
 */
export const compositeOps = {
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
} satisfies Record<string, OpDef>;
