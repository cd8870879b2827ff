import type { Look, LookEntry } from '../../src/inspect/look.ts';
import type { EntryReport } from '../../src/inspect/report.ts';

/** Where everything of one entry is: what the linked panels look up, found once. */
export interface Places {
  readonly entry: LookEntry;
  readonly report: EntryReport;
  readonly nodes: ReadonlySet<number>;
  /** The nodes of the entry that read a node. */
  readonly readersOf: ReadonlyMap<number, readonly number[]>;
  /** The dispatches that compute a node, in order. */
  readonly dispatchesOfNode: ReadonlyMap<number, readonly number[]>;
  /** The dispatches that run a kernel, in order. */
  readonly dispatchesOfKernel: ReadonlyMap<string, readonly number[]>;
  /** The dispatches that read or write a tensor, in order. */
  readonly dispatchesOfTensor: ReadonlyMap<string, readonly number[]>;
  /** Nodes by file and line. */
  readonly nodesOfLine: ReadonlyMap<string, ReadonlyMap<number, readonly number[]>>;
  /** The nodes whose values a tensor holds. */
  readonly nodesOfTensor: ReadonlyMap<string, readonly number[]>;
  /** The tensors that hold a node's value. */
  readonly tensorsOfNode: ReadonlyMap<number, readonly string[]>;
}

const known = new WeakMap<Look, Map<string, Places>>();

/**
 * Where everything of an entry is; made when it is first asked for.
 *
 * @throws RangeError where the look has no such entry
 */
export function placesOf(look: Look, name: string): Places {
  let entries = known.get(look);
  if (entries === undefined) {
    entries = new Map();
    known.set(look, entries);
  }
  const found = entries.get(name) ?? findPlaces(look, name);
  entries.set(name, found);
  return found;
}

function findPlaces(look: Look, name: string): Places {
  const entry = look.entries[name];
  const report = look.report.entries[name];
  if (entry === undefined || report === undefined)
    throw new RangeError(
      `there is no entry ${JSON.stringify(name)}: ${Object.keys(look.entries).join(', ')}`,
    );
  const dispatchesOfNode = new Many<number, number>();
  const dispatchesOfTensor = new Many<string, number>();
  const dispatchesOfKernel = new Many<string, number>();
  for (const [k, dispatch] of entry.dispatches.entries()) {
    for (const id of dispatch.computes) dispatchesOfNode.add(id, k);
    for (const { tensor, role } of [...dispatch.reads, ...dispatch.writes]) {
      dispatchesOfTensor.add(tensor, k);
      // A next state is the state, a step later.
      if (role === 'next') dispatchesOfTensor.add(tensor.replace(/'$/, ''), k);
    }
    const kernel = report.dispatches[k]?.kernel;
    if (kernel !== undefined) dispatchesOfKernel.add(kernel, k);
  }
  const readersOf = new Many<number, number>();
  const nodesOfLine = new Map<string, Many<number, number>>();
  for (const id of entry.nodes) {
    const node = look.nodes[id];
    if (node === undefined) continue;
    for (const input of node.inputs) readersOf.add(input, id);
    if (node.source === undefined) continue;
    const lines = nodesOfLine.get(node.source.file) ?? new Many<number, number>();
    nodesOfLine.set(node.source.file, lines);
    lines.add(node.source.line, id);
  }
  const { nodesOfTensor, tensorsOfNode } = tensorsOf(look, entry);
  return {
    entry,
    report,
    nodes: new Set(entry.nodes),
    readersOf,
    dispatchesOfNode,
    dispatchesOfKernel,
    dispatchesOfTensor,
    nodesOfLine,
    nodesOfTensor,
    tensorsOfNode,
  };
}

/** Which tensors hold which nodes, by their names. */
function tensorsOf(look: Look, entry: LookEntry): Pick<Places, 'nodesOfTensor' | 'tensorsOfNode'> {
  const nodesOfTensor = new Many<string, number>();
  const tensorsOfNode = new Many<number, string>();
  const hold = (tensor: string, id: number): void => {
    nodesOfTensor.add(tensor, id);
    tensorsOfNode.add(id, tensor);
  };
  const tensors = new Set(
    entry.dispatches.flatMap(({ reads, writes }) => [...reads, ...writes]).map(({ tensor }) => tensor),
  );
  for (const id of entry.nodes) {
    const node = look.nodes[id];
    if (node === undefined) continue;
    // Tensors are called as the nodes that they hold: by label, or by operation and number.
    const name = node.label ?? `${node.op}_${node.id}`;
    if (tensors.has(name)) hold(name, id);
  }
  for (const [name, id] of Object.entries(entry.outputs)) if (tensors.has(name)) hold(name, id);
  for (const [name, id] of Object.entries(entry.updates)) {
    // A next state is written in the state's place, or as a tensor of its own.
    for (const tensor of [name, `${name}'`]) if (tensors.has(tensor)) hold(tensor, id);
  }
  return { nodesOfTensor, tensorsOfNode };
}

/** A map to lists without repetitions. */
class Many<K, V> extends Map<K, V[]> {
  readonly #held = new Map<K, Set<V>>();

  add(key: K, value: V): void {
    const held = this.#held.get(key);
    if (held?.has(value) === true) return;
    if (held === undefined) this.#held.set(key, new Set([value]));
    else held.add(value);
    const list = this.get(key);
    if (list === undefined) this.set(key, [value]);
    else list.push(value);
  }
}
