import { describe, expect, test } from 'vitest';
import { defineModule, type ModuleBuilder, ops } from '../../../src/graph/index.ts';
import * as nn from '../../../src/nn/index.ts';
import { decodeModel, type OnnxModel, onnxModel, toOnnx } from '../../../src/onnx/index.ts';
import { rows } from '../../../src/onnx/out/table.ts';
import * as optim from '../../../src/optim/index.ts';
import * as random from '../../../src/random/index.ts';
import { modelText } from './modelText.ts';

const model = (build: (m: ModuleBuilder) => void, entry = 'run'): OnnxModel =>
  onnxModel(defineModule('module', build), { entry });

test('every operation has a row', () => {
  expect(Object.keys(rows).sort()).toEqual(Object.keys(ops).sort());
});

describe('a prediction', () => {
  const digits = defineModule('digits', (m) => {
    const batch = m.size('batch', { max: 64 });
    const x = m.input('x', { shape: [batch, 784] });
    const y = m.input('y', { shape: [batch], dtype: 'i32' });
    const logits = nn.dense(nn.dense(x, 32, { activation: 'relu', name: 'hidden' }), 10, { name: 'output' });
    const loss = nn.crossEntropy(logits, y);
    m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
    m.entry('predict', { probabilities: logits.softmax(1) });
  });

  test('has constants for states, and a dimension for the bounded size', () => {
    expect(modelText(onnxModel(digits, { entry: 'predict' }))).toMatchInlineSnapshot(`
      "in x: float32[batch, 784]
      hidden.weight: float32[784, 32]
      hidden.bias: float32[32]
      output.weight: float32[32, 10]
      output.bias: float32[10]
      MatMul = MatMul(x, hidden.weight)
      Add = Add(MatMul, hidden.bias)
      hidden/Relu = Relu(Add)
      MatMul_1 = MatMul(hidden/Relu, output.weight)
      output/Add = Add(MatMul_1, output.bias)
      probabilities = Softmax(output/Add, axis: 1)
      out probabilities: float32[batch, 10]
      sinter.inputs {"x":"x"}
      sinter.params {}
      sinter.states {}
      sinter.sizes {}
      sinter.outputs {"probabilities":"probabilities"}"
    `);
  });

  test('has the weights that it is given, and first values for the others', () => {
    const bias = Float32Array.from({ length: 10 }, (_, k) => k);
    const { graph } = decodeModel(toOnnx(digits, { entry: 'predict', weights: { 'output.bias': bias } }));
    const tensor = graph.initializers.find(({ name }) => name === 'output.bias');
    expect(new Float32Array(Uint8Array.from(tensor?.data ?? []).buffer)).toEqual(bias);
    expect(graph.initializers.map(({ name }) => name)).toContain('hidden.weight');
  });

  test('refuses what it is not: entries, states, counts and versions', () => {
    const bias = [1, 2, 3];
    expect(() => toOnnx(digits, { entry: 'predcit' })).toThrow(
      'there is no entry "predcit" (did you mean "predict"?)',
    );
    expect(() => toOnnx(digits, { entry: 'predict', weights: { 'ouput.bias': bias } })).toThrow(
      'there is no state "ouput.bias"',
    );
    expect(() => toOnnx(digits, { entry: 'predict', weights: { 'output.bias': bias } })).toThrow(
      '"output.bias": 3 values for a state of 10',
    );
  });

  test('refuses options that there are not, and values that an option cannot have', () => {
    const given = (options: object): (() => Uint8Array) => {
      return () => toOnnx(digits, { entry: 'predict', ...options });
    };
    expect(given({ opset: 20 })).toThrow('opset is 20: it must be a whole number from 21 to 25');
    expect(given({ states: 'constants' })).toThrow(
      'states is "constants": it must be one of initializers, inputs',
    );
    expect(given({ seed: -1 })).toThrow('seed is -1: it must be a whole number of 32 bits');
    expect(given({ state: 'inputs' })).toThrow('there is no option "state" (did you mean "states"?)');
    expect(given({ weights: { 'output.bias': 'zeros' } })).toThrow(
      '"output.bias": values must be a list of numbers, not "zeros"',
    );
  });

  test('a training step has inputs and outputs for states, which begin with their values', () => {
    const { graph, metadata } = onnxModel(digits, { entry: 'train' });
    expect(graph.inputs.map(({ name }) => name)).toEqual([
      'x',
      'y',
      'hidden.weight',
      'hidden.bias',
      'output.weight',
      'output.bias',
      'lr',
    ]);
    expect(graph.outputs.map(({ name }) => name)).toEqual([
      'loss',
      'hidden.weight.next',
      'hidden.bias.next',
      'output.weight.next',
      'output.bias.next',
    ]);
    expect(JSON.parse(new Map(metadata).get('sinter.states') ?? '')['output.bias']).toEqual({
      input: 'output.bias',
      output: 'output.bias.next',
    });
    expect(graph.initializers.map(({ name }) => name)).toContain('hidden.weight');
  });

  test('states are what is asked for', () => {
    const asInputs = onnxModel(digits, { entry: 'predict', states: 'inputs' }).graph.inputs;
    expect(asInputs.map(({ name }) => name)).toContain('hidden.weight');
    const asConstants = onnxModel(digits, { entry: 'train', states: 'initializers' }).graph.inputs;
    expect(asConstants.map(({ name }) => name)).toEqual(['x', 'y', 'lr']);
  });
});

describe('names', () => {
  test('that are taken get a number behind them, and the metadata say which', () => {
    const { graph, metadata } = model((m) => {
      const x = m.input('x', { shape: [2] });
      const w = m.state('w', { shape: [2] });
      m.state('w.next', { shape: [2] });
      m.entry('run', { x: x.add(1), same: x, w: w, updates: [{ state: w, next: w.add(x) }] });
    });
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x', 'w']);
    expect(graph.outputs.map(({ name }) => name)).toEqual(['x_1', 'same', 'w_1', 'w.next']);
    expect(Object.fromEntries(metadata)).toMatchObject({
      'sinter.outputs': '{"x":"x_1","same":"same","w":"w_1"}',
      'sinter.states': '{"w":{"input":"w","output":"w.next"}}',
    });
  });

  test('a size that no input has is an input with its maximum', () => {
    const text = modelText(
      model((m) => {
        const rows = m.size('rows', { max: 8 });
        m.entry('run', { mask: random.bernoulli(m, 0.5, [rows, 3], { name: 'mask' }) });
      }),
    );
    expect(text).toContain('in rows: int64[], unless given');
    expect(text).toContain('out mask: bool[rows, 3]');
    expect(text).toContain('sinter.sizes {"rows":"rows"}');
  });
});

test('a chain of 20,000 operations is a node each, without recursion', () => {
  const { graph } = model((m) =>
    m.graph.withSource('deep', () => {
      let x = m.input('x', { shape: [2] });
      for (let k = 0; k < 20_000; k++) x = k % 2 === 0 ? x.sin() : x.neg();
      m.entry('run', { x });
    }),
  );
  expect(graph.nodes).toHaveLength(20_000);
});

describe('operations', () => {
  const text = (build: (m: ModuleBuilder) => void): string => {
    const { graph, functions } = model(build);
    return modelText({ ...model(build), graph, functions, metadata: [] });
  };

  test('broadcasts are left to operators, and numbers stay scalars', () => {
    expect(
      text((m) => {
        const x = m.input('x', { shape: [m.size('n', { max: 4 }), 3] });
        m.entry('run', {
          y: x
            .mul(2)
            .add(x.sum(1, { keepDims: true }))
            .div(x.liveCount([0])),
        });
      }),
    ).toMatchInlineSnapshot(`
      "in x: float32[n, 3]
      float32_2: float32[]
      int64_1: int64[1]
      int64s: int64[2]
      Mul = Mul(x, float32_2)
      ReduceSum = ReduceSum(x, int64_1, keepdims: 0)
      Reshape = Reshape(ReduceSum, int64s)
      Add = Add(Mul, Reshape)
      Shape = Shape(x, start: 0, end: 1)
      Squeeze = Squeeze(Shape)
      Cast = Cast(Squeeze, to: 6)
      Cast_1 = Cast(Cast, to: 1)
      y = Div(Add, Cast_1)
      out y: float32[n, 3]"
    `);
  });

  test('reshapes of bounded dimensions need no extents', () => {
    expect(
      text((m) => {
        const x = m.input('x', { shape: [m.size('n', { max: 4 }), 2, 3] });
        m.entry('run', { y: x.reshape([x.shape[0] ?? 1, 6]).exp() });
      }),
    ).toMatchInlineSnapshot(`
      "in x: float32[n, 2, 3]
      int64s: int64[2]
      Reshape = Reshape(x, int64s)
      y = Exp(Reshape)
      out y: float32[n, 6]"
    `);
  });

  test('convolutions are Conv, the gradient of their input ConvTranspose', () => {
    expect(
      text((m) => {
        const x = m.input('x', { shape: [2, 3, 9, 9] });
        const w = m.input('w', { shape: [4, 3, 3, 3] });
        m.entry('run', {
          y: nn.convolve(x, w, { stride: 2 }),
          up: nn.convolveTransposed(nn.convolve(x, w, { stride: 2 }), w, { stride: 2 }),
        });
      }),
    ).toMatchInlineSnapshot(`
      "in x: float32[2, 3, 9, 9]
      in w: float32[4, 3, 3, 3]
      int64s_1: int64[5]
      int64s_3: int64[2]
      int64s_4: int64[2]
      int64s_5: int64[2]
      int64s_6: int64[2]
      int64s_7: int64[4]
      y = Conv(x, w, strides: [2,2], dilations: [1,1], pads: [0,0,0,0], group: 1, kernel_shape: [3,3])
      Slice = Slice(w, int64s_3, int64s_4, int64s_5, int64s_3)
      Reshape_3 = Reshape(Slice, int64s_1)
      Slice_1 = Slice(Reshape_3, int64s_3, int64s_4, int64s_6, int64s_3)
      Reshape_4 = Reshape(Slice_1, int64s_7)
      up = ConvTranspose(y, Reshape_4, strides: [2,2], dilations: [1,1], pads: [0,0,0,0], output_padding: [0,0], group: 1, kernel_shape: [3,3])
      out y: float32[2, 4, 4, 4]
      out up: float32[2, 3, 9, 9]"
    `);
  });

  test('windows are gathers, and go back by sums of what lies on an element', () => {
    expect(
      text((m) => {
        const x = m.input('x', { shape: [1, 1, 6] });
        const windows = x.windows({ axes: [2], window: [3], stride: [1] });
        m.entry('run', { y: windows.foldWindows([6], { axes: [2], window: [3], stride: [1] }) });
      }),
    ).toMatchInlineSnapshot(`
      "in x: float32[1, 1, 6]
      float32_0: float32[]
      int64s: int64[4, 3]
      int64s_1: int64[3]
      int64s_2: int64[2]
      int64_2: int64[1]
      int64s_3: int64[3, 6]
      Gather = Gather(x, int64s, axis: 2)
      Reshape = Reshape(Gather, int64s_1)
      Pad = Pad(Reshape, int64s_2, float32_0, int64_2)
      Gather_1 = Gather(Pad, int64s_3, axis: 2)
      y = ReduceSum(Gather_1, int64_2, keepdims: 0)
      out y: float32[1, 1, 6]"
    `);
  });

  test('what has no operator is a function of the model', () => {
    expect(
      text((m) => {
        const x = m.input('x', { shape: [3] });
        const n = m.input('n', { shape: [3], dtype: 'i32' });
        m.entry('run', { a: x.lgamma(), b: n.floorDiv(n), c: x.max(0), d: x.cast('i32') });
      }),
    ).toMatchInlineSnapshot(`
      "in x: float32[3]
      in n: int32[3]
      int64_0: int64[1]
      a = sinter.LogGamma(x)
      Cast = Cast(n, to: 7)
      FloorDivide = sinter.FloorDivide(Cast, Cast)
      b = Cast(FloorDivide, to: 6)
      c = sinter.ReduceMaxOrNaN(x, int64_0)
      d = sinter.ToInt32(x)
      out a: float32[3]
      out b: int32[3]
      out c: float32[]
      out d: int32[3]
      function FloorDivide: 16 nodes
      function LogGamma: 147 nodes
      function ReduceMaxOrNaN: 7 nodes
      function ToInt32: 10 nodes"
    `);
  });

  test('words are computed in 64 bits, and are 32 outside', () => {
    expect(
      text((m) => {
        const x = m.input('x', { shape: [2], dtype: 'u32' });
        m.entry('run', { y: x.add(x) });
      }),
    ).toMatchInlineSnapshot(`
      "in x: uint32[2]
      int64_4294967295: int64[]
      Cast = Cast(x, to: 7)
      Add = Add(Cast, Cast)
      BitwiseAnd = BitwiseAnd(Add, int64_4294967295)
      y = Cast(BitwiseAnd, to: 12)
      out y: uint32[2]"
    `);
  });
});
