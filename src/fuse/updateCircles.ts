import type { Tensor } from '../loops/index.ts';
import type { Group } from '../schedule/group.ts';
import type { ChangingFlow } from './changingFlow.ts';
import { circlesFrom } from './circles.ts';
import type { Undo } from './undo.ts';

/** Groups that would come after one another in a circle if every update were in place. */
interface Circle {
  readonly groups: ReadonlySet<Group>;
  /** The next values that they write over states which others of them read. */
  readonly updates: readonly Tensor[];
  /** From the first to the last label of their dispatches, and of those that read such a state; null where these may have changed. */
  span: Span | null;
}

/**
 * The circles of updates while groups are joined. A change looks at the groups in whose order something is not as it should
 * be any more, and at those of the circles that it touches: who stands before or after all of these is part of no circle
 * that is new. The spans of all circles are compared with it: models have few, of states that swap.
 */
export class UpdateCircles {
  readonly #flow: ChangingFlow;
  readonly #labelOf: (group: Group) => number;
  readonly #undo: Undo;
  readonly #of = new Map<Group, Circle>();
  readonly #all = new Set<Circle>();
  readonly #ofUpdate = new Map<Tensor, Circle>();
  #visited = 0;

  /** @param labelOf a number of each group's dispatch: larger than those of all that it waits for */
  constructor(flow: ChangingFlow, labelOf: (group: Group) => number, undo: Undo) {
    this.#flow = flow;
    this.#labelOf = labelOf;
    this.#undo = undo;
    for (const groups of circlesFrom(flow.items, (group) => flow.usersOf(group, true)))
      for (const next of this.#enter(groups).updates) flow.setCircular(next, true);
  }

  /** Groups that were looked at, all in all: what was worked. */
  get visited(): number {
    return this.#visited;
  }

  /** Takes note of a group that is in another dispatch now. */
  moved(group: Group): void {
    if (this.#all.size === 0) return;
    const circle = this.#of.get(group);
    if (circle !== undefined) circle.span = null;
    for (const tensor of this.#flow.readsOf(group)) {
      for (const next of this.#flow.nextOf(tensor)) {
        const read = this.#ofUpdate.get(next);
        if (read !== undefined) read.span = null;
      }
    }
  }

  /**
   * Finds the circles of a change that the flow has begun.
   *
   * @param gone groups that are there no more
   * @param placed groups that are new, each with a label that is larger than those of what it waits for
   * @returns the next values which are part of a circle and were not, or are no more
   */
  change(gone: Iterable<Group>, placed: Iterable<Group>): Set<Tensor> {
    const before = new Set<Tensor>();
    const suspects = new Set(placed);
    const dissolve = (circle: Circle | undefined): void => {
      if (circle === undefined) return;
      for (const next of circle.updates) before.add(next);
      this.#leave(circle);
    };
    for (const group of gone) {
      const circle = this.#of.get(group);
      for (const member of circle?.groups ?? []) suspects.add(member);
      dissolve(circle);
    }
    for (const group of gone) suspects.delete(group);
    const spans = this.#spansOf(suspects);
    const after = new Set<Tensor>();
    if (spans.length > 0) {
      const spanOf = (group: Group): Span | undefined => spanAt(spans, this.#labelOf(group));
      const roots = [...suspects].filter((group) => spanOf(group) !== undefined);
      const found = circlesFrom(roots, (group) => {
        this.#visited++;
        const span = spanOf(group);
        return [...this.#flow.usersOf(group, true)].filter((user) => spanOf(user) === span);
      });
      for (const groups of found) {
        for (const group of groups) dissolve(this.#of.get(group));
        for (const next of this.#enter(groups).updates) after.add(next);
      }
    }
    const changed = new Set<Tensor>();
    for (const next of before) if (!after.has(next)) changed.add(next);
    for (const next of after) if (!before.has(next)) changed.add(next);
    for (const next of changed) this.#flow.setCircular(next, after.has(next));
    return changed;
  }

  /**
   * Where circles may be: from the label of a group to that of one which should come before it and does not, and along circles
   * that there are already; what overlaps is one. Nowhere else does a way lead back.
   *
   * @param suspects the groups whose neighbours may have changed; spans without any of these are left out
   */
  #spansOf(suspects: ReadonlySet<Group>): Span[] {
    const spans: Span[] = [];
    for (const group of suspects) {
      const own = this.#labelOf(group);
      for (const user of this.#flow.usersOf(group, true)) {
        const label = this.#labelOf(user);
        if (label <= own) spans.push([label, own]);
      }
      for (const { over } of this.#flow.writesOf(group)) {
        for (const reader of over === undefined ? [] : this.#flow.readersOf(over)) {
          const label = this.#labelOf(reader);
          if (own <= label && reader !== group) spans.push([own, label]);
        }
      }
    }
    for (const circle of this.#all) spans.push(this.#spanOf(circle));
    if (spans.length === 0) return [];
    const merged = overlapping(spans);
    const wanted = new Set<Span>();
    for (const group of suspects) {
      const span = spanAt(merged, this.#labelOf(group));
      if (span !== undefined) wanted.add(span);
    }
    return merged.filter((span) => wanted.has(span));
  }

  #spanOf(circle: Circle): Span {
    if (circle.span === null) {
      let [first, last] = [Infinity, -Infinity];
      const take = (group: Group): void => {
        const label = this.#labelOf(group);
        [first, last] = [Math.min(first, label), Math.max(last, label)];
      };
      for (const group of circle.groups) take(group);
      // A copied state waits for none of those that read it: a way leads from each of them to the circle, however late it comes.
      for (const { over } of circle.updates)
        if (over !== undefined) for (const reader of this.#flow.readersOf(over)) take(reader);
      circle.span = [first, last];
    }
    return circle.span;
  }

  #enter(groups: ReadonlySet<Group>): Circle {
    const updates: Tensor[] = [];
    for (const writer of groups)
      for (const next of this.#flow.writesOf(writer))
        if (next.over !== undefined && !this.#flow.hazards.has(next))
          for (const reader of this.#flow.readersOf(next.over))
            if (reader !== writer && groups.has(reader)) {
              updates.push(next);
              break;
            }
    const circle: Circle = { groups, updates, span: null };
    this.#undo.toggle(this.#all, circle, true);
    for (const group of groups) this.#undo.set(this.#of, group, circle);
    for (const next of updates) this.#undo.set(this.#ofUpdate, next, circle);
    return circle;
  }

  #leave(circle: Circle): void {
    this.#undo.toggle(this.#all, circle, false);
    for (const group of circle.groups) this.#undo.set(this.#of, group, undefined);
    for (const next of circle.updates) this.#undo.set(this.#ofUpdate, next, undefined);
    // Its groups move without its notice from now on.
    this.#undo.note(() => {
      circle.span = null;
    });
  }
}

/** Labels from one to another one, both included. */
type Span = readonly [number, number];

/** Spans as those that they cover together, in order. */
function overlapping(spans: readonly Span[]): Span[] {
  const merged: [number, number][] = [];
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** The span that a label is in, of some in order that do not overlap. */
function spanAt(spans: readonly Span[], label: number): Span | undefined {
  let [low, high] = [0, spans.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const span = spans[middle];
    if (span === undefined) return undefined;
    if (label < span[0]) high = middle - 1;
    else if (label > span[1]) low = middle + 1;
    else return span;
  }
  return undefined;
}
