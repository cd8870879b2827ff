import { type Dim, type Dtype, extentOf, isFloat, shapeText } from '../loops/index.ts';
import { listed } from '../runtime/clipped.ts';
import { requireList, requireOptions, shown } from './arguments.ts';
import type { Graph } from './graph.ts';
import { GraphError, ShapeError } from './issues.ts';
import type { Node } from './node.ts';
import { requireConstant } from './ops/leaves.ts';
import {
  broadcastShapes,
  type DimLike,
  dimAt,
  dimLikeText,
  normalAxes,
  normalAxis,
  sameShape,
  toDim,
} from './shape.ts';

/** Node-level builders: what users write (broadcasts, negative axes, -1) made into primitive operations. */

/** A constant, spread over a shape. @throws GraphError where the value is no number of the element type */
export function filled(graph: Graph, value: number, dtype: Dtype, shape: readonly Dim[]): Node {
  if (typeof value !== 'number')
    throw new GraphError('constant', 'constant', `a constant must be a number, not ${shown(value)}`);
  return expanded(graph, graph.build('constant', [], { value, dtype }), shape);
}

/** A node broadcast to a shape; itself where it has that shape. */
export function expanded(graph: Graph, node: Node, shape: readonly Dim[]): Node {
  return sameShape(node.shape, shape) ? node : graph.build('expand', [node], { shape });
}

/**
 * Operands broadcast to their common shape; numbers become constants of the tensors' element type.
 *
 * @throws GraphError `constant` where a number is not of that type
 */
export function broadcast(graph: Graph, op: string, operands: readonly (Node | number)[]): Node[] {
  const nodes = operands.filter((operand) => typeof operand === 'object');
  const shape = broadcastShapes(op, ...nodes.map((node) => node.shape));
  const dtype = nodes[0]?.dtype ?? 'f32';
  for (const operand of operands) if (typeof operand === 'number') requireConstant(op, operand, dtype);
  return operands.map((operand) =>
    typeof operand === 'number' ? filled(graph, operand, dtype, shape) : expanded(graph, operand, shape),
  );
}

/** A pointwise operation over broadcast operands. @param method what errors name, where users call it by another name */
export function pointwise(
  graph: Graph,
  op: string,
  operands: readonly (Node | number)[],
  method: string = op,
): Node {
  const nodes = operands.filter((operand) => typeof operand === 'object');
  // Said before shapes are compared: an element type that does not fit is the nearer cause.
  for (const node of nodes) requireComputable(method, node);
  if (nodes.some((node) => node.dtype !== nodes[0]?.dtype)) {
    const types = nodes.map((node) => node.dtype).join(' and ');
    throw new ShapeError('dtype-mismatch', method, `operands of types ${types}: cast one of them`);
  }
  return graph.build(op, broadcast(graph, method, operands));
}

/** Either operand by a condition, all broadcast. */
export function choice(graph: Graph, condition: Node, a: Node | number, b: Node | number): Node {
  const typed = [a, b].find((operand) => typeof operand === 'object');
  const dtype = typed?.dtype ?? 'f32';
  const nodes = [condition, a, b].filter((operand) => typeof operand === 'object');
  const shape = broadcastShapes('where', ...nodes.map((node) => node.shape));
  const spread = (operand: Node | number): Node =>
    typeof operand === 'number' ? filled(graph, operand, dtype, shape) : expanded(graph, operand, shape);
  return graph.build('where', [condition, a, b].map(spread));
}

/** Options of a reduction. */
export interface ReduceOptions {
  /** Keep the reduced axes, with one element each. */
  readonly keepDims?: boolean;
}

/** A reduction over some axes, or all; over none (a scalar's), what it gives of one element. */
export function reduced(
  graph: Graph,
  op: string,
  node: Node,
  axes: number | readonly number[] | undefined,
  options: ReduceOptions = {},
): Node {
  requireOptions(op, options, ['keepDims']);
  const { keepDims = false } = options;
  const normal = normalAxes(op, node.shape.length, axes);
  if (normal.length === 0) return ofOneElement(graph, op, node);
  const result = graph.build(op, [node], { axes: normal });
  if (!keepDims) return result;
  return reshaped(
    graph,
    result,
    node.shape.map((dim, k) => (normal.includes(k) ? 1 : dim)),
  );
}

function ofOneElement(graph: Graph, op: string, node: Node): Node {
  requireComputable(op, node);
  if (op === 'argmax' || op === 'argmin') return filled(graph, 0, 'i32', node.shape);
  return op === 'variance' ? graph.build('sub', [node, node]) : node;
}

/** How many elements are live along axes, as a float scalar: known, or the live extents' product. */
export function liveCount(graph: Graph, node: Node, axes: readonly number[]): Node {
  const dims = axes.map((axis) => dimAt(node.shape, axis));
  const fixed = dims.reduce<number>((n, dim) => (typeof dim === 'number' ? n * dim : n), 1);
  const bounded = dims.filter((dim) => typeof dim === 'object');
  const factors = bounded.map((dim) =>
    graph.build('cast', [graph.build('extent', [], { dim: [dim] })], { dtype: 'f32' }),
  );
  if (fixed !== 1 || factors.length === 0) factors.push(filled(graph, fixed, 'f32', []));
  return factors.reduce((a, b) => graph.build('mul', [a, b]));
}

/**
 * A reshape; one dimension may be -1, and becomes what is left.
 *
 * @throws ShapeError where nothing whole is left, or two dimensions are -1
 */
export function reshaped(graph: Graph, node: Node, shape: readonly DimLike[]): Node {
  requireList('dimension', 'reshape', 'the shape', shape);
  const open = shape.indexOf(-1);
  const dims = shape.map((dim, k) => (k === open ? 1 : toDim('reshape', dim)));
  const to = open < 0 ? dims : dims.with(open, leftOver(node.shape, dims, shape));
  return sameShape(node.shape, to) ? node : graph.build('reshape', [node], { shape: to });
}

function leftOver(from: readonly Dim[], known: readonly Dim[], asked: readonly DimLike[]): Dim {
  const sizes = new Map<string, { dim: Exclude<Dim, number>; count: number }>();
  let above = 1;
  let below = 1;
  for (const dim of from) {
    above *= typeof dim === 'number' ? dim : dim.factor;
    if (typeof dim === 'object') countSize(sizes, dim, 1);
  }
  for (const dim of known) {
    below *= typeof dim === 'number' ? dim : dim.factor;
    if (typeof dim === 'object') countSize(sizes, dim, -1);
  }
  const left = [...sizes.values()].filter(({ count }) => count !== 0);
  const [bounded, ...more] = left;
  const factor = above / below;
  if (Number.isInteger(factor) && more.length === 0) {
    if (bounded === undefined) return factor;
    if (bounded.count === 1) return { size: bounded.dim.size, factor };
  }
  const text = asked.map((dim) => (dim === -1 ? '-1' : shapeText([toDim('reshape', dim)]).slice(1, -1)));
  throw new ShapeError('element-count', 'reshape', `${shapeText(from)} does not fit [${listed(text)}]`);
}

function countSize(
  sizes: Map<string, { dim: Exclude<Dim, number>; count: number }>,
  dim: Exclude<Dim, number>,
  by: number,
): void {
  const entry = sizes.get(dim.size.name) ?? { dim, count: 0 };
  sizes.set(dim.size.name, { dim, count: entry.count + by });
}

/** A permutation of axes (negative ones counted from the end); itself where nothing moves. */
export function permuted(graph: Graph, node: Node, perm: readonly number[]): Node {
  requireList('axis', 'permute', 'the order of axes', perm);
  const normal = perm.map((axis) => normalAxis('permute', node.shape.length, axis));
  if (normal.length === node.shape.length && normal.every((axis, k) => axis === k)) return node;
  return graph.build('permute', [node], { perm: normal });
}

/**
 * A slice as NumPy's: negative starts and stops count from the end, those outside are cut, axes that the lists
 * lack are taken whole, and a negative step goes backwards.
 */
export function sliced(
  graph: Graph,
  node: Node,
  starts: readonly (number | undefined)[],
  stops: readonly (number | undefined)[],
  steps: readonly (number | undefined)[],
): Node {
  for (const [name, list] of Object.entries({ starts, stops, steps }))
    requireList('range', 'slice', name, list);
  const rank = node.shape.length;
  if (Math.max(starts.length, stops.length, steps.length) > rank) {
    throw new ShapeError(
      'rank',
      'slice',
      `more ranges than the ${rank} dimensions of ${shapeText(node.shape)}`,
    );
  }
  const ranges = node.shape.map((_, k) => normalRange(node, k, starts[k], stops[k], steps[k] ?? 1));
  const backwards = ranges.flatMap((range, k) => (range.reversed ? [k] : []));
  const turned = backwards.length === 0 ? node : graph.build('flip', [node], { axes: backwards });
  if (
    ranges.every(
      (range, k) => range.start === 0 && range.step === 1 && range.stop === extentOf(dimAt(node.shape, k)),
    )
  ) {
    return turned;
  }
  return graph.build('slice', [turned], {
    starts: ranges.map((range) => range.start),
    stops: ranges.map((range) => range.stop),
    steps: ranges.map((range) => range.step),
  });
}

interface Range {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  readonly reversed: boolean;
}

/** A range of an axis, in its direction or, where `reversed`, in that of the flipped axis. */
function normalRange(
  { shape }: Node,
  axis: number,
  start: number | undefined,
  stop: number | undefined,
  step: number,
): Range {
  const n = extentOf(dimAt(shape, axis));
  if (!Number.isInteger(step) || step === 0 || ![start ?? 0, stop ?? 0].every(Number.isInteger)) {
    const range = [start, stop, step].map(dimLikeText).join(':');
    const text = `${range} is no range of whole numbers with a step; undefined leaves an end open`;
    throw new ShapeError('range', 'slice', `axis ${axis} of ${shapeText(shape)}: ${text}`);
  }
  const cut = (at: number, low: number, high: number): number =>
    Math.min(Math.max(at < 0 ? at + n : at, low), high);
  if (step > 0) {
    const from = cut(start ?? 0, 0, n);
    return { start: from, stop: Math.max(from, cut(stop ?? n, 0, n)), step, reversed: false };
  }
  // Element i is element n - 1 - i of the flipped axis. An open stop is the place before element 0.
  const from = n - 1 - cut(start ?? n - 1, -1, n - 1);
  const to = stop === undefined ? n : n - 1 - cut(stop, -1, n - 1);
  return { start: from, stop: Math.max(from, to), step: -step, reversed: true };
}

/** Operands joined along an axis. */
export function concatenated(graph: Graph, nodes: readonly Node[], axis: number): Node {
  const [first] = nodes;
  if (first === undefined) throw new GraphError('operands', 'concat', 'nothing to concatenate');
  if (nodes.length === 1) return first;
  return graph.build('concat', nodes, { axis: normalAxis('concat', first.shape.length, axis) });
}

/**
 * Rows of an axis by number.
 *
 * @param axis of `node` whose elements are chosen; the indices' dimensions come in its place
 */
export function taken(graph: Graph, node: Node, indices: Node, axis: number): Node {
  const rank = node.shape.length;
  if (rank === 0) return graph.build('take', [node, indices]);
  const at = normalAxis('take', rank, axis);
  const order = Array.from({ length: rank }, (_, k) => k);
  const front = permuted(graph, node, [at, ...order.filter((k) => k !== at)]);
  const rows = graph.build('take', [front, indices]);
  const chosen = Array.from({ length: indices.shape.length }, (_, k) => k);
  const rest = order.slice(1).map((k) => k - 1 + chosen.length);
  return permuted(graph, rows, [...rest.slice(0, at), ...chosen, ...rest.slice(at)]);
}

function requireComputable(op: string, node: Node): void {
  if (node.dtype !== 'u8') return;
  throw new ShapeError('dtype', op, 'operand of type u8, which is for storage only: cast it first');
}

/** An element type that gradients and means need. @throws ShapeError where it is another */
export function requireFloat(op: string, node: Node): void {
  if (isFloat(node.dtype)) return;
  throw new ShapeError('dtype', op, `operand of type ${node.dtype}; takes f32: cast it first`);
}
