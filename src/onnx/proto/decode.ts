import { OnnxError } from '../issues.ts';
import { elementBytes } from './elements.ts';
import type { Message } from './messages.ts';
import type {
  OnnxAttribute,
  OnnxExternal,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxOpset,
  OnnxTensor,
  OnnxTensorType,
  OnnxValue,
} from './model.ts';
import { readMessage } from './read.ts';

/**
 * Reads an ONNX file. Bytes of tensors are views of the file where it has them as they are.
 *
 * @throws OnnxError saying what is wrong, and at which byte: it is truncated, not a file of this format, or nested too deep;
 *   a tensor's bytes do not fit its dimensions
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  const hint = foreign.find(({ begins }) => begins.every((byte, k) => bytes[k] === byte));
  if (hint !== undefined) throw new OnnxError('foreign', `this is ${hint.what}, not an ONNX file`, 0);
  const model = readMessage('ModelProto', bytes);
  if (model.graph === undefined) {
    throw new OnnxError('foreign', `not an ONNX model: ${bytes.length} bytes without a graph`);
  }
  return {
    irVersion: Number(model.irVersion ?? 0n),
    opsets: (model.opsetImport ?? []).map(opsetOf),
    producer: [model.producerName, model.producerVersion].filter((text) => text !== undefined).join(' '),
    graph: graphOf(model.graph),
    functions: (model.functions ?? []).map(functionOf),
    metadata: (model.metadataProps ?? []).map(({ key = '', value = '' }) => [key, value]),
  };
}

/** Files that people take for ONNX files, by their first bytes. */
const foreign: readonly { readonly begins: readonly number[]; readonly what: string }[] = [
  {
    begins: [0x50, 0x4b, 3, 4],
    what: 'a zip archive, such as PyTorch writes (export it by torch.onnx.export)',
  },
  { begins: [0x89, 0x48, 0x44, 0x46], what: 'an HDF5 file, such as Keras writes (convert it by tf2onnx)' },
  { begins: [0x80, 2, 0x8a], what: "a pickle of PyTorch's (export it by torch.onnx.export)" },
];

function graphOf(graph: Message<'GraphProto'>): OnnxGraph {
  const { sparseInitializer = [] } = graph;
  if (sparseInitializer.length > 0) {
    const names = sparseInitializer.map(({ values }) => JSON.stringify(values?.name ?? ''));
    throw new OnnxError('tensor', `sparse initializers are not read, make them dense: ${names.join(', ')}`);
  }
  return {
    name: graph.name ?? '',
    nodes: (graph.node ?? []).map(nodeOf),
    initializers: (graph.initializer ?? []).map(tensorOf),
    inputs: (graph.input ?? []).map(namedValue),
    outputs: (graph.output ?? []).map(namedValue),
    values: (graph.valueInfo ?? []).map(namedValue),
  };
}

function functionOf(one: Message<'FunctionProto'>): OnnxFunction {
  return {
    name: one.name ?? '',
    domain: one.domain ?? '',
    inputs: one.input ?? [],
    outputs: one.output ?? [],
    attributes: one.attribute ?? [],
    defaults: (one.attributeProto ?? []).map(attributeOf),
    nodes: (one.node ?? []).map(nodeOf),
    opsets: (one.opsetImport ?? []).map(opsetOf),
  };
}

function opsetOf({ domain = '', version = 0n }: Message<'OperatorSetIdProto'>): OnnxOpset {
  return { domain, version: Number(version) };
}

function nodeOf(node: Message<'NodeProto'>): OnnxNode {
  return {
    name: node.name ?? '',
    op: node.opType ?? '',
    domain: node.domain ?? '',
    inputs: node.input ?? [],
    outputs: node.output ?? [],
    attributes: (node.attribute ?? []).map(attributeOf),
  };
}

function namedValue({ name = '', type }: Message<'ValueInfoProto'>): OnnxValue {
  return { name, type: type?.tensorType === undefined ? undefined : typeOf(type.tensorType) };
}

function typeOf({ elemType = 0n, shape }: Message<'TensorTypeProto'>): OnnxTensorType {
  const elem = Number(elemType);
  if (shape === undefined) return { elem };
  const dims = (shape.dim ?? []).map(({ dimValue, dimParam }) =>
    dimValue === undefined ? dimParam : Number(dimValue),
  );
  return { elem, shape: dims };
}

/** `AttributeProto.AttributeType`: the numbers of the kinds of attributes that are read. */
export const attributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const satisfies Record<Exclude<OnnxAttribute['kind'], 'other'>, number>;

function attributeOf(attribute: Message<'AttributeProto'>): OnnxAttribute {
  const { name = '', f, i, s, t, g, floats = [], ints = [], strings = [], refAttrName } = attribute;
  const type = Number(attribute.type ?? 0n) || impliedType(attribute);
  if (refAttrName !== undefined && refAttrName !== '') {
    return { name, kind: 'other', type, reference: refAttrName };
  }
  switch (type) {
    case attributeTypes.float:
      return { name, kind: 'float', value: f ?? 0 };
    case attributeTypes.int:
      return { name, kind: 'int', value: Number(i ?? 0n) };
    case attributeTypes.string:
      return { name, kind: 'string', value: s ?? '' };
    case attributeTypes.tensor:
      return { name, kind: 'tensor', value: tensorOf(t ?? {}) };
    case attributeTypes.graph:
      return { name, kind: 'graph', value: graphOf(g ?? {}) };
    case attributeTypes.floats:
      return { name, kind: 'floats', value: floats };
    case attributeTypes.ints:
      return { name, kind: 'ints', value: ints.map(Number) };
    case attributeTypes.strings:
      return { name, kind: 'strings', value: strings };
    default:
      return { name, kind: 'other', type };
  }
}

/** The type of an attribute that does not say it, as the first version of the format had them. */
function impliedType({ f, i, s, t, g, floats, ints, strings }: Message<'AttributeProto'>): number {
  if (f !== undefined) return attributeTypes.float;
  if (i !== undefined) return attributeTypes.int;
  if (s !== undefined) return attributeTypes.string;
  if (t !== undefined) return attributeTypes.tensor;
  if (g !== undefined) return attributeTypes.graph;
  if (floats !== undefined) return attributeTypes.floats;
  if (ints !== undefined) return attributeTypes.ints;
  return strings === undefined ? 0 : attributeTypes.strings;
}

/** `TensorProto.DataLocation.EXTERNAL`. */
export const EXTERNAL = 1n;

function tensorOf(tensor: Message<'TensorProto'>): OnnxTensor {
  const { name = '', dataType = 0n } = tensor;
  const dims = (tensor.dims ?? []).map(Number);
  const type = Number(dataType);
  if (tensor.dataLocation === EXTERNAL) {
    return { name, dims, type, data: new Uint8Array(0), external: externalOf(name, tensor) };
  }
  return { name, dims, type, data: elementBytes(name, dims, tensor) };
}

function externalOf(name: string, { externalData = [] }: Message<'TensorProto'>): OnnxExternal {
  const what = `tensor ${JSON.stringify(name)}`;
  const entries = new Map(externalData.map(({ key = '', value = '' }) => [key, value]));
  const location = entries.get('location');
  if (location === undefined)
    throw new OnnxError('tensor', `${what}: its elements lie outside, with no location`);
  const number = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= 0 && text.trim() !== '') return value;
    throw new OnnxError('tensor', `${what}: ${key} ${JSON.stringify(text)} is not a whole number from 0 on`);
  };
  const length = number('length');
  return { location, offset: number('offset') ?? 0, ...(length === undefined ? {} : { length }) };
}
