import { beforeAll, describe, expect, it } from 'vitest';
import { defineModule } from '../../src/graph/index.ts';
import * as init from '../../src/nn/init.ts';
import * as random from '../../src/random/index.ts';
import { words } from '../../src/random/stream.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { seeded } from './session.ts';

const COUNT = 1 << 15;
const STEPS = 4;

const module = defineModule('statistics', (m) => {
  m.entry('run', {
    words: words('words', m, [COUNT]),
    uniform: random.uniform(m, [COUNT]),
    twin: random.uniform(m, [COUNT]),
    normal: random.normal(m, [COUNT]),
    coins: random.bernoulli(m, 0.1, [COUNT]),
    dice: random.integers(m, 0, 6, [COUNT]),
    many: random.integers(m, -500, 500, [COUNT]),
    order: random.permutation(m, 24),
  });
});

/** What some steps gave, one after another. */
const drawn = new Map<string, number[]>();
const of = (name: string): number[] => drawn.get(name) ?? [];

beforeAll(async () => {
  const session = await seeded(module, 2026);
  for (let step = 0; step < STEPS; step++)
    for (const [name, { data }] of Object.entries(await session.run('run')))
      drawn.set(name, [...of(name), ...Array.from(data)]);
  session.dispose();
});

/**
 * Pearson's statistic of counts, made standard normal (Wilson and Hilferty, 1931): beyond 4 it is by chance once in 30,000
 * times, and numbers that are too even show below.
 *
 * @param weights of the kinds, in relation to each other; all alike where they are left out
 */
function deviation(counts: readonly number[], weights = counts.map(() => 1)): number {
  const [all, whole] = [counts, weights].map((xs) => xs.reduce((a, b) => a + b, 0));
  let statistic = 0;
  for (const [k, count] of counts.entries()) {
    const wanted = ((all ?? 0) * (weights[k] ?? 0)) / (whole ?? 1);
    statistic += (count - wanted) ** 2 / wanted;
  }
  const freedom = counts.length - 1;
  const spread = 2 / (9 * freedom);
  return (Math.cbrt(statistic / freedom) - (1 - spread)) / Math.sqrt(spread);
}

function expectByChance(counts: readonly number[], weights?: readonly number[]): void {
  expect(Math.abs(deviation(counts, weights === undefined ? undefined : [...weights]))).toBeLessThan(4);
}

/** How many of numbers fall into each of `kinds` kinds. */
function counted(values: readonly number[], kinds: number, kind: (x: number) => number): number[] {
  const counts = new Array<number>(kinds).fill(0);
  for (const value of values) counts[kind(value)] = (counts[kind(value)] ?? 0) + 1;
  return counts;
}

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

/** The correlation of two rows of numbers, in standard deviations of that of independent ones. */
function correlation(xs: readonly number[], ys: readonly number[]): number {
  const [a, b] = [mean(xs), mean(ys)];
  const product = (ps: readonly number[], p: number, qs: readonly number[], q: number): number =>
    mean(ps.map((v, k) => (v - p) * ((qs[k] ?? 0) - q)));
  const scale = Math.sqrt(product(xs, a, xs, a) * product(ys, b, ys, b));
  return (product(xs, a, ys, b) / scale) * Math.sqrt(xs.length);
}

describe('random numbers are as even as chance has it', () => {
  it('fractions, in a thousand parts, and the lowest bits of them', () => {
    expectByChance(counted(of('uniform'), 1000, (x) => Math.floor(x * 1000)));
    expectByChance(counted(of('uniform'), 256, (x) => (x * 2 ** 24) % 256));
    expect(Math.max(...of('uniform').slice(0, COUNT))).toBeLessThan(1);
  });

  it('first values of a state of words', async () => {
    const dice = defineModule('dice', (m) => {
      const face = m.state('face', { shape: [6000], dtype: 'u32', init: init.uniform(1, 7) });
      m.entry('run', { most: face.max() });
    });
    const session = await seeded(dice, 1);
    const faces = Array.from((await session.read('face')).data);
    session.dispose();
    expectByChance(counted(faces, 6, (x) => x - 1));
    expect(Array.from(referenceSession(dice, {}, { seed: 1 }).read('face').data)).toEqual(faces);
  });

  it('pairs of neighbours', () => {
    const xs = of('uniform');
    const pairs = xs.flatMap((x, k) =>
      k % 2 === 0 ? [32 * Math.floor(x * 32) + Math.floor((xs[k + 1] ?? 0) * 32)] : [],
    );
    expectByChance(counted(pairs, 1024, (x) => x));
  });

  it('choices, dice and whole numbers of a range', () => {
    expectByChance(
      counted(of('coins'), 2, (x) => x),
      [0.9, 0.1],
    );
    expectByChance(counted(of('dice'), 6, (x) => x));
    expectByChance(counted(of('many'), 1000, (x) => x + 500));
  });

  it('normal ones: moments, and by parts of the distribution', () => {
    const xs = of('normal');
    const moment = (n: number): number => mean(xs.map((x) => x ** n));
    // Each in standard deviations of its own.
    const errors = [
      moment(1),
      (moment(2) - 1) / Math.sqrt(2),
      moment(3) / Math.sqrt(15),
      (moment(4) - 3) / Math.sqrt(96),
    ];
    for (const error of errors) expect(Math.abs(error) * Math.sqrt(xs.length)).toBeLessThan(4);
    // Eighths of the standard normal distribution end here.
    const ends = [-1.1503493804, -0.6744897502, -0.318639364, 0, 0.318639364, 0.6744897502, 1.1503493804];
    expectByChance(counted(xs, 8, (x) => ends.filter((end) => x >= end).length));
    const tails = xs.filter((x) => Math.abs(x) > 3).length;
    expectByChance([tails, xs.length - tails], [0.0026997961, 0.9973002039]);
  });

  it('permutations: each number once, in another order at each step', () => {
    const rows = of('order');
    for (let at = 0; at < rows.length; at += 24) {
      const order = rows.slice(at, at + 24);
      expect([...order].sort((a, b) => a - b)).toEqual(order.map((_, k) => k));
      expect(order).not.toEqual(order.map((_, k) => k));
    }
    expect(
      new Set(Array.from({ length: STEPS }, (_, k) => rows.slice(24 * k, 24 * k + 24).join())).size,
    ).toBe(STEPS);
  });

  it('bits of words: each by itself, how many are set, and beside the next word', () => {
    const xs = of('words');
    for (let bit = 0; bit < 32; bit++) expectByChance(counted(xs, 2, (x) => (x >>> bit) & 1));
    const set = (x: number): number => {
      let count = 0;
      for (let rest = x; rest !== 0; rest &= rest - 1) count++;
      return count;
    };
    const binomial = Array.from({ length: 33 }, (_, k) => {
      let ways = 1;
      for (let j = 0; j < k; j++) ways = (ways * (32 - j)) / (j + 1);
      return ways;
    });
    // Ends together, where hardly any is.
    const kinds = 13;
    const kind = (count: number): number => Math.min(Math.max(count - 10, 0), kinds - 1);
    const weights = new Array<number>(kinds).fill(0);
    for (const [count, ways] of binomial.entries()) weights[kind(count)] = (weights[kind(count)] ?? 0) + ways;
    expectByChance(
      counted(xs, kinds, (x) => kind(set(x))),
      weights,
    );
    expectByChance(
      counted(
        xs.slice(1).map((x, k) => (x ^ (xs[k] ?? 0)) >>> 0),
        kinds,
        (x) => kind(set(x)),
      ),
      weights,
    );
  });
});

describe('random numbers do not hang together', () => {
  it('neighbours, rows, steps and streams', () => {
    const xs = of('uniform');
    for (const lag of [1, 2, 3, 4, 8, 32, 256, COUNT])
      expect(Math.abs(correlation(xs.slice(0, -lag), xs.slice(lag))), `${lag} apart`).toBeLessThan(4);
    expect(Math.abs(correlation(xs, of('twin')))).toBeLessThan(4);
  });

  it('nor do seeds that follow each other', async () => {
    const one = defineModule('one', (m) => m.entry('run', { x: random.uniform(m, [4096]) }));
    const rows: number[][] = [];
    for (const seed of [0, 1, 2]) {
      const session = await seeded(one, seed);
      rows.push(Array.from((await session.run('run')).x?.data ?? []));
      session.dispose();
    }
    const [a = [], b = [], c = []] = rows;
    for (const [x, y] of [
      [a, b],
      [b, c],
      [a, c],
    ] as const)
      expect(Math.abs(correlation(x, y))).toBeLessThan(4);
  });
});
