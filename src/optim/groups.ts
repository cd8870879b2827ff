import { requireName, requireOption, requireOptions, shown } from '../graph/arguments.ts';
import { GraphError, type Node, Tensor } from '../graph/index.ts';
import { type Rate, requireRate } from './rate.ts';
import { nameOf } from './states.ts';

/** Which states: all under a name (`hidden` is `hidden.weight` too), those whose name matches, one, or what a function says. */
export type Match = string | RegExp | Tensor | ((state: Tensor, name: string) => boolean);

/** Options of some of the states that an optimizer updates; what is left out is as it is for all. */
export interface ParameterGroup {
  /** One, or several of which any may hold. */
  readonly match: Match | readonly Match[];
  /** Their learning rate. A number is the first value of a run-time scalar too: `lr.NAME` of the group. */
  readonly lr?: Rate;
  readonly weightDecay?: number;
  /** What the group's learning rate is called; its number in the list where it is left out. */
  readonly name?: string;
}

/** Requires groups whose options are in range. @throws GraphError naming the group */
export function requireGroups(op: string, groups: unknown): asserts groups is readonly ParameterGroup[] {
  if (!Array.isArray(groups)) {
    const text = `groups is ${shown(groups)}: it must be a list, such as [{ match: 'output', lr: 0.01 }]`;
    throw new GraphError('option', op, text);
  }
  groups.forEach((group: ParameterGroup, k) => {
    const where = `${op}: group ${k}`;
    requireOptions(where, group, ['match', 'lr', 'weightDecay', 'name']);
    const { match, lr, weightDecay = 0, name } = group;
    requireMatch(where, match);
    if (lr !== undefined) requireRate(where, lr);
    requireWeightDecay(where, weightDecay);
    if (name === undefined) return;
    requireName(where, 'a group', name);
    const other = groups.findIndex((one: ParameterGroup) => one.name === name);
    if (other === k) return;
    const text = `groups ${other} and ${k} have the name ${shown(name)}: each has one of its own`;
    throw new GraphError('name', op, text);
  });
}

/** Requires a weight decay that is one. @throws GraphError saying what it must be */
export function requireWeightDecay(op: string, weightDecay: unknown): void {
  const holds = typeof weightDecay === 'number' && weightDecay >= 0 && Number.isFinite(weightDecay);
  requireOption(op, 'weightDecay', weightDecay, holds, 'a number from 0 on');
}

/** Requires what {@link matches} takes. @throws GraphError saying what that is */
export function requireMatch(op: string, match: unknown): void {
  const list: readonly unknown[] = Array.isArray(match) ? match : [match];
  const wrong = list.findIndex(
    (one) =>
      typeof one !== 'string' &&
      typeof one !== 'function' &&
      !(one instanceof RegExp) &&
      !(one instanceof Tensor),
  );
  if (wrong < 0 && list.length > 0) return;
  const form = 'it must be a name, a pattern, a state or a function of one, or a list of those';
  throw new GraphError('option', op, `match is ${shown(list.length > 0 ? list[wrong] : match)}: ${form}`);
}

/** Whether any of some matches is of a state. */
export function matches(match: Match | readonly Match[], state: Tensor): boolean {
  const name = nameOf(state);
  return listOf(match).some((one) => {
    if (typeof one === 'string') return name === one || name.startsWith(`${one}.`);
    if (one instanceof Tensor) return one.node === state.node;
    // By `search`: a pattern with the flag `g` would begin where its last match ended.
    return one instanceof RegExp ? name.search(one) >= 0 : one(state, name);
  });
}

/**
 * The number of the first group that a state is in; undefined where it is in none.
 *
 * @throws GraphError where a group has none of all the states of the module: what it was to name is another
 */
export function groupsOf(
  op: string,
  groups: readonly ParameterGroup[],
  states: readonly Tensor[],
): (state: Tensor) => number | undefined {
  const [first] = states;
  const all = first?.graph.nodes.filter((node) => node.op === 'state') ?? [];
  groups.forEach(({ match }, k) => {
    if (first === undefined || all.some((node) => matches(match, new Tensor(first.graph, node)))) return;
    const names = all.map((node: Node) => JSON.stringify(node.label));
    const text = `group ${k} matches no state: there are ${names.join(', ')}`;
    throw new GraphError('option', op, text);
  });
  return (state) => {
    const found = groups.findIndex(({ match }) => matches(match, state));
    return found < 0 ? undefined : found;
  };
}

function listOf(match: Match | readonly Match[]): readonly Match[] {
  return isList(match) ? match : [match];
}

function isList(match: Match | readonly Match[]): match is readonly Match[] {
  return Array.isArray(match);
}
