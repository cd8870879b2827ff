import { type Node, neededBy } from '../graph/index.ts';
import { extentOf } from '../loops/size.ts';
import { countOf, liveOf, type NDArray } from './array.ts';
import { numberAttr } from './attributes.ts';
import { convolved } from './convolutions.ts';
import { picked, placed, segmentSums, taken, takenAlong } from './gathers.ts';
import { type Feeds, leafValue } from './leaves.ts';
import { moved } from './movements.ts';
import { type Precision, rounding } from './precision.ts';
import { contraction, softmax } from './products.ts';
import { reduced } from './reductions.ts';
import { convert, formulas, wrap } from './scalars.ts';
import { runningExtremum } from './scans.ts';
import { slid } from './windows.ts';

/**
 * The values of nodes, by plain loops: the oracle that compiled programs are compared with. It shares nothing
 * with the compiler but the type of a node.
 *
 * Bounded dimensions are stored at their maximum; what is not live holds NaN or worse, and reductions,
 * products and extents take the live elements only.
 *
 * @throws TypeError for an operation that it does not know, RangeError for feeds that do not fit
 */
export function evaluate(nodes: readonly Node[], feeds: Feeds, precision: Precision = 'f64'): NDArray[] {
  const values = evaluateAll(nodes, feeds, precision);
  return nodes.map((node) => known(values, node));
}

/** Is told which node is evaluated next: the `k`-th of so many, from 0. */
export type OnNode = (node: Node, k: number, nodes: number) => void;

/** The values of some nodes and of all that they depend on, operands first. @throws as {@link evaluate} */
export function evaluateAll(
  nodes: readonly Node[],
  feeds: Feeds,
  precision: Precision = 'f64',
  onNode: OnNode = () => {},
): Map<Node, NDArray> {
  const steps = evaluation(nodes, feeds, precision);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    onNode(...value);
  }
}

/**
 * The same node by node, for who has something else to do in between: gives each before it is evaluated.
 *
 * @throws as {@link evaluate}
 */
export function* evaluation(
  nodes: readonly Node[],
  feeds: Feeds,
  precision: Precision,
): Generator<Parameters<OnNode>, Map<Node, NDArray>, undefined> {
  const values = new Map<Node, NDArray>();
  const needed = neededBy(nodes);
  for (const [k, node] of needed.entries()) {
    yield [node, k, needed.length];
    const operands = node.inputs.map((input) => known(values, input));
    values.set(node, evaluateNode(node, operands, feeds, precision));
  }
  return values;
}

/**
 * The value of one node of given operands.
 *
 * @param operands in the node's order, bounded dimensions at their maximum
 * @throws as {@link evaluate}
 */
export function evaluateNode(
  node: Node,
  operands: readonly NDArray[],
  feeds: Feeds,
  precision: Precision = 'f64',
): NDArray {
  const value = elementsOf(node, operands, feeds, precision);
  if (precision === 'f64' || value.dtype !== 'f32') return value;
  return { ...value, data: Float64Array.from(Float32Array.from(value.data)) };
}

function elementsOf(node: Node, operands: readonly NDArray[], feeds: Feeds, precision: Precision): NDArray {
  const { live = {} } = feeds;
  const shape = node.shape.map(extentOf);
  const found =
    leafValue(node, shape, feeds) ??
    moved(node, operands, shape) ??
    slid(node, operands, shape, precision) ??
    reduced(node, operands, shape, live, precision);
  if (found !== undefined) return found;
  const formula = Object.hasOwn(formulas, node.op) ? formulas[node.op] : undefined;
  if (formula !== undefined) {
    return pointwise(node, shape, operands, (x, y, z, w) =>
      wrap(formula(x, y, z, node.dtype, w), node.dtype),
    );
  }
  switch (node.op) {
    case 'cast':
      return pointwise(node, shape, operands, (x) => convert(x, node.dtype));
    case 'contract':
      return contraction(node, operands, shape, live, precision);
    case 'convolve':
      return convolved(node, operands, shape, live, precision);
    case 'take':
      return taken(node, operands, shape, live);
    case 'pick':
      return picked(node, operands, shape, live);
    case 'segmentSum':
    case 'segmentMax':
      return segmentSums(node, operands, shape, live, precision);
    case 'takeAlong':
      return takenAlong(node, numberAttr(node, 'axis'), operands, shape, live);
    case 'rearrange':
      return placed(operands, shape);
    case 'cummax':
    case 'cummin': {
      const [, x] = operands;
      if (x === undefined) throw new TypeError(`${node.op}: two operands`);
      return runningExtremum(node, x, live);
    }
    case 'softmax': {
      const [, x] = operands;
      if (x === undefined) throw new TypeError('softmax: two operands');
      const axis = numberAttr(node, 'axis');
      return softmax(shape, axis, liveOf(node.shape[axis] ?? 1, live), x, rounding(precision));
    }
    default:
      throw new TypeError(`node ${node.id}: the evaluator does not know the operation ${node.op}`);
  }
}

function pointwise(
  node: Node,
  shape: readonly number[],
  operands: readonly NDArray[],
  formula: (x: number, y: number, z: number, w: number) => number,
): NDArray {
  const [a, b, c, d] = operands.map((operand) => operand.data);
  const data = new Float64Array(countOf(shape));
  for (const operand of operands) {
    if (operand.data.length !== data.length)
      throw new RangeError(`node ${node.id} (${node.op}): operands differ`);
  }
  for (let k = 0; k < data.length; k++) data[k] = formula(a?.[k] ?? 0, b?.[k] ?? 0, c?.[k] ?? 0, d?.[k] ?? 0);
  return { shape, dtype: node.dtype, data };
}

function known(values: ReadonlyMap<Node, NDArray>, node: Node): NDArray {
  const value = values.get(node);
  if (value === undefined) throw new RangeError(`node ${node.id} (${node.op}) is used before it is built`);
  return value;
}
