import {
  elementTypes,
  encodeModel,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from '../../../src/onnx/index.ts';

/** What a file of a test is made of. */
export interface Parts {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly string[];
  readonly initializers?: readonly OnnxTensor[];
  readonly functions?: OnnxModel['functions'];
  readonly version?: number;
}

/** A small model. */
export function modelOf({
  nodes,
  inputs,
  outputs,
  initializers = [],
  functions = [],
  version = 21,
}: Parts): OnnxModel {
  return {
    irVersion: 10,
    opsets: [{ domain: '', version }],
    producer: 'test',
    functions,
    metadata: [],
    graph: {
      name: 'small',
      nodes,
      initializers,
      inputs,
      outputs: outputs.map((name) => ({ name, type: undefined })),
      values: [],
    },
  };
}

/** The same as a file. */
export function fileOf(parts: Parts): Uint8Array {
  return encodeModel(modelOf(parts));
}

/** A node, whose attributes are numbers, lists of whole numbers, texts, tensors or graphs. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<
    Record<string, number | string | readonly number[] | OnnxTensor | OnnxModel['graph']>
  > = {},
  name = '',
): OnnxNode {
  const own = Object.entries(attributes).map(([key, value]): OnnxAttribute => {
    if (typeof value === 'number')
      return { name: key, kind: Number.isInteger(value) ? 'int' : 'float', value };
    if (typeof value === 'string') return { name: key, kind: 'string', value };
    if ('nodes' in value) return { name: key, kind: 'graph', value };
    if ('dims' in value) return { name: key, kind: 'tensor', value };
    return { name: key, kind: 'ints', value };
  });
  return { name, op, domain: '', inputs, outputs, attributes: own };
}

/** An input, of floats where nothing else is said. */
export function input(
  name: string,
  shape: readonly (number | string | undefined)[],
  type: keyof typeof elementTypes = 'float32',
): OnnxValue {
  return { name, type: { elem: elementTypes[type], shape } };
}

/** A tensor of floats. */
export function floats(name: string, dims: readonly number[], values: readonly number[]): OnnxTensor {
  return { name, dims, type: elementTypes.float32, data: bytesOf(Float32Array.from(values)) };
}

/** A tensor of integers of 64 bits. */
export function whole(name: string, values: readonly number[], dims = [values.length]): OnnxTensor {
  return { name, dims, type: elementTypes.int64, data: bytesOf(BigInt64Array.from(values, BigInt)) };
}

/** The bytes of a typed array. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A network of a convolution, a reshape by the batch's own size, and a dense layer. */
export const convolutional: Parts = {
  inputs: [input('image', ['batch', 1, 4, 4])],
  outputs: ['probabilities'],
  initializers: [
    floats(
      'conv.weight',
      [2, 1, 3, 3],
      Array.from({ length: 18 }, (_, k) => Math.sin(k)),
    ),
    floats('conv.bias', [2], [0.1, -0.2]),
    floats('norm.weight', [2], [1, 0.5]),
    floats('norm.bias', [2], [0, 0.25]),
    floats('norm.running_mean', [2], [0.1, 0.2]),
    floats('norm.running_var', [2], [1, 2]),
    floats(
      'fc.weight',
      [3, 8],
      Array.from({ length: 24 }, (_, k) => Math.cos(k)),
    ),
    floats('fc.bias', [3], [0, 1, 2]),
    whole('first', [0], []),
    whole('rest', [-1]),
    whole('zero', [0]),
  ],
  nodes: [
    node('Conv', ['image', 'conv.weight', 'conv.bias'], ['/conv/Conv_output_0'], { pads: [1, 1, 1, 1] }),
    node(
      'BatchNormalization',
      ['/conv/Conv_output_0', 'norm.weight', 'norm.bias', 'norm.running_mean', 'norm.running_var'],
      ['/norm/Norm_output_0'],
    ),
    node('Relu', ['/norm/Norm_output_0'], ['relu']),
    node('MaxPool', ['relu'], ['pooled'], { kernel_shape: [2, 2], strides: [2, 2] }),
    node('Shape', ['pooled'], ['shape']),
    node('Gather', ['shape', 'first'], ['count']),
    node('Unsqueeze', ['count', 'zero'], ['counts']),
    node('Concat', ['counts', 'rest'], ['flat'], { axis: 0 }),
    node('Reshape', ['pooled', 'flat'], ['row']),
    node('Gemm', ['row', 'fc.weight', 'fc.bias'], ['logits'], { transB: 1 }),
    node('Softmax', ['logits'], ['probabilities']),
  ],
};
