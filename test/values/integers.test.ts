import { describe, expect, it } from 'vitest';
import { defineModule, type Tensor } from '../../src/graph/index.ts';
import { Dice } from '../oracle/dice.ts';
import { reference } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

type Integer = 'i32' | 'u32';

/** What an operation means, over integers of any size; the result wraps. */
interface Meaning {
  readonly build: (x: Tensor, y: Tensor | number) => Tensor;
  readonly of: (x: bigint, y: bigint) => bigint;
}

const floorDiv = (x: bigint, y: bigint): bigint => {
  if (y === 0n) return 0n;
  const quotient = x / y;
  return quotient * y !== x && x < 0n !== y < 0n ? quotient - 1n : quotient;
};

const operations: Readonly<Record<string, Meaning>> = {
  floorDiv: { build: (x, y) => x.floorDiv(y), of: floorDiv },
  mod: { build: (x, y) => x.mod(y), of: (x, y) => (y === 0n ? 0n : x - floorDiv(x, y) * y) },
  bitAnd: { build: (x, y) => x.bitAnd(y), of: (x, y) => x & y },
  bitOr: { build: (x, y) => x.bitOr(y), of: (x, y) => x | y },
  bitXor: { build: (x, y) => x.bitXor(y), of: (x, y) => x ^ y },
  bitNot: { build: (x) => x.bitNot(), of: (x) => ~x },
  shiftLeft: { build: (x, n) => x.shiftLeft(n), of: (x, n) => (n < 0n || n > 31n ? 0n : x << n) },
  shiftRight: {
    build: (x, n) => x.shiftRight(n),
    of: (x, n) => (n < 0n || n > 31n ? (x < 0n ? -1n : 0n) : x >> n),
  },
  add: { build: (x, y) => x.add(y), of: (x, y) => x + y },
  mul: { build: (x, y) => x.mul(y), of: (x, y) => x * y },
};

/** Those that are spelled by what is known of the second operand. */
const spelledByOperand = Object.fromEntries(
  Object.entries(operations).filter(([name]) => /^(floorDiv|mod|shift)/.test(name)),
);

const wrapped = (x: bigint, dtype: Integer): number =>
  Number(dtype === 'i32' ? BigInt.asIntN(32, x) : BigInt.asUintN(32, x));

/** Integers at which something changes, some random ones, and numbers of places. */
function samples(dtype: Integer): number[] {
  const dice = new Dice(11);
  const random = Array.from({ length: 6 }, () => BigInt(Math.floor(dice.unit() * 2 ** 32)));
  const edges = [0, 1, 2, 3, 7, 10, 31, 32, 33, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, -1, -2, -7, -10, -32];
  return [...new Set([...edges.map(BigInt), ...random].map((x) => wrapped(x, dtype)))];
}

/** Second operands that are known when a module is compiled. */
const constants: Readonly<Record<Integer, readonly number[]>> = {
  i32: [0, 8, 32, -1, -5],
  u32: [0, 8, 32, 2 ** 32 - 1],
};

const module = defineModule('integers', (m) => {
  for (const dtype of ['i32', 'u32'] as const) {
    const xs = samples(dtype);
    const count = xs.length ** 2;
    const x = m.input(`x ${dtype}`, { shape: [count], dtype });
    const y = m.input(`y ${dtype}`, { shape: [count], dtype });
    const few = x.slice([0], [5 * xs.length], [xs.length]);
    m.entry(dtype, {
      ...Object.fromEntries(Object.entries(operations).map(([name, { build }]) => [name, build(x, y)])),
      ...Object.fromEntries(
        Object.entries(spelledByOperand).flatMap(([name, { build }]) => [
          // Of one element there is no vector.
          [`${name} alone`, build(x.select(0, count - 2), y.select(0, count - 2))] as const,
          ...constants[dtype].map((value) => [`${name} ${value}`, build(few, value)] as const),
        ]),
      ),
    });
  }
});

describe.each([reference, wasm(1), wgsl('webgpu-software')])('on $name', (target) => {
  it.each(['i32', 'u32'] as const)('%s have the values of integers of any size, wrapped', async (dtype) => {
    const all = samples(dtype);
    const [x, y] = [all.flatMap((a) => all.map(() => a)), all.flatMap(() => all)];
    const session = await target.start(module);
    const outputs = await session.step(dtype, {
      inputs: {
        [`x ${dtype}`]: { shape: [x.length], data: x },
        [`y ${dtype}`]: { shape: [y.length], data: y },
      },
    });
    await session.dispose();
    const wrong: string[] = [];
    const expectEach = (output: string, name: string, as: readonly number[], bs: readonly number[]): void => {
      const found = Array.from(outputs[output]?.data ?? []);
      expect(found).toHaveLength(as.length);
      as.forEach((a, k) => {
        const b = bs[k] ?? 0;
        const wanted = wrapped(operations[name]?.of(BigInt(a), BigInt(b)) ?? 0n, dtype);
        if (found[k] !== wanted) wrong.push(`${output}(${a}, ${b}) is ${found[k]}, not ${wanted}`);
      });
    };
    for (const name of Object.keys(operations)) expectEach(name, name, x, y);
    for (const name of Object.keys(spelledByOperand)) {
      expectEach(`${name} alone`, name, x.slice(-2, -1), y.slice(-2, -1));
      const few = all.slice(0, 5);
      for (const value of constants[dtype])
        expectEach(
          `${name} ${value}`,
          name,
          few,
          few.map(() => value),
        );
    }
    expect(wrong.slice(0, 8)).toEqual([]);
  });
});

it('bit operations of truth values are logical ones', () => {
  defineModule('truths', (m) => {
    const a = m.input('a', { shape: [3], dtype: 'bool' });
    const b = m.input('b', { shape: [3], dtype: 'bool' });
    expect(a.bitAnd(b).node).toBe(a.and(b).node);
    expect(a.bitOr(b).node).toBe(a.or(b).node);
    expect(a.bitXor(b).node).toBe(a.ne(b).node);
    expect(a.bitNot().node).toBe(a.not().node);
    m.entry('run', { both: a.bitAnd(b) });
  });
});
