import type { Node } from '../node.ts';

/**
 * Whether a node's values are checked where they come from, so that they are in the range that their use as
 * indices demands: they are those of an input, in another shape at most.
 *
 * The compiler finds the same inputs (by `indexOperand`) and the runtime refuses values outside at the door.
 */
export function definesRange(node: Node): boolean {
  let source: Node | undefined = node;
  while (source !== undefined && rearranging.has(source.op)) source = source.inputs[0];
  return source?.op === 'input';
}

const rearranging: ReadonlySet<string> = new Set(['reshape', 'permute', 'expand', 'flip', 'slice', 'cast']);
