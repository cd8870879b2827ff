import fc from 'fast-check';
import type {
  OnnxAttribute,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxOpset,
  OnnxTensor,
  OnnxTensorType,
  OnnxValue,
} from '../../../src/onnx/index.ts';

const text = fc.string({ maxLength: 12, unit: 'grapheme' });
const whole = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(2 ** 63, -(2 ** 63), 0));
const float = fc.float();

/** Tensors of words, whose bytes are anything; some of them lie outside. */
export const tensors: fc.Arbitrary<OnnxTensor> = fc
  .record({
    name: text,
    dims: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    type: fc.constantFrom(1, 6, 12),
    isOutside: fc.boolean(),
    seed: fc.integer({ min: 0, max: 255 }),
    length: fc.option(fc.nat(), { nil: undefined }),
  })
  .map(({ name, dims, type, isOutside, seed, length }) => {
    const count = dims.reduce((n, dim) => n * dim, 4);
    if (!isOutside) return { name, dims, type, data: new Uint8Array(count).fill(seed) };
    const external = { location: 'weights', offset: seed, ...(length === undefined ? {} : { length }) };
    return { name, dims, type, data: new Uint8Array(0), external };
  });

const types: fc.Arbitrary<OnnxTensorType> = fc.oneof(
  fc.record({ elem: fc.integer({ min: 0, max: 24 }) }),
  fc.record({
    elem: fc.integer({ min: 0, max: 24 }),
    shape: fc.array(fc.oneof(fc.nat(), text, fc.constant(undefined)), { maxLength: 4 }),
  }),
);

const values: fc.Arbitrary<OnnxValue> = fc.record({
  name: text,
  type: fc.option(types, { nil: undefined }),
});

const opsets: fc.Arbitrary<readonly OnnxOpset[]> = fc.array(
  fc.record({ domain: text, version: fc.integer({ min: 1, max: 30 }) }),
  { maxLength: 2 },
);

function attributes(graph: fc.Arbitrary<OnnxGraph>): fc.Arbitrary<OnnxAttribute> {
  return fc.oneof(
    fc.record({ name: text, kind: fc.constant('float' as const), value: float }),
    fc.record({ name: text, kind: fc.constant('int' as const), value: whole }),
    fc.record({ name: text, kind: fc.constant('string' as const), value: text }),
    fc.record({ name: text, kind: fc.constant('floats' as const), value: fc.array(float, { maxLength: 4 }) }),
    fc.record({ name: text, kind: fc.constant('ints' as const), value: fc.array(whole, { maxLength: 4 }) }),
    fc.record({ name: text, kind: fc.constant('strings' as const), value: fc.array(text, { maxLength: 4 }) }),
    fc.record({ name: text, kind: fc.constant('tensor' as const), value: tensors }),
    fc.record({ name: text, kind: fc.constant('graph' as const), value: graph }),
    fc.record({
      name: text,
      kind: fc.constant('other' as const),
      type: fc.integer({ min: 1, max: 14 }),
      reference: fc.string({ minLength: 1, maxLength: 5 }),
    }),
  );
}

function nodes(graph: fc.Arbitrary<OnnxGraph>): fc.Arbitrary<readonly OnnxNode[]> {
  return fc.array(
    fc.record({
      name: text,
      op: text,
      domain: text,
      inputs: fc.array(text, { maxLength: 3 }),
      outputs: fc.array(text, { maxLength: 3 }),
      attributes: fc.array(attributes(graph), { maxLength: 3 }),
    }),
    { maxLength: 4 },
  );
}

const { graph: graphs } = fc.letrec<{ readonly graph: OnnxGraph }>((tie) => ({
  graph: fc.record({
    name: text,
    nodes: fc.oneof({ maxDepth: 2 }, fc.constant([]), nodes(tie('graph'))),
    initializers: fc.array(tensors, { maxLength: 3 }),
    inputs: fc.array(values, { maxLength: 3 }),
    outputs: fc.array(values, { maxLength: 3 }),
    values: fc.array(values, { maxLength: 3 }),
  }),
}));

/** Models of all that files may hold, which need not mean anything. */
export const models: fc.Arbitrary<OnnxModel> = fc.record({
  irVersion: fc.integer({ min: 1, max: 13 }),
  opsets,
  producer: text,
  graph: graphs,
  functions: fc.array(
    fc.record({
      name: text,
      domain: text,
      inputs: fc.array(text, { maxLength: 3 }),
      outputs: fc.array(text, { maxLength: 3 }),
      attributes: fc.array(text, { maxLength: 3 }),
      defaults: fc.array(attributes(graphs), { maxLength: 2 }),
      nodes: nodes(graphs),
      opsets,
    }),
    { maxLength: 2 },
  ),
  metadata: fc.array(fc.tuple(text, text), { maxLength: 2 }),
});
