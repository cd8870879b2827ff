import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  defineModule,
  evaluation,
  type Module,
  type ModuleBuilder,
  type Tensor,
} from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';

const FILE = 'layer.test.ts';

/** A module that declares what a test asks for, and gives a tensor so that it has an entry. */
function declaring(build: (x: Tensor, m: ModuleBuilder) => void): Module {
  return defineModule('layers', (m) => {
    const x = m.input('x', { shape: [2, 3] });
    build(x, m);
    m.entry('run', { x });
  });
}

describe('a layer', () => {
  it('declares its weights at its first application, and has the same at all others', () => {
    const module = defineModule('shared', (m) => {
      const [x, y] = [m.input('x', { shape: [2, 3] }), m.input('y', { shape: [5, 3] })];
      const hidden = nn.dense(4, { activation: 'relu', name: 'hidden' });
      m.entry('run', { x: hidden(x), y: hidden(y) });
      expect(hidden.parameters().map(String)).toEqual([
        'hidden.weight (state f32[3, 4])',
        'hidden.bias (state f32[4])',
      ]);
      expect([hidden.weight.node, hidden.bias.node]).toEqual(hidden.states().map(({ node }) => node));
      expect(hidden.name).toBe('hidden');
    });
    expect(module.states.map(({ name }) => name)).toEqual(['hidden.weight', 'hidden.bias']);
  });

  const bothForms: Readonly<
    Record<string, readonly [short: (x: Tensor) => Tensor, layer: (x: Tensor) => Tensor]>
  > = {
    dense: [(x) => nn.dense(x, 3, { bias: false }), (x) => nn.dense(3, { bias: false })(x)],
    conv1d: [(x) => nn.conv1d(x.reshape([2, 4, 16]), 3, 2), (x) => nn.conv1d(3, 2)(x.reshape([2, 4, 16]))],
    conv2d: [(x) => nn.conv2d(x, 3, 2, { stride: 2 }), (x) => nn.conv2d(3, 2, { stride: 2 })(x)],
    convTranspose1d: [
      (x) => nn.convTranspose1d(x.reshape([2, 4, 16]), 3, [2]),
      (x) => nn.convTranspose1d(3, [2])(x.reshape([2, 4, 16])),
    ],
    convTranspose2d: [(x) => nn.convTranspose2d(x, 3, [2, 1]), (x) => nn.convTranspose2d(3, [2, 1])(x)],
    batchNorm: [(x) => nn.batchNorm(x).output, (x) => nn.batchNorm()(x)],
    groupNorm: [(x) => nn.groupNorm(x, 2, { eps: 0.1 }), (x) => nn.groupNorm(2, { eps: 0.1 })(x)],
    instanceNorm: [(x) => nn.instanceNorm(x), (x) => nn.instanceNorm()(x)],
    'instanceNorm with a gain': [
      (x) => nn.instanceNorm(x, { affine: true }),
      (x) => nn.instanceNorm({ affine: true })(x),
    ],
  };
  it.each(Object.entries(bothForms))('%s is the same in both forms', (_, [short, layer]) => {
    const of = (build: (x: Tensor) => Tensor): unknown => {
      const { graph, states } = defineModule('form', (m) =>
        m.entry('run', { y: build(m.input('x', { shape: [2, 4, 4, 4] })) }),
      );
      return [graph.nodes.map(({ op, label, attrs }) => [op, label, attrs]), states.map(({ init }) => init)];
    };
    expect(of(layer)).toEqual(of(short));
  });

  it('has a name of its kind where it is given none', () => {
    declaring((x) => {
      const [a, b] = [nn.dense(2), nn.dense(2)];
      expect(a.name).toBe(undefined);
      a(b(x));
      expect([a.name, b.name]).toEqual(['dense2', 'dense']);
    });
  });

  it.each<[build: (x: Tensor) => unknown, code: 'layer' | 'option' | 'operands' | 'dimension', text: string]>(
    [
      [
        () => nn.dense(2, { name: 'hidden' }).weight,
        'layer',
        'dense: "hidden" has no weights yet: apply it first, since what it is applied to says how many it needs',
      ],
      [
        () => nn.conv2d(2, 3).parameters(),
        'layer',
        'conv2d: the layer has no weights yet: apply it first, since what it is applied to says how many it needs',
      ],
      [
        () => nn.batchNorm().updates(),
        'layer',
        'batchNorm: the layer has no weights yet: apply it first, since what it is applied to says how many it needs',
      ],
      [
        (x) => {
          const options: nn.DenseOptions = { bias: false, name: 'bare' };
          const bare = nn.dense(2, options);
          bare(x);
          return bare.bias;
        },
        'layer',
        'dense: "bare" has no bias: its options leave it out',
      ],
      [
        (x) => {
          const narrow = nn.dense(2, { name: 'narrow' });
          narrow(x);
          return narrow(x.reshape([6]));
        },
        'layer',
        'dense: "narrow.weight" is [3, 2] since the layer was first applied, for this operand it would be [6, 2] (3 ≠ 6)',
      ],
      [() => nn.dense(untyped('2')), 'dimension', 'dense: units must be a whole number from 0 on, not "2"'],
      [
        (x) => nn.dense(untyped(undefined), x.shape.length),
        'operands',
        'dense: takes a tensor, not undefined',
      ],
      [
        () => nn.dense(2, { trainable: untyped(0) }),
        'option',
        'dense: trainable is 0: it must be true or false',
      ],
    ],
  )('is refused where it has no weights, or others: %#', (build, code, text) => {
    expect(expectRefusal(() => declaring((x) => void build(x)), code, text, FILE).code).toBe(code);
  });

  it.each<[name: string, layer: nn.Layer, bounds: readonly number[]]>([
    ['dense', nn.dense(2), [9, 9]],
    ['conv2d', nn.conv2d(4, 3), [27, 27]],
    ['convTranspose2d', nn.convTranspose2d(5, 2), [20, 20]],
  ])('of the kind %s begins uniformly within 1/√n, for n products, as in PyTorch', (_, layer, counts) => {
    const { states } = defineModule('first', (m) =>
      m.entry('run', { y: layer(m.input('x', { shape: [1, 3, 9, 9] })) }),
    );
    expect(states.map(({ init }) => init)).toEqual(
      counts.map((n, stream) => ({
        kind: 'uniform',
        low: -1 / Math.sqrt(n),
        high: 1 / Math.sqrt(n),
        stream,
      })),
    );
  });

  it('belongs to the module of its first application', () => {
    const layer = nn.dense(2, { name: 'only' });
    declaring((x) => void layer(x));
    const text = 'dense: "only" was applied in another module before: declare a layer for each';
    expectRefusal(() => declaring((x) => void layer(x)), 'other-graph', text, FILE);
  });

  it('has types of its own: what it takes, what it gives, its weights', () => {
    expectTypeOf(nn.dense(2)).toEqualTypeOf<nn.Dense>();
    expectTypeOf(nn.dense(2)).toExtend<nn.Layer>();
    expectTypeOf<nn.Dense['weight']>().toEqualTypeOf<Tensor<'f32'>>();
    expectTypeOf(nn.dense(2).clone()).toEqualTypeOf<nn.Dense>();
    expectTypeOf(nn.conv2d(2, 3)).toEqualTypeOf<nn.Conv>();
    expectTypeOf(nn.batchNorm()).toEqualTypeOf<nn.BatchNormLayer>();
    expectTypeOf(nn.batchNorm({ eps: 1 })).toBeCallableWith(untyped(0));
    expectTypeOf(nn.groupNorm(2)).toEqualTypeOf<nn.Norm>();
    declaring((x) => {
      expectTypeOf(nn.dense(x, 2)).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(nn.dense(2)(x)).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(nn.conv2d(x.reshape([1, 1, 2, 3]), 2, 1)).toEqualTypeOf<Tensor<'f32'>>();
      expectTypeOf(nn.batchNorm(x)).toEqualTypeOf<nn.BatchNorm>();
    });
  });
});

describe('batch normalisation as a layer', () => {
  it('moves its running statistics on from one application to the next', () => {
    const module = defineModule('twice', (m) => {
      const norm = nn.batchNorm({ momentum: 0.5, name: 'norm' });
      const [a, b] = [m.input('a', { shape: [2, 1] }), m.input('b', { shape: [2, 1] })];
      const outputs = { a: norm(a), b: norm(b) };
      m.entry('train', { ...outputs, updates: norm.updates() });
      m.entry('predict', { a: evaluation(outputs.a) });
      expect(norm.parameters()).toEqual([norm.weight, norm.bias]);
      expect(norm.states().slice(0, 2)).toEqual([norm.runningMean, norm.runningVar]);
    });
    const session = referenceSession(module);
    const given = (data: number[]): { shape: number[]; data: number[] } => ({ shape: [2, 1], data });
    session.step('train', { inputs: { a: given([1, 3]), b: given([5, 9]) } });
    // From 0 by the mean 2 to 1, then by 7 to 4; from 1 by the variance 2 to 1.5, then by 8 to 4.75.
    expect([...session.read('norm.runningMean').data]).toEqual([4]);
    expect([...session.read('norm.runningVar').data]).toEqual([4.75]);
  });
});

describe('what an optimizer updates', () => {
  /** Which states are updated of three layers, the second of them frozen. */
  const updated = (
    options: (layers: Readonly<Record<'a' | 'b' | 'c', nn.Dense>>) => optim.MinimizeOptions,
  ): string[] => {
    const names: string[] = [];
    declaring((x) => {
      const a = nn.dense(2, { name: 'a' });
      const b = nn.dense(2, { name: 'b', trainable: false });
      const c = nn.dense(1, { name: 'c' });
      const loss = c(b(a(x)))
        .square()
        .mean();
      const updates = optim.sgd({ lr: 0.1 }).minimize(loss, options({ a, b, c }));
      names.push(...updates.map(({ state }) => state.node.label ?? ''));
    });
    return names;
  };

  it('is not what is frozen', () => {
    expect(updated(() => ({}))).toEqual(['a.weight', 'a.bias', 'c.weight', 'c.bias']);
  });

  it('is asked for by layer, name, pattern, function and tensor', () => {
    expect(updated(({ a }) => ({ wrt: a }))).toEqual(['a.weight', 'a.bias']);
    expect(updated(({ a, c }) => ({ wrt: [c, a] }))).toEqual(['c.weight', 'c.bias', 'a.weight', 'a.bias']);
    expect(updated(() => ({ wrt: ['c', /weight$/] }))).toEqual(['c.weight', 'c.bias', 'a.weight']);
    expect(updated(() => ({ wrt: (state) => state.shape.length < 2 }))).toEqual(['a.bias', 'c.bias']);
    expect(updated(({ b }) => ({ wrt: [b.weight] }))).toEqual(['b.weight']);
  });

  it('leaves out exceptions', () => {
    expect(updated(({ a }) => ({ except: [a, 'c.bias'] }))).toEqual(['c.weight']);
    expect(updated(({ a }) => ({ wrt: a, except: /bias/ }))).toEqual(['a.weight']);
  });

  it('has options by layer', () => {
    declaring((x) => {
      const [a, c] = [nn.dense(2, { name: 'a' }), nn.dense(1, { name: 'c' })];
      const loss = c(a(x)).square().mean();
      const rates = optim.sgd({ lr: 1, groups: [{ match: c, lr: 2, name: 'head' }] }).minimize(loss);
      expect(rates).toHaveLength(4);
      const params = x.graph.nodes.filter(({ op }) => op === 'param').map(({ label }) => label);
      expect(params).toEqual(['lr', 'lr.head']);
    });
  });

  it.each<[options: Parameters<typeof updated>[0], code: 'option' | 'gradient' | 'layer', text: string]>([
    [
      () => ({ wrt: 'd' }),
      'option',
      'sgd: wrt matches no state: there are "a.weight", "a.bias", "b.weight", "b.bias", "c.weight", "c.bias"',
    ],
    [
      ({ b }) => ({ wrt: b }),
      'gradient',
      'sgd: wrt names frozen states alone, b.weight (state f32[2, 2]), b.bias (state f32[2]): a tensor in wrt means itself, frozen or not',
    ],
    [
      () => ({ except: ['a', 'c'] }),
      'gradient',
      'sgd: %19 (div f32[]) is to update no state: except names all that there are',
    ],
    [
      () => ({ wrt: nn.dense(2, { name: 'other' }) }),
      'layer',
      'dense: "other" has no weights yet: apply it first, since what it is applied to says how many it needs',
    ],
  ])('is refused where it is nothing: %#', (options, code, text) => {
    expect(expectRefusal(() => updated(options), code, text, FILE).code).toBe(code);
  });
});
