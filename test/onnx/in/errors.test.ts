import { describe, expect, test } from 'vitest';
import { defineModule } from '../../../src/graph/index.ts';
import { fromOnnx, OnnxError, type OnnxIssue, readOnnx } from '../../../src/onnx/index.ts';
import { convolutional, fileOf, floats, input, node, type Parts, whole } from './files.ts';

function errorOf(work: () => unknown): OnnxError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof OnnxError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was wrong');
}

const of = (parts: Partial<Parts>): Parts => ({
  inputs: [input('x', [2])],
  outputs: ['y'],
  nodes: [node('Relu', ['x'], ['y'])],
  ...parts,
});

const cases: readonly (readonly [what: string, parts: Parts, code: OnnxIssue, text: string])[] = [
  [
    'a cycle',
    of({ nodes: [node('Relu', ['b'], ['y'], {}, 'one'), node('Neg', ['y'], ['b'], {}, 'two')] }),
    'cycle',
    'nodes read each other\'s results: the node "one" (Relu), the node "two" (Neg)',
  ],
  [
    'a value that nothing makes',
    of({ nodes: [node('Relu', ['nowhere'], ['y'])] }),
    'undefined-value',
    'the node Relu that makes "y" reads "nowhere", which no node makes, and which is neither an input nor an initializer',
  ],
  [
    'a name of two values',
    of({ nodes: [node('Relu', ['x'], ['y']), node('Neg', ['x'], ['y'])] }),
    'duplicate',
    'the name "y" stands for two values: the node Neg that makes "y" makes the second one',
  ],
  [
    'a version of operators that is newer than all',
    of({ version: 99 }),
    'opset',
    "the file is of version 99 of ONNX's operators: versions 1 to 28 are known",
  ],
  [
    'an element type that is not computed with',
    of({ inputs: [input('x', [2], 'string')] }),
    'element-type',
    '"x" has elements of type STRING, which is not computed with',
  ],
  [
    'weights beside the file, which nobody gives',
    of({
      nodes: [node('Mul', ['x', 'w'], ['y'])],
      initializers: [
        { ...floats('w', [2], []), data: new Uint8Array(0), external: { location: 'a.bin', offset: 0 } },
      ],
    }),
    'external',
    'the initializer "w" lies in the file "a.bin" beside the model: give the option external, (location) => its bytes',
  ],
  [
    'a file of weights that is not in the folder of the model',
    of({
      initializers: [
        {
          ...floats('w', [2], []),
          data: new Uint8Array(0),
          external: { location: 'a/../../b.bin', offset: 0 },
        },
      ],
    }),
    'external',
    'the initializer "w" lies in the file "a/../../b.bin": it must lie in the folder of the model, or in one within it',
  ],
  [
    'an integer that 32 bits do not hold',
    of({
      inputs: [input('x', [2], 'int64')],
      nodes: [node('Add', ['x', 'big'], ['y'])],
      initializers: [whole('big', [1, 2 ** 40])],
    }),
    'int64',
    '"big", INT64 of shape [2], holds 1099511627776 at place 1 of 2',
  ],
  [
    'shapes that do not fit an operator',
    of({
      nodes: [node('MatMul', ['x', 'w'], ['y'], {}, 'product')],
      initializers: [floats('w', [3, 1], [1, 2, 3])],
    }),
    'node',
    'the node "product" (MatMul): matmul: inner sizes differ',
  ],
  [
    'scales that are fewer than an axis has elements',
    of({
      inputs: [input('x', [2, 3])],
      nodes: [
        node('DequantizeLinear', ['w', 's'], ['f'], { axis: 1 }, 'scaled'),
        node('Add', ['x', 'f'], ['y']),
      ],
      initializers: [
        { name: 'w', dims: [2, 3], type: 3, data: new Uint8Array(6) },
        floats('s', [2], [10, 100]),
      ],
    }),
    'node',
    'the node "scaled" (DequantizeLinear): the scale has 2 elements for axis 1, which is 3',
  ],
  [
    'a constant of a negative shape',
    of({ nodes: [node('ConstantOfShape', ['s'], ['y'], {}, 'zeros')], initializers: [whole('s', [2, -1])] }),
    'node',
    'the node "zeros" (ConstantOfShape): the shape has the dimension -1',
  ],
  [
    'an index beyond its axis',
    of({ nodes: [node('Gather', ['x', 'k'], ['y'], {}, 'picked')], initializers: [whole('k', [0, -3])] }),
    'node',
    'the node "picked" (Gather): index -3 of an axis of 2: it must be from -2 to 1',
  ],
  [
    'a choice from a batch of any length',
    of({
      inputs: [input('x', ['batch', 2])],
      nodes: [node('Compress', ['x', 'c'], ['y'], { axis: 0 }, 'chosen')],
      initializers: [{ name: 'c', dims: [2], type: 9, data: Uint8Array.of(1, 1) }],
    }),
    'unsupported',
    'Compress by node "chosen" (axis 0 of operand 0 is a bounded size)',
  ],
  [
    'statistics of places, which versions before 9 had',
    of({
      version: 7,
      inputs: [input('x', [1, 2, 2])],
      nodes: [node('BatchNormalization', ['x', 'v', 'v', 'v', 'v'], ['y'], { spatial: 0 }, 'norm')],
      initializers: [floats('v', [2, 2], [1, 2, 3, 4])],
    }),
    'unsupported',
    'BatchNormalization by node "norm" (spatial = 0: statistics of each place of a channel)',
  ],
  [
    'parts of different lengths, which came with version 18',
    of({
      version: 13,
      inputs: [input('x', [5])],
      outputs: ['y', 'z'],
      nodes: [node('Split', ['x'], ['y', 'z'], {}, 'parts')],
    }),
    'node',
    'the node "parts" (Split): 2 outputs do not divide axis 0, which is 5',
  ],
  [
    'dimensions without a number',
    of({ inputs: [input('x', ['batch', 'tokens', undefined])] }),
    'sizes',
    'dimensions of inputs need numbers: "tokens", "x.2"; give sizes: { "tokens": 128, "x.2": 128 }',
  ],
  [
    'an input of more elements than there may be',
    of({ inputs: [input('x', [2 ** 31, 2])] }),
    'module',
    'there may be at most 2147418112',
  ],
];

describe('a file that cannot be imported', () => {
  test.each(cases)('because of %s is refused with what is wrong', (_, parts, code, text) => {
    const error = errorOf(() => fromOnnx(fileOf(parts)));
    expect(error.message).toContain(text);
    expect(error.code).toBe(code);
  });

  test('names all nodes that are not supported, at once', () => {
    const nodes = [
      node('Loop', ['x'], ['a'], {}, 'loop'),
      ...['1', '2', '3', '4'].map((k) => node('Bernoulli', ['x'], [`b${k}`], {}, `draw${k}`)),
      node('Relu', ['a'], ['y']),
      node('Sum', ['b1', 'b2', 'b3', 'b4', 'y'], ['z']),
      { ...node('FusedMatMul', ['x'], ['c'], {}, 'fused'), domain: 'com.microsoft' },
    ];
    // One that reads what another makes is not found only when that is mended.
    nodes.push({ ...node('FusedGemm', ['c'], ['d'], {}, 'after'), domain: 'com.microsoft' });
    const error = errorOf(() => fromOnnx(fileOf(of({ nodes, outputs: ['z', 'd'] }))));
    expect(error.code).toBe('unsupported');
    expect(error.message).toMatchInlineSnapshot(
      `"not supported: Bernoulli by 4 nodes "draw1", "draw2", "draw3", …, Loop by node "loop" (a step runs without loops: export the model with its loop unrolled), com.microsoft.FusedMatMul by node "fused", com.microsoft.FusedGemm by node "after""`,
    );
  });

  test('is refused where a small file would be much work', () => {
    const call = (name: string, from: string, to: string) => ({ ...node(name, [from], [to]), domain: 'own' });
    const calling = (name: string, nodes: Parts['nodes']): NonNullable<Parts['functions']>[number] => ({
      name,
      domain: 'own',
      inputs: ['a'],
      outputs: ['b'],
      attributes: [],
      defaults: [],
      opsets: [{ domain: '', version: 21 }],
      nodes,
    });
    const unused = Array.from({ length: 40_000 }, (_, k) => node('Relu', ['a'], [`unused${k}`]));
    const files: readonly Parts[] = [
      of({
        functions: [calling('Long', [node('Relu', ['a'], ['b']), ...unused])],
        nodes: [call('Long', 'x', 'p'), call('Long', 'p', 'q'), call('Long', 'q', 'y')],
      }),
      of({ functions: [calling('Own', [call('Own', 'a', 'b')])], nodes: [call('Own', 'x', 'y')] }),
      of({
        initializers: [whole('shape', [4096])],
        nodes: [
          ...Array.from({ length: 2049 }, (_, k) => node('ConstantOfShape', ['shape'], [`c${k}`])),
          node(
            'Concat',
            Array.from({ length: 2049 }, (_, k) => `c${k}`),
            ['y'],
            { axis: 0 },
          ),
        ],
      }),
    ];
    expect(files.map((parts) => errorOf(() => fromOnnx(fileOf(parts))).code)).toEqual([
      'too-large',
      'depth',
      'too-large',
    ]);
  });

  test('says which argument a step would have to know', () => {
    const parts = of({
      inputs: [input('x', [2]), input('shape', [1], 'int64')],
      nodes: [node('Reshape', ['x', 'shape'], ['y'], {}, 'view')],
    });
    expect(errorOf(() => fromOnnx(fileOf(parts))).message).toBe(
      'not supported: Reshape by node "view" (the shape depends on values that only a step knows)',
    );
  });

  test('is refused where sizes name no dimension', () => {
    const error = errorOf(() => fromOnnx(fileOf(convolutional), { sizes: { bach: 2 } }));
    expect(error.message).toBe('sizes has "bach", which is not a dimension of an input: there are "batch"');
  });

  test('or where a network is applied to what does not fit it', () => {
    const network = readOnnx(fileOf(convolutional));
    const applied = (shape: readonly number[], dtype: 'f32' | 'i32' = 'f32') =>
      errorOf(() =>
        defineModule('m', (m) => {
          m.entry('predict', network.apply(m, { image: m.input('x', { shape, dtype }) }));
        }),
      );
    expect(applied([2, 3, 4, 4]).message).toBe(
      'the input "image" has the shape [2, 3, 4, 4]: axis 1 is 1 in the file',
    );
    expect(applied([2, 1, 4, 4], 'i32').message).toBe(
      'the input "image" is of type i32: the file has FLOAT, which is f32 here',
    );
    expect(applied([2, 4]).code).toBe('input');
  });
});
