/** A model as an ONNX file has it, less what nothing here reads. Whole numbers beyond 2⁵³ are the nearest double. */
export interface OnnxModel {
  readonly irVersion: number;
  /** Versions of sets of operators; the domain of ONNX's own is empty. */
  readonly opsets: readonly OnnxOpset[];
  readonly producer: string;
  readonly graph: OnnxGraph;
  readonly functions: readonly OnnxFunction[];
  readonly metadata: readonly (readonly [key: string, value: string])[];
}

/** The version of a set of operators. */
export interface OnnxOpset {
  readonly domain: string;
  readonly version: number;
}

/** Nodes in order, operands before their users, and the values that go in and come out. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  /** One that is an initializer too has its value where nobody gives one. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** What is known of the types of values in between. */
  readonly values: readonly OnnxValue[];
}

/** A function of a model's own: a node whose `op` and `domain` are its name and domain calls it. */
export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names of the attributes that a call must give. */
  readonly attributes: readonly string[];
  /** Attributes that a call may give, with the values that they have otherwise. */
  readonly defaults: readonly OnnxAttribute[];
  readonly nodes: readonly OnnxNode[];
  readonly opsets: readonly OnnxOpset[];
}

/** A call of an operator. Values go by names; an empty one is an optional operand that is left out. */
export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly OnnxAttribute[];
}

/** The name of a value and its type, where that is known and is a tensor's. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxTensorType | undefined;
}

/** An element type (a number of {@link elementTypes}), and a shape where the rank is known. */
export interface OnnxTensorType {
  readonly elem: number;
  /** Extents; a text is a dimension that has a name only, and `undefined` is one of which nothing is known. */
  readonly shape?: readonly (number | string | undefined)[];
}

/** An attribute of a node. */
export type OnnxAttribute = { readonly name: string } & (
  | { readonly kind: 'float' | 'int'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'floats' | 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensor'; readonly value: OnnxTensor }
  | { readonly kind: 'graph'; readonly value: OnnxGraph }
  /** An attribute of another type; in a function maybe the attribute of the call that is named here. */
  | { readonly kind: 'other'; readonly type: number; readonly reference?: string }
);

/** A tensor. */
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** The element type, a number of {@link elementTypes}. */
  readonly type: number;
  /** Little-endian, row-major, whichever field of the file they were in; none of texts, and of what lies outside. */
  readonly data: Uint8Array;
  /** Where the elements are, if they are in another file. */
  readonly external?: OnnxExternal;
}

/** A part of another file, in bytes; without a length, all of it from the offset on. */
export interface OnnxExternal {
  readonly location: string;
  readonly offset: number;
  readonly length?: number;
}

/** `TensorProto.DataType`: the numbers of element types. */
export const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  complex128: 15,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e4m3fnuz: 18,
  float8e5m2: 19,
  float8e5m2fnuz: 20,
  uint4: 21,
  int4: 22,
  float4e2m1: 23,
  float8e8m0: 24,
  uint2: 25,
  int2: 26,
} as const;

/** The name of an element type. */
export type ElementType = keyof typeof elementTypes;

/** Bits of an element in a file; none for texts, which have no fixed size. */
export const elementBits: Readonly<Record<ElementType, number>> = {
  float32: 32,
  uint8: 8,
  int8: 8,
  uint16: 16,
  int16: 16,
  int32: 32,
  int64: 64,
  string: 0,
  bool: 8,
  float16: 16,
  float64: 64,
  uint32: 32,
  uint64: 64,
  complex64: 64,
  complex128: 128,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  uint4: 4,
  int4: 4,
  float4e2m1: 4,
  float8e8m0: 8,
  uint2: 2,
  int2: 2,
};

/** The name of an element type by its number; undefined where there is none. */
export function elementTypeOf(type: number): ElementType | undefined {
  return byNumber.get(type);
}

const byNumber: ReadonlyMap<number, ElementType> = new Map(
  Object.entries(elementTypes).map(([name, number]) => [number, nameOf(name)]),
);

function nameOf(name: string): ElementType {
  if (Object.hasOwn(elementTypes, name)) return name as ElementType;
  throw new RangeError(`no element type ${name}`);
}
