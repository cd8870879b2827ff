import { defineModule, type Module, type ModuleBuilder } from '../../src/graph/index.ts';
import { nn, optim } from '../../src/index.ts';
import { extentOf } from '../../src/loops/index.ts';
import type { Given, Live, StepFeeds } from '../../src/reference/index.ts';
import { Dice } from '../oracle/dice.ts';

/** The most rows, and the longest time, that the modules may be given. */
const most: Live = { batch: 13, time: 10 };

/** Live extents of a step: one, odd numbers, all but one, all. */
export const extents: readonly Live[] = [
  most,
  { batch: 1, time: 1 },
  { batch: 7, time: 9 },
  { batch: 12, time: 3 },
];

/** A module over bounded sizes, whose entry is `run`. */
export interface LiveModule {
  readonly module: Module;
  /** Values of its states at first. */
  readonly states: Readonly<Record<string, Given>>;
  /** Outputs of which each row is made of the same row of the inputs alone. */
  readonly byRow: readonly string[];
  /** What a step is given: of two steps with other extents, the same values as far as both have them. */
  readonly feeds: (live: Live) => StepFeeds;
}

const builds: Readonly<Record<string, readonly [build: (m: ModuleBuilder) => void, ...byRow: string[]]>> = {
  dense: [
    (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 13 }), 20] });
      const hidden = nn.dense(x, 16, { activation: 'relu' });
      const logits = nn.dense(hidden, 10);
      m.entry('run', {
        hidden,
        softmax: logits.softmax(1),
        label: logits.argmax(1),
        lines: hidden.transpose(),
      });
    },
    'hidden',
    'softmax',
    'label',
  ],
  reductions: [
    (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 13 }), 3, 12] });
      const y = x.tanh();
      m.entry('run', {
        mean: y.mean(),
        each: y.mean(0),
        most: y.max(0),
        which: y.argmax(0),
        variance: y.variance([0, 2]),
        sum: x.sum([0, 1]),
        normal: nn.groupNorm(x, 1),
      });
    },
    'normal',
  ],
  training: [
    (m) => {
      const batch = m.size('batch', { max: 13 });
      const x = m.input('x', { shape: [batch, 12] });
      const y = m.input('y', { shape: [batch], dtype: 'i32' });
      const hidden = nn.groupNorm(nn.dense(x, 8, { activation: 'tanh' }), 1);
      const loss = nn.crossEntropy(nn.dense(hidden, 8), y);
      m.entry('run', { loss, updates: optim.adam({ lr: 0.01 }).minimize(loss) });
    },
  ],
  statistics: [
    (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 13 }), 24] });
      const y = nn.dense(x, 16, { bias: false });
      m.entry('run', { sum: y.sum(0), most: y.max(0), variance: y.variance(0), y: y.sub(y.mean(0)) });
    },
  ],
  convolution: [
    (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 13 }), 1, 4, 4] });
      const h = nn.maxPool2d(nn.conv2d(x, 4, 3, { padding: 'same', activation: 'relu' }), 2);
      const y = nn.dense(h.reshape([...x.shape.slice(0, 1), -1]), 5);
      const loss = y.square().mean();
      m.entry('run', { y, loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
    },
    'y',
  ],
  'two sizes': [
    (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 13 }), 12] });
      const z = m.input('z', { shape: [m.size('time', { max: 10 }), 12] });
      const scores = nn.dense(x, 8).matmul(nn.dense(z, 8).transpose());
      m.entry('run', {
        scores,
        turned: scores.transpose().mul(2),
        softmax: scores.softmax(1),
        columns: scores.exp().mean(0),
        which: scores.transpose().argmax(0),
        total: scores.tanh().sum(),
      });
    },
  ],
  heads: [
    (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 13 }), 4, 16] });
      const split = (): typeof x => nn.dense(x, 16).reshape([...x.shape.slice(0, 1), 4, 2, 8]);
      const [q, k, v] = [split(), split(), split()].map((t) => t.permute([0, 2, 1, 3]));
      if (q === undefined || k === undefined || v === undefined) throw new RangeError('three of them');
      const seen = q
        .matmul(k.permute([0, 1, 3, 2]))
        .softmax(-1)
        .matmul(v);
      m.entry('run', { seen, first: v.permute([1, 0, 2, 3]).tanh().mul(3) });
    },
    'seen',
  ],
};

/** Modules in which rows are alive in all kinds of kernels. */
export const liveModules: readonly LiveModule[] = Object.entries(builds).map(([name, [build, ...byRow]]) => {
  const module = defineModule(name, build);
  const given = (shape: readonly number[], seed: number, dtype = 'f32'): Given => {
    const dice = new Dice(seed);
    const count = shape.reduce((n, extent) => n * extent, 1);
    return {
      shape,
      data: Array.from({ length: count }, () => (dtype === 'f32' ? dice.unit() - 0.5 : dice.below(8))),
    };
  };
  return {
    module,
    states: Object.fromEntries(
      module.states
        .filter(({ init }) => init.kind !== 'constant')
        .map((state, k) => [state.name, given(state.node.shape.map(extentOf), k)]),
    ),
    byRow,
    feeds: (live) => ({
      live,
      inputs: Object.fromEntries(
        module.inputs.map((node, k) => {
          const shape = node.shape.map((dim) => (typeof dim === 'number' ? dim : (live[dim.size.name] ?? 0)));
          return [String(node.attrs.name), given(shape, 100 + k, node.dtype)];
        }),
      ),
    }),
  };
});
