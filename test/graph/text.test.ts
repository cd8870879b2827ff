import { describe, expect, it } from 'vitest';
import {
  concat,
  defineModule,
  dotOf,
  Graph,
  iota,
  type Module,
  parseModule,
  printModule,
  stack,
  verifyModule,
  where,
} from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { expectRefusal } from './refusal.ts';

const FILE = 'text.test.ts';
const linear = `module "linear"
size batch <= 8

%0 = input {dtype: "f32", name: "x", shape: [batch<=8, 4]}: f32[batch<=8, 4]  "x" at "model.ts:3"
%1 = state {dtype: "f32", name: "w", shape: [4, 2]}: f32[4, 2]  "w"
%2 = contract(%0, %1) {batchA: [], batchB: [], overA: [1], overB: [0]}: f32[batch<=8, 2]  at "model.ts:5"
%3 = sum(%2) {axes: [0]}: f32[2]

state %1 trainable {high: 0.5, kind: "uniform", low: -0.5, stream: 0}

entry "both"
  "y" = %2
  %1 <- %1
`;

/** Everything that the text form must hold: all operations, all attributes, odd names and odd numbers. */
function everything(): Module {
  return defineModule('every "thing"', (m) => {
    const odd = m.size('odd name, <= 3]', { max: 3 });
    const batch = m.size('batch', { max: 8 });
    const x = m.input('x', { shape: [batch, 4], dtype: 'u8' });
    const row = m.input('row #"', { shape: [odd], dtype: 'i32' });
    const rate = m.param('rate', { initial: -0 });
    const s = m.state('s', {
      shape: [2, 2],
      init: nn.init.values([1.5, -0, Number.NaN, Number.POSITIVE_INFINITY]),
    });
    const t = m.state('t', { shape: [4, 2], init: nn.init.heNormal(), trainable: false });
    const given = m.literal([1, 2, 3, 4], { shape: [4], dtype: 'u32' });
    const f = x.cast('f32').div(255);
    const moved = f.reshape([-1]).reshape([batch, 2, 2]).permute([1, 0, 2]).flip(0).sum(1);
    const cut = stack([moved, s]).pad([0, 1, 0], [1, 0, 2], -0).slice([0, -2], [], [1, 2, 2]);
    const odds = where(row.gt(iota(m, [odd])), Number.NEGATIVE_INFINITY, row.cast('f32').mul(1e-7));
    const gathered = t
      .take(row)
      .sum(0)
      .add(f.softmax().pick(f.argmax(1)).sum())
      .named('a "label"');
    m.entry('one', { cut, odds: odds.max(), gathered: concat([gathered, rate.reshape([1])]) });
    m.entry('two', { 'ou"t': given.sum(), updates: [{ state: s, next: s.mul(m.step().cast('f32')) }] });
  });
}

function classifier(): Module {
  return defineModule('classifier', (m) => {
    const batch = m.size('batch', { max: 4 });
    const x = m.input('x', { shape: [batch, 6], dtype: 'u8' });
    const y = m.input('y', { shape: [batch], dtype: 'i32' });
    const hidden = nn.dense(x.cast('f32').div(255), 5, { activation: 'gelu', name: 'hidden' });
    const loss = nn.crossEntropy(nn.dense(hidden, 3, { name: 'output' }), y, { labelSmoothing: 0.1 });
    m.entry('train', { loss, updates: optim.adamw({ lr: 1e-3 }).minimize(loss, { clipGlobalNorm: 1 }) });
  });
}

describe('the text form of a module', () => {
  it('keeps what a state is to its layer, as layers of nn say of theirs', () => {
    const module = defineModule('m', (m) => {
      const image = m.input('image', { shape: [1, 2, 3, 3] });
      const own = m.state('own', { shape: [2], kernel: 'none' });
      const rows = nn.lstm(
        nn.embedding(m.literal([0, 1], { shape: [1, 2], dtype: 'i32' }), 2, 2, { name: 'input' }),
        2,
        { name: 'lstm' },
      ).output;
      m.entry('run', {
        conv: nn.conv2d(image, 2, 3, { name: 'conv' }),
        dense: nn.dense(rows.add(own), 2, { name: 'dense', bias: false }),
      });
    });
    const kernels = { ...Object.fromEntries(module.states.map(({ name, kernel }) => [name, kernel])) };
    expect(kernels).toEqual({
      own: 'none',
      'input.weight': 'none',
      'lstm.input.weight': 'dense',
      'lstm.input.bias': undefined,
      'lstm.recurrent.weight': 'dense',
      'conv.weight': 'convolution',
      'conv.bias': undefined,
      'dense.weight': 'dense',
    });
    const text = printModule(module);
    expect(text).toContain(' trainable kernel convolution {');
    expect(parseModule(text).states.map(({ kernel }) => kernel)).toEqual(Object.values(kernels));
    expect(() => parseModule(text.replace('kernel dense', 'kernel tense'))).toThrow("expected '{'");
    const odd = 'tense' as 'dense';
    expectRefusal(
      () => defineModule('m', (m) => [m.state('w', { shape: [2, 2], kernel: odd })]),
      'option',
      'state: kernel is "tense" (did you mean "dense"?): it must be one of dense, convolution, none',
      FILE,
    );
  });

  it('is what it parses from', () => {
    const text = linear.replace(/^%3.*\n/m, '');
    expect(printModule(parseModule(text))).toBe(text);
  });

  it('leaves out what nothing needs', () => {
    expect(printModule(parseModule(linear))).not.toContain('sum');
  });

  it.each([everything, classifier])('prints, parses and prints the same: %o', (build) => {
    const text = printModule(build());
    expect(printModule(parseModule(text))).toBe(text);
  });

  it('keeps numbers bit by bit, and first values', () => {
    const text = printModule(everything());
    expect(text).toContain('{dtype: "f32", initial: -0, name: "rate"}');
    expect(text).toContain('value: -inf');
    expect(text).toContain('value: 1e-7');
    expect(parseModule(text).states).toEqual(
      everything().states.map((state) => ({ ...state, node: expect.anything() })),
    );
  });

  it('ignores blank lines and comments', () => {
    const text = linear.replace('entry', '# a comment\n\n   # another\nentry');
    expect(printModule(parseModule(text))).toBe(printModule(parseModule(linear)));
  });

  const misspelt: readonly [from: string, to: string, text: string][] = [
    ['module "linear"', '', 'line 14, column 1: expected a line that names the module'],
    ['contract(%0, %1)', 'contract(%0 %1)', "line 6, column 18: expected ','"],
    ['contract(%0, %1)', 'contract(%0, %7)', 'line 6, column 19: expected a node that stands above, not %7'],
    ['size batch <= 8', 'size batch < 8', "line 2, column 12: expected '<='"],
    ['[batch<=8, 2]  at', '[batch<=9, 2]  at', 'line 6, column 84: expected the declared bound 8, not 9'],
    [
      '[batch<=8, 2]  at',
      '[b<=8, 2]  at',
      'line 6, column 80: expected a size that is declared in place of "b"',
    ],
    [
      'f32[batch<=8, 2]  at',
      'f32[batch<=8, 3]  at',
      'line 6, column 106: expected the type f32[batch<=8, 2], which is what the operation gives, not f32[batch<=8, 3]',
    ],
    [
      'kind: "uniform"',
      'kind: "other"',
      'line 9, column 68: expected a first value of kind constant, uniform, normal or values',
    ],
    ['"y" = %2', '"y" = %2 %3', 'line 12, column 12: expected the end of the line'],
    ['"w"\n', '"w\n', 'line 5, column 65: expected a text in quotes'],
    ['low: -0.5', 'low: zero', 'line 9, column 54: expected a number'],
  ];
  it.each(misspelt)('is refused at line and column where it is misspelt: %j as %j', (from, to, text) => {
    expect(linear).toContain(from);
    const error = expectRefusal(() => parseModule(linear.replace(from, to)), 'parse', `parse: ${text}`, FILE);
    expect(error.op).toBe('parse');
  });

  it('is refused where the operations refuse it', () => {
    const wrong = linear.replace('shape: [4, 2]}: f32[4, 2]', 'shape: [5, 2]}: f32[5, 2]');
    expect(() => parseModule(wrong)).toThrow(
      'contract: axes 1 and 0 in over differ: [batch<=8, 4] · [5, 2] (4 ≠ 5)',
    );
    expect(() => parseModule(linear.replace('contract', 'contrast'))).toThrow('contrast: no such operation');
    expect(() => parseModule(linear.replace('{axes: [0]}', '{axis: 0}'))).toThrow(
      'sum: attribute "axes" must be a list of whole numbers',
    );
    expect(() => parseModule(linear.replace('%1 <- %1', '%0 <- %0'))).toThrow(
      '"both" updates x (input f32[batch<=8, 4]), which is no state',
    );
  });
});

describe('the verifier', () => {
  const base = parseModule(linear);
  const [first, second, third] = base.graph.nodes;
  const [entry] = base.entries;
  if (first === undefined || second === undefined || third === undefined || entry === undefined) {
    throw new Error('the module has three nodes and an entry');
  }
  const other = new Graph();
  const stranger = other.build('constant', [], { value: 1, dtype: 'f32' });

  it('accepts what was built', () => {
    expect(() => verifyModule(everything())).not.toThrow();
    expect(() => verifyModule(classifier())).not.toThrow();
  });

  const broken: readonly [module: Module, text: string][] = [
    [{ ...base, inputs: [] }, 'input: x (input f32[batch<=8, 4]) is not declared by the module'],
    [{ ...base, states: [] }, 'state: w (state f32[4, 2]) is not declared by the module'],
    [
      { ...base, sizes: [] },
      'input: x (input f32[batch<=8, 4]) has a dimension of size "batch", which the module does not declare',
    ],
    [
      { ...base, sizes: [{ name: 'batch', max: 9 }] },
      'input: x (input f32[batch<=8, 4]) bounds "batch" otherwise than the module',
    ],
    [{ ...base, entries: [entry, entry] }, 'entry: the name "both" is used twice'],
    [
      { ...base, entries: [{ ...entry, outputs: [], updates: [] }] },
      'entry: "both" has neither outputs nor updates',
    ],
    [
      { ...base, entries: [{ ...entry, outputs: [{ name: 'y', node: stranger }] }] },
      'module: output "y" is a node of another graph: %0 (constant f32[])',
    ],
    [
      { ...base, entries: [{ ...entry, updates: [{ state: second, next: third }] }] },
      'entry: "both" updates w (state f32[4, 2]) with %2 (contract f32[batch<=8, 2]), which is of another type',
    ],
  ];
  it.each(broken)('refuses what is inconsistent: %#', (module, text) => {
    expect(() => verifyModule(module)).toThrow(text);
  });
});

describe('the DOT form of a module', () => {
  it('shows nodes, operands by their places, and updates', () => {
    expect(dotOf(parseModule(linear))).toMatchInlineSnapshot(`
      "digraph "linear" {
        n0 [label="x = input\\nf32[batch<=8, 4]", shape=box];
        n1 [label="w = state\\nf32[4, 2]", shape=box];
        n2 [label="contract\\nf32[batch<=8, 2]", shape=ellipse, peripheries=2];
        n0 -> n2 [label="0"];
        n1 -> n2 [label="1"];
        n1 -> n1 [style=dashed, label="both"];
      }
      "
    `);
  });
});
