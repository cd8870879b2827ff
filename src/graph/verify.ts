import { extentOf, sameDim, shapeText } from '../loops/index.ts';
import { quoted, requireName, requirePrintable } from './arguments.ts';
import { dimsOf, textOf } from './attributes.ts';
import { requireFirst } from './firstValue.ts';
import { describe } from './graph.ts';
import { GraphError } from './issues.ts';
import { verifyShardings } from './mesh.ts';
import type { Module } from './module.ts';
import type { Node } from './node.ts';
import { definitionOf } from './ops/table.ts';
import { sameShape } from './shape.ts';

/**
 * Checks a whole module, wherever it came from: operands before users, types as the operations' rules say,
 * every leaf declared, entries that fit the states.
 *
 * @throws GraphError saying which node or entry breaks which rule
 */
export function verifyModule(module: Module): void {
  const declared = declaredLeaves(module);
  module.graph.nodes.forEach((node, id) => {
    verifyNode(module, node, id, declared.get(node.op));
  });
  verifyNames(module);
  for (const { name, node, init } of module.states) {
    requireIn(module, node, `state ${quoted(name)}`);
    requireThat(
      node.op === 'state' && textOf('state', node.attrs, 'name') === name,
      'state',
      name,
      'is no state node',
    );
    requireFirst(name, init, node.shape.map(extentOf), node.dtype);
  }
  verifyShardings(module);
  for (const entry of module.entries) verifyEntry(module, entry);
}

function verifyNode(module: Module, node: Node, id: number, leaves: ReadonlySet<Node> | undefined): void {
  const fail = (text: string): never => {
    throw new GraphError('verify', node.op, `${describe(node)} ${text}`, node.source ?? 'its graph');
  };
  if (node.id !== id) fail(`has number ${node.id} at place ${id}`);
  for (const input of node.inputs) {
    if (module.graph.nodes[input.id] !== input) fail(`has an operand of another graph: ${describe(input)}`);
    if (input.id >= id) fail(`comes before its operand ${describe(input)}`);
  }
  const definition = definitionOf(node.op);
  const count = node.inputs.length;
  if (definition.arity === 'many' ? count === 0 : count !== definition.arity) fail(`has ${count} operands`);
  const type = definition.type(node.inputs, node.attrs);
  if (type.dtype !== node.dtype || !sameShape(type.shape, node.shape)) {
    fail(`should be ${type.dtype}${shapeText(type.shape)}`);
  }
  for (const dim of [...node.shape, ...('dim' in node.attrs ? dimsOf(node.op, node.attrs, 'dim') : [])]) {
    if (typeof dim === 'number') continue;
    const declared = module.sizes.find((size) => size.name === dim.size.name);
    if (declared === undefined || !sameDim({ size: declared, factor: 1 }, { size: dim.size, factor: 1 })) {
      fail(`has a dimension of size ${quoted(dim.size.name)}, which the module does not declare`);
    }
    if (declared?.max !== dim.size.max) fail(`bounds ${quoted(dim.size.name)} otherwise than the module`);
  }
  if (leaves !== undefined && !leaves.has(node)) fail('is not declared by the module');
}

/** The nodes that a module lists, by the operations of which it lists all. */
function declaredLeaves(module: Module): ReadonlyMap<string, ReadonlySet<Node>> {
  return new Map([
    ['input', new Set(module.inputs)],
    ['param', new Set(module.params)],
    ['state', new Set(module.states.map((state) => state.node))],
  ]);
}

function verifyNames(module: Module): void {
  requirePrintable('module', 'a module', module.name);
  const leaves = [...module.inputs, ...module.params].map((node) => textOf(node.op, node.attrs, 'name'));
  const names = [
    ...module.sizes.map((size) => size.name),
    ...module.states.map((state) => state.name),
    ...leaves,
  ];
  for (const name of names) requireName('module', 'a declaration', name);
  requireOnce('module', names);
  for (const { name } of module.entries) requireName('entry', 'an entry', name);
  requireOnce(
    'entry',
    module.entries.map((entry) => entry.name),
  );
}

function requireOnce(op: string, names: readonly string[]): void {
  const used = new Set<string>();
  for (const name of names) {
    if (used.has(name)) throw new GraphError('name', op, `the name ${quoted(name)} is used twice`);
    used.add(name);
  }
}

function verifyEntry(module: Module, { name, outputs, updates }: Module['entries'][number]): void {
  requireThat(outputs.length + updates.length > 0, 'entry', name, 'has neither outputs nor updates');
  requireOnce(
    'entry',
    outputs.map((output) => output.name),
  );
  for (const output of outputs) {
    requireName('entry', 'an output', output.name);
    requireIn(module, output.node, `output ${quoted(output.name)}`);
    requireThat(
      output.node.dtype !== 'u8',
      'entry',
      name,
      `has the output ${describe(output.node)}, which is for storage only`,
    );
  }
  const states = new Set(module.states.map(({ node }) => node));
  const updated = new Set<Node>();
  for (const { state, next } of updates) {
    requireIn(module, next, 'a next value');
    requireThat(states.has(state), 'entry', name, `updates ${describe(state)}, which is no state`);
    requireThat(!updated.has(state), 'entry', name, `updates ${describe(state)} twice`);
    updated.add(state);
    const fits = next.dtype === state.dtype && sameShape(next.shape, state.shape);
    requireThat(
      fits,
      'entry',
      name,
      `updates ${describe(state)} with ${describe(next)}, which is of another type`,
    );
  }
}

function requireIn(module: Module, node: Node, what: string): void {
  if (module.graph.nodes[node.id] === node) return;
  throw new GraphError('verify', 'module', `${what} is a node of another graph: ${describe(node)}`);
}

function requireThat(holds: boolean, op: string, name: string, text: string): void {
  if (!holds) throw new GraphError('verify', op, `${quoted(name)} ${text}`);
}
