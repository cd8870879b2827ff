import { requireName, requireOption, requireOptions, shown } from '../graph/arguments.ts';
import { substituted } from '../graph/evaluation.ts';
import {
  declarationsOf,
  type Graph,
  GraphError,
  type Node,
  type Tensor,
  type Update,
} from '../graph/index.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { declaredOnce, nameOf, shapeOf } from './states.ts';

export interface EmaOptions {
  /** How much of an average stays at each update. */
  readonly decay?: number;
  /** Tells several of one module apart: the averages are states `STATE.NAME`, `ema` where it is left out. */
  readonly name?: string;
}

/** Moving averages of weights, beside them. */
export interface Ema {
  /**
   * Updates, and those of the averages of all trainable states among them: for an entry that trains. Averages move at each step
   * of it, those too at which {@link accumulate} leaves the weights as they are.
   *
   * @throws GraphError where none is of a trainable state
   */
  follow(updates: readonly Update[]): Update[];
  /**
   * What a value would be of the averages in the place of the weights: for an entry that evaluates.
   *
   * @throws GraphError where it depends on no state that has an average yet: `follow` comes first
   */
  of(tensor: Tensor): Tensor;
}

/**
 * Exponential moving averages of weights, `decay average + (1 - decay) weight` after each update, by PyTorch's `AveragedModel` with
 * `get_ema_multi_avg_fn` (Polyak and Juditsky 1992 average evenly): the first update copies the weights. Before it the averages
 * are the weights' first values.
 *
 * ```ts
 * const average = optim.ema({ decay: 0.999 });
 * m.entry('train', { loss, updates: average.follow(optim.adam({ lr: 1e-3 }).minimize(loss)) });
 * m.entry('predict', { label: average.of(evaluation(logits)).argmax(1) });
 * ```
 *
 * @throws GraphError `option` where `decay` (0.999 where it is left out) is not from 0 to 1
 */
export function ema(options: EmaOptions = {}): Ema {
  requireOptions('ema', options, ['decay', 'name']);
  const { decay = 0.999, name = 'ema' } = options;
  requireOption('ema', 'decay', decay, decay >= 0 && decay <= 1, 'from 0 to 1');
  requireName('ema', 'an average', name);
  const averages = new WeakMap<Graph, Map<Node, Tensor>>();
  const once = declaredOnce();

  const follow = (updates: readonly Update[]): Update[] => {
    const given: unknown = updates;
    if (!Array.isArray(given))
      throw new GraphError('update', 'ema', `follows a list of updates, not ${shown(given)}`);
    const trained = updates.filter(({ state }) => declarationsOf('ema', state).isTrainable(state.node));
    const [first] = trained;
    if (first === undefined) {
      const text = 'follows updates of trainable states, of which there is none here';
      throw new GraphError('update', 'ema', text);
    }
    const { graph } = first.state;
    const declarations = declarationsOf('ema', first.state);
    const begun = `${name}.begun`;
    const started = once(graph, begun, () => declarations.state(begun, { shape: [], dtype: 'i32' }));
    const known = averages.get(graph) ?? new Map<Node, Tensor>();
    averages.set(graph, known);
    const followed = trained.map(({ state, next }): Update => {
      const init = declarations.firstValueOf(state.node);
      const average =
        known.get(state.node) ??
        declarations.state(`${nameOf(state)}.${name}`, { shape: shapeOf(state), init, trainable: false });
      known.set(state.node, average);
      const after = average.mul(decay).add(next.mul(1 - decay));
      return { state: average, next: started.eq(0).where(next, after) };
    });
    return [...updates, ...followed, { state: started, next: started.fullLike(1) }];
  };
  const of = (tensor: Tensor): Tensor => {
    requireTensor('ema', tensor);
    const known = averages.get(tensor.graph);
    const result = substituted(tensor, (node) => known?.get(node)?.node);
    if (result.node !== tensor.node) return result;
    const text = `${tensor} depends on no state that has an average yet: follow() comes first`;
    throw new GraphError('update', 'ema', text);
  };
  return { follow, of };
}
