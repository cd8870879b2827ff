import { requireName, requireOption, requireOptions, shown } from '../graph/arguments.ts';
import {
  type Declarations,
  declarationsOf,
  type Graph,
  GraphError,
  type Node,
  type StateOptions,
  Tensor,
  type Update,
} from '../graph/index.ts';
import { requireTensor, requireTensors } from '../graph/tensor/value.ts';
import { groupsOf, type ParameterGroup, requireGroups, requireWeightDecay } from './groups.ts';
import { rowsLookedUp } from './lookedUp.ts';
import type { Match } from './match.ts';
import { minimizer } from './minimizer.ts';
import { type Rate, rateAt, requireRate } from './rate.ts';
import { declaredOnce, nameOf, paired, shapeOf } from './states.ts';

/** What every optimizer takes. */
export interface OptimizerOptions {
  /**
   * Learning rate: the first value of the run-time scalar `lr`, a scalar of the graph, or a schedule (`optim.schedule`). How
   * often the optimizer made its updates, which a schedule is given, is the state `lr.step`, whichever entries do it.
   */
  readonly lr: Rate;
  /** Tells optimizers of one module apart: the scalar is `NAME.lr`, moments are `STATE.NAME.…`. */
  readonly name?: string;
  /** How much each state is pulled towards 0; each optimizer says how, and what it is where it is left out. */
  readonly weightDecay?: number;
  /**
   * States with options of their own; of several groups that a state matches, the first one counts. No decay for biases and
   * gains of norms is `groups: [{ match: (state) => state.shape.length < 2, weightDecay: 0 }]`.
   */
  readonly groups?: readonly ParameterGroup[];
}

/** What optimizers take that leave rows alone which have no gradient. */
export interface LazyOptions {
  /**
   * Whether of a table that is only looked up (`take`) the rows that were looked up are updated alone: the others, and
   * their moments, are neither read nor written. Their gradient is zero, and a zero changes nothing, so that values are
   * those of the whole update, bit for bit, while `lr` is finite, and so is what
   * the gradients are scaled by (`clipGlobalNorm`). What else has a gradient is updated whole.
   */
  readonly lazy?: boolean;
}

export interface MinimizeOptions {
  /** Scales all gradients down together where their common norm is larger. */
  readonly clipGlobalNorm?: number;
  /**
   * States to update, by name, pattern, layer, tensor or a function; all trainable ones that the loss depends on where it is left
   * out. Of several states that a match is of, the trainable ones are meant; a tensor means itself. See {@link Optimizer}.
   *
   * ```ts
   * optim.adam({ lr: 2e-4, name: 'd' }).minimize(realOrFake, { wrt: discriminator });
   * ```
   */
  readonly wrt?: Match | readonly Match[];
  /** States, of those, that stay as they are. */
  readonly except?: Match | readonly Match[];
}

/**
 * Makes next values of states out of gradients. A table of which a step looks up some rows is updated whole, as any state
 * is, unless an option says otherwise ({@link LazyOptions}); where plain SGD leaves a row as it is, the compiler finds that out.
 */
export interface Optimizer {
  /**
   * Updates that make a loss smaller, of states in which it has a gradient. A state that it depends on through
   * `detach`, comparisons, `argmax` or integers alone stays as it is, without weight decay or momentum, as a parameter
   * whose `grad` is `None` does in PyTorch. Rounding and signs have a gradient, which is zero.
   *
   * @throws GraphError where the loss is not a float scalar or has a gradient in none of the states
   */
  minimize(loss: Tensor, options?: MinimizeOptions): Update[];
  /** Updates out of gradients that were made elsewhere, one for each state, of its shape. */
  update(states: readonly Tensor[], gradients: readonly Tensor[]): Update[];
}

/** What the rule of an optimizer sees of one state. */
export interface RuleContext {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  /** Scalar. */
  readonly lr: Tensor;
  /** That of the parameter's group, or of the optimizer. */
  readonly weightDecay: number;
  /**
   * Number of this update of the parameter, counted from 1, as a float scalar. The count is a state beside the
   * moments, `STATE.step`, so it goes on wherever they do: in another entry, in a session that loads them.
   */
  step(): Tensor;
  /** Keeps a moment, zero at first: its next value, made of the one before. It has the parameter's shape, or another one. */
  keep(name: string, next: (before: Tensor) => Tensor, shape?: readonly number[]): Tensor;
}

/** The next value of a parameter. */
export type Rule = (context: RuleContext) => Tensor;

/**
 * An optimizer of a rule. It may be used for several entries of a module, which then share its moments.
 *
 * @throws GraphError where the learning rate is neither a finite number from 0 on nor a scalar of the graph nor a schedule, or
 *   weight decay or groups are not what they must be
 */
export function optimizer(
  op: string,
  { lr, name, lazy = false, weightDecay = 0, groups = [] }: OptimizerOptions & LazyOptions,
  rule: Rule,
): Optimizer {
  requireRate(op, lr);
  if (name !== undefined) requireName(op, 'an optimizer', name);
  requireWeightDecay(op, weightDecay);
  requireGroups(op, groups);
  const declared = declaredOnce();
  const once = (graph: Graph, key: string, declare: () => Tensor): Tensor =>
    declared(graph, key, () => named(op, name, declare));
  const rateLabel = name === undefined ? 'lr' : `${name}.lr`;
  const countOf = (graph: Graph, declarations: Declarations): Tensor => {
    const label = `${rateLabel}.${STEP}`;
    return once(graph, label, () => declarations.state(label, COUNT));
  };
  const rateOf = (rate: Rate, label: string, graph: Graph, declarations: Declarations): Tensor => {
    if (typeof rate === 'number')
      return once(graph, `param ${label}`, () => declarations.param(label, { initial: rate }));
    return rate instanceof Tensor ? rate : rateAt(op, rate, countOf(graph, declarations));
  };

  const update = (states: readonly Tensor[], grads: readonly Tensor[]): Update[] => {
    requireTensors(op, states);
    requireTensors(op, grads);
    const groupOf = groupsOf(op, groups, states);
    const counts = new Map<Node, Update>();
    const updates = paired(op, states, grads).flatMap(({ state: parameter, gradient }) => {
      const { graph } = parameter;
      const declarations = declarationsOf(op, parameter);
      if (parameter.node.op !== 'state') throw new GraphError('update', op, `${parameter} is no state`);
      const at = groupOf(parameter);
      const group = at === undefined ? undefined : groups[at];
      const rate =
        group?.lr === undefined
          ? rateOf(lr, rateLabel, graph, declarations)
          : rateOf(group.lr, `${rateLabel}.${group.name ?? at}`, graph, declarations);
      if (typeof (group?.lr ?? lr) === 'function') {
        const count = countOf(graph, declarations);
        counts.set(count.node, { state: count, next: oneMore(count) });
      }
      const rows = lazy ? rowsLookedUp(gradient) : undefined;
      const inRows = (next: Tensor, before: Tensor): Tensor =>
        rows === undefined ? next : rows.where(next, before);
      const moments = new Map<string, Update>();
      const kept = (
        moment: string,
        options: StateOptions,
        nextMoment: (before: Tensor) => Tensor,
      ): Tensor => {
        const label = [nameOf(parameter), ...(name === undefined ? [] : [name]), moment].join('.');
        const state = once(graph, label, () => declarations.state(label, { ...options, trainable: false }));
        const after = inRows(nextMoment(state), state);
        moments.set(label, { state, next: after });
        return after;
      };
      const next = rule({
        parameter,
        gradient,
        lr: rate,
        weightDecay: group?.weightDecay ?? weightDecay,
        step: () => kept(STEP, COUNT, oneMore).cast('f32'),
        keep: (moment, nextMoment, shape = shapeOf(parameter)) => {
          if (moment !== STEP) return kept(moment, { shape }, nextMoment);
          throw new GraphError(
            'name',
            op,
            `${shown(STEP)} is the count of updates: name the moment otherwise`,
          );
        },
      });
      requireTensor(op, next);
      return [{ state: parameter, next: inRows(next, parameter) }, ...moments.values()];
    });
    return [...updates, ...counts.values()];
  };

  return minimizer(op, (states, grads, clipped) => update(states, clipped(grads)));
}

/** What a count of updates is called. */
const STEP = 'step';

/** A count of updates, as a state. */
const COUNT = { shape: [], dtype: 'i32', trainable: false } as const;

/** The next count. It is an integer, since a float would stand still at 2²⁴, and stays at the largest there is. */
function oneMore(count: Tensor): Tensor {
  return count.minimum(2 ** 31 - 2).add(1);
}

/** Declares for an optimizer. @throws GraphError where a name is taken, which tells how optimizers are told apart */
function named(op: string, name: string | undefined, declare: () => Tensor): Tensor {
  try {
    return declare();
  } catch (error) {
    if (!(error instanceof GraphError) || error.code !== 'name') throw error;
    const what = error.message.replace(`${error.op}: `, '').replace(`  at ${error.source}`, '');
    const hint =
      name === undefined ? 'give one of them a `name`' : `give one of them another name than ${shown(name)}`;
    throw new GraphError('name', op, `${what}; of several optimizers of one module, ${hint}`);
  }
}

/** Requires an object of options that every optimizer takes, and some more. @throws GraphError listing them */
export function requireOptimizerOptions(
  op: string,
  options: OptimizerOptions,
  more: readonly string[],
): void {
  requireOptions(op, options, ['lr', 'name', 'weightDecay', 'groups', ...more]);
}

/** Requires shares of means that stay. @throws GraphError naming the one that is out of range */
export function requireShares(op: string, shares: Readonly<Record<string, number>>): void {
  for (const [name, share] of Object.entries(shares))
    requireOption(op, name, share, share >= 0 && share < 1, 'from 0 up to 1 (excluded)');
}
