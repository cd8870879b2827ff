import type { Node } from './node.ts';

/**
 * The nodes that some nodes are computed from, themselves included: operands before their users.
 *
 * Numbers of nodes are an order that runs, so what a worklist finds is only sorted. (It does not recurse: a long
 * chain would not fit the call stack.)
 */
export function neededBy(roots: readonly Node[]): Node[] {
  const found = new Map<number, Node>();
  for (const root of roots) found.set(root.id, root);
  const queue = [...found.values()];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    for (const input of node.inputs) {
      if (found.has(input.id)) continue;
      found.set(input.id, input);
      queue.push(input);
    }
  }
  return [...found.values()].sort((a, b) => a.id - b.id);
}
