import { describe, type Graph, GraphError } from '../graph/index.ts';
import type { Node } from '../graph/node.ts';
import { definitionOf } from '../graph/ops/table.ts';
import { neededBy } from '../graph/order.ts';
import { sameShape } from '../graph/shape.ts';
import { requireTensors, typed } from '../graph/tensor/value.ts';
import { Tensor } from '../graph/tensor.ts';
import { isFloat, shapeText } from '../loops/index.ts';
import { sumOf } from './joinSegments.ts';

/**
 * Gradients by reverse mode, graph to graph: the result is built of the same operations, so it can be
 * differentiated again. Only nodes on a way from `wrt` to the outputs are visited.
 *
 * ```ts
 * const [dw, db] = gradients(loss, [w, b]);
 * const [dx] = gradients([y, z], [x], [cy, cz]); // the product of [cy, cz] with the Jacobian
 * ```
 *
 * @param outputs a float scalar, or any float where cotangents are given; of several the gradients are summed
 * @param wrt floats of the same graph; those that the outputs do not depend on get zeros
 * @param cotangents what each output is weighted with, of its shape; 1 where they are left out
 * @returns one gradient for each of `wrt`, of its shape
 * @throws GraphError where an output or one of `wrt` is not a float, an output without cotangent is not a scalar, or one
 *   depends on one of `wrt` only through integers or truth values
 */
export function gradients(
  outputs: Tensor | readonly Tensor[],
  wrt: readonly Tensor[],
  cotangents?: Tensor | readonly Tensor[],
): Tensor<'f32'>[] {
  const losses = listOf(outputs);
  const seeds = cotangents === undefined ? undefined : listOf(cotangents);
  const graph = requireDifferentiable(losses, wrt, seeds);
  const needed = neededBy(losses.map(({ node }) => node));
  const active = dependents(needed, new Set(wrt.map((tensor) => tensor.node)));
  requireSmoothWays(losses, wrt);

  const parts = new Map<Node, Tensor>();
  const add = (node: Node, part: Tensor): void => {
    const before = parts.get(node);
    parts.set(node, before === undefined ? part : sumOf(before, part));
  };
  const made = new Map<Node, Node>();
  /** Runs something that builds, and notes which nodes are new by it. */
  const noting = (of: Node, build: () => void): void => {
    const before = graph.nodes.length;
    build();
    for (const node of graph.nodes.slice(before)) made.set(node, of);
  };
  for (const [k, loss] of losses.entries())
    noting(loss.node, () => add(loss.node, seeds?.[k] ?? loss.fullLike(1)));
  // Users have larger numbers than their operands: downwards, every cotangent is complete when it is used, and
  // sums are always made in the same order.
  for (const node of needed.toReversed()) {
    const own = parts.get(node);
    if (own === undefined || !active.has(node)) continue;
    noting(node, () =>
      graph.withSource(node.source, () => {
        for (const [input, part] of vjpOf(node, own, active)) add(input, part);
      }),
    );
  }
  const found = new Map([...parts].map(([node, { node: gradient }]) => [node, gradient]));
  graph.differentiated({ outputs: losses.map(({ node }) => node), gradients: found, made });
  return wrt.map((tensor) => typed(parts.get(tensor.node) ?? tensor.fullLike(0), 'f32'));
}

function listOf(tensors: Tensor | readonly Tensor[]): readonly Tensor[] {
  return tensors instanceof Tensor ? [tensors] : tensors;
}

/** Cotangents of the operands that need one, one for each place where they stand. */
function vjpOf(node: Node, cotangent: Tensor, active: ReadonlySet<Node>): [Node, Tensor][] {
  const { vjp } = definitionOf(node.op);
  if (typeof vjp !== 'function') return [];
  const { graph } = cotangent;
  const context = {
    node,
    inputs: node.inputs.map((input) => new Tensor(graph, input)),
    output: new Tensor(graph, node),
    cotangent,
  };
  return node.inputs.flatMap((input, k): [Node, Tensor][] => {
    if (!active.has(input) || !goesOn(node, k)) return [];
    const part = vjp(context, k);
    if (part.dtype !== input.dtype || !sameShape(part.shape, input.shape)) {
      const [found, wanted] = [part.node, input].map((n) => `${n.dtype}${shapeText(n.shape)}`);
      throw new GraphError(
        'gradient',
        node.op,
        `its gradient in operand ${k} is ${found}, the operand ${wanted}`,
      );
    }
    return [[input, part]];
  });
}

/** The nodes among `needed` whose gradient in some nodes there is, those nodes included. */
function dependents(needed: readonly Node[], on: ReadonlySet<Node>): Set<Node> {
  const found = new Set<Node>();
  for (const node of needed) {
    if (!isFloat(node.dtype)) continue;
    if (on.has(node) || node.inputs.some((input, k) => found.has(input) && goesOn(node, k))) found.add(node);
  }
  return found;
}

/** Whether a gradient goes on from a node to its operand `k`. One that is zero everywhere does, as in PyTorch. */
function goesOn(node: Node, k: number): boolean {
  const { vjp, gradientOperands } = definitionOf(node.op);
  if (typeof vjp !== 'function' && !('zero' in vjp)) return false;
  return isFloat(node.inputs[k]?.dtype ?? 'bool') && (gradientOperands?.includes(k) ?? true);
}

/**
 * The nodes in which a loss has a gradient, as PyTorch has one (`grad` is not `None`): those that it depends on other
 * than through `detach`, truth values and integers alone. Through rounding there is one, of zeros.
 */
export function nodesWithGradient(loss: Tensor): ReadonlySet<Node> {
  const found = new Set([loss.node]);
  for (const node of neededBy([loss.node]).toReversed()) {
    if (!found.has(node)) continue;
    for (const [k, input] of node.inputs.entries()) if (goesOn(node, k)) found.add(input);
  }
  return found;
}

/** The last node on the way from a loss to one of its operands that a gradient comes to, or would come to next. */
export function endOfGradient(loss: Tensor, operand: Node): Node | undefined {
  const needed = neededBy([loss.node]);
  const found = nodesWithGradient(loss);
  const above = new Set<Node>();
  for (const node of needed)
    if (node === operand || node.inputs.some((input) => above.has(input))) above.add(node);
  for (const node of needed.toReversed()) {
    if (!found.has(node)) continue;
    const k = node.inputs.findIndex((input, i) => above.has(input) && !goesOn(node, i));
    if (k < 0) continue;
    return typeof definitionOf(node.op).vjp === 'function' ? node.inputs[k] : node;
  }
  return undefined;
}

/** @returns the graph of all of them */
function requireDifferentiable(
  losses: readonly Tensor[],
  wrt: readonly Tensor[],
  cotangents: readonly Tensor[] | undefined,
): Graph {
  const fail = (text: string, source?: string): never => {
    throw source === undefined
      ? new GraphError('gradient', 'gradients', text)
      : new GraphError('gradient', 'gradients', text, source);
  };
  for (const list of [losses, wrt, cotangents ?? []]) requireTensors('gradients', list);
  const [first] = losses;
  if (first === undefined) return fail('there is no output to differentiate');
  if (cotangents !== undefined && cotangents.length !== losses.length)
    fail(`${cotangents.length} cotangents for ${losses.length} outputs`);
  for (const [k, loss] of losses.entries()) {
    if (!isFloat(loss.dtype))
      fail(`the loss ${loss} is not a float, so it has no gradient`, loss.node.source);
    const cotangent = cotangents?.[k];
    if (cotangent === undefined && loss.shape.length > 0)
      fail(`the loss ${loss} is not a scalar: reduce it to one number, or give a cotangent`);
    if (
      cotangent !== undefined &&
      (cotangent.dtype !== loss.dtype || !sameShape(cotangent.shape, loss.shape))
    ) {
      fail(`the cotangent ${cotangent} must have the type of the loss ${loss}`);
    }
  }
  for (const tensor of [...losses, ...wrt, ...(cotangents ?? [])]) {
    if (tensor.graph !== first.graph) fail(`${tensor} belongs to another graph than the loss`);
    if (!isFloat(tensor.dtype)) fail(`${tensor} is not a float: there is no gradient with respect to it`);
  }
  return first.graph;
}

/**
 * Refuses a loss that depends on a node only by way of integers or truth values turned into floats: its
 * gradient would be zero everywhere, which is never what was meant. (Conditions that merely choose between
 * floats are no such way.)
 */
function requireSmoothWays(losses: readonly Tensor[], wrt: readonly Tensor[]): void {
  for (const loss of losses) {
    const needed = neededBy([loss.node]);
    const reached = new Set(needed);
    const smooth = nodesWithGradient(loss);
    for (const { node } of wrt)
      if (reached.has(node) && !smooth.has(node)) requireNoConversion(loss.node, node, needed);
  }
}

/** Refuses that a value is made of a node by a conversion to floats. @param needed what the loss is computed from */
function requireNoConversion(loss: Node, wrt: Node, needed: readonly Node[]): void {
  const any = new Set<Node>();
  for (const node of needed) {
    if (node === wrt || node.inputs.some((input) => any.has(input))) any.add(node);
  }
  const crossing = needed.find(
    (node) =>
      isFloat(node.dtype) &&
      node.inputs.some((input) => any.has(input) && !isFloat(input.dtype)) &&
      isConversion(node),
  );
  if (crossing === undefined) return;
  const through = crossing.inputs[0] ?? crossing;
  throw new GraphError(
    'gradient',
    'gradients',
    `${describe(loss)} depends on ${describe(wrt)} only through ${describe(through)}, which has no gradient`,
    crossing.source,
  );
}

/** Whether a node's value is made of its operand's value, which is not a float: a condition or an index is not. */
function isConversion(node: Node): boolean {
  const { isPointwise } = definitionOf(node.op);
  return isPointwise && node.inputs.every((input) => !isFloat(input.dtype));
}
