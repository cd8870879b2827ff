import { describe, expect, it } from 'vitest';
import {
  defineModule,
  type GraphIssue,
  type Initializer,
  type Module,
  printNodes,
  type Tensor,
  valuesOf,
} from '../../src/graph/index.ts';
import { shapeText } from '../../src/loops/index.ts';
import { interpretLoops } from '../../src/loops/interpret.ts';
import * as nn from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { declareStorage, lower } from '../../src/passes/lower.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';

const FILE = 'nn.test.ts';
const of = (build: (x: Tensor) => Tensor): Module =>
  defineModule('layer', (m) => {
    const batch = m.size('batch', { max: 8 });
    m.entry('run', { y: build(m.input('x', { shape: [batch, 3] })) });
  });
const textOf = (build: (x: Tensor) => Tensor): string =>
  printNodes(of(build).entries.flatMap((entry) => entry.outputs.map((output) => output.node)));

describe('a dense layer', () => {
  it('multiplies, adds its bias and applies its activation', () => {
    expect(textOf((x) => nn.dense(x, 2, { activation: 'relu', name: 'hidden' }))).toMatchInlineSnapshot(`
      "%0 = input {dtype: "f32", name: "x", shape: [batch<=8, 3]}: f32[batch<=8, 3]  x
      %1 = state {dtype: "f32", name: "hidden.weight", shape: [3, 2]}: f32[3, 2]  "hidden.weight"
      %2 = contract(%0, %1) {batchA: [], batchB: [], overA: [1], overB: [0]}: f32[batch<=8, 2]
      %3 = state {dtype: "f32", name: "hidden.bias", shape: [2]}: f32[2]  "hidden.bias"
      %4 = expand(%3) {shape: [batch<=8, 2]}: f32[batch<=8, 2]
      %5 = add(%2, %4): f32[batch<=8, 2]
      %6 = relu(%5): f32[batch<=8, 2]  hidden"
    `);
  });

  it('goes without bias and activation', () => {
    const module = of((x) => nn.dense(x, 2, { bias: false }));
    expect(module.states.map(({ name, node }) => [name, node.shape])).toEqual([['dense.weight', [3, 2]]]);
    expect(module.entries[0]?.outputs[0]?.node.op).toBe('contract');
  });

  it('multiplies many rows of many matrices at once, and flattens none', () => {
    const { nodes } = of((x) =>
      nn.dense(x.expandDims(1).broadcastTo([...x.shape.slice(0, 1), 5, 3]), 2),
    ).graph;
    const shapesOf = (op: string): unknown[] =>
      nodes.filter((node) => node.op === op).map((node) => shapeText(node.shape));
    expect(shapesOf('contract')).toEqual(['[batch<=8, 5, 2]']);
    expect(shapesOf('reshape')).toEqual(['[batch<=8, 1, 3]']);
  });

  it('refuses units that are no number, at the line that wrote it', () => {
    const text = 'dense: units must be a whole number from 0 on, not 2.5';
    const build = (): Module => of((x) => nn.dense(x, 2.5));
    expect(expectRefusal(build, 'dimension', text, FILE).op).toBe('dense');
  });

  it('refuses an operand without a fixed last dimension', () => {
    const text =
      'dense: %1 (sum f32[batch<=8]) needs a last dimension that is a number: it is that of the weights';
    const build = (): Module => of((x) => nn.dense(x.sum(1), 2));
    expect(expectRefusal(build, 'rank', text, FILE).op).toBe('dense');
  });
});

describe('cross-entropy', () => {
  it('is the log-sum-exp less the logit of the label, a mean over live rows', () => {
    const text = textOf((x) => nn.crossEntropy(x, x.argmax(1)));
    expect(text).toMatchInlineSnapshot(`
      "%0 = input {dtype: "f32", name: "x", shape: [batch<=8, 3]}: f32[batch<=8, 3]  x
      %1 = argmax(%0) {axes: [1]}: i32[batch<=8]
      %2 = reduceMax(%0) {axes: [1]}: f32[batch<=8]
      %3 = reshape(%2) {shape: [batch<=8, 1]}: f32[batch<=8, 1]
      %4 = detach(%3): f32[batch<=8, 1]
      %5 = expand(%4) {shape: [batch<=8, 3]}: f32[batch<=8, 3]
      %6 = sub(%0, %5): f32[batch<=8, 3]
      %7 = pick(%6, %1): f32[batch<=8]
      %8 = logSumExp(%6) {axes: [1]}: f32[batch<=8]
      %9 = sub(%8, %7): f32[batch<=8]
      %10 = sum(%9) {axes: [0]}: f32[]
      %11 = extent {dim: [batch<=8]}: i32[]
      %12 = cast(%11) {dtype: "f32"}: f32[]
      %13 = div(%10, %12): f32[]"
    `);
  });

  it('takes labels of any integer type', () => {
    const module = defineModule('labels', (m) => {
      const y = m.input('y', { shape: [4], dtype: 'u8' });
      m.entry('loss', { loss: nn.crossEntropy(m.input('x', { shape: [4, 3] }), y, { reduction: 'none' }) });
    });
    expect(module.entries[0]?.outputs[0]?.node.shape).toEqual([4]);
  });

  it('refuses labels that are floats', () => {
    const text = 'pick: indices of type f32; takes i32: cast them first';
    expect(expectRefusal(() => of((x) => nn.crossEntropy(x, x.sum(1))), 'dtype', text, FILE).op).toBe('pick');
  });

  it('refuses more smoothing than there is', () => {
    const text = 'crossEntropy: labelSmoothing is 2: it must be from 0 to 1';
    const build = (): Module => of((x) => nn.crossEntropy(x, x.argmax(1), { labelSmoothing: 2 }));
    expect(expectRefusal(build, 'option', text, FILE).op).toBe('crossEntropy');
  });
});

/** What a function of `x` gives in float32. */
function float32Of(build: (x: Tensor) => Tensor, given: readonly number[]): number[] {
  const module = defineModule('function', (m) =>
    m.entry('run', { y: build(m.input('x', { shape: [given.length] })) }),
  );
  const storage = declareStorage(module);
  const memory = new Map([...storage.inputs.values()].map((tensor) => [tensor, Float64Array.from(given)]));
  const loops = lower(module, 'run', storage);
  interpretLoops(loops, memory, { float32: true });
  const out = loops.at(-1)?.outs[0]?.tensor;
  return [...((out && memory.get(out)) ?? [])];
}

describe('elu', () => {
  const xs = [-1e-30, -3e-8, -1e-4, -0.03, -0.7, -1, -1.0001, -5, -20, -1e4, 0, 2].map(Math.fround);

  it('keeps small numbers in float32, where exp(x) - 1 rounds them away', () => {
    const values = float32Of((x) => nn.elu(x), xs);
    const errors = xs.map((x, k) => {
      const exact = x > 0 ? x : Math.expm1(x);
      return exact === 0 ? Math.abs(values[k] ?? 1) : Math.abs((values[k] ?? 0) / exact - 1);
    });
    expect(Math.max(...errors)).toBeLessThan(4 * 2 ** -24);
  });

  it('has a gradient as exact', () => {
    const slopes = float32Of((x) => gradients(nn.elu(x).sum(), [x])[0] ?? x, xs);
    const errors = xs.map((x, k) => {
      const exact = x > 0 ? 1 : Math.exp(x);
      return Math.abs((slopes[k] ?? 0) - exact) / Math.max(exact, 2 ** -126);
    });
    expect(Math.max(...errors)).toBeLessThan(8 * 2 ** -24);
  });
});

describe('layers, losses and activations', () => {
  const refusals: readonly [build: (x: Tensor) => Tensor, code: GraphIssue, text: string][] = [
    [
      (x) => nn.dense(x, 2, { activation: untyped('foo') }),
      'option',
      'dense: activation is "foo": it must be one of relu, gelu, geluTanh, tanh, sigmoid, silu, leakyRelu, hardswish, softplus, logSigmoid, elu, celu, selu, mish',
    ],
    [
      (x) => nn.dense(x, 2, { activation: untyped('toString') }),
      'option',
      'dense: activation is "toString": it must be one of relu, gelu, geluTanh, tanh, sigmoid, silu, leakyRelu, hardswish, softplus, logSigmoid, elu, celu, selu, mish',
    ],
    [
      (x) => nn.dense(x, 2, untyped({ activatoin: 'relu' })),
      'option',
      'dense: there is no option "activatoin" (did you mean "activation"?): the options are activation, kernelInit, biasInit, bias, weight, name, trainable',
    ],
    [
      (x) => nn.dense(x, 2, untyped('relu')),
      'option',
      'dense: options must be an object, not "relu": the options are activation, kernelInit, biasInit, bias, weight, name, trainable',
    ],
    [(x) => nn.dense(x, untyped('2')), 'dimension', 'dense: units must be a whole number from 0 on, not "2"'],
    [() => nn.dense(untyped([1, 2]), 2), 'operands', 'dense: takes a tensor, not a list'],
    [
      (x) => nn.gelu(x, untyped({ approximate: 'erf' })),
      'option',
      'gelu: approximate is "erf": it must be one of none, tanh',
    ],
    [(x) => nn.crossEntropy(x, untyped([0, 1])), 'operands', 'crossEntropy: takes a tensor, not a list'],
    [
      (x) => nn.crossEntropy(x, x, untyped({ labelsmoothing: 0.1 })),
      'option',
      'crossEntropy: there is no option "labelsmoothing" (did you mean "labelSmoothing"?): the options are reduction, labelSmoothing, weight, ignoreIndex',
    ],
    [
      (x) => nn.mse(x, x, { reduction: untyped('total') }),
      'option',
      'mse: reduction is "total": it must be one of mean, sum, none',
    ],
    [
      (x) => nn.huber(x, x, { delta: untyped('1') }),
      'option',
      'huber: delta is "1": it must be a number from 0 on',
    ],
    [
      (x) => nn.bceWithLogits(x, untyped(undefined)),
      'operands',
      'bceWithLogits: takes a tensor, not undefined',
    ],
    [
      (x) => nn.dense(x, 2, { biasInit: nn.init.values(untyped(['a', 'b'])) }),
      'values',
      'state: "dense.bias": value 0 is "a": values must be numbers',
    ],
    [
      (x) => nn.dense(x, 2, { biasInit: nn.init.constant(untyped(undefined)) }),
      'option',
      'constant: the value is undefined: it must be a number',
    ],
  ];
  it.each(refusals)('refuse what they do not take, saying what there is: %#', (build, code, text) => {
    expect(expectRefusal(() => of(build), code, text, FILE).code).toBe(code);
  });
});

describe('first values', () => {
  const initOf = (init: Initializer): unknown => init([6, 2], 5, 'f32', 'w');
  const bound = (x: number): unknown => ({
    kind: 'uniform',
    low: -Math.sqrt(x),
    high: Math.sqrt(x),
    stream: 5,
  });
  const spread = (x: number): unknown => ({ kind: 'normal', mean: 0, deviation: Math.sqrt(x), stream: 5 });

  it.each([
    ['zeros', nn.init.zeros(), { kind: 'constant', value: 0 }],
    ['ones', nn.init.ones(), { kind: 'constant', value: 1 }],
    ['uniform', nn.init.uniform(-1, 2), { kind: 'uniform', low: -1, high: 2, stream: 5 }],
    ['normal', nn.init.normal(1, 2), { kind: 'normal', mean: 1, deviation: 2, stream: 5 }],
    ['glorotUniform', nn.init.glorotUniform(), bound(6 / 8)],
    ['glorotNormal', nn.init.glorotNormal(), spread(2 / 8)],
    ['heUniform', nn.init.heUniform(), bound(6 / 6)],
    ['heNormal', nn.init.heNormal(), spread(2 / 6)],
  ])('%s follow their formula', (_, init, expected) => {
    expect(initOf(init)).toEqual(expected);
  });

  it('given ones are kept by their bits', () => {
    const given = [1.5, -0, Number.NaN, Number.NEGATIVE_INFINITY];
    const init = nn.init.values(given)([2, 2], 0, 'f32', 'w');
    expect(init.kind === 'values' ? valuesOf(init.words, 'f32') : []).toEqual(given);
    const integers = nn.init.values([-1, 2 ** 31 - 1])([2], 0, 'i32', 'w');
    expect(integers.kind === 'values' ? valuesOf(integers.words, 'i32') : []).toEqual([-1, 2 ** 31 - 1]);
  });

  it('refuse ranges that are none', () => {
    const text = 'uniform: the range 2 to 1 must be finite and in order';
    expect(expectRefusal(() => nn.init.uniform(2, 1), 'option', text, FILE).op).toBe('uniform');
  });
});
