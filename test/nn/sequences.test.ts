import { describe, expect, expectTypeOf, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import {
  concat,
  defineModule,
  evaluation,
  type GraphIssue,
  type Module,
  type ModuleBuilder,
  neededBy,
  type Tensor,
} from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { moduleOf, valuesOf } from './layers.ts';

const FILE = 'sequences.test.ts';

describe('first values', () => {
  const uniform = (bound: number): object => ({ kind: 'uniform', low: -bound, high: bound });
  const [zeros, ones] = [
    { kind: 'constant', value: 0 },
    { kind: 'constant', value: 1 },
  ];
  const third = uniform(1 / Math.sqrt(4));
  const made: Readonly<
    Record<string, readonly [build: (x: Tensor) => unknown, inits: Readonly<Record<string, object>>]>
  > = {
    layerNorm: [(x) => nn.layerNorm(x), { weight: ones, bias: zeros }],
    rmsNorm: [(x) => nn.rmsNorm(x), { weight: ones }],
    embedding: [
      (x) => nn.embedding(x.cast('i32'), 5, 2),
      { weight: { kind: 'normal', mean: 0, deviation: 1 } },
    ],
    positions: [(x) => nn.positions(x, 3, 4), { weight: { kind: 'normal', mean: 0, deviation: 1 } }],
    multiHeadAttention: [
      (x) => nn.multiHeadAttention(x, 4, 2),
      {
        'qkv.weight': uniform(Math.sqrt(6 / 16)),
        'qkv.bias': zeros,
        'projection.weight': uniform(1 / 2),
        'projection.bias': zeros,
      },
    ],
    'multiHeadAttention of another width': [
      (x) => nn.multiHeadAttention(4, 2, { kvWidth: 6, bias: false })(x, x.pad([0, 0, 0], [0, 0, 2])),
      {
        'query.weight': uniform(Math.sqrt(6 / 8)),
        'keyValue.weight': uniform(Math.sqrt(6 / 10)),
        'projection.weight': uniform(1 / 2),
      },
    ],
    lstm: [(x) => nn.lstm(x, 4), { 'input.weight': third, 'input.bias': third, 'recurrent.weight': third }],
    gru: [
      (x) => nn.gru(x, 4),
      { 'input.weight': third, 'input.bias': third, 'recurrent.weight': third, 'recurrent.bias': third },
    ],
  };
  it.each(Object.entries(made))('of %s are those of PyTorch', (kind, [build, inits]) => {
    const { states } = moduleOf([2, 3, 4], (x) => {
      build(x);
      return x;
    });
    const [op] = kind.split(' ');
    expect(Object.fromEntries(states.map(({ name, init }) => [name, init]))).toMatchObject(
      Object.fromEntries(Object.entries(inits).map(([part, init]) => [`${op}.${part}`, init])),
    );
    expect(states).toHaveLength(Object.keys(inits).length);
  });
});

describe('a layer norm', () => {
  const train = (norm: (m: ModuleBuilder, x: Tensor) => Tensor): Module =>
    defineModule('norm', (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 8 }), 32] });
      const h = nn.dense(x, 32, { name: 'up' });
      const loss = nn.dense(norm(m, h), 4, { name: 'down' }).square().mean();
      m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
    });

  const written = (variance: (x: Tensor, centred: Tensor) => Tensor): Module =>
    train((m, x) => {
      const gain = m.state('norm.weight', { shape: [32], init: nn.init.ones() });
      const bias = m.state('norm.bias', { shape: [32], init: nn.init.zeros() });
      const centred = x.sub(x.mean(-1, { keepDims: true }));
      const scale = variance(x, centred).add(1e-5).rsqrt();
      return centred.mul(scale).mul(gain).add(bias).named('norm');
    });

  it('written by a user has the kernels that ours has', () => {
    const program = (module: Module): object => {
      const { entries, kernels } = compileModule(module, machines.webgpu).program;
      // Comments name lines of the source, variables numbers of nodes.
      return { entries, codes: kernels.map(({ code }) => code.replaceAll(/\/\/.*\n|_\d+/g, '')) };
    };
    const ours = program(train((_, x) => nn.layerNorm(x, { name: 'norm' })));
    expect(program(written((x) => x.variance(-1, { keepDims: true })))).toEqual(ours);
    // The mean of squares is another reduction than a variance; it is fused as far.
    const squares = program(written((_, centred) => centred.square().mean(-1, { keepDims: true })));
    expect(squares).toMatchObject({ codes: { length: 3 } });
    expect(ours).toMatchObject({ codes: { length: 3 } });
  });
});

describe('an embedding', () => {
  it('reads its padding as zeros, and scores it 0', () => {
    const init = nn.init.values([1, 2, 3, 4, 5, 6]);
    const table = (): nn.Embedding => nn.embedding(3, 2, { init, paddingIndex: 1 });
    expect(valuesOf([3], (x) => table()(x.cast('i32')))).toEqual([1, 2, 0, 0, 5, 6]);
    expect(valuesOf([1, 2], (x) => table().attend(x), [1, 10])).toEqual([21, 0, 65]);
  });

  it('is one table where it is looked up and attended to, or given to a dense layer', () => {
    const module = moduleOf([2, 3], (x) => {
      const words = nn.embedding(5, 4, { name: 'words' });
      const h = words(x.cast('i32'));
      const tied = nn.dense(5, { weight: words.weight.transpose(), bias: false, name: 'tied' });
      const scores = words.attend(h).add(tied(h));
      expect(tied.parameters()).toEqual([]);
      return scores;
    });
    expect(module.states.map(({ name }) => name)).toEqual(['words.weight']);
  });
});

describe('attention', () => {
  it('gives zeros for a query that sees no key', () => {
    const values = valuesOf([1, 2, 2], (x) => {
      const isSeen = x.iota([2, 1], 0).eq(1);
      return nn.multiHeadAttention(x, 2, 1, { mask: isSeen, bias: false, causal: true });
    });
    expect(values.slice(0, 2)).toEqual([0, 0]);
    expect(values.slice(2).every(Number.isFinite)).toBe(true);
  });

  it('of no queries is empty, and of no keys the bias of the projection, as in PyTorch', () => {
    const attention = (queries: number, keys: number): number[] =>
      valuesOf([1, 2, 2], (x) => {
        const layer = nn.multiHeadAttention(2, 1);
        const part = (tokens: number): Tensor => x.slice([0, 0], [1, tokens]);
        const made = layer(part(queries), part(keys));
        const [bias] = layer.parameters().slice(-1);
        return bias === undefined ? made : made.sub(bias);
      });
    expect(attention(0, 2)).toEqual([]);
    expect(attention(0, 0)).toEqual([]);
    expect(attention(2, 0)).toEqual([0, 0, 0, 0]);
    expect(
      valuesOf([1, 0, 2], (x) => nn.multiHeadAttention(x, 2, 1, { causal: true, rotary: true })),
    ).toEqual([]);
  });

  it('of a block is a part of it, with its weights', () => {
    const block = nn.transformerBlock(4, 2, { norm: 'rms', bias: false, name: 'block' });
    expectTypeOf(block).toExtend<nn.Layer>();
    expectTypeOf(block.parts.up).toEqualTypeOf<nn.Dense>();
    const module = moduleOf([2, 3, 4], (x) => block.clone({ name: 'copy' })(block(x)));
    const names = ['norm1', 'attention.qkv', 'attention.projection', 'norm2', 'up', 'down'];
    expect(module.states.map(({ name }) => name)).toEqual(
      ['block', 'copy'].flatMap((name) => names.map((part) => `${name}.${part}.weight`)),
    );
    expect(block.parts.attention.parameters().map(({ node }) => node.label)).toEqual([
      'block.attention.qkv.weight',
      'block.attention.projection.weight',
    ]);
  });
});

describe('a recurrent layer', () => {
  it('takes lengths below 0 as none, and those above the steps as all', () => {
    const outputs = (lengths: readonly number[]): number[] =>
      valuesOf(
        [2, 2, 1],
        (x, m) => nn.gru(1)(x, { lengths: m.literal(lengths, { shape: [2], dtype: 'i32' }) }).output,
      );
    expect(outputs([-3, 9])).toEqual(outputs([0, 2]));
  });
});

describe('dropout', () => {
  const dropouts = (of: Tensor): number => neededBy([of.node]).filter(({ op }) => op === 'training').length;
  it.each<[what: string, build: (x: Tensor) => Tensor, count: number]>([
    ['of attention', (x) => nn.multiHeadAttention(x, 4, 2, { dropout: 0.1 }), 1],
    ['of a block', (x) => nn.transformerBlock(x, 4, 2, { dropout: 0.1 }), 4],
    [
      'of a block with norms last',
      (x) => nn.transformerBlock(x, 4, 2, { dropout: 0.1, normFirst: false }),
      4,
    ],
    ['of three recurrent layers', (x) => nn.lstm(x, 2, { layers: 3, dropout: 0.1 }).output, 2],
    ['of none', (x) => nn.gru(x, 2, { layers: 2 }).output, 0],
  ])('%s is where PyTorch has it, and gone in evaluation', (_, build, count) => {
    moduleOf([2, 3, 4], (x) => {
      const y = build(x);
      expect(dropouts(y)).toBe(count);
      expect(dropouts(evaluation(y))).toBe(0);
      return y;
    });
  });
});

describe('what layers drop', () => {
  /** Numbers of the streams that are drawn from, where another dropout comes first or not. */
  const streams = (build: (x: Tensor) => Tensor, before: number): unknown[] =>
    moduleOf([2, 3, 4], (x) =>
      build(Array.from({ length: before }).reduce<Tensor>((y) => nn.dropout(y, 0.5), x)),
    )
      .graph.nodes.filter(({ op }) => op === 'bitXor')
      .map(({ inputs }) => inputs[1])
      .slice(before)
      .map((number) => neededBy(number === undefined ? [] : [number]).map(({ attrs }) => attrs));

  it.each<[what: string, build: (x: Tensor, name: object) => Tensor, count: number]>([
    ['attention', (x, own) => nn.multiHeadAttention(x, 4, 2, { dropout: 0.1, ...own }), 1],
    ['a block', (x, own) => nn.transformerBlock(x, 4, 2, { dropout: 0.1, ...own }), 4],
    ['recurrent layers', (x, own) => nn.lstm(x, 2, { layers: 3, dropout: 0.1, ...own }).output, 2],
    [
      'a layer that is applied twice',
      (x, own) => {
        const twice = nn.multiHeadAttention(4, 2, { dropout: 0.1, ...own });
        return twice(twice(x));
      },
      2,
    ],
  ])('%s is drawn by name where they have one, whatever is drawn before', (_, build, count) => {
    const named = (x: Tensor): Tensor => build(x, { name: 'own' });
    expect(streams(named, 0)).toHaveLength(count);
    expect(streams(named, 1)).toEqual(streams(named, 0));
    const unnamed = (x: Tensor): Tensor => build(x, {});
    expect(streams(unnamed, 1)).not.toEqual(streams(unnamed, 0));
  });
});

describe('types', () => {
  it('say what a layer gives, in either form', () => {
    expectTypeOf(nn.lstm(2)).toEqualTypeOf<nn.Lstm>();
    expectTypeOf<ReturnType<nn.Lstm>>().toEqualTypeOf<nn.LstmResult>();
    expectTypeOf<ReturnType<nn.Gru>>().toEqualTypeOf<nn.GruResult>();
    expectTypeOf(nn.embedding(2, 3)).toEqualTypeOf<nn.Embedding>();
    expectTypeOf(nn.layerNorm()).toEqualTypeOf<nn.Norm>();
    expectTypeOf(nn.rmsNorm()).toEqualTypeOf<nn.BiaslessNorm>();
    expectTypeOf(nn.rmsNorm().clone()).toEqualTypeOf<nn.BiaslessNorm>();
    expectTypeOf(nn.rmsNorm()).not.toHaveProperty('bias');
    expectTypeOf(nn.multiHeadAttention(4, 2)).toExtend<nn.Part>();
    const short = (x: Tensor): [Tensor, nn.LstmResult] => [nn.layerNorm(x), nn.lstm(x, 2)];
    expectTypeOf(short).returns.toEqualTypeOf<[Tensor, nn.LstmResult]>();
  });
});

describe('sequences that do not fit', () => {
  it.each<[build: (x: Tensor) => unknown, code: GraphIssue, text: string]>([
    [
      (x) => nn.layerNorm(x, { axes: 4 }),
      'rank',
      'layerNorm: needs 4 last axes that are not bounded, which [2, 3, 4] does not have',
    ],
    [(x) => nn.rmsNorm(x, { axes: 0 }), 'option', 'rmsNorm: axes is 0: it must be a whole number from 1 on'],
    [
      () => nn.embedding(5, 4, { paddingIndex: 5 }),
      'option',
      'embedding: paddingIndex is 5: it must be a whole number from 0 to 4',
    ],
    [() => nn.embedding(5, 0), 'dimension', 'embedding: width must be a whole number from 1 on, not 0'],
    [
      (x) => nn.positions(x, 2, 4),
      'layer',
      'positions: [2, 3, 4] does not fit: it must be [..., tokens, 4], with 2 tokens at most',
    ],
    [
      (x) => nn.multiHeadAttention(x, 4, 3),
      'groups',
      'multiHeadAttention: 3 heads do not divide a width of 4',
    ],
    [
      (x) => nn.multiHeadAttention(x, 4, 4, { keyValueHeads: 3 }),
      'groups',
      'multiHeadAttention: 3 heads of keys do not divide 4 of queries',
    ],
    [
      (x) => nn.multiHeadAttention(x, 4, 4, { rotary: true }),
      'groups',
      'multiHeadAttention: rotary takes heads of an even width, not of 1',
    ],
    [
      (x) => nn.multiHeadAttention(x, 8, 2),
      'layer',
      'multiHeadAttention: takes [batch, tokens, 8], not [2, 3, 4]',
    ],
    [
      (x) => nn.transformerBlock(x, 4, 2, untyped({ kvWidth: 3 })),
      'option',
      'transformerBlock: there is no option "kvWidth": the options are causal, mask, keyValueHeads, rotary, dropout, bias, hidden, normFirst, activation, norm, eps, name, trainable',
    ],
    [(x) => nn.lstm(x.select(0, 0), 2), 'layer', 'lstm: takes [batch, steps, features], not [3, 4]'],
    [
      (x) => nn.gru(2)(x, { lengths: x.select(-1, 0).cast('i32') }),
      'layer',
      'gru: lengths is i32[2, 3]: it must be i32[2]',
    ],
    [
      (x) => nn.gru(2, { layers: 2 })(x, { state: x.select(1, 0) }),
      'layer',
      'gru: the first state is f32[2, 4]: it must be f32[2, 2, 2]',
    ],
    [
      (x) => nn.gru(4)(x, { state: x.select(1, 0).cast('i32') }),
      'layer',
      'gru: the first state is i32[2, 4]: it must be f32[2, 4]',
    ],
    [
      (x) => nn.lstm(4)(x, untyped({ state: x.select(1, 0) })),
      'operands',
      'lstm: state is an object (Tensor): it must be { hidden, cell } of two tensors',
    ],
    [(x) => nn.lstm(x.slice([0, 0], [2, 0]), 2), 'empty', 'lstm: takes a step at least: [2, 0, 4] has none'],
    [(x) => nn.gru(x.cast('i32'), 2), 'dtype', 'gru: operand of type i32; takes f32: cast it first'],
    [
      (x) => nn.multiHeadAttention(x, 4, 2, { mask: x }),
      'dtype',
      'multiHeadAttention: mask is f32[2, 3, 4]: it must be bool, such as tokens.ne(0)',
    ],
    [
      (x) => nn.multiHeadAttention(x, 4, 2, { mask: x.select(-1, 0).ne(0) }),
      'broadcast',
      'multiHeadAttention: mask is [2, 3]: it must broadcast to [batch, heads, queries, keys], [2, 2, 3, 3]',
    ],
    [
      (x) => nn.multiHeadAttention(x, 4, 2, { mask: x.ne(0).reshape([1, 2, 1, 3, 4]) }),
      'broadcast',
      'multiHeadAttention: mask is [1, 2, 1, 3, 4]: it must broadcast to [batch, heads, queries, keys], [2, 2, 3, 3]',
    ],
    [
      (x) => nn.multiHeadAttention(4, 2)(x, concat([x, x.slice([1])], 0)),
      'layer',
      'multiHeadAttention: queries are [2, 3, 4], keys and values [3, 3, 4]: they must be of one batch',
    ],
    [
      (x) => nn.lstm(2)(x, untyped({ length: x })),
      'option',
      'lstm: there is no option "length" (did you mean "lengths"?): the options are state, lengths',
    ],
    [(x) => nn.gru(x, 2, { dropout: 2 }), 'option', 'gru: dropout is 2: it must be a number from 0 to 1'],
    [
      (x) => nn.multiHeadAttention(x, 4, 2, { dropout: -1 }),
      'option',
      'multiHeadAttention: dropout is -1: it must be a number from 0 to 1',
    ],
    [
      (x) => nn.transformerBlock(x, 4, 2, { dropout: 2 }),
      'option',
      'transformerBlock: dropout is 2: it must be a number from 0 to 1',
    ],
    [
      (x) => nn.transformerBlock(x, 4, 2, { hidden: 1.5 }),
      'dimension',
      'transformerBlock: hidden must be a whole number from 1 on, not 1.5',
    ],
    [
      (x) => nn.transformerBlock(x, 4, 2, { activation: untyped('step') }),
      'option',
      'transformerBlock: activation is "step": it must be one of relu, gelu, geluTanh, tanh, sigmoid, silu, leakyRelu, hardswish, softplus, logSigmoid, elu, celu, selu, mish',
    ],
    [
      (x) => nn.squeezeExcite(x, { ratio: 0 }),
      'option',
      'squeezeExcite: ratio is 0: it must be a finite number from 1 on',
    ],
    [
      (x) => nn.squeezeExcite(x, { ratio: 2, channels: 2 }),
      'option',
      'squeezeExcite: takes a ratio or channels, not both',
    ],
  ])('are refused: %#', (build, code, text) => {
    const refused = (): unknown =>
      moduleOf([2, 3, 4], (x) => {
        build(x);
        return x;
      });
    expect(expectRefusal(refused, code, text, FILE).code).toBe(code);
  });
});
