import type { Node } from './node.ts';
import { neededBy } from './order.ts';
import { requireTensor, Tensor } from './tensor.ts';

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
  const { graph } = tensor;
  const evaluated = new Map<Node, Node>();
  for (const node of neededBy([tensor.node])) {
    const inputs = node.inputs.map((input) => evaluated.get(input) ?? input);
    const [, inPlace] = inputs;
    if (node.op === 'training' && inPlace !== undefined) {
      evaluated.set(node, inPlace);
    } else if (inputs.some((input, k) => input !== node.inputs[k])) {
      const again = graph.withSource(node.source, () => graph.build(node.op, inputs, node.attrs));
      if (node.label !== undefined) graph.label(again, node.label);
      evaluated.set(node, again);
    }
  }
  return new Tensor(graph, evaluated.get(tensor.node) ?? tensor.node);
}
