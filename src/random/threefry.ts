import { pointwise } from '../graph/build.ts';
import { Tensor } from '../graph/index.ts';

/**
 * Random words: of each key and counter, two words of 32 bits (u32) each, the first word of Threefry-2x32 with 20 rounds
 * (Salmon, Moraes, Dror and Shaw, 2011). All broadcast. The same bits on every target; there is no gradient.
 *
 * ```ts
 * threefry(key0, key1, step, elementNumber);
 * ```
 */
export function threefry(key0: Tensor, key1: Tensor, counter0: Tensor, counter1: Tensor): Tensor {
  const operands = [key0, key1, counter0, counter1].map(({ node }) => node);
  return new Tensor(key0.graph, pointwise(key0.graph, 'threefry', operands));
}
