import type { Dtype } from '../loops/index.ts';
import { shown } from './arguments.ts';
import { GraphError } from './issues.ts';
import type { Node } from './node.ts';
import { neededBy } from './order.ts';
import { sameShape } from './shape.ts';
import { requireTensor, typed } from './tensor/value.ts';
import { Tensor } from './tensor.ts';

/**
 * A value of a model that is trained, and what stands in its place once it is used: batch normalisation takes the
 * batch's statistics in training, the running ones after. It is `trained` until {@link evaluation} is asked for.
 *
 * @param evaluated of the shape and element type of `trained`
 */
export function whileTraining<D extends Dtype>(trained: Tensor<D>, evaluated: Tensor<D>): Tensor<D> {
  requireTensor('training', trained);
  requireTensor('training', evaluated);
  const node = trained.graph.build('training', [trained.node, evaluated.node]);
  return typed(new Tensor(trained.graph, node), trained.dtype);
}

/**
 * What a value is once training is over: the same computation of the same states, where every
 * {@link whileTraining} has its second operand. A value that depends on none is itself.
 */
export function evaluation<D extends Dtype>(tensor: Tensor<D>): Tensor<D> {
  requireTensor('evaluation', tensor);
  return substituted(tensor, ({ op }, [, evaluated]) => (op === 'training' ? evaluated : undefined));
}

/**
 * The same computation with other tensors in the place of some: a loss of weights that were stepped once, as
 * model-agnostic meta-learning takes it (Finn, Abbeel and Levine 2017), or of another network's.
 *
 * ```ts
 * const stepped = gradients(loss, weights).map((g, k) => [weights[k], weights[k].sub(g.mul(0.01))] as const);
 * const after = substitute(lossOnOthers, stepped);
 * ```
 *
 * @param pairs what is replaced, and by what: of one graph, shape and element type. All are replaced at once: what stands
 *   in their place is left as it is, even if it depends on them.
 * @returns the tensor itself where it depends on none of them
 * @throws GraphError where a pair does not fit, or a tensor is replaced twice
 */
export function substitute<D extends Dtype>(
  tensor: Tensor<D>,
  pairs: readonly (readonly [from: Tensor, to: Tensor])[],
): Tensor<D> {
  const op = 'substitute';
  requireTensor(op, tensor);
  if (!Array.isArray(pairs)) {
    const text = `takes pairs, [[weight, other], …], not ${shown(pairs)}`;
    throw new GraphError('operands', op, text);
  }
  const others = new Map<Node, Node>();
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new GraphError('operands', op, `takes pairs of two tensors each, not ${shown(pair)}`);
    const [from, to] = pair;
    for (const one of [from, to]) requireTensor(op, one);
    tensor.graph.requireOwn(op, [from.node, to.node]);
    if (others.has(from.node)) throw new GraphError('operands', op, `${from} is replaced twice`);
    if (from.dtype !== to.dtype || !sameShape(from.shape, to.shape))
      throw new GraphError('operands', op, `${to} cannot stand in the place of ${from}: their types differ`);
    others.set(from.node, to.node);
  }
  return substituted(tensor, (node) => others.get(node));
}

/**
 * The same computation with other nodes in the place of some. A value that depends on none of them is itself.
 *
 * @param inPlace the other node of a node, or none: it is given the node's operands as they are after this
 */
export function substituted<D extends Dtype>(
  tensor: Tensor<D>,
  inPlace: (node: Node, inputs: readonly Node[]) => Node | undefined,
): Tensor<D> {
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
  return typed(new Tensor(graph, others.get(tensor.node) ?? tensor.node), tensor.dtype);
}
