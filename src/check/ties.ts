import type { Node } from '../graph/index.ts';
import { evaluateNode, type Feeds, type Given, type NDArray } from '../reference/index.ts';
import { threefry } from '../runtime/random.ts';

/** Tries after which what rounding may choose has shown: of two equal values each try finds either evenly. */
const TRIES = 64;

/**
 * Whether a node's integers or truth values are what it may choose when its float operands are off by no more than
 * the tolerance: the place of the largest of nearly equal values, a comparison of two.
 *
 * @param operands as the reference has them
 * @param actual what a target gave
 */
export function isChoiceOfRounding(
  node: Node,
  operands: readonly NDArray[],
  feeds: Feeds,
  actual: Given,
  tolerance: number,
): boolean {
  if (node.dtype === 'f32' || !operands.some(({ dtype }) => dtype === 'f32')) return false;
  let open = Array.from(actual.data, (_, i) => i);
  for (let k = 0; k <= TRIES && open.length > 0; k++) {
    const moved = operands.map((operand, position) =>
      k === 0 || operand.dtype !== 'f32' ? operand : shaken(operand, tolerance, k, position),
    );
    const chosen = evaluateNode(node, moved, feeds).data;
    open = open.filter((i) => chosen[i] !== actual.data[i]);
  }
  return open.length === 0;
}

/** Each element more or less by the tolerance, as chance has it. */
function shaken(operand: NDArray, tolerance: number, attempt: number, position: number): NDArray {
  const { data } = operand;
  const rms = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / Math.max(1, data.length));
  return {
    ...operand,
    data: data.map((x, i) => {
      const sign = threefry(attempt, position, i, 0, (word) => (word & 1 ? 1 : -1));
      return x + sign * tolerance * Math.max(Math.abs(x), rms);
    }),
  };
}
