import { requireName, requireOption, requireOptions, shown } from '../graph/arguments.ts';
import { declarationsOf, GraphError, type Tensor, type Update } from '../graph/index.ts';
import { minimizer } from './minimizer.ts';
import type { Optimizer } from './optimizer.ts';
import { declaredOnce, nameOf, paired, shapeOf } from './states.ts';

export interface AccumulateOptions {
  /** How many steps' gradients make one update. */
  readonly steps: number;
  /** Tells several of one module apart: states are called `STATE.NAME` and `NAME.step`, `accumulated` where it is left out. */
  readonly name?: string;
}

/**
 * An optimizer that takes the mean gradient of several steps, as if their batches were one: sums of gradients are states, and
 * what the optimizer changes (its moments, its counts, a schedule's too) changes at the last step of each round alone.
 * `clipGlobalNorm` clips the mean. Batches count alike, short ones too. A step costs what one with an update does: it saves
 * memory of batches that are too large, not time.
 *
 * ```ts
 * optim.accumulate(optim.adamw({ lr: 1e-3 }), { steps: 4 }).minimize(loss);
 * ```
 *
 * @throws GraphError `option` where `steps` is not a whole number from 1 on
 */
export function accumulate(optimizer: Optimizer, options: AccumulateOptions): Optimizer {
  const op = 'accumulate';
  requireOptions(op, options, ['steps', 'name']);
  const { steps, name = 'accumulated' } = options;
  const holds = Number.isSafeInteger(steps) && steps >= 1 && steps < 2 ** 31;
  requireOption(op, 'steps', steps, holds, 'a whole number from 1 on');
  requireName(op, 'an accumulation', name);
  const given: unknown = optimizer;
  if (typeof given !== 'object' || given === null || !('update' in given))
    throw new GraphError('operands', op, `takes an optimizer, not ${shown(given)}`);
  const declared = declaredOnce();
  const once = (like: Tensor, label: string, dtype: 'f32' | 'i32', shape: readonly number[]): Tensor =>
    declared(like.graph, label, () =>
      declarationsOf(op, like).state(label, { shape, dtype, trainable: false }),
    );

  return minimizer(op, (states, gradients, clipped) => {
    const [first] = states;
    if (first === undefined) return [];
    const place = once(first, `${name}.step`, 'i32', []);
    const isLast = place.eq(steps - 1);
    const sums = paired(op, states, gradients).map(({ state, gradient }) => {
      const sum = once(state, `${nameOf(state)}.${name}`, 'f32', shapeOf(state));
      return { sum, total: sum.add(gradient) };
    });
    const means = clipped(sums.map(({ total }) => total.div(steps)));
    const held = optimizer
      .update(states, means)
      .map(({ state, next }): Update => ({ state, next: isLast.where(next, state) }));
    const kept = sums.map(({ sum, total }): Update => ({ state: sum, next: isLast.where(0, total) }));
    return [...held, ...kept, { state: place, next: isLast.where(0, place.add(1)) }];
  });
}
