import type { Tensor } from '../graph/index.ts';
import { typed } from '../graph/tensor/value.ts';

/** `x · W + b` (`x: [..., in]`, `W: [in, out]`, `b: [out]`), without b where there is none. */
export function affine(x: Tensor, weight: Tensor<'f32'>, bias: Tensor | undefined): Tensor<'f32'> {
  const product = x.matmul(weight);
  return typed(bias === undefined ? product : product.add(bias), 'f32');
}
