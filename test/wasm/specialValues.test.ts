import { describe, expect, it } from 'vitest';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { defineModule, type Module, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import { type Given, referenceSession, type StepFeeds } from '../../src/reference/index.ts';
import { assemble, bareSession } from '../compile/bareWasm.ts';
import { mathFunctions } from '../values/mathFunctions.ts';

const SMALLEST = 2 ** -149;
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** What no instruction treats like other numbers, and some that lie beside it. */
const floats = [
  Number.NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  SMALLEST,
  -SMALLEST,
  2 ** -127,
  LARGEST,
  -LARGEST,
  0.5,
  -1.5,
  2.5,
  -1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
];
const signed = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 7, -(2 ** 30)];
const unsigned = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 5];

/** Operations that are rounded once, and exact ones: there is one right result, with its sign of zero. */
const exact: Readonly<Record<string, (x: Tensor, y: Tensor) => Tensor>> = {
  add: (x, y) => x.add(y),
  sub: (x, y) => x.sub(y),
  mul: (x, y) => x.mul(y),
  div: (x, y) => x.div(y),
  minimum: (x, y) => x.minimum(y),
  maximum: (x, y) => x.maximum(y),
  neg: (x) => x.neg(),
  abs: (x) => x.abs(),
  sign: (x) => x.sign(),
  sqrt: (x) => x.sqrt(),
  floor: (x) => x.floor(),
  ceil: (x) => x.ceil(),
  trunc: (x) => x.trunc(),
  // Where they give zero its sign is left open.
  relu: (x) => x.relu().add(0),
  round: (x) => x.round().add(0),
  lt: (x, y) => x.lt(y),
  le: (x, y) => x.le(y),
  eq: (x, y) => x.eq(y),
  ne: (x, y) => x.ne(y),
  'and of comparisons': (x, y) => x.lt(y).and(x.ne(0)),
  'or of comparisons': (x, y) => x.lt(y).or(y.eq(0)),
  'not of a comparison': (x, y) => x.lt(y).not(),
  where: (x, y) => x.lt(y).where(x, y),
  'cast to i32': (x) => x.cast('i32'),
  'cast to u32': (x) => x.cast('u32'),
  'cast to bool': (x) => x.cast('bool'),
  'cast of a comparison': (x, y) => x.le(y).cast('f32'),
  'times infinity': (x) => x.mul(Infinity),
  'times NaN': (x) => x.mul(Number.NaN),
  'plus negative zero': (x) => x.add(-0),
  'times negative zero': (x) => x.mul(-0),
  'plus the smallest': (x) => x.add(SMALLEST),
};

const integers: Readonly<Record<string, (x: Tensor, y: Tensor) => Tensor>> = {
  add: (x, y) => x.add(y),
  sub: (x, y) => x.sub(y),
  mul: (x, y) => x.mul(y),
  minimum: (x, y) => x.minimum(y),
  maximum: (x, y) => x.maximum(y),
  relu: (x) => x.relu(),
  lt: (x, y) => x.lt(y),
  le: (x, y) => x.le(y),
  eq: (x, y) => x.eq(y),
  'cast to f32': (x) => x.cast('f32'),
  'cast to i32': (x) => x.cast('i32'),
  'cast to u32': (x) => x.cast('u32'),
  'cast to bool': (x) => x.cast('bool'),
  sum: (x) => x.sum(),
  prod: (x) => x.prod(),
  max: (x) => x.max(),
  min: (x) => x.min(),
  argmax: (x) => x.argmax(0),
  argmin: (x) => x.argmin(0),
};

/** Sizes without a vector, with whole vectors, and with every tail. */
const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9];

describe.each(sizes)('%s elements on WebAssembly', (n) => {
  it('have the special values of IEEE 754 and of PyTorch, in every lane and in the tail', () => {
    const run = compared('floats', (m) => {
      const [x, y] = [m.input('x', { shape: [n] }), m.input('y', { shape: [n] })];
      return Object.fromEntries(Object.entries(exact).map(([name, make]) => [name, make(x, y)]));
    });
    for (const [x, y] of rotations(floats, n)) run(x, y, 0);
  });

  it('have functions with the right limits, and no result from a neighbour', () => {
    const run = compared('functions', (m) => {
      const x = m.input('x', { shape: [n] });
      return Object.fromEntries(Object.entries(mathFunctions).map(([name, make]) => [name, make(x)]));
    });
    for (const [x, y] of rotations(floats, n)) run(x, y, 4e-7);
  });

  it.each([
    ['i32', signed],
    ['u32', unsigned],
  ] as const)(
    'of %s wrap around, compare by their sign, and saturate when they are cast',
    (dtype, values) => {
      const own: typeof integers =
        dtype === 'u32' ? integers : { ...integers, neg: (x) => x.neg(), abs: (x) => x.abs() };
      const run = compared(dtype, (m) => {
        const [x, y] = [m.input('x', { shape: [n], dtype }), m.input('y', { shape: [n], dtype })];
        return Object.fromEntries(Object.entries(own).map(([name, make]) => [name, make(x, y)]));
      });
      for (const [x, y] of rotations(values, n)) run(x, y, 0);
    },
  );

  it('are reduced with their NaNs and infinities, along a row, across rows, and all together', () => {
    const rows = 5;
    const run = compared('reductions', (m) => {
      const x = m.input('x', { shape: [rows, n] });
      const along = (name: string, axes: number[]): Record<string, Tensor> => ({
        [`sum ${name}`]: x.sum(axes),
        [`prod ${name}`]: x.prod(axes),
        [`max ${name}`]: x.max(axes),
        [`min ${name}`]: x.min(axes),
        [`mean ${name}`]: x.mean(axes),
        [`argmax ${name}`]: x.argmax(axes),
        [`argmin ${name}`]: x.argmin(axes),
        [`logSumExp ${name}`]: x.logSumExp(axes),
      });
      return { ...along('along rows', [1]), ...along('across rows', [0]), ...along('of all', [0, 1]) };
    });
    const ordinary = Array.from({ length: rows * n }, (_, k) => ((k * 7) % 5) / 4 + 0.25);
    const special = [Number.NaN, Infinity, -Infinity, -0, 2 ** -100];
    for (const [k, a] of special.entries()) {
      for (let at = 0; at < rows * n; at += 3) {
        const values = [...ordinary];
        values[at] = a;
        run({ shape: [rows, n], data: values });
        values[(at + 1 + k) % values.length] = special[(k + at) % special.length] ?? 0;
        run({ shape: [rows, n], data: values });
      }
    }
  });

  /** Runs a module on both, on inputs of one shape, and expects the same values. */
  function compared(
    name: string,
    outputs: (m: ModuleBuilder) => Record<string, Tensor>,
  ): (x: Given | readonly number[], y?: Given | readonly number[], tolerance?: number) => void {
    const check = checker(defineModule(name, (m) => m.entry('run', outputs(m))));
    const given = (of: Given | readonly number[]): Given => ('shape' in of ? of : { shape: [n], data: of });
    return (x, y, tolerance = 1e-6) =>
      check({ inputs: { x: given(x), ...(y === undefined ? {} : { y: given(y) }) } }, tolerance);
  }
});

describe('a product in tiles', () => {
  it('takes a NaN and an infinity of one operand to the rows and columns that they belong to, and no others', () => {
    const [rows, inner, columns] = [17, 13, 11];
    const check = checker(
      defineModule('product', (m) => {
        const [x, y] = [m.input('x', { shape: [rows, inner] }), m.input('y', { shape: [inner, columns] })];
        m.entry('run', { out: x.matmul(y), turned: y.transpose().matmul(x.transpose()) });
      }),
    );
    const ordinary = (count: number): number[] =>
      Array.from({ length: count }, (_, k) => ((k * 7) % 11) / 8 - 0.5);
    for (const special of [Number.NaN, Infinity, -Infinity, LARGEST]) {
      for (const [operand, count] of [
        ['x', rows * inner],
        ['y', inner * columns],
      ] as const) {
        for (let at = 0; at < count; at += 29) {
          const data = { x: ordinary(rows * inner), y: ordinary(inner * columns) };
          data[operand][at] = special;
          const inputs = {
            x: { shape: [rows, inner], data: data.x },
            y: { shape: [inner, columns], data: data.y },
          };
          check({ inputs }, 1e-6);
        }
      }
    }
  });
});

/** Two operands of n values each, so that every value meets others in every place. */
function* rotations(values: readonly number[], n: number): Generator<readonly [number[], number[]]> {
  const from = (start: number): number[] =>
    Array.from({ length: n }, (_, k) => values[(start + k) % values.length] ?? 0);
  for (let i = 0; i < values.length; i++)
    for (const by of n === 7 ? values.keys() : [0, 1, 5]) yield [from(i), from(i + by)];
}

/**
 * Runs steps on WebAssembly and on the reference evaluator, and expects the same values: NaNs for NaNs,
 * infinities and zeros of one sign, others with an error of no more than `tolerance`.
 */
function checker(module: Module): (feeds: StepFeeds, tolerance: number) => void {
  const session = bareSession(compileToWasm(module, assemble), {}, 'strict');
  const reference = referenceSession(module);
  return (feeds, tolerance) => {
    const actual = session.step('run', feeds);
    for (const [name, { data, dtype }] of Object.entries(reference.step('run', feeds))) {
      for (const [k, value] of data.entries()) {
        const wanted = dtype === 'f32' ? Math.fround(value) : value;
        const found = actual[name]?.data[k] ?? 'nothing';
        const near = typeof found === 'number' && Math.abs(found - wanted) <= tolerance * Math.abs(wanted);
        if (!Object.is(found, wanted) && !(near && wanted !== 0))
          expect.fail(`${name}[${k}] is ${found}, should be ${wanted}: ${JSON.stringify(shown(feeds))}`);
      }
    }
    expect(session.damage).toEqual([]);
  };
}

function shown({ inputs = {} }: StepFeeds): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { data }]) => [name, Array.from(data).join(', ')]),
  );
}
