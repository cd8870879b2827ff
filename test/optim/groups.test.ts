import { describe, expect, it } from 'vitest';
import { defineModule, type GraphIssue, type Module, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { reference } from '../values/targets.ts';

const FILE = 'groups.test.ts';
const init = nn.init.constant(1);

/** States with a gradient of 0, which weight decay alone changes, and those that are to have rates of their own. */
function moduleOf(make: (states: Readonly<Record<string, Tensor>>) => optim.Optimizer): Module {
  return defineModule('groups', (m) => {
    const shapes = { 'body.weight': [2, 2], 'body.bias': [2], 'bodyguard.weight': [2, 2], head: [1] };
    const states = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, m.state(name, { shape, init })]),
    );
    const loss = Object.values(states)
      .map((state) => state.sum().mul(0))
      .reduce((a, b) => a.add(b));
    m.entry('train', { updates: make(states).minimize(loss) });
  });
}

/** First elements after one step. */
async function stepped(
  module: Module,
  params: Readonly<Record<string, number>> = {},
): Promise<Record<string, number>> {
  const session = await reference.start(module);
  await session.step('train', { params });
  const trainable = module.states.filter((state) => state.trainable);
  const read = trainable.map(
    async ({ name }) => [name, (await session.read(name)).data[0] ?? Number.NaN] as const,
  );
  const found = Object.fromEntries(await Promise.all(read));
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, Number(value.toFixed(6))]));
}

describe('groups of parameters', () => {
  const decayed = (groups: readonly optim.ParameterGroup[], lr = 0.1): Module =>
    moduleOf(() => optim.adamw({ lr, weightDecay: 1, groups }));

  it('leave norms and biases without weight decay in one line', async () => {
    const module = decayed([{ match: (state) => state.shape.length < 2, weightDecay: 0 }]);
    expect(await stepped(module)).toEqual({
      'body.weight': 0.9,
      'body.bias': 1,
      'bodyguard.weight': 0.9,
      head: 1,
    });
  });

  it('are named by a layer, a whole name, a pattern, a state or several of those; the first one counts', async () => {
    expect(await stepped(decayed([{ match: 'body', weightDecay: 0 }]))).toEqual({
      'body.weight': 1,
      'body.bias': 1,
      'bodyguard.weight': 0.9,
      head: 0.9,
    });
    const groups = [
      { match: 'body.bias', weightDecay: 3 },
      { match: [/^body\b/g, 'head'], weightDecay: 2 },
      { match: /^body/, weightDecay: 0 },
    ];
    expect(await stepped(decayed(groups))).toEqual({
      'body.weight': 0.8,
      'body.bias': 0.7,
      'bodyguard.weight': 1,
      head: 0.8,
    });
    const byState = moduleOf(({ head }) => {
      if (head === undefined) throw new Error('head was declared');
      return optim.sgd({ lr: 0.1, groups: [{ match: head, weightDecay: 5 }] });
    });
    expect(await stepped(byState)).toEqual({
      'body.weight': 1,
      'body.bias': 1,
      'bodyguard.weight': 1,
      head: 0.5,
    });
  });

  it('have rates of their own: run-time scalars, schedules or tensors', async () => {
    const module = moduleOf(({ head }) => {
      if (head === undefined) throw new Error('head was declared');
      return optim.adamw({
        lr: 0.1,
        weightDecay: 1,
        groups: [
          { match: 'body.weight', lr: 0.2 },
          { match: 'body', lr: 0.3, name: 'body' },
          { match: 'bodyguard', lr: optim.schedule.constant(0.4) },
        ],
      });
    });
    expect(module.params.map((node) => node.attrs.name)).toEqual(['lr.0', 'lr.body', 'lr']);
    expect(await stepped(module)).toEqual({
      'body.weight': 0.8,
      'body.bias': 0.7,
      'bodyguard.weight': 0.6,
      head: 0.9,
    });
    expect(await stepped(module, { lr: 0.5, 'lr.body': 0 })).toMatchObject({ 'body.bias': 1, head: 0.5 });
    expect(module.states.map(({ name }) => name)).toContain('lr.step');
  });

  const FORM = 'it must be a name, a pattern, a state, a layer or a function of a state, or a list of those';
  it.each<[build: () => unknown, code: GraphIssue, text: string]>([
    [
      () => decayed([{ match: 'boby', weightDecay: 0 }]),
      'option',
      'adamw: group 0 matches no state: there are "body.weight", "body.bias", "bodyguard.weight", "head"',
    ],
    [() => decayed([{ match: untyped(3) }]), 'option', `adamw: group 0: match is 3: ${FORM}`],
    [() => decayed([{ match: ['head', untyped(null)] }]), 'option', `adamw: group 0: match is null: ${FORM}`],
    [() => decayed([{ match: [] }]), 'option', `adamw: group 0: match is a list: ${FORM}`],
    [
      () => decayed([{ match: 'head' }, { match: 'body', weightDecay: -1 }]),
      'option',
      'adamw: group 1: weightDecay is -1: it must be a number from 0 on',
    ],
    [
      () => decayed([{ match: 'head', lr: -1 }]),
      'option',
      'adamw: group 0: lr is -1: it must be a finite number from 0 on',
    ],
    [
      () => decayed(untyped([{ match: 'head', wd: 0 }])),
      'option',
      'adamw: group 0: there is no option "wd": the options are match, lr, weightDecay, name',
    ],
    [
      () => decayed(untyped({ match: 'head' })),
      'option',
      "adamw: groups is an object: it must be a list, such as [{ match: 'output', lr: 0.01 }]",
    ],
    [
      () =>
        decayed([
          { match: 'head', lr: 1, name: 'a' },
          { match: 'body', lr: 2, name: 'a' },
        ]),
      'name',
      'adamw: groups 0 and 1 have the name "a": each has one of its own',
    ],
    [
      () =>
        moduleOf(() =>
          optim.sgd({ lr: optim.schedule.constant(1), groups: [{ match: 'head', lr: 1, name: 'step' }] }),
        ),
      'name',
      'sgd: the name "lr.step" is used twice: there is a state of that name; of several optimizers of one module, give one of them a `name`',
    ],
    [
      () => optim.sgd({ lr: 1, lazy: true, groups: [{ match: 'head', weightDecay: 1 }] }),
      'option',
      'sgd: weightDecay is 1: it must be 0 with lazy: it changes rows that have no gradient too',
    ],
    [
      () => optim.adagrad({ lr: 1, lazy: true, weightDecay: 1 }),
      'option',
      'adagrad: weightDecay is 1: it must be 0 with lazy: it changes rows that have no gradient too',
    ],
  ])('are refused where they name or say nothing that there is: %#', (build, code, text) => {
    expect(expectRefusal(build, code, text, FILE).code).toBe(code);
  });
});

describe('muon', () => {
  it('updates matrices that match, and leaves the others to another optimizer', async () => {
    const make = (): optim.Optimizer =>
      optim.muon({
        lr: 0.1,
        match: 'body',
        weightDecay: 1,
        others: optim.adamw({ lr: 0.2, weightDecay: 2, name: 'adamw' }),
      });
    const module = moduleOf(make);
    expect(await stepped(module)).toEqual({
      'body.weight': 0.9,
      'body.bias': 0.6,
      'bodyguard.weight': 0.6,
      head: 0.6,
    });
    expect(module.states.map(({ name }) => name)).toContain('body.weight.momentum');
    expect(module.states.map(({ name }) => name)).toContain('bodyguard.weight.adamw.m');
    expect(module.params.map((node) => node.attrs.name)).toEqual(['lr', 'adamw.lr']);
  });

  it.each<[build: () => unknown, code: GraphIssue, text: string]>([
    [
      () => moduleOf(() => optim.muon({ lr: 0.1 })),
      'option',
      "muon: body.bias (state f32[2]) is not a matrix that it updates: give an optimizer of the others, such as others: optim.adamw({ lr, name: 'adamw' })",
    ],
    [
      () => moduleOf(() => optim.muon({ lr: 0.1, others: optim.adamw({ lr: 0.1 }) })),
      'name',
      'adamw: the name "lr" is used twice: there is a param of that name; of several optimizers of one module, give one of them a `name`',
    ],
    [
      () => moduleOf(() => optim.muon({ lr: 0.1, name: 'a', others: optim.sgd({ lr: 0.1, name: 'a' }) })),
      'name',
      'sgd: the name "a.lr" is used twice: there is a param of that name; of several optimizers of one module, give one of them another name than "a"',
    ],
    [
      () => optim.muon({ lr: 1, others: untyped('adamw') }),
      'option',
      'muon: others is "adamw": it must be an optimizer',
    ],
    [
      () => optim.muon({ lr: 1, iterations: 0 }),
      'option',
      'muon: iterations is 0: it must be a whole number from 1 to 20',
    ],
    [
      () => optim.muon({ lr: 1, scale: untyped('adam') }),
      'option',
      'muon: scale is "adam": it must be one of original, matchRmsAdamw',
    ],
    [() => optim.lion({ lr: 1, b2: 1 }), 'option', 'lion: b2 is 1: it must be from 0 up to 1 (excluded)'],
    [
      () => optim.adafactor({ lr: 1, d: 0.5 }),
      'option',
      'adafactor: d is 0.5: it must be a number from 1 on',
    ],
    [
      () => optim.adafactor({ lr: 1, beta2Decay: 1 }),
      'option',
      'adafactor: beta2Decay is 1: it must be a number up to 0',
    ],
  ])('and other optimizers refuse what makes no sense: %#', (build, code, text) => {
    expect(expectRefusal(build, code, text, FILE).code).toBe(code);
  });
});
