import { apply, sameDim, shapeText } from '../../loops/index.ts';
import { ShapeError } from '../issues.ts';
import { dimAt, sameShape, unequal } from '../shape.ts';
import {
  indexAt,
  NUMBERS,
  type OpDef,
  operand,
  REDUCTION,
  requireDtype,
  requireSameDtype,
} from './definition.ts';

/** Products of tensors summed over a common dimension. */
export const contractionOps = {
  matmul: {
    ...REDUCTION,
    doc: 'products of matrices, [..., m, k] · [..., k, n], with equal leading dimensions',
    arity: 2,
    type: (inputs) => {
      const [a, b] = [operand(inputs, 0), operand(inputs, 1)];
      requireSameDtype('matmul', inputs);
      requireDtype('matmul', a.dtype, NUMBERS);
      const shapes = `${shapeText(a.shape)} · ${shapeText(b.shape)}`;
      const rank = a.shape.length;
      if (rank < 2 || b.shape.length !== rank) {
        throw new ShapeError('rank', 'matmul', `two matrices, or equally many of each: ${shapes}`);
      }
      const [inner, other] = [dimAt(a.shape, rank - 1), dimAt(b.shape, rank - 2)];
      if (!sameDim(inner, other)) {
        const text = `inner sizes differ: ${shapes} (${unequal(inner, other)})`;
        throw new ShapeError('inner-sizes', 'matmul', text);
      }
      if (!sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2))) {
        throw new ShapeError('shape-mismatch', 'matmul', `leading dimensions differ: ${shapes}`);
      }
      return { shape: a.shape.with(rank - 1, dimAt(b.shape, rank - 1)), dtype: a.dtype };
    },
    // dA = dC · Bᵀ and dB = Aᵀ · dC: the transposes are index maps, not copies.
    vjp: ({ inputs, cotangent }, k) =>
      k === 0
        ? cotangent.matmul(operand(inputs, 1).transpose())
        : operand(inputs, 0).transpose().matmul(cotangent),
    lower: {
      kind: 'reduce',
      over: (node) => [dimAt(operand(node.inputs, 0).shape, node.shape.length - 1)],
      reductions: ({ read }, at, r) => {
        const [batch, m, n] = [at.slice(0, -2), indexAt(at, at.length - 2), indexAt(at, at.length - 1)];
        const k = indexAt(r, 0);
        return [{ monoid: 'sum', body: apply('mul', read(0, [...batch, m, k]), read(1, [...batch, k, n])) }];
      },
      value: (_ctx, _at, [parts = []]) => indexAt(parts, 0),
    },
  },
} satisfies Record<string, OpDef>;
