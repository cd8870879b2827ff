import type { Node } from '../../src/graph/node.ts';
import { type Dim, extentOf } from '../../src/loops/index.ts';
import {
  at,
  countOf,
  forEachIndex,
  type Live,
  liveOf,
  type NDArray,
  offsetOf,
  padded,
  stridesOf,
} from './array.ts';
import { dimsAttr, numberAttr, numbersAttr, textAttr } from './attributes.ts';
import { moved } from './movements.ts';
import { folds } from './reductions.ts';
import { convert, formulas, wrap } from './scalars.ts';

/** An array as a caller gives it, row-major; a bounded dimension may have fewer elements than its maximum. */
export interface Given {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** What a graph's leaves stand for. Parameters that are not named have their initial values. */
export interface Feeds {
  readonly inputs?: Readonly<Record<string, Given>>;
  readonly states?: Readonly<Record<string, Given>>;
  readonly params?: Readonly<Record<string, number>>;
  readonly live?: Live;
}

/**
 * The values of nodes, by plain loops in float64: the oracle that compiled programs are compared with. It
 * shares nothing with the compiler but the type of a node.
 *
 * Bounded dimensions are stored at their maximum; what is not live holds NaN or worse, and reductions,
 * products and extents take the live elements only.
 *
 * @throws TypeError for an operation that it does not know, RangeError for feeds that do not fit
 */
export function evaluate(nodes: readonly Node[], feeds: Feeds): NDArray[] {
  const values = new Map<Node, NDArray>();
  for (const node of inOrder(nodes)) {
    values.set(
      node,
      elementsOf(
        node,
        node.inputs.map((input) => known(values, input)),
        feeds,
      ),
    );
  }
  return nodes.map((node) => known(values, node));
}

/** All nodes that some nodes depend on, operands first. */
export function inOrder(nodes: readonly Node[]): Node[] {
  const found = new Set<Node>();
  const pending = [...nodes];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    pending.push(...node.inputs);
  }
  return [...found].sort((a, b) => a.id - b.id);
}

function elementsOf(node: Node, inputs: readonly NDArray[], feeds: Feeds): NDArray {
  const live = feeds.live ?? {};
  const shape = node.shape.map(extentOf);
  const leaf = leafValue(node, shape, feeds, live);
  if (leaf !== undefined) return leaf;
  const movement = moved(node, inputs, shape);
  if (movement !== undefined) return movement;
  if (node.op === 'cast') return pointwise(node, shape, inputs, (x) => convert(x, node.dtype));
  const formula = formulas[node.op];
  if (formula !== undefined) {
    return pointwise(node, shape, inputs, (x, y, z) => wrap(formula(x, y, z, node.dtype), node.dtype));
  }
  if (node.op in folds) return reduced(node, shape, inputs, live);
  switch (node.op) {
    case 'matmul':
      return product(node, shape, inputs, live);
    case 'take':
      return taken(node, shape, inputs, live);
    case 'pick':
      return picked(node, shape, inputs, live);
    case 'softmax':
      return softmax(node, shape, inputs, live);
    default:
      throw new TypeError(`node ${node.id}: the evaluator does not know the operation ${node.op}`);
  }
}

function leafValue(node: Node, shape: readonly number[], feeds: Feeds, live: Live): NDArray | undefined {
  switch (node.op) {
    case 'input':
    case 'state': {
      const name = textAttr(node, 'name');
      const given = own(node.op === 'input' ? feeds.inputs : feeds.states, name);
      if (given === undefined) throw new RangeError(`no value for ${node.op} ${JSON.stringify(name)}`);
      return padded(given, node.shape, node.dtype);
    }
    case 'param':
      return scalar(node, own(feeds.params, textAttr(node, 'name')) ?? numberAttr(node, 'initial'));
    case 'constant':
      return scalar(node, numberAttr(node, 'value'));
    case 'extent':
      return scalar(
        node,
        dimsAttr(node, 'dim').reduce<number>((n, dim) => n * liveOf(dim, live), 1),
      );
    case 'literal':
      return { shape, dtype: node.dtype, data: decoded(node) };
    case 'iota': {
      const axis = numberAttr(node, 'axis');
      const data = new Float64Array(countOf(shape));
      forEachIndex(shape, (index, flat) => {
        data[flat] = index[axis] ?? 0;
      });
      return { shape, dtype: node.dtype, data };
    }
    default:
      return undefined;
  }
}

function scalar(node: Node, value: number): NDArray {
  return { shape: [], dtype: node.dtype, data: Float64Array.of(value) };
}

function decoded(node: Node): Float64Array {
  const bytes = Buffer.from(textAttr(node, 'words'), 'base64');
  return Float64Array.from({ length: bytes.length / 4 }, (_, k) => {
    if (node.dtype === 'f32') return bytes.readFloatLE(4 * k);
    return node.dtype === 'i32' ? bytes.readInt32LE(4 * k) : bytes.readUInt32LE(4 * k);
  });
}

function pointwise(
  node: Node,
  shape: readonly number[],
  inputs: readonly NDArray[],
  formula: (x: number, y: number, z: number) => number,
): NDArray {
  const [a, b, c] = inputs.map((input) => input.data);
  const data = new Float64Array(countOf(shape));
  for (const input of inputs) {
    if (input.data.length !== data.length)
      throw new RangeError(`node ${node.id} (${node.op}): operands differ`);
  }
  for (let k = 0; k < data.length; k++) data[k] = formula(a?.[k] ?? 0, b?.[k] ?? 0, c?.[k] ?? 0);
  return { shape, dtype: node.dtype, data };
}

function reduced(node: Node, shape: readonly number[], inputs: readonly NDArray[], live: Live): NDArray {
  const [x, fold, source] = [inputs[0], folds[node.op], node.inputs[0]];
  if (x === undefined || fold === undefined || source === undefined)
    throw new TypeError(`${node.op}: no operand`);
  const axes = numbersAttr(node, 'axes');
  const strides = stridesOf(x.shape);
  const along = axes.map((axis) => strides[axis] ?? 0);
  const extents = axes.map((axis) => x.shape[axis] ?? 0);
  const alive = axes.map((axis) => liveOf(source.shape[axis] ?? 0, live));
  const offsets: number[] = [];
  const positions: number[] = [];
  forEachIndex(extents, (index, position) => {
    if (index.some((i, k) => i >= (alive[k] ?? 0))) return;
    offsets.push(offsetOf(index, along));
    positions.push(position);
  });
  const kept = strides.filter((_, k) => !axes.includes(k));
  const data = new Float64Array(countOf(shape));
  forEachIndex(shape, (index, flat) => {
    const start = offsetOf(index, kept);
    const values = offsets.map((offset) => at(x, start + offset));
    data[flat] = fold(values, positions, x.dtype);
  });
  return { shape, dtype: node.dtype, data };
}

function product(node: Node, shape: readonly number[], inputs: readonly NDArray[], live: Live): NDArray {
  const [a, b] = inputs;
  const inner = node.inputs[0]?.shape.at(-1);
  if (a === undefined || b === undefined || inner === undefined) throw new TypeError('matmul: two operands');
  const [m, n, stride] = [shape.at(-2) ?? 0, shape.at(-1) ?? 0, extentOf(inner)];
  const depth = liveOf(inner, live);
  const data = new Float64Array(countOf(shape));
  for (let batch = 0; batch < countOf(shape.slice(0, -2)); batch++) {
    for (let i = 0; i < m; i++) {
      const row = (batch * m + i) * n;
      for (let k = 0; k < depth; k++) {
        const x = at(a, (batch * m + i) * stride + k);
        const line = (batch * stride + k) * n;
        if (node.dtype === 'f32') {
          for (let j = 0; j < n; j++) data[row + j] = (data[row + j] ?? 0) + x * (b.data[line + j] ?? 0);
        } else {
          for (let j = 0; j < n; j++) {
            data[row + j] = wrap((data[row + j] ?? 0) + Math.imul(x, at(b, line + j)), node.dtype);
          }
        }
      }
    }
  }
  return { shape, dtype: node.dtype, data };
}

function taken(node: Node, shape: readonly number[], inputs: readonly NDArray[], live: Live): NDArray {
  const [x, indices] = inputs;
  const rows = node.inputs[0]?.shape[0];
  if (x === undefined || indices === undefined || rows === undefined)
    throw new TypeError('take: two operands');
  const width = countOf(x.shape.slice(1));
  const data = new Float64Array(countOf(shape));
  for (let k = 0; k < data.length; k++) {
    const row = nearest(at(indices, Math.floor(k / width)), rows, live);
    data[k] = at(x, row * width + (k % width));
  }
  return { shape, dtype: node.dtype, data };
}

function picked(node: Node, shape: readonly number[], inputs: readonly NDArray[], live: Live): NDArray {
  const [x, indices] = inputs;
  const last = node.inputs[0]?.shape.at(-1);
  if (x === undefined || indices === undefined || last === undefined)
    throw new TypeError('pick: two operands');
  const width = extentOf(last);
  const data = new Float64Array(countOf(shape));
  for (let k = 0; k < data.length; k++) data[k] = at(x, k * width + nearest(at(indices, k), last, live));
  return { shape, dtype: node.dtype, data };
}

/** An index as gathers read it: the nearest that there is. */
function nearest(index: number, dim: Dim, live: Live): number {
  return Math.max(0, Math.min(index, liveOf(dim, live) - 1));
}

function known(values: ReadonlyMap<Node, NDArray>, node: Node): NDArray {
  const value = values.get(node);
  if (value === undefined) throw new RangeError(`node ${node.id} (${node.op}) is used before it is built`);
  return value;
}

/** A record's own entry: names may be any text, `constructor` too. */
function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Softmax of the second operand along an axis, over its live elements; the first is not looked at. */
function softmax(node: Node, shape: readonly number[], inputs: readonly NDArray[], live: Live): NDArray {
  const x = operandOf(inputs, 1);
  const axis = numberAttr(node, 'axis');
  const stride = stridesOf(shape)[axis] ?? 1;
  const dim = node.shape[axis] ?? 1;
  const count = liveOf(dim, live);
  const data = new Float64Array(countOf(shape));
  for (let i = 0; i < data.length; i++) {
    const first = i - (Math.floor(i / stride) % extentOf(dim)) * stride;
    const line = Array.from({ length: count }, (_, k) => at(x, first + k * stride));
    const top = Math.max(...line);
    data[i] = Math.exp(at(x, i) - top) / line.reduce((sum, value) => sum + Math.exp(value - top), 0);
  }
  return { shape, dtype: node.dtype, data };
}

function operandOf(inputs: readonly NDArray[], k: number): NDArray {
  const input = inputs[k];
  if (input === undefined) throw new RangeError(`no operand ${k}`);
  return input;
}
