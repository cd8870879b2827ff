import { definitionOf, type Node, neededBy } from '../../src/graph/index.ts';
import { elementCount, extentOf } from '../../src/loops/index.ts';
import { numbersAttr } from '../../src/reference/attributes.ts';

/** The largest number of terms that any reduction or product among some nodes sums up. */
export function longestSum(nodes: readonly Node[]): number {
  return Math.max(1, ...neededBy(nodes).map(termsOf));
}

function termsOf(node: Node): number {
  const shape = node.inputs[0]?.shape ?? [];
  if (node.op === 'contract')
    return numbersAttr(node, 'overA').reduce((n, d) => n * extentOf(shape[d] ?? 1), 1);
  if (node.op === 'convolve') return elementCount(node.inputs[1]?.shape.slice(2) ?? []);
  if (node.op === 'foldWindows') return elementCount(shape.slice(node.shape.length));
  if (!definitionOf(node.op).isReduction) return 1;
  return numbersAttr(node, 'axes').reduce((n, axis) => n * extentOf(shape[axis] ?? 1), 1);
}
