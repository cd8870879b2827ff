import type { Module, Node, State } from '../graph/index.ts';
import { type Dim, elementCount } from '../loops/index.ts';

/** What a module is made of, for people and programs: layers, states, entries. */
export interface Summary {
  readonly name: string;
  /** Bounded sizes, which shapes name. */
  readonly sizes: readonly { readonly name: string; readonly max: number }[];
  readonly inputs: readonly ValueSummary[];
  readonly entries: readonly EntrySummary[];
  /** In the order in which they are applied; layers of layers hold theirs. */
  readonly layers: readonly LayerSummary[];
  /** Floats that layers, or the module itself, keep for computing: those that optimizers update and those that they do not. */
  readonly parameters: Counted & { readonly trainable: number; readonly notTrainable: number };
  /** What is kept beside states, by what it is called: moments, counts and sums of optimizers, moving averages. */
  readonly kept: readonly (Counted & { readonly name: string })[];
  /** Counts, keys of random numbers and the like. */
  readonly others: readonly StateSummary[];
  /** All states. */
  readonly states: Counted;
}

/** How many values there are, and their bytes. */
export interface Counted {
  readonly values: number;
  readonly bytes: number;
}

/** A tensor: dimensions are numbers, or bounded sizes by their names, `batch` or `4*batch`. */
export interface ValueSummary {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

/** A state that is no other's. */
export interface StateSummary extends ValueSummary, Counted {
  readonly trainable: boolean;
}

/** An entry: what it gives, and how many states it updates. */
export interface EntrySummary {
  readonly name: string;
  readonly outputs: readonly ValueSummary[];
  readonly updates: number;
}

/** A layer, or what has a name: once, however often it is applied. */
export interface LayerSummary extends Counted {
  /** Within the layer that holds it: `hidden`, or `0` of `net.0`. */
  readonly name: string;
  /** What it gives, each shape once; nothing where no node has its name. */
  readonly outputs: readonly Omit<ValueSummary, 'name'>[];
  /** Its own states. */
  readonly states: readonly StateSummary[];
  /** Layers that it is made of. */
  readonly layers: readonly LayerSummary[];
  /** Parameters of it and of its layers that optimizers do not update. */
  readonly notTrainable: number;
}

/**
 * What a module is made of: found by names alone, so that a module of plain states has a summary too. A state `net.0.weight` is
 * a parameter of the layer `0` of `net`; one whose name goes on from another state's, `net.0.weight.m`, is kept beside that
 * one, unless optimizers update it, as they do the weights of a layer `net` beside a state `net`. What a node that is named after a layer gives is the layer's output.
 *
 * ```ts
 * summaryOf(mnist).parameters.values; // 101770
 * ```
 */
export function summaryOf(module: Module): Summary {
  const { kept, own } = divided(module.states);
  const floats = new Set(own.filter(({ node }) => node.dtype === 'f32').map(({ name }) => parentOf(name)));
  // A count within a layer of floats is the layer's; what has only counts is nothing that computes.
  const isOfLayer = ({ name, node }: State): boolean =>
    node.dtype === 'f32' || floats.has(parentOf(name, '.'));
  const ofLayers = own.filter(isOfLayer);
  const root = treeOf(module, ofLayers);
  const all = summed(ofLayers);
  const notTrainable = summed(ofLayers.filter(({ trainable }) => !trainable)).values;
  return {
    name: module.name,
    sizes: module.sizes.map(({ name, max }) => ({ name, max })),
    inputs: module.inputs.map((node) => described(node.label ?? '', node)),
    entries: module.entries.map(({ name, outputs, updates }) => ({
      name,
      outputs: outputs.map((output) => described(output.name, output.node)),
      updates: updates.length,
    })),
    layers: root.layers,
    parameters: { ...all, trainable: all.values - notTrainable, notTrainable },
    kept: [...kept].map(([name, states]) => ({ name, ...summed(states) })),
    others: own.filter((state) => !isOfLayer(state)).map(stateOf),
    states: summed(module.states),
  };
}

/** States that are kept beside others, by what follows the other's name, and the others. */
function divided(states: readonly State[]): {
  readonly kept: Map<string, State[]>;
  readonly own: readonly State[];
} {
  const names = new Set(states.map(({ name }) => name));
  const kept = new Map<string, State[]>();
  const own = states.filter((state) => {
    // What optimizers update is a parameter, whatever else has the name of its layer.
    const owner = state.trainable ? undefined : prefixesOf(state.name).find((prefix) => names.has(prefix));
    if (owner === undefined) return true;
    const what = state.name.slice(owner.length + 1);
    const before = kept.get(what);
    if (before === undefined) kept.set(what, [state]);
    else before.push(state);
    return false;
  });
  return { kept, own };
}

/** What stands before each dot of a name, the longest first: of `net.0.weight.m` the weight comes before a state `net`. */
function prefixesOf(name: string): string[] {
  const parts = name.split('.');
  return parts
    .slice(1)
    .map((_, k) => parts.slice(0, k + 1).join('.'))
    .reverse();
}

/** What stands before the last dot of a name. @param none where there is no dot */
function parentOf(name: string, none = ''): string {
  const at = name.lastIndexOf('.');
  return at < 0 ? none : name.slice(0, at);
}

/** A layer while states and nodes are put into it. */
interface Growing {
  readonly states: State[];
  readonly outputs: Node[];
  readonly layers: Map<string, Growing>;
}

/** The module as a layer: states without a layer are layers of one state. */
function treeOf(module: Module, states: readonly State[]): LayerSummary {
  const root = fresh();
  const labelled = outputsOf(module);
  const found = [
    ...states.map((state) => ({ at: state.node.id, path: parentOf(state.name, state.name), state })),
    ...labelled.map((node) => ({ at: node.id, path: node.label ?? '', node })),
  ].sort((a, b) => a.at - b.at);
  for (const one of found) {
    const layer = placeOf(root, one.path);
    if ('state' in one) layer.states.push(one.state);
    else layer.outputs.push(one.node);
  }
  return grown('', root);
}

function fresh(): Growing {
  return { states: [], outputs: [], layers: new Map() };
}

function placeOf(root: Growing, path: string): Growing {
  return path.split('.').reduce((layer, part) => {
    const next = layer.layers.get(part) ?? fresh();
    layer.layers.set(part, next);
    return next;
  }, root);
}

function grown(name: string, { states, outputs, layers }: Growing): LayerSummary {
  const parts = [...layers].map(([part, layer]) => grown(part, layer));
  const shapes = outputs.map((node) => described('', node));
  const own = summed(states);
  return {
    name,
    outputs: [...new Map(shapes.map(({ dtype, shape }) => [`${dtype}${shape}`, { dtype, shape }])).values()],
    states: states.map(stateOf),
    layers: parts,
    values: parts.reduce((n, { values }) => n + values, own.values),
    bytes: parts.reduce((n, { bytes }) => n + bytes, own.bytes),
    notTrainable: parts.reduce(
      (n, part) => n + part.notTrainable,
      summed(states.filter(({ trainable }) => !trainable)).values,
    ),
  };
}

/** What begins the name of a node that is a gradient. */
const GRADIENT = 'd ';

/** Nodes with the name of what they are the result of: of those that only move elements of one another, the last. */
function outputsOf({ graph }: Module): Node[] {
  const isResult = ({ op, label }: Node): boolean =>
    label !== undefined && !leaves.has(op) && !label.startsWith(GRADIENT);
  const named = graph.nodes.filter(isResult);
  const passedOn = new Set(
    named.flatMap(({ label, inputs }) => inputs.filter((input) => input.label === label)),
  );
  return named.filter((node) => !passedOn.has(node));
}

const leaves: ReadonlySet<string> = new Set(['input', 'state', 'param']);

function described(name: string, { dtype, shape }: Node): ValueSummary {
  return { name, dtype, shape: shape.map(dimOf) };
}

function dimOf(dim: Dim): number | string {
  if (typeof dim === 'number') return dim;
  return dim.factor === 1 ? dim.size.name : `${dim.factor}*${dim.size.name}`;
}

function stateOf(state: State): StateSummary {
  return { ...described(state.name, state.node), ...summed([state]), trainable: state.trainable };
}

/** Bytes of an element of a state: each is a word. */
const WORD_BYTES = 4;

function summed(states: readonly State[]): Counted {
  const values = states.reduce((n, { node }) => n + elementCount(node.shape), 0);
  return { values, bytes: WORD_BYTES * values };
}
