import { type Dim, sameDim, shapeText } from '../loops/index.ts';
import { listed } from '../runtime/clipped.ts';
import { listText, requireOptions, shown } from './arguments.ts';
import { permuted, pointwise, reshaped } from './build.ts';
import type { Graph } from './graph.ts';
import { ShapeError } from './issues.ts';
import type { Node } from './node.ts';
import { contractedShape, type Pairing, rowsOf } from './ops/contraction.ts';
import { NUMBERS, requireDtype, requireSameDtype } from './ops/definition.ts';
import { broadcastShapes, dimAt, unequal } from './shape.ts';

/** Axes of the first operand and, in the same order, those of the second that they belong to. */
export type AxisPairs = readonly [a: readonly number[], b: readonly number[]];

/** How the axes of two tensors belong together; negative ones count from the end. */
export interface ContractOptions {
  /** Axes that both have and the result keeps, with one product for each of their elements; none by default. */
  readonly batch?: AxisPairs;
  /** Axes that are summed over; none by default. */
  readonly over?: AxisPairs;
}

/**
 * The contraction of two tensors. Over no axis it sums nothing: it is their product, element by element.
 *
 * @returns `[batch, rows of a, rows of b]`
 */
export function contracted(graph: Graph, a: Node, b: Node, options: ContractOptions): Node {
  requireOptions('contract', options, ['batch', 'over']);
  const batch = pairsOf('batch', options.batch, a, b);
  const over = pairsOf('over', options.over, a, b);
  const pairing: Pairing = {
    batchA: batch.map(([x]) => x),
    batchB: batch.map(([, y]) => y),
    overA: over.map(([x]) => x),
    overB: over.map(([, y]) => y),
  };
  graph.requireOwn('contract', [a, b]);
  const shape = contractedShape([a, b], pairing);
  if (over.length === 0) return outer(graph, a, b, pairing, shape);
  // The order of a sum's axes does not matter: equal contractions are one node.
  const sorted = [...over].sort(([x], [y]) => x - y);
  return graph.build('contract', [a, b], {
    ...pairing,
    overA: sorted.map(([x]) => x),
    overB: sorted.map(([, y]) => y),
  });
}

/** Pairs of axes from what a user wrote. Those that do not exist are left for the operation's rule, which names them. */
function pairsOf(name: string, given: unknown, a: Node, b: Node): [number, number][] {
  if (given === undefined) return [];
  const lists: unknown[] = Array.isArray(given) ? given : [];
  const [ofA, ofB] = lists;
  const isAxes = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((axis) => Number.isInteger(axis));
  if (lists.length !== 2 || !isAxes(ofA) || !isAxes(ofB) || ofA.length !== ofB.length) {
    const found = lists.length === 2 ? lists.map(listText).join(' and ') : nestedText(given);
    const text = `${name} must be two lists of axes of equal length such as [[1], [0]], not ${found}`;
    throw new ShapeError('axis', 'contract', text);
  }
  const fromStart = (axis: number, rank: number): number => (axis < 0 && axis >= -rank ? axis + rank : axis);
  return ofA.map((axis, i) => [fromStart(axis, a.shape.length), fromStart(ofB[i] ?? 0, b.shape.length)]);
}

function nestedText(value: unknown): string {
  return Array.isArray(value) ? `[${listed(value.map(listText))}]` : shown(value);
}

/** Each operand spread over the rows of the other. */
function outer(graph: Graph, a: Node, b: Node, pairing: Pairing, shape: readonly Dim[]): Node {
  const { batchA, batchB } = pairing;
  const [rowsA, rowsB] = [rowsOf(a, batchA, []), rowsOf(b, batchB, [])];
  const ones = rowsA.map(() => 1);
  const batch = shape.slice(0, batchA.length);
  return pointwise(graph, 'mul', [
    reshaped(graph, permuted(graph, a, [...batchA, ...rowsA]), [
      ...shape.slice(0, batchA.length + rowsA.length),
      ...rowsB.map(() => 1),
    ]),
    reshaped(graph, permuted(graph, b, [...batchB, ...rowsB]), [
      ...batch,
      ...ones,
      ...shape.slice(batchA.length + rowsA.length),
    ]),
  ]);
}

/**
 * A product as NumPy's `matmul`: vectors are a row on the left and a column on the right, leading dimensions
 * broadcast. A leading dimension that one operand lacks is one of the other's rows: nothing is spread or flattened.
 */
export function multiplied(graph: Graph, a: Node, b: Node): Node {
  graph.requireOwn('matmul', [a, b]);
  requireMatrices(a, b);
  const [leadA, leadB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const rank = broadcastShapes('matmul', leadA, leadB).length;
  requireDtype('matmul', a.dtype, NUMBERS);
  const [fromA, fromB] = [rank - leadA.length, rank - leadB.length];
  // Leading axes of the result, by what they are in the operands. Ones that broadcast are left out of theirs.
  const batch: number[] = [];
  const [ofA, ofB, onesA, onesB]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let d = 0; d < rank; d++) {
    const [x, y] = [leadA[d - fromA], leadB[d - fromB]];
    if (x !== undefined && y !== undefined && sameDim(x, y)) batch.push(d);
    else if (x === undefined || (x === 1 && y !== undefined)) {
      ofB.push(d);
      if (x !== undefined) onesA.push(d - fromA);
    } else {
      ofA.push(d);
      if (y !== undefined) onesB.push(d - fromB);
    }
  }
  const [x, y] = [withoutOnes(graph, a, onesA), withoutOnes(graph, b, onesB)];
  const placed = (from: number, ones: readonly number[]): number[] =>
    batch.map((d) => d - from - ones.filter((one) => one < d - from).length);
  const product = contracted(graph, x, y, {
    batch: [placed(fromA, onesA), placed(fromB, onesB)],
    over: [[-1], [Math.max(-2, -y.shape.length)]],
  });
  const [m, n] = [a.shape.length > 1 ? [rank] : [], b.shape.length > 1 ? [rank + 1] : []];
  const order = [...batch, ...ofA, ...m, ...ofB, ...n];
  const sorted = [...order].sort((p, q) => p - q);
  return permuted(
    graph,
    product,
    sorted.map((d) => order.indexOf(d)),
  );
}

/** @throws ShapeError where element types or inner sizes differ; it tells vectors as the matrices that they are */
function requireMatrices(a: Node, b: Node): void {
  const shapes = (x: readonly Dim[], y: readonly Dim[]): string => `${shapeText(x)} · ${shapeText(y)}`;
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new ShapeError('rank', 'matmul', `scalars are no matrices: ${shapes(a.shape, b.shape)}`);
  }
  requireSameDtype('matmul', [a, b]);
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const [inner, other] = [dimAt(left, left.length - 1), dimAt(right, right.length - 2)];
  if (sameDim(inner, other)) return;
  requireDtype('matmul', a.dtype, NUMBERS);
  if (left.length !== right.length) {
    throw new ShapeError('rank', 'matmul', `two matrices, or equally many of each: ${shapes(left, right)}`);
  }
  const text = `inner sizes differ: ${shapes(left, right)} (${unequal(inner, other)})`;
  throw new ShapeError('inner-sizes', 'matmul', text);
}

function withoutOnes(graph: Graph, node: Node, axes: readonly number[]): Node {
  return axes.length === 0
    ? node
    : reshaped(
        graph,
        node,
        node.shape.filter((_, d) => !axes.includes(d)),
      );
}
