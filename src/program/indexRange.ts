import { definitionOf, type Module, type Node, sourceOf } from '../graph/index.ts';

/** The values `[low, high)` that an input may have where some node uses it as an index: below the least extent indexed. */
export function indexRange(module: Module, input: Node): readonly [number, number] | undefined {
  let high = Infinity;
  for (const node of module.graph.nodes) {
    const { indexOperand, indexedAxis, indexesResult } = definitionOf(node.op);
    const [indexed, index] = [indexesResult ? node : node.inputs[0], node.inputs[indexOperand ?? -1]];
    if (indexed === undefined || index === undefined || sourceOf(index) !== input) continue;
    const dim = indexed.shape.at(indexedAxis ?? 0);
    if (typeof dim === 'number') high = Math.min(high, dim);
  }
  return Number.isFinite(high) ? [0, high] : undefined;
}
