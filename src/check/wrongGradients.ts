import { type Module, type Node, neededBy, Tensor } from '../graph/index.ts';
import { entryOf, evaluateNode, type Feeds, type NDArray } from '../reference/index.ts';
import { type NodePlace, nodePlace } from './nodePlace.ts';
import { nodesOf } from './observe.ts';
import type { Play } from './plays.ts';

/** A gradient of a user's own that is not the derivative of its function. */
export interface WrongGradient extends Play {
  /** Where the function was applied. */
  readonly node: NodePlace;
  /** The number of the input. */
  readonly input: number;
  /** What the rule gives along a direction. */
  readonly given: number;
  /** What differences of the function give along it. */
  readonly differences: number;
}

/** How far an input moves, relative to its root mean square (or 1): float64 has half of its digits there. */
const STEP = 1e-7;
/** Differences are right to some 1e-8 of their terms; a rule that is wrong is further off. */
const TOLERANCE = 1e-4;

/**
 * The gradients of users' own that an entry needs and that differ from differences of their functions, by float64 values
 * of a step, along one irregular direction of each input. Estimates are left out: they are not to be derivatives.
 *
 * @param values of every node that the entry needs
 * @throws GraphError where a rule does not fit its function
 */
export function wrongGradients(
  module: Module,
  play: Play,
  values: ReadonlyMap<Node, NDArray>,
  feeds: Feeds,
): WrongGradient[] {
  return nodesOf(entryOf(module, play.entry)).flatMap((node) => {
    if (node.op !== 'custom') return [];
    const output = new Tensor(module.graph, node);
    const rule = module.graph.customRules[Number(node.attrs.rule)];
    // A module that was read from text has lost its rules, which only differentiating would ask for.
    if (rule === undefined || rule.isEstimate) return [];
    const inputs = node.inputs.map((input) => output.wrap(input));
    const cotangent = irregularLike(output);
    const cotangents = rule.cotangents({ node, inputs, output, cotangent });
    const [value, ...operands] = node.inputs;
    const within = value === undefined ? [] : neededBy([value]);
    return operands.flatMap((operand, k): WrongGradient[] => {
      const gradient = cotangents[k];
      if (operand.dtype !== 'f32' || gradient === undefined || value === undefined) return [];
      // What the function was given as this input, and nothing else that is made of the same tensor.
      const own = within.find(
        ({ op, attrs, inputs: [from] }) =>
          op === 'detach' && attrs.rule === node.attrs.rule && attrs.input === k && from === operand,
      );
      const at = elementsOf(operand, values, feeds);
      const direction = at.data.map((_, i) => irregular(i + 1));
      const terms = elementsOf(gradient.node, values, feeds).data.map((g, i) => g * (direction[i] ?? 0));
      const weights = elementsOf(cotangent.node, values, feeds).data;
      const step = STEP * Math.max(1, rootMeanSquare(at.data));
      const moved = (by: number): Float64Array => {
        const data = at.data.map((x, i) => x + by * (direction[i] ?? 0));
        return elementsOf(
          value,
          values,
          feeds,
          own === undefined ? undefined : new Map([[own, { ...at, data }]]),
        ).data;
      };
      const [above, below] = [moved(step), moved(-step)];
      const slopes = above.map((y, i) => (((y - (below[i] ?? 0)) / step) * (weights[i] ?? 0)) / 2);
      const [given, differences] = [sum(terms), sum(slopes)];
      const scale = Math.max(length(terms), length(slopes));
      if (!Number.isFinite(differences) || Math.abs(given - differences) <= TOLERANCE * scale) return [];
      return [{ ...play, node: nodePlace(node), input: k, given, differences }];
    });
  });
}

/** A node's value where some nodes have others than they had. */
function elementsOf(
  node: Node,
  values: ReadonlyMap<Node, NDArray>,
  feeds: Feeds,
  others: ReadonlyMap<Node, NDArray> = new Map(),
): NDArray {
  const changed = new Map(others);
  const known = (one: Node): NDArray => {
    const value = changed.get(one) ?? values.get(one);
    if (value === undefined) throw new RangeError(`node ${one.id} (${one.op}) has no value`);
    return value;
  };
  for (const one of neededBy([node])) {
    if (changed.has(one) || (values.has(one) && !one.inputs.some((input) => changed.has(input)))) continue;
    changed.set(one, evaluateNode(one, one.inputs.map(known), feeds));
  }
  return known(node);
}

/** From -1/2 to 1/2, without a pattern: multiples of the golden ratio, without their whole parts. */
function irregular(k: number): number {
  const multiple = k * ((Math.sqrt(5) - 1) / 2);
  return multiple - Math.floor(multiple) - 0.5;
}

/** A tensor of such numbers, of another's shape. */
function irregularLike(tensor: Tensor): Tensor {
  const places = tensor.shape.map((_, k) =>
    tensor
      .iotaLike(k)
      .cast('f32')
      .mul((k + 1) * irregular(k + 2)),
  );
  const multiple = places.reduce((a, b) => a.add(b), tensor.fullLike(0.3));
  return multiple.sub(multiple.floor()).sub(0.5);
}

function sum(terms: Float64Array): number {
  return terms.reduce((a, b) => a + b, 0);
}

function length(terms: Float64Array): number {
  return Math.sqrt(sum(terms.map((x) => x * x)));
}

function rootMeanSquare(data: Float64Array): number {
  return data.length === 0 ? 0 : length(data) / Math.sqrt(data.length);
}
