import type { Initializer } from '../graph/index.ts';
import { uniform } from './init.ts';

/**
 * First values of weights and biases where none are asked for: uniform within `±1/sqrt(n)`, as PyTorch's, for sums of n
 * products. (PyTorch has it from He et al. 2015 with a = √5.)
 */
export function withinFanIn(n: number): Initializer {
  const bound = 1 / Math.sqrt(Math.max(1, n));
  return uniform(-bound, bound);
}
