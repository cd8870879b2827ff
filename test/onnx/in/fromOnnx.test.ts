import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/compiled.ts';
import { printModule } from '../../../src/graph/index.ts';
import { fromOnnx } from '../../../src/onnx/index.ts';
import { referenceSession } from '../../../src/reference/index.ts';
import { bytesOf, convolutional, fileOf, floats, input, node, type Parts, whole } from './files.ts';

/** The first output of a file, of one input `x`. */
function resultOf(parts: Parts, shape: readonly number[], data: readonly number[], live = {}): number[] {
  const { module } = fromOnnx(fileOf(parts));
  const step = referenceSession(module).step('predict', { inputs: { x: { shape, data } }, live });
  return Array.from(Object.values(step)[0]?.data ?? []);
}

describe('fromOnnx', () => {
  test('gives a module whose batch is bounded, with the weights of the file as states', async () => {
    const { module, weights } = fromOnnx(fileOf(convolutional), { sizes: { batch: 5 } });
    expect(module.sizes).toEqual([{ name: 'batch', max: 5 }]);
    expect(module.states.map(({ name, trainable }) => [name, trainable])).toEqual([
      ['conv.weight', true],
      ['conv.bias', true],
      ['norm.running_mean', false],
      ['norm.running_var', false],
      ['norm.weight', true],
      ['norm.bias', true],
      ['fc.weight', true],
      ['fc.bias', true],
    ]);
    expect(weights.get('fc.bias')).toEqual({ shape: [3], dtype: 'f32', values: Float32Array.of(0, 1, 2) });
    const data = Array.from({ length: 3 * 16 }, (_, k) => Math.sin(k * k));
    const session = await (await compile(module, { target: 'wasm' })).start();
    const own = await session.run('predict', { image: Float32Array.from(data) });
    const wanted = referenceSession(module).step('predict', {
      inputs: { image: { shape: [3, 1, 4, 4], data } },
      live: { batch: 3 },
    });
    expect(own.probabilities?.shape).toEqual([3, 3]);
    expect(Array.from(own.probabilities?.data ?? [])).toEqual(
      Array.from(wanted.probabilities?.data ?? [], (value) => expect.closeTo(value, 5)),
    );
    await session.dispose();
  });

  test('keeps a batch bounded through shapes that are computed of it', () => {
    const { module } = fromOnnx(fileOf(convolutional));
    expect(printModule(module)).toContain('f32[batch<=32, 8]');
  });

  test('takes the batch for a number where the option fixed is set', () => {
    const { module } = fromOnnx(fileOf(convolutional), { sizes: { batch: 2 }, fixed: true });
    expect(module.sizes).toEqual([]);
    expect(module.inputs[0]?.shape).toEqual([2, 1, 4, 4]);
  });

  test('expands functions of the model, with the attributes of the call', () => {
    const scaled = {
      ...node('Scaled', ['x'], ['y'], { slope: 0.5 }),
      domain: 'own',
    };
    const functions = [
      {
        name: 'Scaled',
        domain: 'own',
        inputs: ['a'],
        outputs: ['b'],
        attributes: ['slope'],
        defaults: [],
        opsets: [{ domain: '', version: 21 }],
        nodes: [
          {
            ...node('LeakyRelu', ['a'], ['b']),
            attributes: [{ name: 'alpha', kind: 'other' as const, type: 1, reference: 'slope' }],
          },
        ],
      },
    ];
    const parts = { nodes: [scaled], inputs: [input('x', [3])], outputs: ['y'], functions };
    expect(resultOf(parts, [3], [-2, 0, 4])).toEqual([-1, 0, 4]);
  });

  test('takes the branch of a condition that is known', () => {
    const branch = (name: string, op: string) => ({
      name,
      nodes: [node(op, ['x'], [name])],
      initializers: [],
      inputs: [],
      outputs: [{ name, type: undefined }],
      values: [],
    });
    const parts: Parts = {
      inputs: [input('x', [2])],
      outputs: ['y'],
      initializers: [whole('rank', [1])],
      nodes: [
        node('Shape', ['x'], ['shape']),
        node('Size', ['shape'], ['size']),
        node('Equal', ['size', 'rank'], ['isVector']),
        node('If', ['isVector'], ['y'], { then_branch: branch('a', 'Neg'), else_branch: branch('b', 'Abs') }),
      ],
    };
    expect(resultOf(parts, [2], [1, -2])).toEqual([-1, 2]);
  });

  test('makes weights of eight bits floats', () => {
    const parts: Parts = {
      inputs: [input('x', [2, 2])],
      outputs: ['y'],
      initializers: [
        { name: 'w', dims: [2, 2], type: 3, data: bytesOf(Int8Array.of(1, -2, 3, 4)) },
        floats('scale', [2], [0.5, 2]),
        { name: 'zero', dims: [2], type: 3, data: bytesOf(Int8Array.of(1, 0)) },
      ],
      nodes: [
        node('DequantizeLinear', ['w', 'scale', 'zero'], ['floats'], { axis: 1 }),
        node('MatMul', ['x', 'floats'], ['y']),
      ],
    };
    const { module, weights } = fromOnnx(fileOf(parts));
    expect(module.states.map(({ name }) => name)).toEqual(['w']);
    expect(weights.get('w')?.values).toEqual(Float32Array.of(0, -4, 1, 8));
    expect(resultOf(parts, [2, 2], [1, 0, 0, 1])).toEqual([0, -4, 1, 8]);
  });

  test('reads floats of 16 and 64 bits', () => {
    const parts: Parts = {
      inputs: [input('x', [2])],
      outputs: ['y'],
      initializers: [
        { name: 'half', dims: [2], type: 10, data: bytesOf(Uint16Array.of(0x3c00, 0xc000)) },
        { name: 'double', dims: [2], type: 11, data: bytesOf(Float64Array.of(0.25, 0.5)) },
      ],
      nodes: [node('Mul', ['x', 'half'], ['a']), node('Add', ['a', 'double'], ['y'])],
    };
    expect(resultOf(parts, [2], [3, 3])).toEqual([3.25, -5.5]);
  });

  test('reads weights that lie beside the file', () => {
    const parts: Parts = {
      inputs: [input('x', [2])],
      outputs: ['y'],
      initializers: [
        {
          ...floats('w', [2], []),
          data: new Uint8Array(0),
          external: { location: 'w.bin', offset: 4, length: 8 },
        },
      ],
      nodes: [node('Mul', ['x', 'w'], ['y'])],
    };
    const file = bytesOf(Float32Array.of(9, 2, 3));
    const { weights } = fromOnnx(fileOf(parts), {
      external: (location) => (location === 'w.bin' ? file : new Uint8Array(0)),
    });
    expect(weights.get('w')?.values).toEqual(Float32Array.of(2, 3));
  });

  test('keeps integers of 64 bits that are arguments', () => {
    const parts: Parts = {
      inputs: [input('x', [4])],
      outputs: ['y'],
      initializers: [whole('from', [1]), whole('to', [Number.MAX_SAFE_INTEGER]), whole('axes', [0])],
      nodes: [
        node('Concat', ['to'], ['end'], { axis: 0 }),
        node('Slice', ['x', 'from', 'end', 'axes'], ['y']),
      ],
    };
    expect(resultOf(parts, [4], [1, 2, 3, 4])).toEqual([2, 3, 4]);
  });

  test('has other states for other values under one name', () => {
    const many = (from: number) => Float32Array.from({ length: 80 }, (_, k) => from + k);
    const constant = (from: number) => ({ name: '', dims: [80], type: 1, data: bytesOf(many(from)) });
    const shifted = {
      name: 'Shifted',
      domain: 'own',
      inputs: ['a'],
      outputs: ['b'],
      attributes: ['by'],
      defaults: [],
      opsets: [{ domain: '', version: 21 }],
      nodes: [
        {
          ...node('Constant', [], ['c']),
          attributes: [{ name: 'value', kind: 'other' as const, type: 4, reference: 'by' }],
        },
        node('Add', ['a', 'c'], ['b']),
      ],
    };
    const call = (from: number, x: string, y: string) => ({
      ...node('Shifted', [x], [y], { by: constant(from) }),
      domain: 'own',
    });
    const parts: Parts = {
      inputs: [input('x', [80])],
      outputs: ['y'],
      functions: [shifted],
      nodes: [call(0, 'x', 'a'), call(1000, 'a', 'b'), call(0, 'b', 'y')],
    };
    expect(fromOnnx(fileOf(parts)).module.states.map(({ name }) => name)).toEqual(['c', 'c.2']);
    expect(resultOf(parts, [80], new Array<number>(80).fill(0)).slice(0, 3)).toEqual([1000, 1003, 1006]);
    const scaled: Parts = {
      inputs: [input('x', [2])],
      outputs: ['y'],
      initializers: [
        { name: 'w', dims: [2], type: 3, data: bytesOf(Int8Array.of(1, 2)) },
        floats('one', [], [1]),
        floats('hundred', [], [100]),
      ],
      nodes: [
        node('DequantizeLinear', ['w', 'one'], ['a']),
        node('DequantizeLinear', ['w', 'hundred'], ['b']),
        node('Add', ['x', 'a'], ['c']),
        node('Add', ['c', 'b'], ['y']),
      ],
    };
    expect(resultOf(scaled, [2], [0, 0])).toEqual([101, 202]);
  });

  test.each<
    readonly [op: string, operands: readonly number[][], attributes: object, result: readonly number[]]
  >([
    ['Max', [[-3, 2, 1]], {}, [-3, 2, 1]],
    [
      'Max',
      [
        [-3, 2, 1],
        [0, 0, 0],
        [7, -8, 9],
      ],
      {},
      [7, 2, 9],
    ],
    [
      'Min',
      [
        [-3, 2, 1],
        [0, 0, 0],
        [7, -8, 9],
      ],
      {},
      [-3, -8, 0],
    ],
    [
      'Mod',
      [
        [-7, 7, -8],
        [3, 3, 3],
      ],
      {},
      [2, 1, 1],
    ],
    [
      'Mod',
      [
        [-7, 7, -8],
        [3, 3, 3],
      ],
      { fmod: 1 },
      [-1, 1, -2],
    ],
    [
      'Div',
      [
        [-7, 7, -8],
        [2, 2, 2],
      ],
      {},
      [-3, 3, -4],
    ],
  ])('computes %s of known integers %j with %j', (op, operands, attributes, result) => {
    const names = operands.map((_, k) => `k${k}`);
    const parts: Parts = {
      inputs: [input('x', [3])],
      outputs: ['y'],
      initializers: operands.map((values, k) => whole(`k${k}`, values)),
      nodes: [
        node(op, names, ['known'], { ...attributes }),
        node('Cast', ['known'], ['floats'], { to: 1 }),
        node('Add', ['x', 'floats'], ['y']),
      ],
    };
    expect(resultOf(parts, [3], [0, 0, 0])).toEqual(result);
  });

  test('reads indices from either end, those of a step too', () => {
    const parts: Parts = {
      inputs: [input('x', [3]), input('k', [2], 'int64')],
      outputs: ['y'],
      nodes: [node('Gather', ['x', 'k'], ['y'])],
    };
    const { module } = fromOnnx(fileOf(parts));
    const inputs = { x: { shape: [3], data: [1, 2, 3] }, k: { shape: [2], data: [-1, 7] } };
    // One beyond the end is not another one: it is the nearest.
    expect(referenceSession(module).step('predict', { inputs }).y?.data).toEqual(Float64Array.of(3, 3));
  });

  test('wraps what is beside a bounded batch', () => {
    const parts: Parts = {
      inputs: [input('x', ['batch', 2])],
      outputs: ['y'],
      initializers: [whole('pads', [0, 1, 0, 1])],
      nodes: [node('Pad', ['x', 'pads'], ['y'], { mode: 'wrap' })],
    };
    expect(resultOf(parts, [1, 2], [1, 2], { batch: 1 })).toEqual([2, 1, 2, 1]);
  });

  test('gives the least and the largest integer of a narrow type where an extremum is of nothing', () => {
    const parts = (op: string): Parts => ({
      inputs: [input('x', [1])],
      outputs: ['y'],
      initializers: [{ name: 'none', dims: [0], type: 3, data: new Uint8Array(0) }],
      nodes: [
        node(op, ['none'], ['one'], { keepdims: 0 }),
        node('Cast', ['one'], ['float'], { to: 1 }),
        node('Add', ['x', 'float'], ['y']),
      ],
    });
    expect(resultOf(parts('ReduceMax'), [1], [0])).toEqual([-128]);
    expect(resultOf(parts('ReduceMin'), [1], [0])).toEqual([127]);
  });

  test('asks once for a file in which weights lie', () => {
    const outside = (name: string, offset: number) => ({
      ...floats(name, [2], []),
      data: new Uint8Array(0),
      external: { location: 'w.bin', offset, length: 8 },
    });
    const parts: Parts = {
      inputs: [input('x', [2])],
      outputs: ['y'],
      initializers: [outside('a', 0), outside('b', 8)],
      nodes: [node('Mul', ['x', 'a'], ['c']), node('Add', ['c', 'b'], ['y'])],
    };
    const asked: string[] = [];
    const { weights } = fromOnnx(fileOf(parts), {
      external: (location) => {
        asked.push(location);
        return bytesOf(Float32Array.of(1, 2, 3, 4));
      },
    });
    expect(weights.get('b')?.values).toEqual(Float32Array.of(3, 4));
    expect(asked).toEqual(['w.bin']);
  });

  test('asks how many samples are live where a step computes with that', () => {
    const parts: Parts = {
      inputs: [input('x', ['batch', 2])],
      outputs: ['y'],
      initializers: [whole('first', [0], [])],
      nodes: [
        node('Shape', ['x'], ['shape']),
        node('Gather', ['shape', 'first'], ['count']),
        node('Cast', ['count'], ['n'], { to: 1 }),
        node('Div', ['x', 'n'], ['y']),
      ],
    };
    expect(resultOf(parts, [4, 2], [4, 8, 0, 0, 0, 0, 0, 0], { batch: 4 }).slice(0, 2)).toEqual([1, 2]);
  });
});
