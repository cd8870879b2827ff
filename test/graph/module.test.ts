import { describe, expect, it } from 'vitest';
import {
  defineModule,
  Graph,
  type GraphIssue,
  type ModuleBuilder,
  parseModule,
  printModule,
  Tensor,
  wordsOf,
} from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { expectRefusal, untyped } from './refusal.ts';

const FILE = 'module.test.ts';

describe('a module', () => {
  it('is plain data: sizes, inputs, states, parameters and entries', () => {
    const module = defineModule('linear', (m) => {
      const batch = m.size('batch', { max: 8 });
      const x = m.input('x', { shape: [batch, 4] });
      const w = m.state('w', { shape: [4, 2], init: nn.init.glorotUniform() });
      const count = m.state('count', { shape: [], dtype: 'i32' });
      const rate = m.param('rate', { initial: 0.5 });
      const y = x.matmul(w).mul(rate);
      m.entry('predict', { y });
      m.entry('count', { updates: [{ state: count, next: m.step() }] });
    });
    expect(module.sizes).toEqual([{ name: 'batch', max: 8 }]);
    expect(module.inputs.map((node) => node.label)).toEqual(['x']);
    expect(module.states.map(({ name, init, trainable }) => ({ name, init, trainable }))).toEqual([
      { name: 'w', init: { kind: 'uniform', low: -1, high: 1, stream: 0 }, trainable: true },
      { name: 'count', init: { kind: 'constant', value: 0 }, trainable: false },
    ]);
    expect(module.params.map((node) => node.attrs)).toEqual([
      { name: 'rate', initial: 0.5, dtype: 'f32' },
      { name: 'step', initial: 1, dtype: 'i32' },
    ]);
    expect(
      module.entries.map(({ name, outputs, updates }) => [name, outputs.length, updates.length]),
    ).toEqual([
      ['predict', 1, 0],
      ['count', 0, 1],
    ]);
  });

  it('takes names of any characters that print', () => {
    const name = '"; } fn evil() { // ünïcode 名 👩‍🔬';
    const module = defineModule(name, (m) => {
      const size = m.size(`${name}1`, { max: 2 });
      const x = m.input(`${name}2`, { shape: [size] });
      m.entry(name, { [name]: x.add(m.state(`${name}3`, { shape: [] })) });
    });
    expect(module.entries[0]?.outputs[0]?.name).toBe(name);
  });

  it('numbers random first values by their declaration, so that equal states differ', () => {
    const module = defineModule('two', (m) => {
      const w = ['a', 'b'].map((name) => m.state(name, { shape: [2, 2], init: nn.init.normal() }));
      m.entry('sum', { a: w[0], b: w[1] });
    });
    expect(module.states.map(({ init }) => ('stream' in init ? init.stream : undefined))).toEqual([0, 1]);
  });

  const refusals: readonly [build: (m: ModuleBuilder, x: Tensor) => void, code: GraphIssue, text: string][] =
    [
      [
        (m) => m.input('x', { shape: [] }),
        'name',
        'input: the name "x" is used twice: there is an input of that name',
      ],
      [
        (m) => m.state('x', { shape: [] }),
        'name',
        'state: the name "x" is used twice: there is an input of that name',
      ],
      [
        (m) => m.size('x', { max: 1 }),
        'name',
        'size: the name "x" is used twice: there is an input of that name',
      ],
      [(m) => m.state('', { shape: [] }), 'name', 'state: the name of a state must not be empty'],
      [(m) => m.param('step', { initial: 1 }), 'name', 'param: "step" is the number of the step: use step()'],
      [(m) => m.size('n', { max: 0 }), 'dimension', 'size: "n": max must be a whole number from 1 on, not 0'],
      [
        (m) => m.size('n', { max: 2.5 }),
        'dimension',
        'size: "n": max must be a whole number from 1 on, not 2.5',
      ],
      [
        (m) => m.input('y', { shape: [{ name: 'stranger', max: 3 }] }),
        'dimension',
        'input: "y": "stranger" is no size of this module',
      ],
      [
        (m) => m.input('y', { shape: [2, m.size('n', { max: 3 })] }),
        'dimension',
        'input: "y": only the first dimension may be bounded, by a size itself',
      ],
      [
        (m) => m.state('s', { shape: [-1] }),
        'state',
        'state: "s": axis 0 is -1: a state has a fixed shape of whole numbers from 0 on',
      ],
      ...(
        [
          [1.5, '1.5'],
          ['3', '"3"'],
          [Number.POSITIVE_INFINITY, 'Infinity'],
          [{ name: 'batch', max: 8 }, 'batch<=8'],
        ] as const
      ).map(([extent, shown]): [(m: ModuleBuilder) => unknown, GraphIssue, string] => [
        (m) => m.state('s', { shape: [2, untyped(extent)] }),
        'state',
        `state: "s": axis 1 is ${shown}: a state has a fixed shape of whole numbers from 0 on`,
      ]),
      [
        (m) => m.state('s', { shape: [2 ** 16, 2 ** 16] }),
        'too-large',
        'state: "s": [65536, 65536] has 4294967296 elements: there may be at most 2147418112',
      ],
      [
        (m) => m.state('s', { shape: [2, 2], init: nn.init.values([1, 2, 3]) }),
        'values',
        'state: "s": 3 given values for the shape [2, 2] of 4 elements',
      ],
      [
        (m) => m.state('s', { shape: [3], dtype: 'i32', init: nn.init.values([1, 2.5, 3e10]) }),
        'values',
        'state: "s": value 1 is 2.5: values must be whole numbers from -2147483648 to 2147483647 (i32)',
      ],
      [
        (m) => m.state('s', { shape: [1], dtype: 'i32', init: nn.init.values([3e10]) }),
        'values',
        'state: "s": value 0 is 30000000000: values must be whole numbers from -2147483648 to 2147483647 (i32)',
      ],
      [
        (m) => m.state('s', { shape: [2], dtype: 'u32', init: nn.init.values([0, -1]) }),
        'values',
        'state: "s": value 1 is -1: values must be whole numbers from 0 to 4294967295 (u32)',
      ],
      [
        (m) => m.state('s', { shape: [2], dtype: 'bool', init: nn.init.values([1, Number.NaN]) }),
        'values',
        'state: "s": value 1 is NaN: values must be whole numbers from 0 to 1 (bool)',
      ],
      [
        (m) =>
          m.state('s', {
            shape: [2],
            dtype: 'bool',
            init: () => ({ kind: 'values', words: wordsOf([1, 2], 'u32') }),
          }),
        'values',
        'state: "s": value 1 is 2: values must be whole numbers from 0 to 1 (bool)',
      ],
      [
        (m) => m.state('s', { shape: [2], dtype: 'i32', init: nn.init.constant(2.5) }),
        'values',
        'state: "s": value is 2.5: values must be whole numbers from -2147483648 to 2147483647 (i32)',
      ],
      [
        (m) => m.state('s', { shape: [2], dtype: 'bool', init: nn.init.constant(2) }),
        'values',
        'state: "s": value is 2: values must be whole numbers from 0 to 1 (bool)',
      ],
      [
        (m) => m.state('s', { shape: [2], init: nn.init.constant(Number.NaN) }),
        'values',
        'state: "s": value is NaN: values must be numbers',
      ],
      [
        (m) =>
          m.state('s', {
            shape: [2],
            init: (_, stream) => ({ kind: 'uniform', low: Number.NaN, high: 1, stream }),
          }),
        'values',
        'state: "s": from NaN to 1: bounds must be finite and in order',
      ],
      [
        (m) =>
          m.state('s', {
            shape: [2],
            init: (_, stream) => ({ kind: 'normal', mean: 0, deviation: -1, stream }),
          }),
        'values',
        'state: "s": mean 0 and deviation -1 must be finite, the latter not negative',
      ],
      [
        (m) => m.state('s', { shape: [2], dtype: 'i32', init: nn.init.normal() }),
        'values',
        'state: "s": normal values are floats, the state is i32',
      ],
      [
        (m) => m.state('s', { shape: [2], dtype: 'i32', init: nn.init.uniform(0, 5) }),
        'values',
        'state: "s": uniform values are floats, the state is i32',
      ],
      [
        (m) => m.state('s', { shape: [2], dtype: 'u32', init: nn.init.uniform(-1, 5) }),
        'values',
        'state: "s": from -1 to 5: bounds must be whole numbers from 0 to 4294967296 (u32)',
      ],
      [(m) => m.literal([1, 2], { shape: [3] }), 'values', 'literal: 2 values for a shape of 3 elements'],
      [(m) => m.entry('e', {}), 'entry', 'entry: "e" has neither outputs nor updates'],
      [(m) => m.entry('e', { updates: [] }), 'entry', 'entry: "e" has neither outputs nor updates'],
      [(m, x) => m.entry('main', { x }), 'name', 'entry: there are two entries "main"'],
      [
        (m) => m.entry('e', { pixels: m.input('raw', { shape: [2], dtype: 'u8' }) }),
        'output',
        'entry: "e": output "pixels" is u8, which is for storage only: cast it first',
      ],
      [
        (m, x) => m.entry('e', { updates: [{ state: x, next: x }] }),
        'update',
        'entry: "e" updates x (input f32[2]), which is no state',
      ],
      [
        (m, x) => m.entry('e', { updates: [{ state: m.state('s', { shape: [3] }), next: x }] }),
        'update',
        'entry: "e": update of "s" has the wrong type: f32[2], the state is f32[3]',
      ],
      [
        (m, x) => m.entry('e', { updates: [{ state: m.state('s', { shape: [2] }), next: x.gt(0) }] }),
        'update',
        'entry: "e": update of "s" has the wrong type: bool[2], the state is f32[2]',
      ],
      [
        (m, x) => {
          const state = m.state('s', { shape: [2] });
          m.entry('e', {
            updates: [
              { state, next: x },
              { state, next: state },
            ],
          });
        },
        'update',
        'entry: "e": update of "s" stands twice: a state has one next value',
      ],
    ];
  it.each(refusals)('refuses what cannot be, saying what and where: %#', (build, code, text) => {
    const define = (): unknown =>
      defineModule('wrong', (m) => {
        const x = m.input('x', { shape: [2] });
        m.entry('main', { x });
        build(m, x);
      });
    expect(expectRefusal(define, code, text, FILE).code).toBe(code);
  });

  it('refuses outputs of another module', () => {
    const other = new Graph();
    const stranger = new Tensor(other, other.build('constant', [], { value: 1, dtype: 'f32' }));
    const define = (): unknown => defineModule('a', (m) => m.entry('e', { stranger }));
    const text = 'entry: output "stranger" belongs to another module: %0 (constant f32[])';
    expect(expectRefusal(define, 'other-graph', text, FILE).op).toBe('entry');
  });

  it('refuses layers outside of a module', () => {
    const graph = new Graph();
    const x = new Tensor(graph, graph.build('input', [], { name: 'x', shape: [2, 3], dtype: 'f32' }));
    const text = 'dense: declares states, so it must be used inside defineModule';
    expect(expectRefusal(() => nn.dense(x, 4), 'declaration', text, FILE).op).toBe('dense');
  });

  it('refuses a module without entries', () => {
    const text = 'module: "idle" has no entry';
    const define = (): unknown => defineModule('idle', (m) => m.state('s', { shape: [] }));
    expect(expectRefusal(define, 'entry', text, FILE).op).toBe('module');
  });

  it('names layers and moments after their states', () => {
    const module = defineModule('names', (m) => {
      const x = m.input('x', { shape: [4, 3] });
      const loss = nn
        .dense(nn.dense(x, 5, { activation: 'gelu' }), 2, { bias: false })
        .square()
        .mean();
      m.entry('train', { loss, updates: optim.adam({ lr: 0.1 }).minimize(loss) });
    });
    expect(module.states.map(({ name }) => name)).toEqual([
      'dense.weight',
      'dense.bias',
      'dense2.weight',
      'dense.weight.m',
      'dense.weight.v',
      'dense.weight.step',
      'dense.bias.m',
      'dense.bias.v',
      'dense.bias.step',
      'dense2.weight.m',
      'dense2.weight.v',
      'dense2.weight.step',
    ]);
    expect(module.entries[0]?.updates).toHaveLength(12);
  });
});

describe('a state of whole numbers', () => {
  it('has its given first values, and no others pass in a text', () => {
    const module = defineModule('given', (m) => {
      const w = m.state('w', { shape: [2], dtype: 'i32', init: nn.init.values([1, -(2 ** 31)]) });
      const c = m.state('c', { shape: [], dtype: 'u32', init: nn.init.constant(2 ** 32 - 1) });
      m.entry('main', { w, c });
    });
    const text = printModule(module);
    expect(parseModule(text).states.map(({ init }) => init)).toEqual([
      { kind: 'values', words: wordsOf([1, -(2 ** 31)], 'i32') },
      { kind: 'constant', value: 2 ** 32 - 1 },
    ]);
    expect(() => parseModule(text.replace('value: 4294967295', 'value: 0.5'))).toThrow(
      'state: "c": value is 0.5: values must be whole numbers from 0 to 4294967295 (u32)',
    );
  });
});
