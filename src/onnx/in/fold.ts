import { Graph, neededBy, Tensor } from '../../graph/index.ts';
import { elementCount } from '../../loops/size.ts';
import { evaluate } from '../../reference/index.ts';
import { OnnxError } from '../issues.ts';
import type { OnnxNode } from '../proto/model.ts';
import { foldingCalls } from './calls.ts';
import { listOf, NodeContext, type Surroundings } from './context.ts';
import { elementType, elemOf } from './elementTypes.ts';
import type { Operator } from './operators/operator.ts';
import { countOf, isNumeric, type Known, type Value } from './value.ts';

/** Elements of all operations that one node is computed by, at most: larger results are left to steps. */
const MOST_FOLDED = 2 ** 15;

/** What folding takes of an import. */
export type FoldSurroundings = Omit<Surroundings, 'calls' | 'tensorOf' | 'bufferOf'>;

/** A node whose operands are all known; one that is left out is undefined. */
export interface Foldable {
  readonly node: OnnxNode;
  readonly opset: number;
  readonly row: Operator;
  readonly operands: readonly (Known | undefined)[];
  readonly around: FoldSurroundings;
}

/** What is known of a node's results. */
export type Folded = readonly (Known | undefined)[] | undefined;

/**
 * The results of a node whose operands are all known, computed by the reference evaluator.
 *
 * @returns undefined where there is too much to compute, or what is known are sizes that the node does more with than move them
 * @throws what the row throws: the node is then imported as others are, and its error told
 */
export function folded(foldable: Foldable): Folded {
  const { row, operands } = foldable;
  const given = operands.filter((operand) => operand !== undefined);
  if (row.unfolded === true) return undefined;
  if (given.reduce((n, { elements }) => n + elements.length, 0) > MOST_FOLDED) return undefined;
  if (row.moves !== undefined) return moved(foldable, row.moves);
  if (!given.every(({ elements }) => isNumeric(elements))) return undefined;
  return computed(foldable);
}

/** A node that moves elements: it moves their numbers, and they are taken by these. */
function moved(foldable: Foldable, which: 'all' | 'first'): Folded {
  const { operands } = foldable;
  const all: Known['elements'][number][] = [];
  const first = operands[0];
  if (first === undefined) return undefined;
  const numbered = operands.map((operand, k): Known | undefined => {
    if (operand === undefined || (k > 0 && which === 'first')) return operand;
    const from = all.length;
    for (let at = 0; at < operand.elements.length; at++) all.push(operand.elements[at] ?? 0);
    const places = Float64Array.from({ length: operand.elements.length }, (_, at) => from + at);
    return { ...operand, elem: elemOf('i32'), dtype: 'i32', elements: places };
  });
  const results = computed({ ...foldable, operands: numbered });
  return results?.map((result) => {
    if (result === undefined) return undefined;
    const elements = Array.from(result.elements, (place) => all[Number(place)] ?? 0);
    return { ...result, elem: first.elem, dtype: first.dtype, elements };
  });
}

function computed({ node, opset, row, operands, around }: Foldable): Folded {
  const graph = new Graph();
  const calls = foldingCalls({ graph });
  const tensorOf = (value: Value): Tensor => {
    if (value.kind === 'computed') return value.tensor;
    if (value.kind === 'weight')
      throw new RangeError(`the weight ${value.name} is not known while importing`);
    return calls.literal(requireNumeric(value), value.shape, value.dtype);
  };
  const surroundings: Surroundings = { ...around, calls, tensorOf, bufferOf: tensorOf };
  const ctx = new NodeContext(node, opset, operands, surroundings);
  const results = graph.withoutSource(() => listOf(row.import(ctx)));
  return node.outputs.map((name, k): Known | undefined => {
    const result = results[k];
    if (result === undefined || name === '') return undefined;
    if (!(result instanceof Tensor) && result.kind !== 'computed') {
      if (result.kind === 'known') return { ...result, name };
      throw new RangeError('a weight is not known while importing');
    }
    const tensor = result instanceof Tensor ? result : result.tensor;
    // A bounded size is known by its name alone.
    if (tensor.shape.some((dim) => typeof dim === 'object')) throw new TooMuch('a shape with a bounded size');
    const needed = neededBy([tensor.node]);
    if (needed.reduce((n, { shape }) => n + elementCount(shape), 0) > MOST_FOLDED)
      throw new TooMuch('more than is computed while importing');
    const [value] = evaluate([tensor.node], {}, 'f32');
    if (value === undefined || value.dtype === 'u8') throw new RangeError('no value');
    const type = result instanceof Tensor ? ctx.elemFor(tensor) : result.elem;
    return { kind: 'known', elem: type, dtype: value.dtype, shape: value.shape, elements: value.data, name };
  });
}

/** That a node is left to steps. */
export class TooMuch extends RangeError {}

/** The numbers of what is known, which fit the type that they are computed in. */
function requireNumeric(value: Known): ArrayLike<number> {
  const { elements } = value;
  if (!isNumeric(elements)) throw new RangeError('a size is not known while importing');
  requireFit(value, elements);
  return elements;
}

/** Requires whole numbers of 64 bits to fit 32. @throws OnnxError `int64` naming the first one that does not */
export function requireFit({ dtype, name, elem, shape }: Known, elements: ArrayLike<number>): void {
  if (dtype !== 'i32' && dtype !== 'u32') return;
  const [least, most] = dtype === 'i32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  for (let k = 0; k < elements.length; k++) {
    const value = elements[k] ?? 0;
    if (value >= least && value <= most) continue;
    const what = name === '' ? 'a constant' : JSON.stringify(name);
    const type = elementType(elem, what).name;
    const text = `${what}, ${type} of shape [${shape.join(', ')}], holds ${value} at place ${k} of ${countOf(shape)}: integers are of 32 bits here, from ${least} to ${most}`;
    throw new OnnxError('int64', text);
  }
}
