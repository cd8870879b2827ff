/**
 * The messages of `onnx.proto` that a model is made of: for each field its number and the kind of its value. Fields
 * that are not here are skipped when a file is read: documentation, training by ONNX's own means, annotations.
 *
 * Field numbers are those of ONNX's IR version 13, which keeps all older ones.
 */
export const messages = {
  ModelProto: {
    irVersion: one(1, 'int'),
    producerName: one(2, 'text'),
    producerVersion: one(3, 'text'),
    graph: one(7, 'GraphProto'),
    opsetImport: many(8, 'OperatorSetIdProto'),
    metadataProps: many(14, 'StringStringEntryProto'),
    functions: many(25, 'FunctionProto'),
  },
  OperatorSetIdProto: { domain: one(1, 'text'), version: one(2, 'int') },
  StringStringEntryProto: { key: one(1, 'text'), value: one(2, 'text') },
  GraphProto: {
    node: many(1, 'NodeProto'),
    name: one(2, 'text'),
    initializer: many(5, 'TensorProto'),
    input: many(11, 'ValueInfoProto'),
    output: many(12, 'ValueInfoProto'),
    valueInfo: many(13, 'ValueInfoProto'),
    sparseInitializer: many(15, 'SparseTensorProto'),
  },
  NodeProto: {
    input: many(1, 'text'),
    output: many(2, 'text'),
    name: one(3, 'text'),
    opType: one(4, 'text'),
    attribute: many(5, 'AttributeProto'),
    domain: one(7, 'text'),
  },
  AttributeProto: {
    name: one(1, 'text'),
    f: one(2, 'float'),
    i: one(3, 'int'),
    s: one(4, 'text'),
    t: one(5, 'TensorProto'),
    g: one(6, 'GraphProto'),
    floats: many(7, 'float'),
    ints: many(8, 'int'),
    strings: many(9, 'text'),
    type: one(20, 'int'),
    refAttrName: one(21, 'text'),
  },
  TensorProto: {
    dims: many(1, 'int'),
    dataType: one(2, 'int'),
    floatData: many(4, 'float'),
    int32Data: many(5, 'int'),
    int64Data: many(7, 'int'),
    name: one(8, 'text'),
    rawData: one(9, 'bytes'),
    doubleData: many(10, 'double'),
    uint64Data: many(11, 'int'),
    externalData: many(13, 'StringStringEntryProto'),
    dataLocation: one(14, 'int'),
  },
  SparseTensorProto: { values: one(1, 'TensorProto') },
  ValueInfoProto: { name: one(1, 'text'), type: one(2, 'TypeProto') },
  TypeProto: { tensorType: one(1, 'TensorTypeProto') },
  /** `TypeProto.Tensor`. */
  TensorTypeProto: { elemType: one(1, 'int'), shape: one(2, 'TensorShapeProto') },
  TensorShapeProto: { dim: many(1, 'DimensionProto') },
  /** `TensorShapeProto.Dimension`. */
  DimensionProto: { dimValue: one(1, 'int'), dimParam: one(2, 'text') },
  FunctionProto: {
    name: one(1, 'text'),
    input: many(4, 'text'),
    output: many(5, 'text'),
    attribute: many(6, 'text'),
    node: many(7, 'NodeProto'),
    opsetImport: many(9, 'OperatorSetIdProto'),
    domain: one(10, 'text'),
    attributeProto: many(11, 'AttributeProto'),
  },
} as const;

/** The name of a message. */
export type MessageName = keyof typeof messages;

/** The values of fields other than messages. A whole number has 64 bits, signed. */
export interface Scalars {
  readonly int: bigint;
  readonly float: number;
  readonly double: number;
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** A field of a message. */
export interface Field {
  readonly number: number;
  readonly kind: keyof Scalars | MessageName;
  /** Whether it may stand any number of times: its value is a list. */
  readonly isMany: boolean;
}

type Value<Kind> = Kind extends keyof Scalars
  ? Scalars[Kind]
  : Kind extends MessageName
    ? Message<Kind>
    : never;

/** A message as a file has it: what is not there is left out. */
export type Message<Name extends MessageName> = {
  readonly [F in keyof (typeof messages)[Name]]?: (typeof messages)[Name][F] extends {
    readonly kind: infer Kind;
    readonly isMany: infer Many;
  }
    ? Many extends true
      ? readonly Value<Kind>[]
      : Value<Kind>
    : never;
};

/** The fields of each message by their names. */
export const fieldsOf: Readonly<Record<MessageName, Readonly<Record<string, Field>>>> = messages;

/** Whether the kind of a field is a message. */
export function isMessage(kind: Field['kind']): kind is MessageName {
  return Object.hasOwn(messages, kind);
}

function one<const Kind extends string>(
  number: number,
  kind: Kind,
): { readonly number: number; readonly kind: Kind; readonly isMany: false } {
  return { number, kind, isMany: false };
}

function many<const Kind extends string>(
  number: number,
  kind: Kind,
): { readonly number: number; readonly kind: Kind; readonly isMany: true } {
  return { number, kind, isMany: true };
}
