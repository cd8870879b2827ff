import type { Loop } from '../loops/index.ts';
import { type Group, groupName } from '../schedule/group.ts';
import type { Dataflow } from './dataflow.ts';

/** What joining two groups gives, whatever becomes of the others. */
export interface Joined {
  /** The row program, or the reason why they are none. */
  readonly result: Group | string;
  /** A contraction that would lose its tiles: it is joined only if a dispatch is saved, which the others decide. */
  readonly untiled: Loop | null;
}

/** Pairs of groups, one of which reads from the other. Most are refused for good, and then not looked at again. */
export class Pairs {
  readonly #flow: Dataflow<Group>;
  readonly #join: (from: Group, to: Group) => Joined;
  readonly #known = new Map<Group, Map<Group, Joined | 'refused'>>();

  /**
   * @param flow the groups, as they are when a pair is asked for
   * @param join what two groups would be as one
   */
  constructor(flow: Dataflow<Group>, join: (from: Group, to: Group) => Joined) {
    this.#flow = flow;
    this.#join = join;
  }

  /** Two groups as one, or the reason why they are not; null where that was said before and stays so. */
  joined(from: Group, to: Group): Group | string | null {
    const ofFrom = this.#known.get(from) ?? new Map<Group, Joined | 'refused'>();
    this.#known.set(from, ofFrom);
    const known = ofFrom.get(to);
    if (known === 'refused') return null;
    const between = this.#between(from, to);
    if (between !== undefined) {
      ofFrom.set(to, 'refused');
      return `${groupName(between)} lies between them`;
    }
    const { result, untiled } = known ?? this.#join(from, to);
    ofFrom.set(to, { result, untiled });
    if (untiled !== null && !this.#savesDispatch(from, to))
      return `${untiled.name} would lose its tiles, and no dispatch would be saved`;
    if (typeof result === 'string') ofFrom.set(to, 'refused');
    return result;
  }

  /** The first group on another way from one to the other. Joining others does not take it away. */
  #between(from: Group, to: Group): Group | undefined {
    const users = this.#flow.sorted(this.#flow.usersOf(from));
    return users.find((user) => user !== to && this.#flow.dependsOn(to, user));
  }

  /** Whether the chain of dispatches behind `from` is shorter once `to` is a part of it. */
  #savesDispatch(from: Group, to: Group): boolean {
    const known = new Map<Group, number>();
    const behind = (group: Group): number => {
      const found = known.get(group) ?? longest(this.#flow.usersOf(group));
      known.set(group, found);
      return found;
    };
    const longest = (users: Iterable<Group>): number =>
      Math.max(0, ...[...users].map((user) => 1 + behind(user)));
    const users = [...this.#flow.usersOf(from), ...this.#flow.usersOf(to)];
    return longest(users.filter((user) => user !== to)) < behind(from);
  }
}
