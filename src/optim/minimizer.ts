import { requireOptions } from '../graph/arguments.ts';
import { declarationsOf, describe, GraphError, Tensor, type Update } from '../graph/index.ts';
import { neededBy } from '../graph/order.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { isFloat } from '../loops/index.ts';
import { endOfGradient, gradients, nodesWithGradient } from '../passes/differentiate.ts';
import { clipByGlobalNorm } from './clip.ts';
import { listOf, type Match, matches, requireMatch, requireMatched } from './match.ts';
import type { MinimizeOptions, Optimizer } from './optimizer.ts';

/**
 * Makes updates of states out of gradients.
 *
 * @param clipped scales down those gradients that the states are stepped by
 */
export type MakeUpdates = (
  states: readonly Tensor[],
  gradients: readonly Tensor[],
  clipped: (gradients: readonly Tensor[]) => readonly Tensor[],
) => Update[];

/** An optimizer of what makes updates: it finds the states of a loss, and their gradients. */
export function minimizer(op: string, makeUpdates: MakeUpdates): Optimizer {
  return {
    update: (states, grads) => makeUpdates(states, grads, (all) => all),
    minimize: (loss, options = {}) => {
      requireTensor(op, loss);
      requireOptions(op, options, ['clipGlobalNorm', 'wrt', 'except']);
      const { clipGlobalNorm } = options;
      const wrt = statesWithGradient(op, loss, statesAsked(op, loss, options));
      const raw = gradients(loss, wrt);
      raw.forEach((gradient, k) => {
        gradient.named(`d ${wrt[k]?.node.label ?? k}`);
      });
      return makeUpdates(wrt, raw, (all) =>
        clipGlobalNorm === undefined ? all : clipByGlobalNorm(all, clipGlobalNorm),
      );
    },
  };
}

/** The states that options name, in their order. @throws GraphError where one names nothing, or nothing is left */
function statesAsked(op: string, loss: Tensor, { wrt, except }: MinimizeOptions): Tensor[] {
  const asked = wrt === undefined ? trainableStates(op, loss) : statesOf(op, loss, wrt);
  if (except === undefined || (Array.isArray(except) && except.length === 0)) return asked;
  requireMatch(op, 'except', except);
  requireMatched(op, 'except', except, loss.graph);
  const left = asked.filter((state) => !matches(except, state));
  if (left.length > 0 || asked.length === 0) return left;
  throw new GraphError('gradient', op, `${loss} is to update no state: except names all that there are`);
}

/** The states that matches are of: a tensor itself, of others the trainable states of the module. */
function statesOf(op: string, { graph }: Tensor, match: Match | readonly Match[]): Tensor[] {
  requireMatch(op, 'wrt', match);
  const all = graph.nodes.filter((node) => node.op === 'state').map((node) => new Tensor(graph, node));
  const found = listOf(match).flatMap((one) => {
    if (one instanceof Tensor) return [one];
    requireMatched(op, 'wrt', one, graph);
    const own = all.filter((state) => matches(one, state));
    const trainable = own.filter(({ node }) => graph.declarations?.isTrainable(node));
    if (trainable.length > 0) return trainable;
    const text = `wrt names frozen states alone, ${own.join(', ')}: a tensor in wrt means itself, frozen or not`;
    throw new GraphError('gradient', op, text);
  });
  return [...new Map(found.map((state) => [state.node, state])).values()];
}

/** Those of some states in which a loss has a gradient. @throws GraphError where there are none */
function statesWithGradient(op: string, loss: Tensor, states: readonly Tensor[]): Tensor[] {
  // What is not a float scalar, or of another graph, is refused by what differentiates.
  if (!isFloat(loss.dtype) || states.length === 0) return [...states];
  const reached = nodesWithGradient(loss);
  const found = states.filter(({ graph, node }) => graph !== loss.graph || reached.has(node));
  const [first] = states;
  if (found.length > 0 || first === undefined) return found;
  const end = endOfGradient(loss, first.node);
  const why =
    end === undefined ? `does not depend on ${first}` : `depends on ${first} only through ${describe(end)}`;
  throw new GraphError('gradient', op, `${loss} has a gradient in none of the states: it ${why}`);
}

/** The trainable states that a loss depends on, in order of declaration. */
function trainableStates(op: string, loss: Tensor): Tensor[] {
  const declarations = declarationsOf(op, loss);
  const states = neededBy([loss.node]).filter((node) => declarations.isTrainable(node));
  if (states.length === 0) throw new GraphError('gradient', op, `${loss} depends on no trainable state`);
  return states.map((node) => new Tensor(loss.graph, node));
}
