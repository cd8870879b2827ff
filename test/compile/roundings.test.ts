import { describe, expect, it } from 'vitest';
import { defineModule, full, type Tensor } from '../../src/graph/index.ts';
import { Dice } from '../oracle/dice.ts';
import type { Target } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { wgsl } from '../values/wgsl.ts';

const targets: readonly Target[] = [wasm(1), wgsl('webgpu-software'), wgsl('webgpu')];
const { fround } = Math;

/** Float32 arithmetic as a tree: what a user writes, and what each operation rounds to. */
type Arithmetic =
  | { readonly kind: 'input'; readonly name: Name }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'peak'; readonly of: Arithmetic }
  | { readonly kind: 'apply'; readonly op: keyof typeof operations; readonly args: readonly Arithmetic[] };

type Name = 'a' | 'b' | 'c';

/** Each operation on tensors, and on numbers before they are rounded. */
const operations = {
  add: { tensor: (x: Tensor, y: Tensor) => x.add(y), number: (x: number, y: number) => x + y },
  sub: { tensor: (x: Tensor, y: Tensor) => x.sub(y), number: (x: number, y: number) => x - y },
  mul: { tensor: (x: Tensor, y: Tensor) => x.mul(y), number: (x: number, y: number) => x * y },
  div: { tensor: (x: Tensor, y: Tensor) => x.div(y), number: (x: number, y: number) => x / y },
  neg: { tensor: (x: Tensor) => x.neg(), number: (x: number) => -x },
  abs: { tensor: (x: Tensor) => x.abs(), number: Math.abs },
  sqrt: { tensor: (x: Tensor) => x.sqrt(), number: Math.sqrt },
  square: { tensor: (x: Tensor) => x.square(), number: (x: number) => x * x },
  reciprocal: { tensor: (x: Tensor) => x.reciprocal(), number: (x: number) => 1 / x },
};

/** The largest of a row everywhere in it: what depends on it and on its operand is a row program. */
function peak(x: Tensor): Tensor {
  return x.max(-1, { keepDims: true }).broadcastTo(x.shape);
}

const COLUMNS = 12;
const SHAPE = [2, COLUMNS];
/** Two rows of each input: the first one has all that is special. */
const inputs: Readonly<Record<Name, readonly number[]>> = {
  a: [1.7, 2.3, 3e30, 0, 5.1, Infinity, 1e-30, -3.3, 3e38, 16777217, Number.NaN, 0.1, ...plain(3)].map(
    fround,
  ),
  b: [0, 2.9, 1e20, 0, Infinity, 0, 1e-20, 7, 3e38, 0.3, 1, -1e8, ...plain(5)].map(fround),
  c: [-0.7, 1e10, -1e-10, 3, 1, -Infinity, 1e25, 1e-3, 2, 33554433, 0, 1e8, ...plain(7)].map(fround),
};
const constants = [1e8, 3, 0.1, 1e30, 1e-30, -7, 0.5, 1, 2 ** 24].map(fround);

function plain(by: number): number[] {
  return Array.from({ length: COLUMNS }, (_, k) => ((k * by) % COLUMNS) * 1.1 - by);
}

/** A short tree, whose operations often take back what an operand of theirs has done. */
function drawn(dice: Dice, depth: number): Arithmetic {
  if (depth === 0) return leaf(dice);
  if (dice.chance(0.1)) return { kind: 'peak', of: drawn(dice, depth - 1) };
  if (dice.chance(0.25)) {
    const op = dice.oneOf(['neg', 'neg', 'abs', 'sqrt', 'square', 'reciprocal'] as const);
    return { kind: 'apply', op, args: [drawn(dice, depth - 1)] };
  }
  const op = dice.oneOf(['add', 'sub', 'mul', 'div'] as const);
  const of = drawn(dice, depth - 1);
  const inside = leavesOf(of);
  const shared = (dice.chance(0.7) ? dice.maybeOneOf(inside) : undefined) ?? leaf(dice);
  const other = dice.chance(0.15) ? drawn(dice, depth - 1) : shared;
  // A quotient by a constant may be a product with the rounded reciprocal: WGSL says so, and drivers do.
  if (op === 'div' && other.kind === 'constant') return { kind: 'apply', op: 'div', args: [other, of] };
  return { kind: 'apply', op, args: dice.chance(0.7) ? [of, other] : [other, of] };
}

function leaf(dice: Dice): Arithmetic {
  if (dice.chance(0.25)) return { kind: 'constant', value: dice.maybeOneOf(constants) ?? 1 };
  return { kind: 'input', name: dice.oneOf(['a', 'b', 'c'] as const) };
}

function leavesOf(of: Arithmetic): readonly Arithmetic[] {
  if (of.kind === 'peak') return [of, ...leavesOf(of.of)];
  return of.kind === 'apply' ? of.args.flatMap(leavesOf) : [of];
}

/** Whether a constant divides somewhere, in this order or after a constant tree was folded. */
function dividesByConstant(of: Arithmetic): boolean {
  if (of.kind === 'peak') return dividesByConstant(of.of);
  if (of.kind !== 'apply') return false;
  const [, divisor] = of.args;
  const inside = divisor === undefined ? [] : leavesOf(divisor);
  const isConstant = inside.length > 0 && inside.every(({ kind }) => kind === 'constant' || kind === 'peak');
  return (of.op === 'div' && isConstant) || of.args.some(dividesByConstant);
}

function textOf(of: Arithmetic): string {
  if (of.kind === 'input') return of.name;
  if (of.kind === 'peak') return `peak(${textOf(of.of)})`;
  return of.kind === 'constant' ? String(of.value) : `${of.op}(${of.args.map(textOf).join(', ')})`;
}

function tensorOf(of: Arithmetic, given: Readonly<Record<Name, Tensor>>): Tensor {
  if (of.kind === 'input') return given[of.name];
  if (of.kind === 'constant') return full(given.a, SHAPE, of.value);
  if (of.kind === 'peak') return peak(tensorOf(of.of, given));
  const [x = given.a, y = given.a] = of.args.map((arg) => tensorOf(arg, given));
  return operations[of.op].tensor(x, y);
}

/**
 * The value at an element in float32; undefined where it meets a subnormal number, which a device may flush, or the
 * negation of a zero: `-(x - y)` may be `y - x`, which is a zero of the other sign.
 */
function rounded(of: Arithmetic, k: number): number | undefined {
  if (of.kind === 'input') return inputs[of.name][k];
  if (of.kind === 'constant') return of.value;
  if (of.kind === 'peak') {
    const first = k - (k % COLUMNS);
    const row = Array.from({ length: COLUMNS }, (_, column) => rounded(of.of, first + column));
    return row.reduce((x, y) => (x === undefined || y === undefined ? undefined : Math.max(x, y)));
  }
  const args = of.args.map((arg) => rounded(arg, k));
  const [x, y = 0] = args;
  if (x === undefined || args.includes(undefined)) return undefined;
  if (of.op === 'neg' && x === 0) return undefined;
  const value = fround(operations[of.op].number(x, y));
  return value !== 0 && Math.abs(value) < 2 ** -126 ? undefined : value;
}

/** Modules that are drawn; `SINTER_SEEDS=1000-1020` draws others. */
const [firstSeed = 0, lastSeed = 2] = (process.env.SINTER_SEEDS ?? '0-2').split('-').map(Number);

/** Trees of a seed. */
function trees(seed: number, count: number): Arithmetic[] {
  const dice = new Dice(seed);
  const all: Arithmetic[] = [];
  while (all.length < count) {
    const tree = drawn(dice, dice.between(2, 4));
    if (!dividesByConstant(tree)) all.push(tree);
  }
  return all;
}

describe.each(targets)('on $name', (target) => {
  it('sums, products and what takes them back round as float32 arithmetic does', async () => {
    const wrong: string[] = [];
    for (let seed = firstSeed; seed < lastSeed; seed++) {
      const drawnTrees = trees(seed, 30);
      const module = defineModule('arithmetic', (m) => {
        const [a, b, c] = (['a', 'b', 'c'] as const).map((name) => m.input(name, { shape: SHAPE }));
        if (a === undefined || b === undefined || c === undefined) throw new TypeError('an input is missing');
        const outputs = drawnTrees.map((tree, k) => [`y${k}`, tensorOf(tree, { a, b, c })] as const);
        m.entry('run', Object.fromEntries(outputs));
      });
      const session = await target.start(module);
      const feeds = Object.entries(inputs).map(([name, data]) => [name, { shape: SHAPE, data }] as const);
      const outputs = await session.step('run', { inputs: Object.fromEntries(feeds) });
      await session.dispose();
      for (const [k, tree] of drawnTrees.entries()) {
        for (let at = 0; at < 2 * COLUMNS; at++) {
          const [found, wanted] = [outputs[`y${k}`]?.data[at], rounded(tree, at)];
          if (wanted !== undefined && found !== wanted && !(Number.isNaN(found) && Number.isNaN(wanted)))
            wrong.push(`${textOf(tree)} at ${at}: ${found}, not ${wanted}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});
