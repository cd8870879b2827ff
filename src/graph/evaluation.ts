import type { Node } from './node.ts';
import { neededBy } from './order.ts';
import { requireTensor } from './tensor/value.ts';
import { Tensor } from './tensor.ts';

/**
 * A value of a model that is trained, and what stands in its place once it is used: batch normalisation takes the
 * batch's statistics in training, the running ones after. It is `trained` until {@link evaluation} is asked for.
 *
 * @param evaluated of the shape and element type of `trained`
 */
export function whileTraining(trained: Tensor, evaluated: Tensor): Tensor {
  requireTensor('training', trained);
  requireTensor('training', evaluated);
  return new Tensor(trained.graph, trained.graph.build('training', [trained.node, evaluated.node]));
}

/**
 * What a value is once training is over: the same computation of the same states, where every
 * {@link whileTraining} has its second operand. A value that depends on none is itself.
 */
export function evaluation(tensor: Tensor): Tensor {
  requireTensor('evaluation', tensor);
  return substituted(tensor, ({ op }, [, evaluated]) => (op === 'training' ? evaluated : undefined));
}

/**
 * The same computation with other nodes in the place of some. A value that depends on none of them is itself.
 *
 * @param inPlace the other node of a node, or none: it is given the node's operands as they are after this
 */
export function substituted(
  tensor: Tensor,
  inPlace: (node: Node, inputs: readonly Node[]) => Node | undefined,
): Tensor {
  const { graph } = tensor;
  const others = new Map<Node, Node>();
  for (const node of neededBy([tensor.node])) {
    const inputs = node.inputs.map((input) => others.get(input) ?? input);
    const other = inPlace(node, inputs);
    if (other !== undefined) {
      others.set(node, other);
    } else if (inputs.some((input, k) => input !== node.inputs[k])) {
      const again = graph.withSource(node.source, () => graph.build(node.op, inputs, node.attrs));
      if (node.label !== undefined) graph.label(again, node.label);
      others.set(node, again);
    }
  }
  return new Tensor(graph, others.get(tensor.node) ?? tensor.node);
}
