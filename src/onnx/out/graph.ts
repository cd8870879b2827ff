import { numberOf, textOf } from '../../graph/attributes.ts';
import { type Module, type ModuleEntry, type Node, neededBy } from '../../graph/index.ts';
import { type Dim, extentOf, type Size } from '../../loops/index.ts';
import { rootsOf } from '../../reference/index.ts';
import {
  elementTypes,
  type OnnxFunction,
  type OnnxGraph,
  type OnnxNode,
  type OnnxOpset,
  type OnnxValue,
} from '../proto/index.ts';
import { castTo, Exporter } from './exporter.ts';
import { Extents } from './shapes.ts';
import { stateTensors } from './states.ts';
import { rowOf } from './table.ts';
import { computedTypes, givenTypes, tensorOf } from './tensors.ts';
import type { ToOnnxOptions } from './toOnnx.ts';
import { type Value, Writer } from './writer.ts';

/** What a module's names are in a model, by kind. */
export interface ModelNames {
  readonly inputs: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  /** The input of a state, where it is one, and the output that is its next value, where the entry updates it. */
  readonly states: Readonly<Record<string, { readonly input?: string; readonly output?: string }>>;
  /** Sizes that are inputs. */
  readonly sizes: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

/** An entry as a graph of ONNX, the functions that it calls, and what is named how. */
export function graphOf(
  module: Module,
  entry: ModuleEntry,
  opset: OnnxOpset,
  options: ToOnnxOptions,
): { readonly graph: OnnxGraph; readonly functions: OnnxFunction[]; readonly names: ModelNames } {
  const writer = new Writer();
  const door = doorOf(module, entry, writer, options);
  const out = new Exporter(writer, new Extents(writer, door.extentOf), door.leaves);
  for (const node of neededBy(rootsOf(entry))) out.add(node, rowOf(node.op));
  writer.label = undefined;
  const results = [...entry.outputs.map(({ node }) => node), ...entry.updates.map(({ next }) => next)];
  const given = results.map((node, k) => {
    const value = out.value(node);
    const name = door.results[k] ?? '';
    return { name, node, value: node.dtype === 'u32' ? castTo(writer, value, 'uint32') : value };
  });
  const named = withNames(writer.nodes, given);
  const nodes = needed(
    named,
    given.map(({ name }) => name),
  );
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const inputs = door.inputs.filter((input) => !input.isOptional || read.has(input.value.name));
  const kept = new Set([...read, ...inputs.map(({ value }) => value.name)]);
  const graph = {
    name: module.name,
    nodes,
    initializers: writer.initializers.filter(({ name }) => kept.has(name)),
    inputs: inputs.map(({ value }) => value),
    outputs: given.map(({ name, node }) => declaredValue(name, node)),
    values: [],
  };
  return { graph, functions: writer.functions(nodes, opset), names: namesOf(door, inputs) };
}

/** What goes in and comes out of a model. */
interface Door {
  readonly leaves: ReadonlyMap<Node, Value>;
  readonly inputs: readonly Input[];
  /** Names of outputs, then of next values of states. */
  readonly results: readonly string[];
  readonly names: readonly { readonly kind: keyof ModelNames; readonly name: string; readonly as: string }[];
  readonly updates: ReadonlyMap<string, string>;
  /** The live extent of a size, as a list of one. */
  readonly extentOf: (size: Size) => Value;
}

interface Input {
  readonly value: OnnxValue;
  /** Whether it is left out where nothing reads it. */
  readonly isOptional: boolean;
}

function doorOf(module: Module, entry: ModuleEntry, writer: Writer, options: ToOnnxOptions): Door {
  const read = new Set(neededBy(rootsOf(entry)));
  const updated = new Set(entry.updates.map(({ state }) => state));
  const leaves = new Map<Node, Value>();
  const inputs: Input[] = [];
  const names: Door['names'][number][] = [];
  const take = (kind: keyof ModelNames, name: string): string => {
    const as = writer.fresh(name);
    names.push({ kind, name, as });
    return as;
  };
  const declare = (node: Node, name: string): void => {
    inputs.push({ value: declaredValue(name, node), isOptional: false });
    leaves.set(node, node.dtype === 'u32' ? castTo(writer, name, computedTypes.u32) : name);
  };
  for (const node of module.inputs) {
    if (read.has(node)) declare(node, take('inputs', textOf('input', node.attrs, 'name')));
  }
  const areInputs = (options.states ?? (entry.updates.length > 0 ? 'inputs' : 'initializers')) === 'inputs';
  for (const { name, node, values } of stateTensors(module, options)) {
    if (!read.has(node) && !(areInputs && updated.has(node))) continue;
    const as = areInputs ? take('states', name) : writer.fresh(name);
    const types = areInputs ? givenTypes : computedTypes;
    const value = writer.tensor(tensorOf(as, types[node.dtype], values, node.shape.map(extentOf)));
    if (areInputs) declare(node, as);
    else leaves.set(node, value);
  }
  for (const node of module.params) {
    if (!read.has(node)) continue;
    const as = take('params', textOf('param', node.attrs, 'name'));
    writer.tensor(tensorOf(as, givenTypes[node.dtype], [numberOf('param', node.attrs, 'initial')], []));
    declare(node, as);
  }
  const sizes = new Map<string, () => Value>();
  for (const { name, max } of module.sizes) {
    const carrier = module.inputs.find((node) => read.has(node) && isOf(node.shape[0], name));
    if (carrier !== undefined) {
      const input = inputs[module.inputs.filter((node) => read.has(node)).indexOf(carrier)]?.value.name ?? '';
      sizes.set(name, () => writer.node('Shape', [input], { start: 0, end: 1 }));
      continue;
    }
    const as = take('sizes', name);
    writer.tensor(tensorOf(as, 'int64', [max], []));
    inputs.push({ value: { name: as, type: { elem: elementTypes.int64, shape: [] } }, isOptional: true });
    sizes.set(name, () => writer.node('Reshape', [as, writer.constant('int64', [1], [1])]));
  }
  const outputs = entry.outputs.map(({ name }) => take('outputs', name));
  const updates = entry.updates.map(({ state }) => {
    const name = textOf('state', state.attrs, 'name');
    return [name, writer.fresh(`${name}.next`)] as const;
  });
  return {
    leaves,
    inputs,
    names,
    results: [...outputs, ...updates.map(([, as]) => as)],
    updates: new Map(updates),
    extentOf: ({ name }) => {
      const source = sizes.get(name);
      if (source === undefined) throw new RangeError(`no size ${name} in ${module.name}`);
      return source();
    },
  };
}

function isOf(dim: Dim | undefined, size: string): boolean {
  return typeof dim === 'object' && dim.size.name === size;
}

/** A value from or to outside, with its type: a bounded dimension has its size's name. */
function declaredValue(name: string, { shape, dtype }: Node): OnnxValue {
  const dims = shape.map((dim) => {
    if (typeof dim === 'number') return dim;
    return dim.factor === 1 ? dim.size.name : `${dim.factor}*${dim.size.name}`;
  });
  return { name, type: { elem: elementTypes[givenTypes[dtype]], shape: dims } };
}

/** Nodes that give results their names: what no node makes, or has a name already, is passed on by one. */
function withNames(
  nodes: readonly OnnxNode[],
  results: readonly { readonly name: string; readonly value: Value }[],
): OnnxNode[] {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const renamed = new Map<Value, string>();
  const passed: OnnxNode[] = [];
  for (const { name, value } of results) {
    if (made.has(value) && !renamed.has(value)) {
      renamed.set(value, name);
      continue;
    }
    const inputs = [renamed.get(value) ?? value];
    passed.push({
      name: `${name}/Identity`,
      op: 'Identity',
      domain: '',
      inputs,
      outputs: [name],
      attributes: [],
    });
  }
  const nameOf = (value: Value): string => renamed.get(value) ?? value;
  const all = nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(nameOf),
    outputs: node.outputs.map(nameOf),
  }));
  return [...all, ...passed];
}

/** The nodes that some values are computed by, in order. */
function needed(nodes: readonly OnnxNode[], values: readonly string[]): OnnxNode[] {
  const wanted = new Set(values);
  const kept: OnnxNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    for (const input of node.inputs) wanted.add(input);
    kept.push(node);
  }
  return kept.reverse();
}

function namesOf({ names, updates }: Door, inputs: readonly Input[]): ModelNames {
  const there = new Set(inputs.map(({ value }) => value.name));
  const of = (kind: keyof ModelNames): [string, string][] =>
    names.flatMap((one) => {
      const isThere = kind === 'outputs' || there.has(one.as);
      return one.kind === kind && isThere ? [[one.name, one.as]] : [];
    });
  const taken = new Map(of('states'));
  const states = [...new Set([...taken.keys(), ...updates.keys()])].map((name) => {
    const [input, output] = [taken.get(name), updates.get(name)];
    return [name, { ...(input && { input }), ...(output && { output }) }] as const;
  });
  return {
    inputs: Object.fromEntries(of('inputs')),
    params: Object.fromEntries(of('params')),
    states: Object.fromEntries(states),
    sizes: Object.fromEntries(of('sizes')),
    outputs: Object.fromEntries(of('outputs')),
  };
}
