import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxValue } from '../../../src/onnx/index.ts';
import { elementTypeOf } from '../../../src/onnx/index.ts';

/** A model as lines to read: what goes in, a node a line, what comes out; then its functions by name. */
export function modelText({ graph, functions, metadata }: OnnxModel): string {
  const names = functions.map((one) => `function ${one.name}: ${one.nodes.length} nodes`);
  return [...graphLines(graph), ...names, ...metadata.map(([key, value]) => `${key} ${value}`)].join('\n');
}

function graphLines({ inputs, initializers, nodes, outputs }: OnnxGraph): string[] {
  const given = new Map(initializers.map((tensor) => [tensor.name, tensor]));
  const declared = new Set(inputs.map(({ name }) => name));
  return [
    ...inputs.map((input) => `in ${valueText(input)}${given.has(input.name) ? ', unless given' : ''}`),
    ...initializers
      .filter(({ name }) => !declared.has(name))
      .map(({ name, type, dims }) => `${name}: ${elementTypeOf(type)}[${dims.join(', ')}]`),
    ...nodes.map(nodeText),
    ...outputs.map((output) => `out ${valueText(output)}`),
  ];
}

function valueText({ name, type }: OnnxValue): string {
  return `${name}: ${elementTypeOf(type?.elem ?? 0)}[${type?.shape?.join(', ')}]`;
}

function nodeText({ domain, op, inputs, outputs, attributes }: OnnxNode): string {
  const name = domain === '' ? op : `${domain}.${op}`;
  const operands = [...inputs, ...attributes.map(attributeText)].join(', ');
  return `${outputs.join(', ')} = ${name}(${operands})`;
}

function attributeText(attribute: OnnxAttribute): string {
  if (attribute.kind === 'tensor' || attribute.kind === 'graph' || attribute.kind === 'other')
    return `${attribute.name}: ${attribute.kind}`;
  return `${attribute.name}: ${JSON.stringify(attribute.value)}`;
}
