import type { Axis } from '../loops/index.ts';

/** A place where an axis may be cut in two: the inner axis has `at` elements. */
export interface Cut {
  readonly axis: Axis;
  readonly at: number;
}

/** Cuts that are made together or not at all. */
interface CutClass {
  readonly cuts: readonly Cut[];
  /** How many indices become simpler by it. */
  readonly wanted: number;
}

/** An axis of a reader that runs along some axis: `from · s` of the one is `to · s` of the other, for s below `extent`. */
interface Link {
  readonly reader: Cut;
  readonly writer: Cut;
  readonly extent: number;
}

/**
 * Where the axes of loops are to be cut, so that a reader and the writer of what it reads see the same axes. A cut of one
 * of them asks for the same cut of others; what hangs together is cut together or not at all: where one axis of a class
 * cannot be cut, none is.
 */
export class Cuts {
  readonly #links = new Map<Axis, Link[]>();
  readonly #nodes = new Map<Axis, Map<number, Node>>();
  /** Above this no cut of an axis is possible, since something reads it at an index that cannot be cut. */
  readonly #limits = new Map<Axis, number>();

  /** Two axes that run side by side, for `extent` steps: each cut of the writer's is one of the reader's too. */
  link(reader: Cut, writer: Cut, extent: number): void {
    const link = { reader, writer, extent };
    for (const { axis } of [reader, writer]) {
      const links = this.#links.get(axis);
      if (links === undefined) this.#links.set(axis, [link]);
      else links.push(link);
    }
  }

  /** An axis that is cut nowhere above `at`. */
  limit(axis: Axis, at: number): void {
    this.#limits.set(axis, Math.min(at, this.#limits.get(axis) ?? at));
  }

  /** Asks for cuts that an index needs, all of them together. Links are known by then. */
  want(cuts: readonly Cut[]): void {
    const [first, ...others] = cuts.filter(({ axis, at }) => at > 1 && at < axis.extent);
    if (first === undefined) return;
    const node = this.#nodeOf(first);
    for (const other of others) join(node, this.#nodeOf(other));
    rootOf(node).wanted++;
  }

  /**
   * The cuts of each axis, from the outermost on: each divides the one before. Classes that more indices want come first;
   * what does not fit with them is left out. The order in which they were asked for does not matter.
   */
  chosen(): Map<Axis, readonly number[]> {
    const chosen = new Map<Axis, number[]>();
    const fits = ({ axis, at }: Cut): boolean =>
      (chosen.get(axis) ?? []).every((other) => other % at === 0 || at % other === 0);
    for (const { cuts } of this.#classes()) {
      if (!cuts.every(fits)) continue;
      for (const { axis, at } of cuts) chosen.set(axis, [...(chosen.get(axis) ?? []), at]);
    }
    return new Map([...chosen].map(([axis, at]) => [axis, at.sort((a, b) => b - a)] as const));
  }

  /** The classes of which every cut is possible, the most wanted first. */
  #classes(): CutClass[] {
    const members = new Map<Node, Node[]>();
    for (const nodes of this.#nodes.values()) {
      for (const node of nodes.values()) {
        const root = rootOf(node);
        const list = members.get(root);
        if (list === undefined) members.set(root, [node]);
        else list.push(node);
      }
    }
    return [...members]
      .filter(([root, nodes]) => !root.impossible && nodes.every(({ cut }) => this.#isPossible(cut)))
      .map(([root, nodes]) => ({ cuts: nodes.map(({ cut }) => cut), wanted: root.wanted }))
      .map((one) => ({ one, key: keyOf(one) }))
      .sort((a, b) => b.one.wanted - a.one.wanted || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
      .map(({ one }) => one);
  }

  #isPossible({ axis, at }: Cut): boolean {
    if (axis.extent % at !== 0) return false;
    if (axis.live !== undefined && axis.live.factor % at !== 0) return false;
    return at <= (this.#limits.get(axis) ?? at);
  }

  /** The node of a cut; a new one is carried over all links of its axis, from cut to cut. */
  #nodeOf(cut: Cut): Node {
    const known = this.#nodes.get(cut.axis)?.get(cut.at);
    if (known !== undefined) return known;
    const first = this.#enter(cut);
    const open = [first];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const { reader, writer, extent } of this.#links.get(node.cut.axis) ?? []) {
        for (const [here, there] of [
          [reader, writer],
          [writer, reader],
        ] as const) {
          if (here.axis !== node.cut.axis) continue;
          const steps = node.cut.at / here.at;
          if (steps <= 1 || steps >= extent) continue;
          if (!Number.isInteger(steps) || extent % steps !== 0) {
            // A reader need not be cut for its writer to be whole, but a writer that is cut needs readers that are.
            if (here === writer) rootOf(node).impossible = true;
            continue;
          }
          const carried = { axis: there.axis, at: there.at * steps };
          if (carried.at >= carried.axis.extent) continue;
          let other = this.#nodes.get(carried.axis)?.get(carried.at);
          if (other === undefined) {
            other = this.#enter(carried);
            open.push(other);
          }
          join(node, other);
        }
      }
    }
    return first;
  }

  #enter(cut: Cut): Node {
    const node: Node = { cut, parent: null, wanted: 0, impossible: false };
    const nodes = this.#nodes.get(cut.axis);
    if (nodes === undefined) this.#nodes.set(cut.axis, new Map([[cut.at, node]]));
    else nodes.set(cut.at, node);
    return node;
  }
}

/** A cut as a member of a class, which is a tree whose root counts for all. */
interface Node {
  readonly cut: Cut;
  parent: Node | null;
  wanted: number;
  impossible: boolean;
}

function rootOf(node: Node): Node {
  let root = node;
  while (root.parent !== null) root = root.parent;
  for (let at = node; at.parent !== null; ) {
    const { parent } = at;
    at.parent = root;
    at = parent;
  }
  return root;
}

function join(a: Node, b: Node): void {
  const [to, from] = [rootOf(a), rootOf(b)];
  if (to === from) return;
  from.parent = to;
  to.wanted += from.wanted;
  to.impossible ||= from.impossible;
}

/** Tells classes apart that are wanted alike, whatever the order of the loops: by what they cut. */
function keyOf({ cuts }: CutClass): string {
  return cuts
    .map(({ axis, at }) => `${String(axis.extent).padStart(10, '0')} ${String(at).padStart(10, '0')}`)
    .sort()
    .join(', ');
}
