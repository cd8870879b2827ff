import type { OnnxAttribute, OnnxFunction, OnnxNode } from '../proto/model.ts';

/**
 * The nodes of a function as a call of it has them: attributes that refer to the call's have its values, and an operand that the call
 * leaves out is left out of the nodes that would read it.
 *
 * @param given whether the call has an operand for an input of the function
 */
export function nodesOfCall(
  own: OnnxFunction,
  call: OnnxNode,
  given: (input: string) => boolean,
): OnnxNode[] {
  const attributes = new Map([...own.defaults, ...call.attributes].map((one) => [one.name, one]));
  const left = new Set(own.inputs.filter((name) => !given(name)));
  return own.nodes.map((node) => withAttributes(withoutOperands(node, left), attributes));
}

function withoutOperands(node: OnnxNode, left: ReadonlySet<string>): OnnxNode {
  if (left.size === 0) return node;
  return { ...node, inputs: node.inputs.map((name) => (left.has(name) ? '' : name)) };
}

/** A node of a function with the attributes of the call in the place of those that refer to them. */
function withAttributes(node: OnnxNode, given: ReadonlyMap<string, OnnxAttribute>): OnnxNode {
  const attributes = node.attributes.flatMap((attribute): OnnxAttribute[] => {
    if (attribute.kind === 'graph') {
      const { value } = attribute;
      return [
        { ...attribute, value: { ...value, nodes: value.nodes.map((one) => withAttributes(one, given)) } },
      ];
    }
    if (attribute.kind !== 'other' || attribute.reference === undefined) return [attribute];
    const own = given.get(attribute.reference);
    return own === undefined ? [] : [{ ...own, name: attribute.name }];
  });
  return { ...node, attributes };
}
