import type { Node } from '../graph/index.ts';

/** A node for people: what it is and which line of the model built it. */
export interface NodePlace {
  readonly id: number;
  /** `hidden = relu(%12)`. */
  readonly text: string;
  readonly op: string;
  /** `model.ts:9`, where it is known. */
  readonly source: string | null;
}

/** Describes a node. */
export function nodePlace(node: Node): NodePlace {
  const operands = node.inputs.map(nameOf).join(', ');
  return {
    id: node.id,
    text: `${nameOf(node)} = ${node.op}(${operands})`,
    op: node.op,
    source: node.source ?? null,
  };
}

function nameOf(node: Node): string {
  return node.label ?? `%${node.id}`;
}
