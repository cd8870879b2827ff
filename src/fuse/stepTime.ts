import type { Tensor } from '../loops/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Group } from '../schedule/group.ts';
import { type Change, ChangingFlow } from './changingFlow.ts';
import type { Dataflow } from './dataflow.ts';
import { type Dispatch, Dispatches } from './dispatches.ts';
import { DispatchTime } from './dispatchTime.ts';
import { Heap } from './heap.ts';
import { earliestLevels } from './levels.ts';
import { microsOf } from './price.ts';
import { Undo } from './undo.ts';
import { UpdateCircles } from './updateCircles.ts';
import { copyOf, hazardsOf } from './updates.ts';

/**
 * The time of a step while its groups are joined: what `timeOfGroups` finds from scratch, to the picosecond. Each group comes
 * as early as it can: after what it reads, and, where it writes a state over its old value, after those that read the old one;
 * states that cannot be updated in place hold nothing up, and are copied. A change costs what it moves, a comparison with the
 * span of each circle of updates, and, where it may close one, a look at what lies between its ends. Groups of the dispatches after a join do not move: where all of
 * them would come one dispatch earlier, two dispatches become one instead.
 */
export class StepTime {
  readonly #undo = new Undo();
  readonly #flow: ChangingFlow;
  readonly #circles: UpdateCircles;
  readonly #dispatches: Dispatches;
  /** The dispatch that copies the states which cannot be updated in place. */
  readonly #copies: DispatchTime;
  #visited = 0;
  /** Groups that go with the change that is under way. */
  #gone: readonly Group[] = [];

  /** @param flow where changes are made after they were made here */
  constructor(flow: Dataflow<Group>, machine: Machine) {
    this.#flow = new ChangingFlow(flow, this.#undo);
    this.#circles = new UpdateCircles(this.#flow, (group) => this.#dispatches.of(group).label, this.#undo);
    this.#dispatches = new Dispatches(machine, this.#undo, (group) => this.#circles.moved(group));
    this.#copies = new DispatchTime(machine);
    for (const next of this.#copied()) this.#copies.add(copyOf(next));
    this.#build();
    this.#undo.forget();
  }

  /** Microseconds of the step; infinite where a group fits no schedule. */
  get time(): number {
    return microsOf(this.#picos);
  }

  /** Groups whose dispatch was computed again, or that were looked at for circles, all in all: what was worked. */
  get visited(): number {
    return this.#visited + this.#circles.visited;
  }

  /**
   * Puts groups in the place of others, for the time being: `keep` or `revert` comes next. The flow is as it was before.
   *
   * @param by for each group what it becomes, one for several or each another one; null where others do its work
   * @returns by how many microseconds the step takes longer; less than none where it gains. Unknown, NaN, where a group fitted
   *   no schedule before and after.
   */
  replace(by: ReadonlyMap<Group, Group | null>): number {
    const members = new Map<Group, Group[]>();
    for (const [group, become] of by) {
      if (become === null) continue;
      const list = members.get(become);
      if (list === undefined) members.set(become, [group]);
      else list.push(group);
    }
    const before = this.#picos;
    this.#apply({ by, members });
    return microsOf(this.#picos - before);
  }

  /** Lets what was replaced last stand. The flow changes now. */
  keep(): void {
    for (const group of this.#gone) this.#dispatches.forget(group);
    this.#end();
    this.#undo.forget();
  }

  /** Takes back what was replaced last. */
  revert(): void {
    this.#undo.run();
    this.#end();
  }

  #end(): void {
    this.#gone = [];
    this.#flow.end();
  }

  get #picos(): number {
    return this.#copies.unpriced > 0 ? Infinity : this.#dispatches.picos + this.#copies.picos;
  }

  #copied(): Set<Tensor> {
    return new Set([...this.#flow.hazards, ...this.#flow.circular]);
  }

  /** All dispatches from scratch. */
  #build(): void {
    const rows: Dispatch[] = [];
    const { items } = this.#flow;
    const level = earliestLevels(items, this.#copied());
    for (const group of items) {
      for (let at = level?.get(group) ?? 0; rows.length <= at; ) {
        const last = rows.at(-1);
        rows.push(last === undefined ? this.#dispatches.first() : this.#dispatches.after(last));
      }
      const at = rows[level?.get(group) ?? 0];
      if (at !== undefined) this.#dispatches.enter(group, at);
    }
    this.#dispatches.count();
  }

  #apply(change: Change): void {
    const { by, members } = change;
    this.#gone = [...by.keys()];
    const placed = [...members.keys()];
    const left = new Map<Group, Left>();
    for (const group of by.keys()) {
      const at = this.#dispatches.of(group);
      left.set(group, { at, next: at.next });
      this.#dispatches.leave(group, at);
    }
    this.#flow.begin(change);
    // What takes the place of others is put where its sources let it be.
    for (const group of placed) this.#dispatches.expect(group, this.#dispatches.first());
    for (const group of placed) this.#dispatches.enter(group, this.#earliest(group));
    for (const { at } of left.values())
      if (at.time.groups.size === 0 && !at.isGone) this.#dispatches.remove(at);
    const circular = this.#circles.change(this.#gone, placed);
    this.#changeCopies(change, circular);
    // What closes a circle was put after what waits for it, and comes before that again: nothing else has to move.
    if (circular.size > 0) for (const group of placed) this.#place(group);
    const open = new Open(this.#dispatches);
    for (const group of placed) open.add(group);
    for (const next of circular) {
      const writer = this.#flow.writerOf(next);
      if (writer !== null) open.add(writer);
    }
    for (const state of this.#flow.readNoMore())
      for (const writer of this.#flow.updatersOf(state)) open.add(writer);
    for (const [group, own] of left) {
      const become = by.get(group) ?? null;
      this.#openUsers(group, own, become === null ? null : this.#dispatches.of(become), open);
    }
    this.#move(open);
    this.#dispatches.count();
  }

  /** Puts a group into the dispatch after all that it comes after. */
  #place(group: Group): void {
    const at = this.#dispatches.of(group);
    const to = this.#earliest(group);
    if (to === at) return;
    this.#dispatches.leave(group, at);
    this.#dispatches.enter(group, to);
    if (at.time.groups.size === 0) this.#dispatches.remove(at);
  }

  /** Puts what is open where it comes now, the first dispatch first, until nothing moves. */
  #move(open: Open): void {
    for (let batch = open.take(); batch !== null; batch = open.take()) {
      const { at, groups } = batch;
      this.#visited += groups.size;
      const moves = [...groups].flatMap((group) => {
        const to = this.#earliest(group);
        return to === at ? [] : [{ group, to }];
      });
      if (moves.length === 0) continue;
      const { prev, next } = at;
      if (prev !== null && moves.length === at.time.groups.size && moves.every(({ to }) => to === prev)) {
        this.#dispatches.merge(prev, at);
        this.#visited++;
        continue;
      }
      for (const { group, to } of moves) {
        this.#dispatches.leave(group, at);
        this.#dispatches.enter(group, to);
        this.#openUsers(group, { at, next }, to, open);
      }
    }
  }

  /** Opens what comes after a group that has left a dispatch for another one, or for none. */
  #openUsers(group: Group, { at, next }: Left, now: Dispatch | null, open: Open): void {
    if (now === at) return;
    // Where it comes earlier now, what came later than just after it waits for others, and goes on waiting.
    const last = now !== null && now.label < at.label ? (next?.label ?? Infinity) : Infinity;
    for (const user of this.#flow.usersOf(group))
      if (this.#dispatches.has(user) && this.#dispatches.of(user).label <= last) open.add(user);
  }

  /** The dispatch after all that a group comes after. */
  #earliest(group: Group): Dispatch {
    let last: Dispatch | null = null;
    for (const source of this.#flow.sourcesOf(group)) {
      const at = this.#dispatches.of(source);
      if (last === null || at.label > last.label) last = at;
    }
    return last === null ? this.#dispatches.first() : this.#dispatches.after(last);
  }

  /** Copies what cannot be updated in place any more, and no longer what can. */
  #changeCopies({ by, members }: Change, circular: ReadonlySet<Tensor>): void {
    const changed = new Set(circular);
    for (const group of [...by.keys(), ...members.keys()])
      for (const next of hazardsOf(group)) changed.add(next);
    for (const next of changed) {
      const copy = copyOf(next);
      const isCopied = this.#flow.hazards.has(next) || this.#flow.circular.has(next);
      if (isCopied === this.#copies.groups.has(copy)) continue;
      const put = (isIn: boolean): void => {
        if (isIn) this.#copies.add(copy);
        else this.#copies.remove(copy);
      };
      put(isCopied);
      this.#undo.note(() => put(!isCopied));
    }
  }
}

/** The dispatch that a group was in, and the one that came after it. */
interface Left {
  readonly at: Dispatch;
  readonly next: Dispatch | null;
}

/** Groups whose dispatch may be another one now. */
class Open {
  readonly #dispatches: Dispatches;
  readonly #waiting = new Set<Group>();
  readonly #queue = new Heap<{ readonly group: Group; readonly label: number }>((a, b) => a.label < b.label);

  constructor(dispatches: Dispatches) {
    this.#dispatches = dispatches;
  }

  add(group: Group): void {
    if (this.#waiting.has(group)) return;
    this.#waiting.add(group);
    this.#queue.push({ group, label: this.#dispatches.of(group).label });
  }

  /** Takes those of the first dispatch; null where there are none. */
  take(): { readonly at: Dispatch; readonly groups: ReadonlySet<Group> } | null {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      if (!this.#waiting.has(next.group)) continue;
      const at = this.#dispatches.of(next.group);
      if (at.label > next.label) {
        // It was moved while it waited: its turn comes later.
        this.#queue.push({ group: next.group, label: at.label });
        continue;
      }
      const groups = new Set([next.group]);
      for (let more = this.#queue.first; more !== undefined; more = this.#queue.first) {
        if (this.#waiting.has(more.group) && this.#dispatches.of(more.group) !== at) break;
        this.#queue.pop();
        if (this.#waiting.has(more.group)) groups.add(more.group);
      }
      for (const group of groups) this.#waiting.delete(group);
      return { at, groups };
    }
    return null;
  }
}
