import { describe, expect, it } from 'vitest';
import {
  compile,
  defineModule,
  GraphError,
  nn,
  optim,
  type Tensor,
  UnknownNameError,
} from '../../src/index.ts';
import { didYouMean } from '../../src/nearest.ts';
import { expectRefusal, untyped } from './refusal.ts';

const FILE = 'nearest.test.ts';

const declare = (build: (x: Tensor) => unknown): unknown =>
  defineModule('near', (m) => {
    const y = build(m.input('x', { shape: [2, 3] }));
    if (y !== undefined) m.entry('run', { y: untyped(y) });
  });

describe('a name that is not there', () => {
  it.each([
    ['rleu', ['relu', 'gelu', 'tanh'], 'relu'],
    ['weight_decay', ['lr', 'weightDecay'], 'weightDecay'],
    ['learningRate', ['lr', 'name'], 'lr'],
    ['float32', ['f32', 'i32'], 'f32'],
    ['WebGPU', ['webgpu', 'wasm'], 'webgpu'],
    ['trian', ['train', 'predict'], 'train'],
    ['Padding', ['padding', 'stride'], 'padding'],
  ])('%s has a nearest one', (name, known, nearest) => {
    expect(didYouMean(name, known)).toBe(` (did you mean ${JSON.stringify(nearest)}?)`);
  });

  it.each([
    ['x', ['a', 'b']],
    ['softmax', ['relu', 'tanh']],
    ['', ['a']],
    ['learningRate', ['momentum']],
  ])('%s has none where nothing is near', (name, known) => {
    expect(didYouMean(name, known)).toBe('');
  });

  it('is told with what may have been meant, wherever names are listed', async () => {
    const sgd = 'the options are lr, name, weightDecay, groups, momentum, nesterov, lazy';
    const activations = Object.keys(nn.activations).join(', ');
    expect(activations).toContain('relu');
    const refused = (build: (x: Tensor) => unknown, code: 'option' | 'attribute', text: string): string =>
      expectRefusal(() => declare(build), code, text, FILE).op;
    refused(
      () => optim.sgd(untyped({ learningRate: 0.1 })),
      'option',
      `sgd: there is no option "learningRate" (did you mean "lr"?): ${sgd}`,
    );
    refused(
      (x) => nn.dense(x, 4, { activation: untyped('rleu') }),
      'option',
      `dense: activation is "rleu" (did you mean "relu"?): it must be one of ${activations}`,
    );
    refused(
      (x) => x.cast(untyped('float32')),
      'attribute',
      'cast: attribute "dtype" must be one of f32, i32, u32, bool, u8, not "float32" (did you mean "f32"?)',
    );
    const module = defineModule('near', (m) => m.entry('train', { y: m.input('x', { shape: [2] }).exp() }));
    const told = compile(module, { target: untyped('wams') });
    await expect(told).rejects.toThrow('there is no target "wams" (did you mean "wasm"?); there are "auto"');
    await expect(told).rejects.toBeInstanceOf(UnknownNameError);
    const compiled = await compile(module, { target: 'wasm' });
    expect(() => compiled.entry(untyped('trian'))).toThrow('(did you mean "train"?)');
  });
});

describe('an operand of a wrong kind', () => {
  const losses = {
    mse: nn.mse,
    huber: nn.huber,
    crossEntropy: nn.crossEntropy,
    bceWithLogits: nn.bceWithLogits,
    l1: nn.l1,
    smoothL1: nn.smoothL1,
    hinge: nn.hinge,
    klDivergence: nn.klDivergence,
    focal: nn.focal,
    nll: nn.nll,
    cosineSimilarity: nn.cosineSimilarity,
    cosineEmbedding: (x: Tensor, y: Tensor) => nn.cosineEmbedding(x, y, y),
    tripletMargin: (x: Tensor, y: Tensor) => nn.tripletMargin(x, y, y),
    contrastive: (x: Tensor, y: Tensor) => nn.contrastive(x, y, y),
  };
  const layers = {
    dense: (x: Tensor) => nn.dense(x, 3),
    conv2d: (x: Tensor) => nn.conv2d(x, 3, 3),
    maxPool2d: (x: Tensor) => nn.maxPool2d(x, 2),
    resize: (x: Tensor) => nn.resize(x, 2),
    batchNorm: (x: Tensor) => nn.batchNorm(x),
    standardize: (x: Tensor) => nn.standardize(x, 0),
  };
  const functions: readonly (readonly [string, (x: Tensor, y: Tensor) => unknown])[] = [
    ...Object.entries(nn.activations).map(
      ([name, f]) => [name === 'geluTanh' ? 'gelu' : name, (x: Tensor) => f(x)] as const,
    ),
    ...Object.entries(losses),
    ...Object.entries(layers),
  ];
  it.each(functions)('is told by %s', (op, build) => {
    for (const [value, shown] of [
      [3, '3'],
      [[1, 2], 'a list'],
      [undefined, 'undefined'],
      [null, 'null'],
    ] as const) {
      const refusal = (): unknown => declare((x) => build(untyped(value), x));
      expectRefusal(refusal, 'operands', `${op}: takes a tensor, not ${shown}`, FILE);
    }
  });

  it('is told where it belongs to another module', () => {
    let stranger: Tensor | undefined;
    declare((x) => {
      stranger = x;
      return x;
    });
    const mixed = (): unknown => declare((x) => x.add(untyped(stranger)));
    expect(mixed).toThrow(GraphError);
    expect(mixed).toThrow('belongs to another graph');
  });

  it('is told in the place of options and modules', async () => {
    await expect(compile(untyped({}))).rejects.toThrow('compile: expected a module of defineModule, found');
    const module = defineModule('near', (m) => m.entry('train', { y: m.input('x', { shape: [2] }).exp() }));
    await expect(compile(module, untyped(null))).rejects.toThrow('compile: expected options');
    const nullOptions: readonly ((x: Tensor) => unknown)[] = [
      () => optim.adam(untyped(null)),
      (x) => nn.dense(x, 3, untyped(null)),
      (x) => nn.gelu(x, untyped(null)),
      (x) => nn.mse(x, x, untyped(null)),
      (x) => x.sum(0, untyped(null)),
    ];
    for (const build of nullOptions)
      expect(() => declare(build)).toThrow('options must be an object, not null');
    expect(() => defineModule(untyped(null), () => {})).toThrow(
      'the name of a module must be a text, not null',
    );
  });
});
