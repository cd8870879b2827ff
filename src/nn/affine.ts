import type { Tensor } from '../graph/index.ts';

/** `x · W + b` (`x: [..., in]`, `W: [in, out]`, `b: [out]`), without b where there is none. */
export function affine(x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor {
  const product = x.matmul(weight);
  return bias === undefined ? product : product.add(bias);
}
