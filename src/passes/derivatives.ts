import { requireOneOf, requireOptions } from '../graph/arguments.ts';
import { describe, GraphError, type Node, neededBy, stack } from '../graph/index.ts';
import { customRuleOf } from '../graph/ops/customRule.ts';
import { sameShape } from '../graph/shape.ts';
import { requireTensor, requireTensors } from '../graph/tensor/value.ts';
import type { Tensor } from '../graph/tensor.ts';
import { isFloat } from '../loops/index.ts';
import { gradients } from './differentiate.ts';

/**
 * The product of the Jacobian with vectors, `J · v`: how an output moves as some tensors move along tangents, which is
 * forward mode. It is reverse mode twice: `vᵀJ` is linear in v, and its derivative in v is J. (The product from the other
 * side, `vᵀJ`, is `gradients(output, wrt, v)`.)
 *
 * A gradient of a user's own must be linear in its cotangent; one that is an estimate has no forward mode.
 *
 * ```ts
 * const dy = jvp(y, [x], [v]); // of y's shape
 * ```
 *
 * @param output   a float of any shape
 * @param wrt      floats of the same graph
 * @param tangents one for each of `wrt`, of its shape
 * @returns of the output's shape; zeros where it does not depend on any
 * @throws GraphError where a tangent does not fit, or an estimate is on the way, and as `gradients`
 */
export function jvp(output: Tensor, wrt: readonly Tensor[], tangents: readonly Tensor[]): Tensor<'f32'> {
  const op = 'jvp';
  requireFloat(op, output);
  requireDirections(op, wrt, tangents);
  const estimate = customOn(output, wrt).find((node) => customRuleOf(output, node).isEstimate);
  if (estimate !== undefined) {
    const text = `${describe(estimate)} has an estimate in place of its derivative, which has no forward mode`;
    throw new GraphError('gradient', op, text);
  }
  const { graph, node } = output;
  // Equal nodes are one; this one must be apart from all others, since it is what is differentiated by.
  const weights = output.wrap(graph.build('detach', [node], { tangent: graph.nodes.length }));
  const products = gradients(output, wrt, weights);
  const [moved] = gradients(inner(products, tangents), [weights]);
  return moved ?? output.fullLike(0, 'f32');
}

/**
 * The product of the Hessian of a scalar with vectors, `H · v`, without the Hessian: the gradient of the gradient's
 * product with them (Pearlmutter 1994).
 *
 * ```ts
 * const [hv] = hvp(loss, [w], [v]); // of w's shape
 * ```
 *
 * @param loss    a float scalar
 * @param wrt     floats of the same graph
 * @param vectors one for each of `wrt`, of its shape
 * @returns one for each of `wrt`, of its shape
 * @throws GraphError where a vector does not fit, and as `gradients`
 */
export function hvp(loss: Tensor, wrt: readonly Tensor[], vectors: readonly Tensor[]): Tensor<'f32'>[] {
  requireScalar('hvp', loss);
  requireDirections('hvp', wrt, vectors);
  return gradients(inner(gradients(loss, wrt), vectors), wrt);
}

export interface JacobianOptions {
  /**
   * Row by row, by a gradient for each element of the output (`reverse`), or column by column, by a product for each
   * element of `wrt` (`forward`); whichever are fewer where it is left out, and rows where a gradient of a user's own is on
   * the way.
   */
  readonly mode?: 'forward' | 'reverse';
}

/**
 * The Jacobian: the derivative of each element of an output in each element of a tensor. The graph grows by a
 * differentiation for each row or column, whichever are fewer; products with vectors ({@link jvp}, `gradients`) need one.
 *
 * ```ts
 * const j = jacobian(y, x); // y: [3], x: [5] → [3, 5]
 * ```
 *
 * @returns `[...output.shape, ...wrt.shape]`
 * @throws GraphError where either has a bounded dimension, and as `gradients`
 */
export function jacobian(output: Tensor, wrt: Tensor, options: JacobianOptions = {}): Tensor<'f32'> {
  const op = 'jacobian';
  for (const tensor of [output, wrt]) requireFloat(op, tensor);
  requireOptions(op, options, ['mode']);
  const [rows, columns] = [fixedCount(op, output), fixedCount(op, wrt)];
  const usual = rows > columns && customOn(output, [wrt]).length === 0 ? 'forward' : 'reverse';
  const { mode = usual } = options;
  requireOneOf(op, 'mode', mode, ['forward', 'reverse']);
  const shape = [...output.shape, ...wrt.shape];
  if (rows === 0 || columns === 0) return output.fullLike(0, 'f32').sum().broadcastTo(shape);
  if (mode === 'reverse') {
    const elements = output.reshape([rows]);
    const gradientsOf = (k: number): Tensor<'f32'>[] => gradients(elements.select(0, k), [wrt]);
    return stack(Array.from({ length: rows }, (_, k) => gradientsOf(k)).flat()).reshape(shape);
  }
  const along = (k: number): Tensor<'f32'> => jvp(output, [wrt], [unit(wrt, columns, k)]);
  return stack(
    Array.from({ length: columns }, (_, k) => along(k)),
    output.shape.length,
  ).reshape(shape);
}

/**
 * The Hessian of a scalar: the second derivative in each pair of elements of a tensor, by a gradient of each element of the
 * gradient. {@link hvp} multiplies by it at the cost of two gradients.
 *
 * ```ts
 * const h = hessian(loss, x); // x: [5] → [5, 5]
 * ```
 *
 * @param loss a float scalar
 * @returns `[...wrt.shape, ...wrt.shape]`
 * @throws as {@link jacobian}
 */
export function hessian(loss: Tensor, wrt: Tensor): Tensor<'f32'> {
  requireScalar('hessian', loss);
  requireFloat('hessian', wrt);
  fixedCount('hessian', wrt);
  const [gradient = wrt] = gradients(loss, [wrt]);
  return jacobian(gradient, wrt, { mode: 'reverse' });
}

/** The applications of functions with a gradient of a user's own on the way from some tensors to an output. */
function customOn(output: Tensor, wrt: readonly Tensor[]): Node[] {
  const above = new Set(wrt.map(({ node }) => node));
  const found: Node[] = [];
  for (const node of neededBy([output.node])) {
    if (!node.inputs.some((input) => above.has(input))) continue;
    above.add(node);
    if (node.op === 'custom') found.push(node);
  }
  return found;
}

function requireFloat(op: string, tensor: Tensor): void {
  requireTensor(op, tensor);
  if (!isFloat(tensor.dtype)) throw new GraphError('gradient', op, `${tensor} is not a float`);
}

function requireScalar(op: string, loss: Tensor): void {
  requireFloat(op, loss);
  if (loss.shape.length > 0) throw new GraphError('gradient', op, `the loss ${loss} is not a scalar`);
}

/** The sum of products of all elements. */
function inner(a: readonly Tensor[], b: readonly Tensor[]): Tensor {
  const sums = a.flatMap((tensor, k) => {
    const other = b[k];
    return other === undefined ? [] : [tensor.mul(other).sum()];
  });
  return sums.reduce((sum, next) => sum.add(next));
}

/** Zeros, and 1 at element `k` of so many. */
function unit(like: Tensor, count: number, k: number): Tensor {
  const flat = like.reshape([count]);
  return flat.iotaLike(0).eq(k).cast('f32').reshape(like.shape);
}

function fixedCount(op: string, tensor: Tensor): number {
  const { shape } = tensor;
  const dims = shape.filter((dim) => typeof dim === 'number');
  if (dims.length === shape.length) return dims.reduce((n, dim) => n * dim, 1);
  const text = `${tensor} has a bounded dimension: as many rows as it has elements need a fixed number`;
  throw new GraphError('gradient', op, text);
}

function requireDirections(op: string, wrt: readonly Tensor[], vectors: readonly Tensor[]): void {
  for (const list of [wrt, vectors]) requireTensors(op, list);
  const fail = (text: string): never => {
    throw new GraphError('gradient', op, text);
  };
  if (wrt.length === 0) fail('needs at least one tensor to differentiate with respect to');
  if (wrt.length !== vectors.length) fail(`${vectors.length} vectors for ${wrt.length} tensors`);
  for (const [k, tensor] of wrt.entries()) {
    const vector = vectors[k];
    if (vector !== undefined && vector.dtype === tensor.dtype && sameShape(vector.shape, tensor.shape))
      continue;
    fail(`${vector} must have the type of ${tensor}`);
  }
}
