import type { DimLike, Tensor } from '../../graph/index.ts';
import { shortestFloat } from '../../loops/float32.ts';
import { type Dim, shapeText } from '../../loops/size.ts';
import { OnnxError } from '../issues.ts';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor } from '../proto/model.ts';
import type { Calls } from './calls.ts';
import { type ElementType, elementType, elemOf } from './elementTypes.ts';
import { dtypeOf, type Known, numeric, shapeOf, type Value } from './value.ts';

/** What a row of the table of operators gives for an output: a tensor, or a value with an element type that it says. */
export type Result = Tensor | Value;

/** What a node is imported with. */
export interface Surroundings {
  readonly calls: Calls;
  /** Whether what is random while training is so. */
  readonly training: boolean;
  /** The tensor of a value, which is declared where nothing has asked for it yet. */
  readonly tensorOf: (value: Value) => Tensor;
  /** What a weight holds, or a constant. */
  readonly knownOf: (value: Value) => Known | undefined;
  /** The elements of a tensor of the file. */
  readonly read: (tensor: OnnxTensor) => Known;
  /** The tensor of a value that optimizers leave alone: a running statistic. */
  readonly bufferOf: (value: Value) => Tensor;
  /** A weight for values that a node makes of constants. */
  readonly weight: (name: string, shape: readonly number[], values: () => Float32Array) => Value;
  /** Imports a graph within this one. */
  readonly within: (graph: OnnxGraph) => Value[];
}

/** A node as rows of the table of operators see it: its operands, attributes, and what they may be written with. */
export class NodeContext {
  readonly node: OnnxNode;
  /** The version of the operator set that the node is of. */
  readonly opset: number;
  readonly values: readonly (Value | undefined)[];
  readonly around: Surroundings;
  readonly nn: Calls['nn'];
  readonly s: Calls['s'];
  readonly where: Calls['where'];

  constructor(node: OnnxNode, opset: number, values: readonly (Value | undefined)[], around: Surroundings) {
    this.node = node;
    this.opset = opset;
    this.values = values;
    this.around = around;
    this.nn = around.calls.nn;
    this.s = around.calls.s;
    this.where = around.calls.where;
  }

  /** Whether operand `k` is there. */
  has(k: number): boolean {
    return this.values[k] !== undefined;
  }

  /** How many operands there are, those in between that are left out too. */
  get operands(): number {
    return this.values.length;
  }

  /** Whether output `k` is asked for. */
  asks(k: number): boolean {
    return (this.node.outputs[k] ?? '') !== '';
  }

  /** Operand `k` as it is. @throws OnnxError `node` where it is missing */
  value(k: number): Value {
    const value = this.values[k];
    if (value === undefined) return this.fail(`operand ${k} is missing`);
    return value;
  }

  /** Operand `k` as a tensor. @throws OnnxError `node` where it is missing */
  tensor(k: number): Tensor {
    return this.around.tensorOf(this.value(k));
  }

  /** Operand `k` as a tensor, which is not trained: a running statistic. @throws as {@link tensor} */
  buffer(k: number): Tensor {
    return this.around.bufferOf(this.value(k));
  }

  /** The same node with other operands. */
  withOperands(values: readonly (Value | undefined)[]): NodeContext {
    return new NodeContext(this.node, this.opset, values, this.around);
  }

  /** Operand `k` as a tensor, or undefined where it is left out. */
  optional(k: number): Tensor | undefined {
    return this.has(k) ? this.tensor(k) : undefined;
  }

  /** All operands as tensors. */
  tensors(): Tensor[] {
    return this.values.map((_, k) => this.tensor(k));
  }

  /** The dimensions of operand `k`. */
  shape(k: number): readonly Dim[] {
    return shapeOf(this.value(k));
  }

  /** The element type of operand `k`. */
  type(k: number): ElementType {
    return elementType(this.value(k).elem, `operand ${k}`);
  }

  /** Whether operand `k` is of floats. */
  isFloat(k: number): boolean {
    return dtypeOf(this.value(k)) === 'f32';
  }

  /**
   * Operand `k` beside a tensor: a number where it is one that is known, and adds no axes to it.
   *
   * @param beside how many axes the other operand has
   */
  operand(k: number, beside: number): Tensor | number {
    const value = this.value(k);
    if (value.kind !== 'known' || value.shape.length > beside) return this.tensor(k);
    const element = value.elements[0];
    if (value.elements.length !== 1 || typeof element !== 'number') return this.tensor(k);
    if (value.dtype === 'bool') return this.tensor(k);
    if (value.dtype === 'f32') return shortestFloat(element);
    // One that does not fit is refused where it becomes a tensor.
    return Math.abs(element) < 2 ** 31 ? element : this.tensor(k);
  }

  /** What operand `k` is, where that is known now; undefined where it is left out or depends on inputs. */
  known(k: number): Known | undefined {
    const value = this.values[k];
    return value === undefined ? undefined : this.around.knownOf(value);
  }

  /** The elements of operand `k`, sizes among them. @throws OnnxError `unsupported` where they depend on inputs */
  elements(k: number, what: string): Dim[] {
    const known = this.known(k);
    if (known === undefined) {
      this.value(k);
      return this.refuse(`${what} depends on values that only a step knows`);
    }
    return Array.from(known.elements);
  }

  /** The elements of operand `k`, which are numbers. @throws OnnxError `unsupported` as {@link elements} */
  numbers(k: number, what: string): number[] {
    const numbers = numeric(this.elements(k, what));
    if (numbers !== undefined) return numbers;
    return this.refuse(`${what} depends on a bounded size: give sizes a number, and the option fixed`);
  }

  /** Operand `k`, which is one number; `otherwise` where it is left out. @throws as {@link numbers} */
  number(k: number, what: string, otherwise?: number): number {
    if (!this.has(k) && otherwise !== undefined) return otherwise;
    const [only] = this.numbers(k, what);
    return only ?? this.fail(`${what} has no element`);
  }

  /** A list of whole numbers that was an attribute first, and an operand later; undefined where there is neither. */
  listed(attribute: string, k: number): readonly number[] | undefined {
    const own = this.attribute(attribute, 'ints');
    if (own !== undefined) return own.value;
    return this.has(k) ? this.numbers(k, attribute) : undefined;
  }

  /** The attribute of a name, of a kind. @throws OnnxError `node` where it is of another kind */
  attribute<K extends keyof AttributeValues>(name: string, kind: K): AttributeOf<K> | undefined {
    const found = this.node.attributes.find((attribute) => attribute.name === name);
    if (found === undefined) return undefined;
    if (isOfKind(found, kind)) return found;
    return this.fail(`attribute ${name} is of kind ${found.kind}, not ${kind}`);
  }

  /** A whole number. @throws OnnxError `node` where it is of another kind, or missing without another value */
  int(name: string, otherwise?: number): number {
    return this.attribute(name, 'int')?.value ?? otherwise ?? this.fail(`attribute ${name} is missing`);
  }

  /** A float, as short as its 32 bits allow. @throws as {@link int} */
  float(name: string, otherwise?: number): number {
    const found = this.attribute(name, 'float');
    if (found !== undefined) return shortestFloat(found.value);
    return otherwise ?? this.fail(`attribute ${name} is missing`);
  }

  /** Whether a flag is set. */
  flag(name: string, otherwise = false): boolean {
    return this.int(name, otherwise ? 1 : 0) !== 0;
  }

  /** A text. @throws as {@link int} */
  text(name: string, otherwise?: string): string {
    return this.attribute(name, 'string')?.value ?? otherwise ?? this.fail(`attribute ${name} is missing`);
  }

  /** A list of whole numbers, where it is there. */
  ints(name: string): readonly number[] | undefined {
    return this.attribute(name, 'ints')?.value;
  }

  /** An axis as a whole number from 0 on. @throws OnnxError `node` where there is no such axis */
  axis(axis: number, rank: number): number {
    const normal = axis < 0 ? axis + rank : axis;
    if (Number.isInteger(normal) && normal >= 0 && normal < rank) return normal;
    return this.fail(`axis ${axis} is not one of ${rank} axes`);
  }

  /** The extent of an axis of operand `k`. @throws OnnxError `unsupported` where it is bounded */
  extent(k: number, axis: number): number {
    const dim = this.shape(k)[axis];
    return typeof dim === 'number' ? dim : this.refuse(`axis ${axis} of operand ${k} is a bounded size`);
  }

  /** The extent of an axis of a tensor that was made of operands. @throws OnnxError `unsupported` where it is bounded */
  fixed(x: Tensor, axis: number): number {
    const dim = x.shape[axis];
    return typeof dim === 'number'
      ? dim
      : this.refuse(`axis ${axis} of ${shapeText(x.shape)} is a bounded size`);
  }

  /** All dimensions of operand `k`. @throws OnnxError `unsupported` where one is bounded */
  extents(k: number): number[] {
    return this.shape(k).map((_, axis) => this.extent(k, axis));
  }

  /** A given array. */
  literal(
    values: ArrayLike<number>,
    shape: readonly number[],
    dtype: 'f32' | 'i32' | 'u32' | 'bool' = 'f32',
  ): Tensor {
    return this.around.calls.literal(values, shape, dtype);
  }

  /** One value everywhere, of the type of operand `k`. */
  filled(k: number, shape: readonly DimLike[], value: number): Tensor {
    const dtype = elementType(this.value(k).elem, `operand ${k}`).dtype;
    return dtype === 'f32'
      ? this.s.full(this.where, shape, value)
      : this.s.full(this.where, shape, value, dtype);
  }

  /** A value that is known. */
  constant(elem: number, shape: readonly number[], elements: ArrayLike<Dim>): Known {
    const { dtype } = elementType(elem, 'a constant');
    return { kind: 'known', elem, dtype, shape, elements, name: this.node.outputs[0] ?? '' };
  }

  /** A tensor, as one of an element type of ONNX's. */
  typed(tensor: Tensor, elem: number): Value {
    return { kind: 'computed', elem, tensor };
  }

  /** The element type of a result: that of the first operand, where it is computed in the type that the result has. */
  elemFor(tensor: Tensor): number {
    const first = this.values.find((value) => value !== undefined);
    return first !== undefined && dtypeOf(first) === tensor.dtype ? first.elem : elemOf(tensor.dtype);
  }

  /** @throws OnnxError `unsupported` always: what the file asks for can be asked for, and is not built */
  refuse(why: string): never {
    throw new OnnxError('unsupported', why);
  }

  /** @throws OnnxError `node` always: the file is not as the operator demands */
  fail(text: string): never {
    throw new OnnxError('node', text);
  }
}

/** Values of attributes by their kinds. */
interface AttributeValues {
  readonly float: number;
  readonly int: number;
  readonly string: string;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly strings: readonly string[];
  readonly tensor: OnnxTensor;
  readonly graph: OnnxGraph;
}

type AttributeOf<K extends keyof AttributeValues> = OnnxAttribute & {
  readonly kind: K;
  readonly value: AttributeValues[K];
};

function isOfKind<K extends keyof AttributeValues>(
  attribute: OnnxAttribute,
  kind: K,
): attribute is AttributeOf<K> {
  return attribute.kind === kind;
}

/** The outputs of a row, which gives one or a list. */
export function listOf(results: Result | readonly (Result | undefined)[]): readonly (Result | undefined)[] {
  return isList(results) ? results : [results];
}

function isList(
  results: Result | readonly (Result | undefined)[],
): results is readonly (Result | undefined)[] {
  return Array.isArray(results);
}
