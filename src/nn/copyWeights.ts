import { requireOption, requireOptions } from '../graph/arguments.ts';
import { GraphError, type Tensor, type Update } from '../graph/index.ts';
import { requireUpdates } from '../graph/module.ts';
import { sameShape } from '../graph/shape.ts';
import { isFloat, shapeText } from '../loops/index.ts';
import type { LayerStates } from './layer.ts';

/** Options of {@link copyWeights}. */
export interface CopyOptions {
  /** Share of `from` in the next values of `to`; 1 where it is left out, which copies them. */
  readonly share?: number;
  /** Updates that come before: what they make of `from` is copied, not what it was at the start of the step. */
  readonly after?: readonly Update[];
}

/**
 * Updates that move a layer's states to those of another: its weights, and running statistics, in order of declaration.
 *
 * ```ts
 * const target = online.clone({ name: 'target' });
 * const updates = optim.adam({ lr: 1e-3 }).minimize(loss, { wrt: online });
 * m.entry('train', { updates: [...updates, ...nn.copyWeights(online, target, { share: 0.005, after: updates })] });
 * m.entry('sync', { updates: nn.copyWeights(online, target) });
 * ```
 *
 * @returns `to = share · from + (1 - share) · to` of each; what is not a float is copied
 * @throws GraphError `layer` where the two have other states, or one was not applied yet, `update` where `after` is not a list of
 *   updates
 */
export function copyWeights(from: LayerStates, to: LayerStates, options: CopyOptions = {}): Update[] {
  const op = 'copyWeights';
  requireOptions(op, options, ['share', 'after']);
  const { share = 1, after = [] } = options;
  requireOption(op, 'share', share, share >= 0 && share <= 1, 'from 0 to 1');
  requireUpdates(op, 'after', after);
  const [sources, states] = [from.states(), to.states()];
  const pairs = states.flatMap((state, k) => {
    const source = sources[k];
    return source !== undefined && isLike(source, state) ? [{ source, state }] : [];
  });
  if (pairs.length < Math.max(sources.length, states.length)) {
    const text = (of: readonly Tensor[]): string =>
      of.length === 0 ? 'none' : of.map(({ node, shape }) => `${node.label}${shapeText(shape)}`).join(', ');
    throw new GraphError('layer', op, `the layers have other states: ${text(sources)} and ${text(states)}`);
  }
  return pairs.map(({ source, state }) => {
    const value = after.find((update) => update.state.node === source.node)?.next ?? source;
    const isWhole = share === 1 || !isFloat(state.dtype);
    return { state, next: isWhole ? value : value.mul(share).add(state.mul(1 - share)) };
  });
}

function isLike(a: Tensor, b: Tensor): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}
