import type { Node } from '../graph/index.ts';
import { sameShape } from '../graph/shape.ts';
import { Tensor } from '../graph/tensor.ts';

/**
 * Which rows of a table were looked up, `[n, 1, …]` (bool), by its gradient: a sum by segment, or several, whatever scalars
 * they are scaled by. In the other rows the gradient is zero. Undefined where a gradient is made of anything else.
 *
 * @param gradient `[n, …]`
 */
export function rowsLookedUp(gradient: Tensor): Tensor | undefined {
  const { graph, shape } = gradient;
  const [rows, ...rest] = shape;
  const indices = indicesOf(gradient.node);
  if (rows === undefined || indices === undefined) return undefined;
  const counts = [...indices].map((node) => {
    const places = new Tensor(graph, node);
    return places.fullLike(1).segmentSum(places, rows);
  });
  return counts
    .reduce((a, b) => a.add(b))
    .gt(0)
    .reshape([rows, ...rest.map(() => 1)]);
}

/** The indices of the sums by segment that a gradient is made of. */
function indicesOf(node: Node): ReadonlySet<Node> | undefined {
  const [a, b] = node.inputs;
  switch (node.op) {
    case 'segmentSum':
      return b === undefined ? undefined : new Set([b]);
    case 'neg':
      return a === undefined ? undefined : indicesOf(a);
    case 'add': {
      const [x, y] = [a, b].map((input) => (input === undefined ? undefined : indicesOf(input)));
      return x === undefined || y === undefined ? undefined : new Set([...x, ...y]);
    }
    case 'mul':
      if (a === undefined || b === undefined) return undefined;
      return isScalar(b) ? indicesOf(a) : isScalar(a) ? indicesOf(b) : undefined;
    default:
      return undefined;
  }
}

/** Whether a node has one value everywhere. */
function isScalar(node: Node): boolean {
  if (node.op === 'constant') return true;
  const [inner] = node.inputs;
  return node.op === 'expand' && inner !== undefined && sameShape(inner.shape, []);
}
