import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineModule, type GraphIssue, type Module, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';

const FILE = 'compose.test.ts';

/** A module that declares what a test asks for, and gives a tensor so that it has an entry. */
function declaring(build: (x: Tensor) => void): Module {
  return defineModule('layers', (m) => {
    const x = m.input('x', { shape: [2, 3] });
    build(x);
    m.entry('run', { x });
  });
}

const namesOf = ({ states }: Module): string[] => states.map(({ name }) => name);
const labels = (tensors: readonly Tensor[]): (string | undefined)[] => tensors.map(({ node }) => node.label);

describe('a sequential', () => {
  it('names its parts by their places, functions counted', () => {
    const net = nn.sequential(
      [nn.dense(4), nn.relu, nn.sequential([nn.dense(2, { bias: false })]), nn.dense(1, { name: 'head' })],
      { name: 'net' },
    );
    const module = declaring((x) => void net(net(x).broadcastTo([2, 3])));
    expect(namesOf(module)).toEqual([
      'net.0.weight',
      'net.0.bias',
      'net.2.0.weight',
      'head.weight',
      'head.bias',
    ]);
    expect(labels(net.parameters())).toEqual(namesOf(module));
  });

  it('without a name leaves fresh names to its parts', () => {
    const module = declaring((x) => void nn.sequential([nn.dense(4), nn.dense(2)])(x));
    expect(namesOf(module)).toEqual(['dense.weight', 'dense.bias', 'dense2.weight', 'dense2.bias']);
  });

  it('has the weights of a part that stands in it twice once', () => {
    const same = nn.dense(3);
    const net = nn.sequential([same, nn.tanh, same], { name: 'net' });
    declaring((x) => void net(x));
    expect(labels(net.parameters())).toEqual(['net.0.weight', 'net.0.bias']);
  });

  it('freezes its parts', () => {
    const net = nn.sequential([nn.dense(4), nn.sequential([nn.batchNorm()])], {
      name: 'net',
      trainable: false,
    });
    const module = declaring((x) => void net(x));
    expect(module.states.filter(({ trainable }) => trainable)).toEqual([]);
    expect(labels(net.updates().map(({ state }) => state))).toEqual([
      'net.1.0.runningMean',
      'net.1.0.runningVar',
    ]);
  });
});

describe('a residual', () => {
  it('adds its operand, or what a shortcut makes of it', () => {
    const plain = nn.residual((x) => x.mul(2));
    const wide = nn.residual(nn.dense(4), { shortcut: nn.dense(4, { bias: false }), name: 'wide' });
    const module = defineModule('residual', (m) => {
      const x = m.input('x', { shape: [2] });
      m.entry('run', { plain: plain(x), wide: wide(x) });
    });
    expect(namesOf(module)).toEqual(['wide.body.weight', 'wide.body.bias', 'wide.shortcut.weight']);
    const { plain: found } = referenceSession(module).step('run', {
      inputs: { x: { shape: [2], data: [1, 5] } },
    });
    expect([...(found?.data ?? [])]).toEqual([3, 15]);
  });
});

describe('a layer of named parts', () => {
  it('computes what its function makes of them, which have its name and theirs', () => {
    const parts = { up: nn.dense(8, { activation: 'relu' }), down: nn.dense(3, { name: 'own' }) };
    const mlp = nn.compose(parts, ({ up, down }, x) => down(up(x)).add(x), { name: 'mlp' });
    const module = declaring((x) => void mlp(mlp(x)));
    expect(namesOf(module)).toEqual(['mlp.up.weight', 'mlp.up.bias', 'own.weight', 'own.bias']);
    expect(mlp.parts.up.weight.node.label).toBe('mlp.up.weight');
  });

  it('takes as many operands as its function names, and gives what that gives', () => {
    const both = nn.compose({ f: nn.dense(2) }, ({ f }, a: Tensor, b: Tensor) => ({ a: f(a), b: f(b) }));
    expectTypeOf<Parameters<typeof both>>().toEqualTypeOf<[a: Tensor, b: Tensor]>();
    expectTypeOf<ReturnType<typeof both>>().toEqualTypeOf<{ a: Tensor<'f32'>; b: Tensor<'f32'> }>();
    expectTypeOf(both.clone()).toEqualTypeOf<typeof both>();
    expectTypeOf<(typeof both)['parts']>().toEqualTypeOf<{ f: nn.Dense }>();
    const one = nn.compose({ f: nn.dense(2) }, ({ f }, x) => f(x));
    expectTypeOf(one).toExtend<nn.Layer>();
    declaring((x) => {
      const { a, b } = both(x, x.mul(2));
      expect([a.shape, b.shape]).toEqual([
        [2, 2],
        [2, 2],
      ]);
    });
  });
});

describe('an application that fails', () => {
  const notApplied = /has no weights yet: apply it first/;

  it('leaves a layer as one that was not applied', () => {
    const module = declaring((x) => {
      const [lstm, dense] = [nn.lstm(1), nn.dense(3, { bias: false })];
      expect(() => lstm(x)).toThrow(/takes \[batch, steps, features/);
      expect(() => dense(x.sum())).toThrow(/needs a last dimension/);
      for (const failed of [lstm, dense]) expect(() => failed.parameters()).toThrow(notApplied);
      nn.dense(2, { bias: false })(x);
      dense(x);
    });
    expect(namesOf(module)).toEqual(['dense.weight', 'dense2.weight']);
  });

  it('leaves a composite so, which can be applied again', () => {
    const module = declaring((x) => {
      const net = nn.sequential([nn.layerNorm()], { name: 'net' });
      expect(() => net(x.cast('i32'))).toThrow(/layerNorm: operand of type i32/);
      expect(() => net.parameters()).toThrow(notApplied);
      net(net(x));
    });
    expect(namesOf(module)).toEqual(['net.0.weight', 'net.0.bias']);
  });
});

describe('a clone', () => {
  const net = (): nn.Sequential =>
    nn.sequential([nn.dense(4), nn.batchNorm({ affine: false }), nn.dense(2, { name: 'head' })], {
      name: 'net',
    });

  it('has weights of its own that begin as those of the first one do', () => {
    const module = declaring((x) => {
      const first = net();
      first(x);
      first.clone({ name: 'target' })(x);
    });
    const cloned = (name: string): string => name.replace('head', 'net.2').replace('net', 'target');
    expect(namesOf(module).slice(6)).toEqual(namesOf(module).slice(0, 6).map(cloned));
    const inits = module.states.map(({ init }) => init);
    expect(inits.slice(6)).toEqual(inits.slice(0, 6));
  });

  it('without a name has that of the first one with a number', () => {
    const module = declaring((x) => {
      const first = net();
      first(x);
      first.clone()(x);
      const hidden = nn.dense(3, { name: 'hidden', bias: false });
      hidden(x);
      hidden.clone()(x);
    });
    expect(namesOf(module).filter((name) => name.endsWith('weight'))).toEqual([
      'net.0.weight',
      'head.weight',
      'net2.0.weight',
      'net2.2.weight',
      'hidden.weight',
      'hidden2.weight',
    ]);
  });

  it('shares what the first one shares', () => {
    const same = nn.dense(3);
    const copy = nn.sequential([same, same, nn.sequential([same])]).clone({ name: 'copy' });
    const module = declaring((x) => void copy(x));
    expect(namesOf(module)).toEqual(['copy.0.weight', 'copy.0.bias']);
  });

  it('may be frozen, or not, as the first one is not', () => {
    const trainable = (layer: nn.Layer): boolean[] =>
      declaring((x) => void layer(x)).states.map((state) => state.trainable);
    expect(trainable(nn.dense(2).clone({ trainable: false }))).toEqual([false, false]);
    expect(trainable(nn.sequential([nn.dense(2)]).clone({ trainable: false }))).toEqual([false, false]);
    expect(trainable(nn.dense(2, { trainable: false }).clone())).toEqual([false, false]);
    expect(trainable(nn.sequential([nn.dense(2)], { trainable: false }).clone({ trainable: true }))).toEqual([
      true,
      true,
    ]);
  });
});

describe('copies of weights', () => {
  const copies = (options?: nn.CopyOptions): number[] => {
    const module = defineModule('copies', (m) => {
      const x = m.input('x', { shape: [1, 1] });
      const from = nn.dense(1, { bias: false, kernelInit: nn.init.constant(8), name: 'from' });
      const to = nn.dense(1, { bias: false, kernelInit: nn.init.constant(4), name: 'to' });
      const loss = from(x).add(to(x).detach()).sum();
      const updates = optim.sgd({ lr: 1 }).minimize(loss);
      const after = options?.after === undefined ? options : { ...options, after: updates };
      m.entry('step', { updates: [...updates, ...nn.copyWeights(from, to, after)] });
    });
    const session = referenceSession(module);
    session.step('step', { inputs: { x: { shape: [1, 1], data: [1] } } });
    return ['from.weight', 'to.weight'].flatMap((name) => [...session.read(name).data]);
  };

  it('are whole, or a share, of what the weights were before the step, or are after it', () => {
    expect(copies()).toEqual([7, 8]);
    expect(copies({ share: 0.25 })).toEqual([7, 5]);
    expect(copies({ share: 0.5, after: [] })).toEqual([7, 5.5]);
  });
});

describe('parts that are none', () => {
  it.each<[build: (x: Tensor) => unknown, code: GraphIssue, text: string]>([
    [() => nn.sequential(untyped(nn.relu)), 'operands', 'sequential: takes a list of layers, not a function'],
    [
      () => nn.sequential([nn.relu, untyped(3)]),
      'operands',
      'sequential: part 1 is 3: it must be a layer, or another function of tensors',
    ],
    [
      () => nn.compose({ up: untyped('up') }, (_, x) => x),
      'operands',
      'compose: part up is "up": it must be a layer, or another function of tensors',
    ],
    [
      (x) => nn.residual(nn.dense(4))(x),
      'layer',
      'residual: its body gives [2, 4], its operand is [2, 3]: give it a shortcut',
    ],
    [
      (x) => nn.residual(nn.dense(4), { shortcut: nn.dense(1) })(x),
      'layer',
      'residual: its body gives [2, 4], its shortcut [2, 1]',
    ],
    [
      (x) => {
        const shared = nn.dense(3, { name: 'shared' });
        return nn.sequential([shared], { trainable: false })(shared(x));
      },
      'layer',
      'dense: "shared" is a part of a frozen layer, and was applied before it: give it trainable: false',
    ],
    [
      (x) => {
        const [a, b] = [nn.dense(3, { name: 'a' }), nn.dense(4, { name: 'b', bias: false })];
        a(x);
        b(x);
        return nn.copyWeights(a, b);
      },
      'layer',
      'copyWeights: the layers have other states: a.weight[3, 3], a.bias[3] and b.weight[3, 4]',
    ],
    [
      (x) => {
        const [a, b] = [nn.dense(3, { name: 'a', bias: false }), nn.sequential([nn.relu])];
        a(b(x));
        return nn.copyWeights(a, b);
      },
      'layer',
      'copyWeights: the layers have other states: a.weight[3, 3] and none',
    ],
    [
      (x) => {
        const a = nn.dense(3, { name: 'a' });
        a(x);
        return nn.copyWeights(a, a, { after: untyped(3) });
      },
      'update',
      'copyWeights: after must be a list, such as minimize gives, not 3',
    ],
    [
      (x) => {
        const a = nn.dense(3, { name: 'a' });
        a(x);
        return nn.copyWeights(a, a, { after: untyped([x]) });
      },
      'update',
      'copyWeights: update 0 of after is an object (Tensor): it must be { state, next } of tensors',
    ],
    [
      (x) => {
        nn.sequential([nn.dense(3), nn.relu], { name: 'net' })(x);
        return nn.sequential([nn.relu, nn.dense(3)], { name: 'net' })(x);
      },
      'name',
      'sequential: the name "net" is used twice: there is a layer of that name',
    ],
    [
      () => nn.sequential([nn.dense(2)], { name: 'net' }).parameters(),
      'layer',
      'sequential: "net" has no weights yet: apply it first, since what it is applied to says how many it needs',
    ],
  ])('are refused: %#', (build, code, text) => {
    expect(expectRefusal(() => declaring((x) => void build(x)), code, text, FILE).code).toBe(code);
  });
});
