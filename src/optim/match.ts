import { shown } from '../graph/arguments.ts';
import { type Graph, GraphError, type Node, Tensor } from '../graph/index.ts';
import { nameOf } from './states.ts';

/** What has states, as a layer has: the weights of a layer that was applied. */
export interface HasStates {
  states(): readonly Tensor[];
}

/**
 * Which states: all under a name (`hidden` is `hidden.weight` too), those whose name matches, one, those of a layer, or what a
 * function says.
 */
export type Match = string | RegExp | Tensor | HasStates | ((state: Tensor, name: string) => boolean);

/** Requires what {@link matches} takes, as an option of a name. @throws GraphError saying what that is */
export function requireMatch(op: string, name: string, match: unknown): void {
  const list: readonly unknown[] = Array.isArray(match) ? match : [match];
  const wrong = list.findIndex(
    (one) =>
      typeof one !== 'string' &&
      typeof one !== 'function' &&
      !(one instanceof RegExp) &&
      !(one instanceof Tensor) &&
      !hasStates(one),
  );
  if (wrong < 0 && list.length > 0) return;
  const form = 'it must be a name, a pattern, a state, a layer or a function of a state, or a list of those';
  throw new GraphError('option', op, `${name} is ${shown(list.length > 0 ? list[wrong] : match)}: ${form}`);
}

/** Requires a match to be of some state of a graph: else what it was to name is another. @throws GraphError listing the states */
export function requireMatched(
  op: string,
  what: string,
  match: Match | readonly Match[],
  graph: Graph,
): void {
  const all = graph.nodes.filter((node) => node.op === 'state');
  if (all.some((node) => matches(match, new Tensor(graph, node)))) return;
  const names = all.map((node: Node) => JSON.stringify(node.label));
  throw new GraphError('option', op, `${what} matches no state: there are ${names.join(', ')}`);
}

/** Whether any of some matches is of a state. @throws GraphError where one is a layer that was not applied yet */
export function matches(match: Match | readonly Match[], state: Tensor): boolean {
  const name = nameOf(state);
  return listOf(match).some((one) => {
    if (typeof one === 'string') return name === one || name.startsWith(`${one}.`);
    if (one instanceof Tensor) return one.node === state.node;
    // By `search`: a pattern with the flag `g` would begin where its last match ended.
    if (one instanceof RegExp) return name.search(one) >= 0;
    // A layer is a function too.
    return hasStates(one) ? one.states().some(({ node }) => node === state.node) : one(state, name);
  });
}

/** One match, or several, as a list. */
export function listOf(match: Match | readonly Match[]): readonly Match[] {
  return isList(match) ? match : [match];
}

function isList(match: Match | readonly Match[]): match is readonly Match[] {
  return Array.isArray(match);
}

function hasStates(value: unknown): value is HasStates {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    'states' in value &&
    typeof value.states === 'function'
  );
}
