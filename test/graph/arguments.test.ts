import { describe, expect, it } from 'vitest';
import {
  concat,
  defineModule,
  full,
  type GraphIssue,
  iota,
  type Module,
  type ModuleBuilder,
  parseModule,
  printModule,
  stack,
  type Tensor,
} from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { expectRefusal, untyped } from './refusal.ts';

const FILE = 'arguments.test.ts';
const moduleOf = (build: (m: ModuleBuilder, x: Tensor) => unknown): Module =>
  defineModule('wrong', (m) => {
    const x = m.input('x', { shape: [2, 3] });
    m.entry('main', { x });
    build(m, x);
  });

describe('arguments that no type check has seen', () => {
  const refusals: readonly [
    build: (m: ModuleBuilder, x: Tensor) => unknown,
    code: GraphIssue,
    text: string,
  ][] = [
    [(_m, x) => x.add(untyped('a')), 'operands', 'add: takes a tensor or a number, not "a"'],
    [
      (_m, x) => x.add(untyped('x'.repeat(1e5))),
      'operands',
      `add: takes a tensor or a number, not "${'x'.repeat(60)} … (100000 in all)"`,
    ],
    [
      (m) => m.state('s', untyped({ shape: [2], ['y'.repeat(1e5)]: 1 })),
      'option',
      `state: there is no option "${'y'.repeat(60)} … (100000 in all)": the options are shape, dtype, init, trainable, kernel`,
    ],
    [
      (m) => {
        for (const _ of [1, 2]) m.size('z'.repeat(1e5), { max: 1 });
      },
      'name',
      `size: the name "${'z'.repeat(60)} … (100000 in all)" is used twice: there is a size of that name`,
    ],
    [
      (m) => m.entry('e', { updates: [{ state: m.input('i'.repeat(61), { shape: [] }), next: m.step() }] }),
      'update',
      `entry: "e" updates ${'i'.repeat(60)} … (61 in all) (input f32[]), which is no state`,
    ],
    [
      (_m, x) => x.permute(Array(1000).fill(0)),
      'axis',
      'permute: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 … (1000 in all)] is no order of the 2 axes of [2, 3]',
    ],
    ...(
      [
        ['input', (m) => m.input('r', { shape: Array(1000).fill(1) })],
        ['state', (m) => m.state('r', { shape: Array(1000).fill(1) })],
        ['literal', (m) => m.literal([1], { shape: Array(1000).fill(1) })],
        ['reshape', (_m, x) => x.reshape([...Array(998).fill(1), 2, 3])],
        ['expand', (m) => full(m, Array(1000).fill(1), 1)],
        ['iota', (m) => iota(m, Array(1000).fill(1))],
      ] satisfies [string, (m: ModuleBuilder, x: Tensor) => unknown][]
    ).map(([op, build]): [typeof build, GraphIssue, string] => [
      build,
      'rank',
      `${op}: 1000 dimensions: a tensor may have at most 64`,
    ]),
    [(_m, x) => x.add(untyped(undefined)), 'operands', 'add: takes a tensor or a number, not undefined'],
    [(_m, x) => x.gt(untyped(null)), 'operands', 'gt: takes a tensor or a number, not null'],
    [(_m, x) => x.gt(0).where(untyped([1]), 0), 'operands', 'where: takes a tensor or a number, not a list'],
    [
      (_m, x) => x.clamp(0, untyped(undefined)),
      'operands',
      'clamp: takes a tensor or a number, not undefined',
    ],
    [(_m, x) => x.clamp(0.5, -0.5), 'option', 'clamp: min is 0.5: it must be at most max, which is -0.5'],
    [(_m, x) => x.clamp(0, Number.NaN), 'option', 'clamp: max is NaN: it must be a number other than NaN'],
    [
      (m) => m.literal([0, 0.5], { shape: [2], dtype: 'i32' }),
      'values',
      'literal: value 1 is 0.5: values must be whole numbers from -2147483648 to 2147483647 (i32)',
    ],
    [
      (m) => m.literal([-1], { shape: [1], dtype: 'u32' }),
      'values',
      'literal: value 0 is -1: values must be whole numbers from 0 to 4294967295 (u32)',
    ],
    [
      (m) => m.literal([Number.NaN], { shape: [1], dtype: 'bool' }),
      'values',
      'literal: value 0 is NaN: values must be whole numbers from 0 to 1 (bool)',
    ],
    [(_m, x) => x.matmul(untyped(3)), 'operands', 'matmul: takes a tensor, not 3'],
    [(_m, x) => x.contract(untyped(3), {}), 'operands', 'contract: takes a tensor, not 3'],
    [
      (_m, x) => x.contract(x, untyped({ axes: [[1], [1]] })),
      'option',
      'contract: there is no option "axes": the options are batch, over',
    ],
    [(_m, x) => x.pick(untyped(3)), 'operands', 'pick: takes a tensor, not 3'],
    [
      (_m, x) => x.sum(0, untyped({ keepdims: true })),
      'option',
      'sum: there is no option "keepdims" (did you mean "keepDims"?): the options are keepDims',
    ],
    [
      (_m, x) => x.mean(0, untyped(true)),
      'option',
      'mean: options must be an object, not true: the options are keepDims',
    ],
    [
      (_m, x) => x.reshape(untyped(6)),
      'dimension',
      'reshape: the shape must be a list such as [2, 3], not 6',
    ],
    [
      (_m, x) => x.reshape(untyped(['6'])),
      'dimension',
      'reshape: a dimension must be a whole number from 0 on, not "6"',
    ],
    [
      (_m, x) => x.broadcastTo([untyped({})]),
      'dimension',
      'broadcastTo: a dimension must be a whole number from 0 on, not an object',
    ],
    [
      (_m, x) => x.permute(untyped(0)),
      'axis',
      'permute: the order of axes must be a list such as [2, 3], not 0',
    ],
    [(_m, x) => x.slice(untyped(1)), 'range', 'slice: starts must be a list such as [2, 3], not 1'],
    [(_m, x) => x.pad(untyped(1), [0, 0]), 'range', 'pad: low must be a list such as [2, 3], not 1'],
    [
      (_m, x) => x.fullLike(untyped(undefined)),
      'constant',
      'constant: a constant must be a number, not undefined',
    ],
    [
      (_m, x) => x.cast(untyped('u8')),
      'dtype',
      'cast: u8 is for storage of inputs only and cannot be a target; gives f32, i32, u32, bool',
    ],
    [
      (_m, x) => x.cast(untyped('f64')),
      'attribute',
      'cast: attribute "dtype" must be one of f32, i32, u32, bool, u8, not "f64"',
    ],
    [
      (_m, x) => x.cast(untyped({})),
      'attribute',
      'cast: attribute "dtype" must be one of f32, i32, u32, bool, u8, not an object',
    ],
    [(_m, x) => concat(untyped(x)), 'operands', 'concat: takes a list of tensors, not an object (Tensor)'],
    [(_m, x) => stack([x, untyped(1)]), 'operands', 'stack: takes a tensor, not 1'],
    [
      () => full(untyped([2]), untyped(0), 1),
      'operands',
      'full: takes first what says where to build, a tensor or the m of defineModule, not a list',
    ],
    [
      (m) => m.size('b', untyped(undefined)),
      'option',
      'size: options must be an object, not undefined: the options are max',
    ],
    [
      (m) => m.size('b', untyped({})),
      'dimension',
      'size: "b": max must be a whole number from 1 on, not undefined',
    ],
    [(m) => m.size('b', { max: 0 }), 'dimension', 'size: "b": max must be a whole number from 1 on, not 0'],
    [
      (m) => m.size('b', { max: 1.5 }),
      'dimension',
      'size: "b": max must be a whole number from 1 on, not 1.5',
    ],
    [(m) => m.size('b', { max: -1 }), 'dimension', 'size: "b": max must be a whole number from 1 on, not -1'],
    [
      (m) => m.input('b', untyped(undefined)),
      'option',
      'input: options must be an object, not undefined: the options are shape, dtype',
    ],
    [
      (m) => m.input('b', untyped({})),
      'dimension',
      'input: the shape must be a list such as [2, 3], not undefined',
    ],
    [
      (m) => m.input('b', untyped({ shape: [2], type: 'f32' })),
      'option',
      'input: there is no option "type" (did you mean "dtype"?): the options are shape, dtype',
    ],
    [
      (m) => m.input('b', { shape: [2], dtype: untyped('f64') }),
      'attribute',
      'input: attribute "dtype" must be one of f32, i32, u32, bool, u8, not "f64"',
    ],
    [
      (m) => m.input(untyped(undefined), { shape: [2] }),
      'name',
      'input: the name of an input must be a text, not undefined',
    ],
    [(m) => m.input('', { shape: [2] }), 'name', 'input: the name of an input must not be empty'],
    [
      (m) => m.input('__proto__', { shape: [2] }),
      'name',
      'input: "__proto__" cannot be the name of an input: it is reserved',
    ],
    [
      (m) => m.size('__proto__', { max: 2 }),
      'name',
      'size: "__proto__" cannot be the name of a size: it is reserved',
    ],
    [
      (m) => m.state('__proto__', { shape: [2] }),
      'name',
      'state: "__proto__" cannot be the name of a state: it is reserved',
    ],
    [
      (m) => m.param('__proto__', { initial: 1 }),
      'name',
      'param: "__proto__" cannot be the name of a param: it is reserved',
    ],
    [
      (m, x) => m.entry('__proto__', { x }),
      'name',
      'entry: "__proto__" cannot be the name of an entry: it is reserved',
    ],
    [
      (m, x) => m.entry('e', { ['__proto__']: x }),
      'name',
      'entry: "__proto__" cannot be the name of an output: it is reserved',
    ],
    [
      (m) => m.input('\u001b[31mred', { shape: [2] }),
      'name',
      'input: the name of an input holds U+001B, which does not print: leave it out',
    ],
    [
      (m) => m.size('rows\n', { max: 2 }),
      'name',
      'size: the name of a size holds U+000A, which does not print: leave it out',
    ],
    [
      (m) => m.state('a\u202eb', { shape: [2] }),
      'name',
      'state: the name of a state holds U+202E, which does not print: leave it out',
    ],
    [
      (m) => m.param('half \ud83d', { initial: 1 }),
      'name',
      'param: the name of a param holds U+D83D, which does not print: leave it out',
    ],
    [
      (m, x) => m.entry('\u009b2J', { x }),
      'name',
      'entry: the name of an entry holds U+009B, which does not print: leave it out',
    ],
    [
      (m, x) => m.entry('e', { 'a\u2028b': x }),
      'name',
      'entry: the name of an output holds U+2028, which does not print: leave it out',
    ],
    [
      (_m, x) => x.named('a\tb'),
      'name',
      'named: the name of a tensor holds U+0009, which does not print: leave it out',
    ],
    [
      () => defineModule('\0', () => {}),
      'name',
      'defineModule: the name of a module holds U+0000, which does not print: leave it out',
    ],
    [
      (m) => m.state('s', untyped({})),
      'dimension',
      'state: the shape must be a list such as [2, 3], not undefined',
    ],
    [
      (m) => m.state('s', { shape: [2], dtype: untyped('u8') }),
      'dtype',
      'state: u8 is for storage of inputs only and cannot be a target; gives f32, i32, u32, bool',
    ],
    [
      (m) => m.state('s', { shape: [2], init: untyped('zeros') }),
      'option',
      'state: "s": init is "zeros": it must be what nn.init.zeros() and the like give',
    ],
    [
      (m) => m.state('s', { shape: [2], init: untyped(nn.init.zeros) }),
      'option',
      'state: "s": init gives a function, which is no first value: it must be what nn.init.zeros() and the like give',
    ],
    [
      (m) => m.param('p', untyped(1)),
      'option',
      'param: options must be an object, not 1: the options are initial, dtype',
    ],
    [
      (m) => m.param('p', untyped({})),
      'attribute',
      'param: attribute "initial" must be a number, not undefined',
    ],
    [
      (m) => m.literal(untyped(['x', 2]), { shape: [2] }),
      'values',
      'literal: value 0 is "x": values must be numbers',
    ],
    [
      (m) => m.literal(untyped(3), { shape: [] }),
      'values',
      'literal: values must be a list of numbers, not 3',
    ],
    [
      (m) => m.literal([1], untyped(undefined)),
      'option',
      'literal: options must be an object, not undefined: the options are shape, dtype',
    ],
    [
      (m) => m.entry('e', untyped(undefined)),
      'entry',
      'entry: "e" takes outputs and updates by name, such as { y }, not undefined',
    ],
    [
      (m, x) => m.entry('e', untyped(x)),
      'entry',
      'entry: "e" takes outputs and updates by name, such as { y }, not an object (Tensor)',
    ],
    [(m) => m.entry('e', { y: untyped(3) }), 'output', 'entry: "e": output "y" is 3, no tensor'],
    [
      (m, x) => m.entry('e', { updates: untyped(x) }),
      'update',
      'entry: "e": updates must be a list, such as minimize gives, not an object (Tensor)',
    ],
    [
      (m, x) => m.entry('e', { updates: untyped([x]) }),
      'update',
      'entry: "e": an update must be { state, next } of tensors, not an object (Tensor)',
    ],
  ];
  it.each(refusals)('are refused, saying what was given and what would be right: %#', (build, code, text) => {
    expect(expectRefusal(() => moduleOf(build), code, text, FILE).code).toBe(code);
  });

  it('are refused in place of the function that declares', () => {
    const text = 'defineModule: takes a name and a function that declares, (m) => { … }, not undefined';
    const define = (): unknown => defineModule('idle', untyped(undefined));
    expect(expectRefusal(define, 'declaration', text, FILE).op).toBe('defineModule');
  });
});

describe('a function that declares', () => {
  const text =
    'defineModule: its function must not be async: await what it needs before, and declare without waiting';

  it('must not be async', () => {
    const define = (): unknown => defineModule('late', async (m) => m.size('n', { max: 1 }));
    expect(expectRefusal(define, 'declaration', text, FILE).op).toBe('defineModule');
  });

  it('is refused alone where it is async and fails too', async () => {
    const define = (): unknown =>
      defineModule('late', async () => {
        throw new Error('of its own');
      });
    expect(expectRefusal(define, 'declaration', text, FILE).op).toBe('defineModule');
    // An unhandled rejection would fail this run here.
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('a module of text', () => {
  it.each([
    ['"x"', 'module: "__proto__" cannot be the name of a declaration: it is reserved'],
    ['"main"', 'entry: "__proto__" cannot be the name of an entry: it is reserved'],
    ['"y"', 'entry: "__proto__" cannot be the name of an output: it is reserved'],
  ])('has no name __proto__ in place of %s', (name, text) => {
    const module = defineModule('proto', (m) => m.entry('main', { y: m.input('x', { shape: [2] }) }));
    const changed = printModule(module).replace(name, '"__proto__"');
    expect(expectRefusal(() => parseModule(changed), 'name', text, FILE).code).toBe('name');
  });
});
