import type { Dtype } from '../loops/index.ts';
import { shown } from './arguments.ts';
import { dtypeFrom } from './attributes.ts';
import { concatenated, filled } from './build.ts';
import { Graph } from './graph.ts';
import { GraphError } from './issues.ts';
import type { Attrs } from './node.ts';
import type { CompositeOp } from './ops/composite.ts';
import { type DimLike, normalAxis, toShape } from './shape.ts';
import { requireTensor, requireTensors, typed } from './tensor/value.ts';
import { Tensor } from './tensor.ts';

/** Anything that says which graph to build in: a tensor, or the `m` of `defineModule`. */
export interface InGraph {
  readonly graph: Graph;
}

/** `a` where a condition holds, else `b`; all broadcast. */
export function where(condition: Tensor, a: number, b: number): Tensor<'f32'>;
export function where<D extends Dtype>(
  condition: Tensor,
  a: Tensor<D> | number,
  b: Tensor<D> | number,
): Tensor<D>;
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  requireTensor('where', condition);
  return condition.where(a, b);
}

/** Tensors one after another along an axis. */
export function concat<D extends Dtype>(tensors: readonly Tensor<D>[], axis = 0): Tensor<D> {
  const { graph, dtype } = firstOf('concat', tensors);
  const nodes = tensors.map((tensor) => tensor.node);
  return typed(new Tensor(graph, concatenated(graph, nodes, axis)), dtype);
}

/** Tensors of one shape along a new axis. */
export function stack<D extends Dtype>(tensors: readonly Tensor<D>[], axis = 0): Tensor<D> {
  const at = normalAxis('stack', firstOf('stack', tensors).shape.length + 1, axis);
  return concat(
    tensors.map((tensor) => tensor.expandDims(at)),
    at,
  );
}

/** A tensor whose elements are their own indices along an axis (i32). */
export function iota(where: InGraph, shape: readonly DimLike[], axis = 0): Tensor<'i32'> {
  const dims = toShape('iota', shape);
  const at = normalAxis('iota', dims.length, axis);
  const graph = graphOf('iota', where);
  return typed(new Tensor(graph, graph.build('iota', [], { shape: dims, axis: at })), 'i32');
}

/**
 * A composite with a gradient of its own, an entry of `src/graph/ops/composite.ts`.
 *
 * @param value    the composite, written in primitives
 * @param operands what it is a function of, broadcast to its shape
 */
export function composite<D extends Dtype>(
  op: CompositeOp,
  value: Tensor<D>,
  operands: readonly Tensor[],
  attrs?: Attrs,
): Tensor<D> {
  const nodes = operands.map((operand) => operand.broadcastTo(value.shape).node);
  return typed(new Tensor(value.graph, value.graph.build(op, [value.node, ...nodes], attrs)), value.dtype);
}

/** One value everywhere. */
export function full(where: InGraph, shape: readonly DimLike[], value: number): Tensor<'f32'>;
export function full<D extends Exclude<Dtype, 'u8'>>(
  where: InGraph,
  shape: readonly DimLike[],
  value: number,
  dtype: D,
): Tensor<D>;
export function full(
  where: InGraph,
  shape: readonly DimLike[],
  value: number,
  dtype: Exclude<Dtype, 'u8'> = 'f32',
): Tensor {
  const graph = graphOf('full', where);
  return new Tensor(graph, filled(graph, value, dtypeFrom('full', dtype), toShape('full', shape)));
}

/** Zeros (false for `bool`). */
export function zeros(where: InGraph, shape: readonly DimLike[]): Tensor<'f32'>;
export function zeros<D extends Exclude<Dtype, 'u8'>>(
  where: InGraph,
  shape: readonly DimLike[],
  dtype: D,
): Tensor<D>;
export function zeros(
  where: InGraph,
  shape: readonly DimLike[],
  dtype: Exclude<Dtype, 'u8'> = 'f32',
): Tensor {
  return full(where, shape, 0, dtype);
}

/** Ones (true for `bool`). */
export function ones(where: InGraph, shape: readonly DimLike[]): Tensor<'f32'>;
export function ones<D extends Exclude<Dtype, 'u8'>>(
  where: InGraph,
  shape: readonly DimLike[],
  dtype: D,
): Tensor<D>;
export function ones(where: InGraph, shape: readonly DimLike[], dtype: Exclude<Dtype, 'u8'> = 'f32'): Tensor {
  return full(where, shape, 1, dtype);
}

function graphOf(op: string, where: InGraph): Graph {
  if (typeof where === 'object' && where !== null && where.graph instanceof Graph) return where.graph;
  const text = `takes first what says where to build, a tensor or the m of defineModule, not ${shown(where)}`;
  throw new GraphError('operands', op, text);
}

function firstOf<D extends Dtype>(op: string, tensors: readonly Tensor<D>[]): Tensor<D> {
  const given: readonly Tensor[] = tensors;
  requireTensors(op, given);
  const [first] = tensors;
  if (first === undefined) throw new GraphError('operands', op, 'needs at least one tensor');
  return first;
}
