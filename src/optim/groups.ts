import { requireName, requireOption, requireOptions, shown } from '../graph/arguments.ts';
import { GraphError, type Tensor } from '../graph/index.ts';
import { type Match, matches, requireMatch, requireMatched } from './match.ts';
import { type Rate, requireRate } from './rate.ts';

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
    requireMatch(where, 'match', match);
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
  if (first !== undefined)
    groups.forEach(({ match }, k) => {
      requireMatched(op, `group ${k}`, match, first.graph);
    });
  return (state) => {
    const found = groups.findIndex(({ match }) => matches(match, state));
    return found < 0 ? undefined : found;
  };
}
