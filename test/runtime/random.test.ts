import { describe, expect, test } from 'vitest';
import type { Init, StateSlot } from '../../src/runtime/index.ts';
import { firstValue } from '../../src/runtime/init.ts';
import { normal, permutation, threefry, uniform } from '../../src/runtime/random.ts';

const pair = (...args: [number, number, number, number]): string =>
  threefry(...args, (a, b) => `${a.toString(16)} ${b.toString(16)}`);

function slot(init: Init, shape: readonly number[], dtype: StateSlot['dtype'] = 'f32'): StateSlot {
  return { name: 'w', dtype, shape, arena: dtype === 'f32' ? 'state' : 'words', offset: 0, init };
}

describe('random numbers', () => {
  test('threefry gives the known answers of its authors', () => {
    expect(pair(0, 0, 0, 0)).toBe('6b200159 99ba4efe');
    expect(pair(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff)).toBe('1cb996fc bb002be7');
    expect(pair(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toBe('c4923a9c 483df7a0');
  });

  test('uniform draws lie in [0, 1) with the mean and the variance of their distribution', () => {
    const draws = Array.from({ length: 20_000 }, (_, i) => uniform(5, 1, i, 0));
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThan(1);
    const mean = draws.reduce((sum, u) => sum + u, 0) / draws.length;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(draws.reduce((sum, u) => sum + (u - mean) ** 2, 0) / draws.length).toBeCloseTo(1 / 12, 2);
  });

  test("normal draws are those of Box and Muller with the library's logarithm and cosine, to seven digits", () => {
    for (let i = 0; i < 5000; i++) {
      const [u, turns] = threefry(9, 4, i, 0, (a, b) => [(a + 0.5) / 2 ** 32, b / 2 ** 32]);
      const radius = Math.sqrt(-2 * Math.log(u));
      expect(Math.abs(normal(9, 4, i) / radius - Math.cos(2 * Math.PI * turns))).toBeLessThan(1e-7);
    }
  });

  test('normal draws have mean 0, deviation 1 and the tails of a normal distribution', () => {
    const draws = Array.from({ length: 20_000 }, (_, i) => normal(1, 2, i));
    const mean = draws.reduce((sum, z) => sum + z, 0) / draws.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(Math.sqrt(draws.reduce((sum, z) => sum + z * z, 0) / draws.length)).toBeCloseTo(1, 1);
    const beyond = draws.filter((z) => Math.abs(z) > 1.96).length / draws.length;
    expect(beyond).toBeGreaterThan(0.04);
    expect(beyond).toBeLessThan(0.06);
  });

  test('a permutation holds every row once, another one for each draw and seed', () => {
    const drawn = permutation(1, 0, 100);
    expect([...drawn].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(permutation(1, 0, 100)).toEqual(drawn);
    expect(permutation(1, 1, 100)).not.toEqual(drawn);
    expect(permutation(2, 0, 100)).not.toEqual(drawn);
    expect([...permutation(1, 0, 1)]).toEqual([0]);
  });
});

describe('first values', () => {
  test('are the same bits for a seed and a stream, pinned here', () => {
    const glorot: Init = { kind: 'uniform', low: -0.5, high: 0.5, stream: 3 };
    expect([...firstValue(slot(glorot, [4]), 1)].map((w) => w.toString(16))).toMatchInlineSnapshot(`
      [
        "be04689a",
        "3ec4c153",
        "bd2f92eb",
        "bdea868c",
      ]
    `);
    const he: Init = { kind: 'normal', mean: 0, deviation: 0.1, stream: 3 };
    expect([...firstValue(slot(he, [4]), 1)].map((w) => w.toString(16))).toMatchInlineSnapshot(`
      [
        "3cd01378",
        "3d4b2065",
        "bdda1283",
        "bd61533d",
      ]
    `);
  });

  test('differ between equal states, and between seeds', () => {
    const init = (stream: number): Init => ({ kind: 'normal', mean: 0, deviation: 1, stream });
    const drawn = firstValue(slot(init(0), [8]), 1);
    expect(firstValue(slot(init(1), [8]), 1)).not.toEqual(drawn);
    expect(firstValue(slot(init(0), [8]), 2)).not.toEqual(drawn);
  });

  test('an element does not depend on how many there are', () => {
    const init: Init = { kind: 'uniform', low: 0, high: 1, stream: 0 };
    expect(firstValue(slot(init, [2, 3]), 1)).toEqual(firstValue(slot(init, [100]), 1).slice(0, 6));
  });

  test('constants have the type of their state', () => {
    const bits = (init: Init, dtype: StateSlot['dtype']): number[] => [
      ...firstValue(slot(init, [1], dtype), 0),
    ];
    expect(bits({ kind: 'constant', value: 1 }, 'f32')).toEqual([0x3f800000]);
    expect(bits({ kind: 'constant', value: -0 }, 'f32')).toEqual([0x80000000]);
    expect(bits({ kind: 'constant', value: -1 }, 'i32')).toEqual([0xffffffff]);
    expect(bits({ kind: 'constant', value: 7 }, 'u32')).toEqual([7]);
    expect(bits({ kind: 'constant', value: 1 }, 'bool')).toEqual([1]);
    expect(firstValue(slot({ kind: 'constant', value: 1 }, [0]), 0)).toHaveLength(0);
    expect(firstValue(slot({ kind: 'constant', value: 1 }, []), 0)).toHaveLength(1);
  });

  test('given values keep their bits', () => {
    const words = Uint32Array.of(0x80000000, 0x7fc00001, 1);
    const init: Init = { kind: 'values', words: Buffer.from(words.buffer).toString('base64') };
    expect(firstValue(slot(init, [3]), 0)).toEqual(words);
  });
});
