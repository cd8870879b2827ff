import { describe, expect, it } from 'vitest';
import {
  defineModule,
  type GraphIssue,
  type Module,
  printNodes,
  type Tensor,
} from '../../src/graph/index.ts';
import * as optim from '../../src/optim/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';

const FILE = 'optim.test.ts';
const train = (optimizer: optim.Optimizer, options?: optim.MinimizeOptions): Module =>
  defineModule('fit', (m) => {
    const w = m.state('w', { shape: [3] });
    const loss = w.square().sum();
    m.entry('train', { loss, updates: optimizer.minimize(loss, options) });
  });
const updatesText = (module: Module): string =>
  printNodes(module.entries.flatMap((entry) => entry.updates.map((update) => update.next)));

describe('an optimizer', () => {
  it('takes a step against the gradient, by a learning rate of run time', () => {
    const module = train(optim.sgd({ lr: 0.1 }));
    expect(module.params.map((node) => node.attrs)).toEqual([{ name: 'lr', initial: 0.1, dtype: 'f32' }]);
    expect(updatesText(module)).toMatchInlineSnapshot(`
      "%0 = state {dtype: "f32", name: "w", shape: [3]}: f32[3]  w
      %1 = constant {dtype: "f32", value: 1}: f32[]
      %2 = expand(%1) {shape: [3]}: f32[3]
      %3 = mul(%2, %0): f32[3]
      %4 = add(%3, %3): f32[3]  "d w"
      %5 = param {dtype: "f32", initial: 0.1, name: "lr"}: f32[]  lr
      %6 = expand(%5) {shape: [3]}: f32[3]
      %7 = mul(%4, %6): f32[3]
      %8 = sub(%0, %7): f32[3]"
    `);
  });

  it('keeps its momentum as a state', () => {
    expect(updatesText(train(optim.sgd({ lr: 0.1, momentum: 0.9, nesterov: true })))).toMatchInlineSnapshot(`
      "%0 = state {dtype: "f32", name: "w", shape: [3]}: f32[3]  w
      %1 = constant {dtype: "f32", value: 1}: f32[]
      %2 = expand(%1) {shape: [3]}: f32[3]
      %3 = mul(%2, %0): f32[3]
      %4 = add(%3, %3): f32[3]  "d w"
      %5 = param {dtype: "f32", initial: 0.1, name: "lr"}: f32[]  lr
      %6 = state {dtype: "f32", name: "w.momentum", shape: [3]}: f32[3]  "w.momentum"
      %7 = constant {dtype: "f32", value: 0.9}: f32[]
      %8 = expand(%7) {shape: [3]}: f32[3]
      %9 = mul(%6, %8): f32[3]
      %10 = add(%9, %4): f32[3]
      %11 = mul(%10, %8): f32[3]
      %12 = add(%4, %11): f32[3]
      %13 = expand(%5) {shape: [3]}: f32[3]
      %14 = mul(%12, %13): f32[3]
      %15 = sub(%0, %14): f32[3]"
    `);
  });

  it.each([
    ['sgd', optim.sgd({ lr: 1, momentum: 0.5 }), ['w', 'w.momentum']],
    ['adam', optim.adam({ lr: 1 }), ['w', 'w.m', 'w.v', 'w.step']],
    ['adamw', optim.adamw({ lr: 1 }), ['w', 'w.m', 'w.v', 'w.step']],
    ['adamax', optim.adamax({ lr: 1 }), ['w', 'w.m', 'w.u', 'w.step']],
    ['rmsprop', optim.rmsprop({ lr: 1 }), ['w', 'w.v']],
    ['adagrad', optim.adagrad({ lr: 1 }), ['w', 'w.sum']],
  ])('%s updates the state and its moments once each', (_, optimizer, states) => {
    const module = train(optimizer);
    expect(module.states.map(({ name }) => name)).toEqual(states);
    expect(module.entries[0]?.updates.map(({ state }) => state.label)).toEqual(states);
    expect(module.states.map(({ trainable }) => trainable)).toEqual(states.map((name) => name === 'w'));
  });

  it('shares its moments, their counts and the learning rate between entries', () => {
    const optimizer = optim.adam({ lr: 0.1 });
    const module = defineModule('two', (m) => {
      const w = m.state('w', { shape: [3] });
      const loss = w.square().sum();
      m.entry('free', { updates: optimizer.minimize(loss) });
      m.entry('clipped', { updates: optimizer.minimize(loss, { clipGlobalNorm: 1 }) });
    });
    expect(module.states.map(({ name }) => name)).toEqual(['w', 'w.m', 'w.v', 'w.step']);
    expect(module.params.map((node) => node.label)).toEqual(['lr']);
  });

  it('may serve several modules', () => {
    const optimizer = optim.sgd({ lr: 0.1, momentum: 0.9 });
    expect(train(optimizer).states).toHaveLength(2);
    expect(train(optimizer).states).toHaveLength(2);
  });

  it('stands beside another one under a name of its own', () => {
    const module = defineModule('two', (m) => {
      const [a, b] = ['a', 'b'].map((name) => m.state(name, { shape: [3] }));
      if (a === undefined || b === undefined) throw new Error('two states were declared');
      const loss = a.mul(b).sum();
      const slow = optim.sgd({ lr: 0.01, momentum: 0.9, name: 'slow' }).minimize(loss, { wrt: [a] });
      const fast = optim.sgd({ lr: 0.1 }).minimize(loss, { wrt: [b] });
      m.entry('train', { updates: [...slow, ...fast] });
    });
    expect(module.params.map((node) => node.label)).toEqual(['slow.lr', 'lr']);
    expect(module.states.map(({ name }) => name)).toEqual(['a', 'b', 'a.slow.momentum']);
  });

  it('takes a schedule as its learning rate', () => {
    const module = defineModule('schedule', (m) => {
      const w = m.state('w', { shape: [3] });
      const lr: Tensor = m.step().cast('f32').reciprocal();
      m.entry('train', { updates: optim.sgd({ lr }).minimize(w.square().sum()) });
    });
    expect(module.params.map((node) => node.label)).toEqual(['step']);
  });

  it('leaves states alone that are not to be trained', () => {
    const module = defineModule('frozen', (m) => {
      const w = m.state('w', { shape: [3] });
      const mean = m.state('mean', { shape: [3], trainable: false });
      m.entry('train', { updates: optim.sgd({ lr: 0.1 }).minimize(w.sub(mean).square().sum()) });
    });
    expect(module.entries[0]?.updates.map(({ state }) => state.label)).toEqual(['w']);
  });

  it('clips all gradients by their common norm', () => {
    const module = defineModule('clip', (m) => {
      const g = ['a', 'b'].map((name) => m.input(name, { shape: [2] }));
      const [a, b] = optim.clipByGlobalNorm(g, 2);
      m.entry('clip', { a, b });
    });
    const outputs = module.entries.flatMap((entry) => entry.outputs.map((output) => output.node));
    expect(printNodes(outputs)).toMatchInlineSnapshot(`
      "%0 = input {dtype: "f32", name: "a", shape: [2]}: f32[2]  a
      %1 = input {dtype: "f32", name: "b", shape: [2]}: f32[2]  b
      %2 = mul(%0, %0): f32[2]
      %3 = sum(%2) {axes: [0]}: f32[]
      %4 = mul(%1, %1): f32[2]
      %5 = sum(%4) {axes: [0]}: f32[]
      %6 = add(%3, %5): f32[]
      %7 = sqrt(%6): f32[]
      %8 = constant {dtype: "f32", value: 0.000001}: f32[]
      %9 = add(%7, %8): f32[]
      %10 = constant {dtype: "f32", value: 1}: f32[]
      %11 = div(%10, %9): f32[]
      %12 = constant {dtype: "f32", value: 2}: f32[]
      %13 = mul(%11, %12): f32[]
      %14 = min(%13, %10): f32[]
      %15 = expand(%14) {shape: [2]}: f32[2]
      %16 = mul(%0, %15): f32[2]
      %17 = mul(%1, %15): f32[2]"
    `);
  });

  const refusals: readonly [build: () => unknown, code: GraphIssue, text: string][] = [
    [
      () => optim.sgd(untyped({})),
      'option',
      'sgd: lr is undefined: it must be a number, a scalar of the graph, or a schedule',
    ],
    [
      () => optim.sgd(untyped(undefined)),
      'option',
      'sgd: options must be an object, not undefined: the options are lr, name, weightDecay, groups, momentum, nesterov, lazy',
    ],
    [
      () => optim.sgd({ lr: untyped('0.1') }),
      'option',
      'sgd: lr is "0.1": it must be a number, a scalar of the graph, or a schedule',
    ],
    [
      () => optim.sgd(untyped({ lr: 1, momentm: 0.9 })),
      'option',
      'sgd: there is no option "momentm" (did you mean "momentum"?): the options are lr, name, weightDecay, groups, momentum, nesterov, lazy',
    ],
    [
      () => optim.sgd({ lr: 1, momentum: 1 }),
      'option',
      'sgd: momentum is 1: it must be from 0 up to 1 (excluded)',
    ],
    [
      () => optim.sgd({ lr: 1, momentum: untyped('0.5') }),
      'option',
      'sgd: momentum is "0.5": it must be from 0 up to 1 (excluded)',
    ],
    [
      () => optim.adam({ lr: 1, b1: -0.1 }),
      'option',
      'adam: b1 is -0.1: it must be from 0 up to 1 (excluded)',
    ],
    [() => optim.adam({ lr: 1, b1: 1 }), 'option', 'adam: b1 is 1: it must be from 0 up to 1 (excluded)'],
    [
      () => optim.adam({ lr: 1, b2: Number.NaN }),
      'option',
      'adam: b2 is NaN: it must be from 0 up to 1 (excluded)',
    ],
    [
      () => optim.adamw(untyped({ lr: 1, beta1: 0.9 })),
      'option',
      'adamw: there is no option "beta1" (did you mean "b1"?): the options are lr, name, weightDecay, groups, b1, b2, eps',
    ],
    [
      () => optim.adamax(untyped(0.1)),
      'option',
      'adamax: options must be an object, not 0.1: the options are lr, name, weightDecay, groups, b1, b2, eps',
    ],
    [
      () => optim.rmsprop(untyped({ lr: 1, momentum: 0.9 })),
      'option',
      'rmsprop: there is no option "momentum": the options are lr, name, weightDecay, groups, alpha, eps',
    ],
    [
      () => optim.adagrad(untyped({ lr: 1, epsilon: 1e-8 })),
      'option',
      'adagrad: there is no option "epsilon" (did you mean "eps"?): the options are lr, name, weightDecay, groups, eps, lazy',
    ],
    [
      () => optim.sgd({ lr: 1 }).minimize(untyped(undefined)),
      'operands',
      'sgd: takes a tensor, not undefined',
    ],
    [
      () => train(optim.sgd({ lr: 1 }), untyped({ clip: 1 })),
      'option',
      'sgd: there is no option "clip": the options are clipGlobalNorm, wrt, except',
    ],
    [
      () => train(optim.sgd({ lr: 1 }), { wrt: untyped(3) }),
      'option',
      'sgd: wrt is 3: it must be a name, a pattern, a state, a layer or a function of a state, or a list of those',
    ],
    [
      () => train(optim.sgd({ lr: 1 }), { wrt: [] }),
      'option',
      'sgd: wrt is a list: it must be a name, a pattern, a state, a layer or a function of a state, or a list of those',
    ],
    [
      () => train(optim.optimizer('own', { lr: 1 }, () => untyped(3))),
      'operands',
      'own: takes a tensor, not 3',
    ],
    [() => optim.ema().follow(untyped(3)), 'update', 'ema: follows a list of updates, not 3'],
    [
      () => optim.clipByGlobalNorm(untyped(3), 1),
      'operands',
      'clipByGlobalNorm: takes a list of tensors, not 3',
    ],
    [() => optim.sgd({ lr: -1 }), 'option', 'sgd: lr is -1: it must be a finite number from 0 on'],
    [
      () => optim.sgd({ lr: 1, momentum: -1 }),
      'option',
      'sgd: momentum is -1: it must be from 0 up to 1 (excluded)',
    ],
    [
      () => optim.sgd({ lr: 1, nesterov: true }),
      'option',
      'sgd: momentum is 0: it must be positive with nesterov',
    ],
    [() => optim.adam({ lr: 1, b2: 1 }), 'option', 'adam: b2 is 1: it must be from 0 up to 1 (excluded)'],
    [
      () => optim.adamw({ lr: Number.NaN }),
      'option',
      'adamw: lr is NaN: it must be a finite number from 0 on',
    ],
    [
      () => train(optim.sgd({ lr: 1 }), { clipGlobalNorm: Number.NaN }),
      'option',
      'clipByGlobalNorm: the norm is NaN: it must be a number from 0 on',
    ],
    [
      () =>
        defineModule('none', (m) => {
          optim.sgd({ lr: 1 }).minimize(m.input('x', { shape: [] }));
        }),
      'gradient',
      'sgd: x (input f32[]) depends on no trainable state',
    ],
    [
      () =>
        defineModule('no state', (m) => {
          const x = m.input('x', { shape: [] });
          optim.sgd({ lr: 1 }).minimize(x, { wrt: [x] });
        }),
      'update',
      'sgd: x (input f32[]) is no state',
    ],
    [
      () => train(optim.optimizer('mine', { lr: 1 }, ({ parameter, keep }) => keep('step', () => parameter))),
      'name',
      'mine: "step" is the count of updates: name the moment otherwise',
    ],
    [
      () =>
        defineModule('two rates', (m) => {
          const loss = m.state('w', { shape: [] }).square();
          for (const lr of [1, 2]) m.entry(`train ${lr}`, { updates: optim.sgd({ lr }).minimize(loss) });
        }),
      'name',
      'sgd: the name "lr" is used twice: there is a param of that name; of several optimizers of one module, give one of them a `name`',
    ],
  ];
  it.each(refusals)('refuses what makes no sense, saying what and where: %#', (build, code, text) => {
    expect(expectRefusal(build, code, text, FILE).code).toBe(code);
  });
});
