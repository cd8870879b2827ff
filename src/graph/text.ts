import { attrsText, nameText, quotedDimText } from './attributes.ts';
import { meshText, shardingText } from './mesh.ts';
import type { Module } from './module.ts';
import type { Node } from './node.ts';
import { neededBy } from './order.ts';

/**
 * A module as text, complete and readable: `parseModule` gives it back. Nodes that nothing needs are left out,
 * and the others are numbered again.
 *
 * ```
 * module "linear"
 * size batch <= 128
 *
 * %0 = input {dtype: "f32", name: "x", shape: [batch<=128, 4]}: f32[batch<=128, 4]  "x" at "model.ts:3"
 * %1 = state {dtype: "f32", name: "w", shape: [4, 2]}: f32[4, 2]  "w" at "model.ts:4"
 * %2 = contract(%0, %1) {batchA: [], batchB: [], overA: [1], overB: [0]}: f32[batch<=128, 2]  at "model.ts:5"
 *
 * state %1 trainable {kind: "constant", value: 0}
 *
 * entry "predict"
 *   "y" = %2
 * ```
 */
export function printModule(module: Module): string {
  const nodes = neededBy(rootsOf(module));
  const numbers = new Map(nodes.map((node, k) => [node, k] as const));
  const ref = (node: Node): string => `%${numbers.get(node)}`;
  const sizes = module.sizes.map(({ name, max }) => `size ${nameText(name)} <= ${max}`);
  const states = module.states.map(
    ({ node, init, trainable, kernel }) =>
      `state ${ref(node)}${trainable ? ' trainable' : ''}${kernel === undefined ? '' : ` kernel ${kernel}`} ${attrsText({ ...init })}`,
  );
  const entries = module.entries.map(({ name, outputs, updates }) =>
    [
      `entry ${JSON.stringify(name)}`,
      ...outputs.map((output) => `  ${JSON.stringify(output.name)} = ${ref(output.node)}`),
      ...updates.map(({ state, next }) => `  ${ref(state)} <- ${ref(next)}`),
    ].join('\n'),
  );
  const mesh = module.mesh === undefined ? [] : [`mesh ${meshText(module.mesh)}`];
  const shardings = [...module.shardings].map(
    ([node, sharding]) => `shard ${ref(node)} ${shardingText(sharding)}`,
  );
  const sections = [
    [`module ${JSON.stringify(module.name)}`, ...sizes, ...mesh],
    nodes.map((node) => nodeLine(node, ref)),
    states,
    shardings,
    ...entries.map((entry) => [entry]),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/**
 * Nodes as text, without their module: what a test or an inspector shows of a few of them.
 *
 * @param roots are printed last, after everything that they need
 */
export function printNodes(roots: readonly Node[]): string {
  const nodes = neededBy(roots);
  const numbers = new Map(nodes.map((node, k) => [node, k] as const));
  return nodes
    .map((node) => {
      const name = node.label === undefined ? '' : `  ${nameText(node.label)}`;
      return `${expressionText(node, (operand) => `%${numbers.get(operand)}`)}${name}`;
    })
    .map((text, k) => `%${k} = ${text}`)
    .join('\n');
}

/** Everything that a module declares or gives, in order. */
export function rootsOf(module: Module): Node[] {
  return [
    ...module.inputs,
    ...module.params,
    ...module.states.map((state) => state.node),
    ...module.entries.flatMap((entry) => [
      ...entry.outputs.map((output) => output.node),
      ...entry.updates.flatMap(({ state, next }) => [state, next]),
    ]),
  ];
}

function nodeLine(node: Node, ref: (node: Node) => string): string {
  const label = node.label === undefined ? [] : [JSON.stringify(node.label)];
  const source = node.source === undefined ? [] : [`at ${JSON.stringify(node.source)}`];
  const notes = [...label, ...source].join(' ');
  return `${ref(node)} = ${expressionText(node, ref)}${notes === '' ? '' : `  ${notes}`}`;
}

function expressionText(node: Node, ref: (node: Node) => string): string {
  const operands = node.inputs.length === 0 ? '' : `(${node.inputs.map(ref).join(', ')})`;
  const attrs = Object.keys(node.attrs).length === 0 ? '' : ` ${attrsText(node.attrs)}`;
  return `${node.op}${operands}${attrs}: ${node.dtype}[${node.shape.map(quotedDimText).join(', ')}]`;
}
