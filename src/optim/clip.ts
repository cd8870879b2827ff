import { requireOption } from '../graph/arguments.ts';
import { GraphError, type Tensor } from '../graph/index.ts';
import { requireTensors } from '../graph/tensor/value.ts';

/**
 * Gradients scaled down together where their common norm is larger than `max`: by
 * `min(1, max / (norm + 1e-6))`, PyTorch's `clip_grad_norm_`.
 *
 * @returns as many gradients, of the same shapes
 * @throws GraphError where `max` is no number from 0 on
 */
export function clipByGlobalNorm(gradients: readonly Tensor[], max: number): Tensor[] {
  requireOption('clipByGlobalNorm', 'the norm', max, max >= 0, 'a number from 0 on');
  requireTensors('clipByGlobalNorm', gradients);
  if (gradients.length === 0) return [];
  const scale = globalNorm(gradients).add(1e-6).reciprocal().mul(max).minimum(1);
  return gradients.map((gradient) => gradient.mul(scale));
}

/** Euclidean norm of all elements of all tensors together: a scalar. */
export function globalNorm(tensors: readonly Tensor[]): Tensor {
  requireTensors('globalNorm', tensors);
  const [first, ...rest] = tensors.map((tensor) => tensor.square().sum());
  if (first === undefined) throw new GraphError('operands', 'globalNorm', 'needs at least one tensor');
  return rest.reduce((sum, part) => sum.add(part), first).sqrt();
}
