import type { Node } from '../node.ts';

/**
 * Whether a node's values are checked where they come from, so that they are in the range that their use as
 * indices demands: they are those of an input, in another shape at most.
 *
 * The compiler finds the same inputs (by `indexOperand`) and the runtime refuses values outside at the door.
 */
export function definesRange(node: Node): boolean {
  return sourceOf(node).op === 'input';
}

/** What a node's values are those of: the node behind casts and movements of one operand. */
export function sourceOf(node: Node): Node {
  let source = node;
  while (rearranging.has(source.op) && source.inputs[0] !== undefined) source = source.inputs[0];
  return source;
}

const rearranging: ReadonlySet<string> = new Set(['reshape', 'permute', 'expand', 'flip', 'slice', 'cast']);
