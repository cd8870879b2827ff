import { OnnxError } from '../issues.ts';
import { attributeTypes, EXTERNAL } from './decode.ts';
import type { Message } from './messages.ts';
import type {
  OnnxAttribute,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxOpset,
  OnnxTensor,
  OnnxValue,
} from './model.ts';
import { writeMessage } from './write.ts';

/** Bytes that a file of protocol buffers may have. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Writes an ONNX file; elements of tensors stand in `raw_data`. What comes back from {@link decodeModel} is equal.
 *
 * @throws OnnxError `value` for a number that its field cannot hold and for attributes of kinds that are not read,
 *   `too-large` from 2 GiB on
 */
export function encodeModel(model: OnnxModel): Uint8Array {
  // Said before all of it is copied.
  const bytes = model.graph.initializers.reduce((n, { data }) => n + data.length, 0);
  if (bytes > MOST_BYTES) tooLarge(bytes);
  const [name = '', ...version] = model.producer.split(' ');
  const file = writeMessage('ModelProto', {
    irVersion: int('irVersion', model.irVersion),
    ...(model.producer === '' ? {} : { producerName: name }),
    ...(version.length === 0 ? {} : { producerVersion: version.join(' ') }),
    opsetImport: model.opsets.map(opset),
    graph: graph(model.graph),
    functions: model.functions.map(ownFunction),
    metadataProps: model.metadata.map(([key, value]) => ({ key, value })),
  });
  if (file.length > MOST_BYTES) tooLarge(file.length);
  return file;
}

function tooLarge(bytes: number): never {
  throw new OnnxError('too-large', `${bytes} bytes: a file of protocol buffers has at most ${MOST_BYTES}`);
}

function graph(one: OnnxGraph): Message<'GraphProto'> {
  return {
    name: one.name,
    node: one.nodes.map(node),
    initializer: one.initializers.map(tensor),
    input: one.inputs.map(value),
    output: one.outputs.map(value),
    valueInfo: one.values.map(value),
  };
}

function ownFunction(one: OnnxFunction): Message<'FunctionProto'> {
  return {
    name: one.name,
    domain: one.domain,
    input: one.inputs,
    output: one.outputs,
    attribute: one.attributes,
    attributeProto: one.defaults.map(attribute),
    node: one.nodes.map(node),
    opsetImport: one.opsets.map(opset),
  };
}

function opset({ domain, version }: OnnxOpset): Message<'OperatorSetIdProto'> {
  return { domain, version: int('version', version) };
}

function node(one: OnnxNode): Message<'NodeProto'> {
  return {
    ...(one.name === '' ? {} : { name: one.name }),
    ...(one.domain === '' ? {} : { domain: one.domain }),
    opType: one.op,
    input: one.inputs,
    output: one.outputs,
    attribute: one.attributes.map(attribute),
  };
}

function value({ name, type }: OnnxValue): Message<'ValueInfoProto'> {
  if (type === undefined) return { name };
  const elemType = int('elem', type.elem);
  if (type.shape === undefined) return { name, type: { tensorType: { elemType } } };
  const dim = type.shape.map((extent) => {
    if (extent === undefined) return {};
    return typeof extent === 'string'
      ? { dimParam: extent }
      : { dimValue: int(`dimension of ${name}`, extent) };
  });
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

function attribute(one: OnnxAttribute): Message<'AttributeProto'> {
  const { name } = one;
  if (one.kind === 'other') {
    if (one.reference === undefined) {
      throw new OnnxError('value', `attribute ${JSON.stringify(name)}: type ${one.type} is not written`);
    }
    return { name, type: int('type', one.type), refAttrName: one.reference };
  }
  const type = BigInt(attributeTypes[one.kind]);
  switch (one.kind) {
    case 'float':
      return { name, type, f: float(name, one.value) };
    case 'int':
      return { name, type, i: int(name, one.value) };
    case 'string':
      return { name, type, s: one.value };
    case 'floats':
      return { name, type, floats: one.value.map((x) => float(name, x)) };
    case 'ints':
      return { name, type, ints: one.value.map((x) => int(name, x)) };
    case 'strings':
      return { name, type, strings: one.value };
    case 'tensor':
      return { name, type, t: tensor(one.value) };
    case 'graph':
      return { name, type, g: graph(one.value) };
    default:
      return one satisfies never;
  }
}

function tensor({ name, dims, type, data, external }: OnnxTensor): Message<'TensorProto'> {
  const start = {
    ...(name === '' ? {} : { name }),
    dims: dims.map((dim) => int(`dimension of ${name}`, dim)),
    dataType: int('type', type),
  };
  if (external === undefined) return { ...start, rawData: data };
  const { location, offset, length } = external;
  const entries = [
    { key: 'location', value: location },
    { key: 'offset', value: String(offset) },
    ...(length === undefined ? [] : [{ key: 'length', value: String(length) }]),
  ];
  return { ...start, externalData: entries, dataLocation: EXTERNAL };
}

/** A whole number as 64 bits hold it: 2⁶³, the double beside the largest of them, is that. */
function int(what: string, x: number): bigint {
  if (Number.isInteger(x) && Math.abs(x) <= 2 ** 63) {
    return x === 2 ** 63 ? 2n ** 63n - 1n : BigInt(x);
  }
  throw new OnnxError('value', `${what}: ${x} is not a whole number of 64 bits`);
}

function float(what: string, x: number): number {
  if (!Number.isFinite(x) || Number.isFinite(Math.fround(x))) return x;
  throw new OnnxError('value', `attribute ${JSON.stringify(what)}: ${x} does not fit a float of 32 bits`);
}
