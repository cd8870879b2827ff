import { afterAll, expect, test } from 'vitest';
import { defineModule, type Module, type Tensor } from '../../src/graph/index.ts';
import { applyScalar, type ScalarDef, type ScalarOp, scalarOps } from '../../src/loops/index.ts';
import { Xla } from './xla.ts';

const xla = new Xla();

afterAll(() => {
  xla.end();
  expect(xla.said).toBe('');
});

const magnitudes = [0, 0.5, 1, 1.5, 2, 2.5, 3, 7.25, 20, 87, 1e-8, 1e8, 3e9, 3e38, Infinity].map(Math.fround);
const words = [0, 1, 2, 3, 7, 30, 31, 32, 33, 100, 2 ** 31 - 1];

/** Numbers at which operations have something special, of each type. */
const numbers = {
  f32: [...magnitudes.flatMap((x) => [x, -x]), Number.NaN],
  i32: [...words.flatMap((x) => [x, 0 - x]), -(2 ** 31)],
  u32: [...words, 2 ** 31, 2 ** 32 - 1],
  bool: [0, 1],
} as const;

type Kind = keyof typeof numbers;

const kinds = ['f32', 'i32', 'u32', 'bool'] as const satisfies readonly Kind[];

/** The types that operations take. */
const taken = {
  float: ['f32'],
  number: ['f32', 'i32', 'u32'],
  integer: ['i32', 'u32'],
  word: ['u32'],
  bool: ['bool'],
  any: kinds,
  select: [],
  listed: [],
} as const satisfies Record<ScalarDef['operands'], readonly Kind[]>;

/** An operation on numbers of a type, or a conversion of them to another one. */
interface Application {
  readonly op: ScalarOp;
  readonly to: Kind;
  readonly arity: number;
}

function applicationsTo(kind: Kind): Application[] {
  return (Object.keys(scalarOps) as ScalarOp[]).flatMap((op): Application[] => {
    const { operands, arity, result }: ScalarDef = scalarOps[op];
    if (result === 'cast') return kinds.map((to) => ({ op, to, arity }));
    if (!taken[operands].some((one) => one === kind)) return [];
    return [{ op, to: result === 'bool' ? 'bool' : kind, arity }];
  });
}

/** All tuples of values, a list for each operand; four operands take a few of each. */
function operandsOf(kind: Kind, arity: number): number[][] {
  const values = arity > 2 ? numbers[kind].slice(-4) : numbers[kind];
  return Array.from({ length: arity }, (_, k) =>
    Array.from(
      { length: values.length ** arity },
      (_, n) => values[Math.floor(n / values.length ** k) % values.length] ?? 0,
    ),
  );
}

/** All operations on one type, an output each. */
function moduleOf(kind: Kind): Module {
  return defineModule(kind, (m) => {
    const inputs = [1, 2, 4].map((arity) =>
      operandsOf(kind, arity).map(({ length }, k) =>
        m.input(`${arity}.${k}`, { shape: [length], dtype: kind }),
      ),
    );
    const outputs: Record<string, Tensor> = {};
    for (const { op, to, arity } of applicationsTo(kind)) {
      const operands = inputs.find((list) => list.length === arity) ?? [];
      const nodes = operands.map(({ node }) => node);
      const node = m.graph.build(op, nodes, op === 'cast' ? { dtype: to } : {});
      const [first] = operands;
      if (first !== undefined) outputs[`${op} to ${to}`] = first.wrap(node);
    }
    m.entry('run', outputs);
  });
}

// Zeros have their signs, but for relu: whether max(x, 0) of -0 is one or the other is left open.
test.each(kinds)(
  'scalar operations on %s have the values that their table says, special ones too',
  async (kind) => {
    const inputs = [1, 2, 4].flatMap((arity) =>
      operandsOf(kind, arity).map((data, k) => [`${arity}.${k}`, { shape: [data.length], data }] as const),
    );
    const session = await xla.start(moduleOf(kind));
    const found = await session.step('run', { inputs: Object.fromEntries(inputs) });
    const wrong = applicationsTo(kind).flatMap(({ op, to, arity }) => {
      const lists = operandsOf(kind, arity);
      const values = found[`${op} to ${to}`]?.data ?? [];
      expect(values, op).toHaveLength(lists[0]?.length ?? 0);
      return Array.from(values, (value, n) => {
        const operands = lists.map((list) => list[n] ?? 0);
        const wanted = applyScalar(op, operands, to, true);
        return isSame(value, wanted) || (op === 'relu' && value === wanted)
          ? ''
          : `${op}(${operands.map(shown)}) to ${to} is ${shown(value)}, not ${shown(wanted)}`;
      }).filter((text) => text !== '');
    });
    expect(wrong).toEqual([]);
  },
);

/** What a function may be off, of its value, and beside a zero of it. */
const RELATIVE = 2e-6;
const ABSOLUTE = 2 ** -24;

/** XLA takes what is smaller for zero. */
const SMALLEST_NORMAL = 2 ** -126;

/** Whether two values are one, zeros with their signs, or apart by a few units of their last digit. */
function isSame(found: number, wanted: number): boolean {
  if (Object.is(found, wanted)) return true;
  if (!Number.isFinite(found) || !Number.isFinite(wanted)) return false;
  if (Math.abs(wanted) < SMALLEST_NORMAL && wanted !== 0) return found === 0;
  if (wanted === 0) return found !== 0 && Math.abs(found) <= ABSOLUTE;
  return Math.abs(found - wanted) <= RELATIVE * Math.abs(wanted);
}

function shown(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
