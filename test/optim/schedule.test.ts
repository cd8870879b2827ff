import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compiled.ts';
import { defineModule, type GraphIssue, type Module } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { expectRefusal, untyped } from '../graph/refusal.ts';
import { reference, type Target } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { wgsl } from '../values/wgsl.ts';

const FILE = 'schedule.test.ts';
const { schedule } = optim;
const stairs = schedule.step({ lr: 0.5, every: 3, gamma: 0.2 });

/** The rates of the first steps, by PyTorch 2.15's `lr_scheduler`. */
const schedules: Readonly<Record<string, readonly [optim.Schedule, readonly number[]]>> = {
  constant: [schedule.constant(0.25), Array.from({ length: 14 }, () => 0.25)],
  step: [stairs, [0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.02, 0.02, 0.02, 0.004, 0.004, 0.004, 0.0008, 0.0008]],
  multiStep: [
    schedule.multiStep({ lr: 0.5, milestones: [2, 5, 5, 9] }),
    [0.5, 0.5, 0.05, 0.05, 0.05, 5e-4, 5e-4, 5e-4, 5e-4, 5e-5, 5e-5, 5e-5, 5e-5, 5e-5],
  ],
  exponential: [
    schedule.exponential({ lr: 0.5, gamma: 0.9 }),
    [
      0.5, 0.45, 0.405, 0.3645, 0.32805, 0.295245, 0.2657205, 0.23914845, 0.215233605, 0.193710245,
      0.17433922, 0.156905298, 0.141214768, 0.127093291,
    ],
  ],
  polynomial: [
    schedule.polynomial({ lr: 0.5, steps: 10, power: 1.5 }),
    [
      0.5, 0.426907484, 0.357770876, 0.292831009, 0.232379001, 0.176776695, 0.126491106, 0.0821583836,
      0.0447213595, 0.0158113883, 0, 0, 0, 0,
    ],
  ],
  // PyTorch has no last rate other than 0, Keras has: `end + (lr - end) (1 - t / steps)`.
  line: [
    schedule.polynomial({ lr: 0.5, steps: 4, end: 0.1 }),
    [0.5, 0.4, 0.3, 0.2, ...Array.from({ length: 10 }, () => 0.1)],
  ],
  warmup: [
    schedule.warmup({ steps: 4, from: 0.25, lr: stairs }),
    [0.125, 0.21875, 0.3125, 0.40625, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.02, 0.02, 0.02, 0.004],
  ],
  cosine: [
    schedule.cosine({ lr: 0.5, steps: 10, end: 0.05 }),
    [
      0.5,
      0.488987716,
      0.457028824,
      0.407251682,
      0.344528824,
      0.275,
      0.205471176,
      0.142748318,
      0.0929711763,
      0.0610122838,
      ...Array.from({ length: 4 }, () => 0.05),
    ],
  ],
  // `CosineAnnealingWarmRestarts`, of T_mult 1, 2 and 3.
  'cosine with restarts': [
    schedule.cosine({ lr: 0.5, steps: 4, end: 0.1, restarts: 1 }),
    Array.from({ length: 14 }, (_, t) => [0.5, 0.441421356, 0.3, 0.158578644][t % 4] ?? 0),
  ],
  'cosine with longer restarts': [
    schedule.cosine({ lr: 0.5, steps: 2, restarts: 2 }),
    [
      0.5, 0.25, 0.5, 0.426776695, 0.25, 0.0732233047, 0.5, 0.480969883, 0.426776695, 0.345670858, 0.25,
      0.154329142, 0.0732233047, 0.0190301169,
    ],
  ],
  'cosine with three times longer restarts': [
    schedule.cosine({ lr: 0.5, steps: 1, restarts: 3 }),
    [
      0.5, 0.5, 0.375, 0.125, 0.5, 0.484923155, 0.441511111, 0.375, 0.293412044, 0.206587956, 0.125,
      0.0584888892, 0.0150768448, 0.5,
    ],
  ],
  oneCycle: [
    schedule.oneCycle({ lr: 0.5, steps: 14 }),
    [
      0.02, 0.126663144, 0.351844024, 0.495388467, 0.491823748, 0.459522188, 0.405872827, 0.336341918,
      0.258013862, 0.178869388, 0.106972407, 0.0496483959, 0.0127380123, 2e-6,
    ],
  ],
  'oneCycle in lines and three phases': [
    schedule.oneCycle({
      lr: 0.5,
      steps: 14,
      anneal: 'linear',
      threePhase: true,
      divFactor: 10,
      finalDivFactor: 100,
    }),
    [
      0.05, 0.190625, 0.33125, 0.471875, 0.3875, 0.246875, 0.10625, 0.0455, 0.038, 0.0305, 0.023, 0.0155,
      0.008, 0.0005,
    ],
  ],
  'oneCycle that ends': [
    schedule.oneCycle({ lr: 0.5, steps: 12, pctStart: 0.5 }),
    [
      0.02, 0.0658359214, 0.185835921, 0.334164079, 0.454164079, 0.5, 0.466506485, 0.3750005, 0.250001,
      0.1250015, 0.0334955151, 2e-6, 2e-6, 2e-6,
    ],
  ],
  // The corners of `OneCycleLR(max_lr=0.5, total_steps=14, anneal_strategy='linear')`, but for where the peak lies.
  piecewise: [
    schedule.piecewise([
      [0, 0.02],
      [4, 0.5],
      [13, 0.05],
    ]),
    [0.02, 0.14, 0.26, 0.38, 0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05],
  ],
  'of your own': [
    (t) => t.cast('f32').add(1).reciprocal(),
    Array.from({ length: 14 }, (_, t) => 1 / (t + 1)),
  ],
};

/** A state for each schedule, which its rate is taken from at each step. */
const module = defineModule('rates', (m) => {
  const updates = Object.entries(schedules).flatMap(([name, [lr]], k) => {
    const w = m.state(`w${k}`, { shape: [1] });
    return optim.sgd({ lr, name }).minimize(w.sum());
  });
  m.entry('train', { updates });
});

const targets: readonly Target[] = [reference, wasm(1), wgsl('webgpu-software')];

it.each(targets)('schedules have the rates of PyTorch on $name', async (target) => {
  const session = await target.start(module);
  const sums = Object.values(schedules).map(() => 0);
  for (let t = 0; t < 14; t++) {
    await session.step('train');
    for (const [k, [name, [, rates]]] of Object.entries(schedules).entries()) {
      const sum = (sums[k] ?? 0) + (rates[t] ?? Number.NaN);
      sums[k] = sum;
      const found = -((await session.read(`w${k}`)).data[0] ?? 0);
      expect(Math.abs(found - sum), `${name} at step ${t}`).toBeLessThan(2e-6 * sum);
    }
  }
  await session.dispose();
});

/** A perceptron of digits, with a learning rate. */
const perceptron = (optimizer: optim.Optimizer): Module =>
  defineModule('perceptron', (m) => {
    const batch = m.size('batch', { max: 128 });
    const x = m.input('x', { shape: [batch, 784], dtype: 'u8' });
    const y = m.input('y', { shape: [batch], dtype: 'i32' });
    const hidden = nn.dense(x.cast('f32').div(255), 128, { activation: 'relu' });
    const loss = nn.crossEntropy(nn.dense(hidden, 10), y);
    m.entry('train', { loss, updates: optimizer.minimize(loss) });
  });

describe('a schedule', () => {
  it('is a count of updates beside the weights, and no run-time scalar', () => {
    const { params, states } = perceptron(optim.sgd({ lr: stairs }));
    expect(params).toEqual([]);
    expect(states.map(({ name, trainable }) => [name, trainable])).toEqual([
      ['dense.weight', true],
      ['dense.bias', true],
      ['dense2.weight', true],
      ['dense2.bias', true],
      ['lr.step', false],
    ]);
    expect(perceptron(optim.sgd({ lr: stairs, name: 'slow' })).states.at(-1)?.name).toBe('slow.lr.step');
  });

  it.each([
    ['webgpu', 3],
    ['wasm', 2],
  ] as const)(
    'leaves the step of a perceptron as many dispatches as it has on %s',
    async (target, dispatches) => {
      const lr = schedule.warmup({ steps: 100, lr: schedule.step({ lr: 0.1, every: 1000 }) });
      const { report } = await compile(perceptron(optim.sgd({ lr })), { target });
      // As many as README.md says, and `summary()` there shows, of this model with one rate.
      expect(report.entries.train?.dispatches).toHaveLength(dispatches);
    },
  );

  it('goes on exactly where it was saved', async () => {
    const fit = defineModule('fit', (m) => {
      const w = m.state('w', { shape: [3], init: nn.init.constant(1) });
      const lr = schedule.warmup({ steps: 4, lr: schedule.exponential({ lr: 0.1, gamma: 0.8 }) });
      m.entry('train', { updates: optim.adam({ lr }).minimize(w.square().sum()) });
    });
    const program = await compile(fit, { target: 'wasm' });
    const [whole, first, second] = await Promise.all([program.start(), program.start(), program.start()]);
    for (let t = 0; t < 9; t++) await whole.run('train');
    for (let t = 0; t < 5; t++) await first.run('train');
    await second.load(await first.save());
    for (let t = 5; t < 9; t++) await second.run('train');
    expect((await second.read('w')).data).toEqual((await whole.read('w')).data);
    expect([...(await second.read('lr.step')).data]).toEqual([9]);
    for (const session of [whole, first, second]) session.dispose();
  });

  it('counts an entry once, however many losses of it the optimizer makes smaller', async () => {
    const optimizer = optim.sgd({
      lr: schedule.piecewise([
        [0, 1],
        [2, 3],
      ]),
    });
    const two = defineModule('two', (m) => {
      const [a, b] = ['a', 'b'].map((name) => m.state(name, { shape: [] }));
      if (a === undefined || b === undefined) throw new Error('two states were declared');
      m.entry('both', {
        updates: [...optimizer.minimize(a, { wrt: [a] }), ...optimizer.minimize(b, { wrt: [b] })],
      });
      m.entry('one', { updates: optimizer.minimize(a, { wrt: [a] }) });
    });
    const session = await reference.start(two);
    for (const entry of ['both', 'one', 'both']) await session.step(entry);
    const read = async (state: string): Promise<number[]> => Array.from((await session.read(state)).data);
    expect([await read('a'), await read('b'), await read('lr.step')]).toEqual([[-6], [-4], [3]]);
  });

  const POINTS = 'it must be a list of [step, lr], such as [[0, 0], [100, 0.1]]';
  const RATE = 'it must be a finite number from 0 on';
  it.each<[build: () => unknown, text: string, code?: GraphIssue]>([
    [() => schedule.constant(-1), `schedule.constant: lr is -1: ${RATE}`],
    [
      () => schedule.step({ lr: 1, every: 0 }),
      'schedule.step: every is 0: it must be a whole number from 1 to 2147483647',
    ],
    [
      () => schedule.step({ lr: 1, every: 2, gamma: 0 }),
      'schedule.step: gamma is 0: it must be a positive number',
    ],
    [
      () => schedule.exponential(untyped({ lr: 1, gama: 0.9 })),
      'schedule.exponential: there is no option "gama" (did you mean "gamma"?): the options are lr, gamma, every',
    ],
    [
      () => schedule.polynomial({ lr: 1, steps: 1.5 }),
      'schedule.polynomial: steps is 1.5: it must be a whole number from 1 to 2147483647',
    ],
    [() => schedule.polynomial({ lr: 1, steps: 5, end: -1 }), `schedule.polynomial: end is -1: ${RATE}`],
    [
      () => schedule.polynomial({ lr: 1, steps: 5, power: 0 }),
      'schedule.polynomial: power is 0: it must be a positive number',
    ],
    [
      () => schedule.multiStep({ lr: 1, milestones: [-1] }),
      'schedule.multiStep: milestone 0 is -1: it must be a whole number from 1 to 2147483647',
    ],
    [
      () => schedule.multiStep({ lr: 1, milestones: untyped(3) }),
      'schedule.multiStep: milestones is 3: it must be a list of steps',
    ],
    [
      () => schedule.cosine({ lr: 1, steps: 4, restarts: 0.5 }),
      'schedule.cosine: restarts is 0.5: it must be a whole number from 1 to 2147483647',
    ],
    [
      () => schedule.oneCycle({ lr: 1, steps: 10, pctStart: 0.1 }),
      'schedule.oneCycle: pctStart is 0.1: it must be more than 0.1 and less than 1, so that each phase has steps',
    ],
    [
      () => schedule.oneCycle({ lr: 1, steps: 10, anneal: untyped('cosine') }),
      'schedule.oneCycle: anneal is "cosine": it must be one of cos, linear',
    ],
    [() => schedule.piecewise([]), `schedule.piecewise: points is a list: ${POINTS}`],
    [() => schedule.piecewise(untyped([1])), `schedule.piecewise: point 0 is 1: ${POINTS}`],
    [
      () =>
        schedule.piecewise([
          [3, 1],
          [3, 2],
        ]),
      'schedule.piecewise: the step of point 1 is 3: it must be a whole number larger than 3',
    ],
    [() => schedule.piecewise([[3, Number.NaN]]), `schedule.piecewise: the rate of point 0 is NaN: ${RATE}`],
    [
      () => schedule.warmup({ steps: 5, lr: untyped('step') }),
      'schedule.warmup: lr is "step": it must be a number, or a schedule such as schedule.step(…)',
    ],
    [
      () => schedule.warmup({ steps: 5, lr: 1, from: 2 }),
      'schedule.warmup: from is 2: it must be from 0 to 1',
    ],
    [
      () => perceptron(optim.sgd({ lr: untyped(() => 0.1) })),
      'sgd: the schedule gives 0.1: it must be a scalar of floats, made of the step',
    ],
    [
      () => perceptron(optim.sgd({ lr: (t) => t })),
      'sgd: the schedule gives lr.step (state i32[]): it must be a scalar of floats, made of the step',
    ],
  ])('refuses what makes no sense, saying what and where: %#', (build, text, code = 'option') => {
    expect(expectRefusal(build, code, text, FILE).code).toBe(code);
  });
});
