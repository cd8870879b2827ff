import { textOf } from '../graph/attributes.ts';
import { type Graph, GraphError, type Tensor } from '../graph/index.ts';

/** What a state is called. */
export function nameOf(state: Tensor): string {
  return textOf('state', state.node.attrs, 'name');
}

/** The shape of a state, or of its gradient: no axis of it is bounded. */
export function shapeOf(state: Tensor): number[] {
  return state.shape.filter((dim) => typeof dim === 'number');
}

/** The gradient of each state. @throws GraphError where there are fewer than states */
export function paired(
  op: string,
  states: readonly Tensor[],
  gradients: readonly Tensor[],
): { readonly state: Tensor; readonly gradient: Tensor }[] {
  return states.map((state, k) => {
    const gradient = gradients[k];
    if (gradient === undefined)
      throw new GraphError('option', op, `${gradients.length} gradients for ${states.length} states`);
    return { state, gradient };
  });
}

/** Declares what has a key once for each graph: entries of a module share the moments of an optimizer. */
export function declaredOnce(): (graph: Graph, key: string, declare: () => Tensor) => Tensor {
  const declared = new WeakMap<Graph, Map<string, Tensor>>();
  return (graph, key, declare) => {
    const known = declared.get(graph) ?? new Map<string, Tensor>();
    declared.set(graph, known);
    const tensor = known.get(key) ?? declare();
    known.set(key, tensor);
    return tensor;
  };
}
