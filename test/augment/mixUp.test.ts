import { describe, expect, it } from 'vitest';
import { betaQuantiles } from '../../src/augment/beta.ts';
import * as augment from '../../src/augment/index.ts';
import { defineModule, evaluation, type GraphIssue, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { expectRefusal } from '../graph/refusal.ts';
import { seeded } from '../random/session.ts';
import { reference } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { wgsl } from '../values/wgsl.ts';

const MOST = 8;

/** Rows that are mixed, with a class each. */
const module = defineModule('mixed', (m) => {
  const batch = m.size('batch', { max: MOST });
  const x = m.input('x', { shape: [batch, 3], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const mixed = augment.mixUp(x, y, { classes: MOST, alpha: 0.5, name: 'mixed' });
  m.entry('run', { x: mixed.x, shares: mixed.target });
});

describe.each([reference, wasm(1), wgsl('webgpu-software')])('on $name', (target) => {
  it('a row is mixed with another one of the live batch, and its label in the same shares', async () => {
    const session = await target.start(module);
    const distances: number[] = [];
    for (const live of [MOST, 5, 5, 1]) {
      const rows = Array.from({ length: live }, (_, i) => i);
      const inputs = {
        x: { shape: [live, 3], data: rows.flatMap((i) => [10 * i, 100, 10 * i]) },
        y: { shape: [live], data: rows },
      };
      const found = await session.step('run', { inputs, live: { batch: live } });
      const [x = [], shares = []] = ['x', 'shares'].map((name) => Array.from(found[name]?.data ?? []));
      expect(x).toHaveLength(3 * live);
      for (const i of rows) {
        const own = shares.slice(MOST * i, MOST * (i + 1));
        const others = own.flatMap((share, k) => (k !== i && share > 0 ? [k] : []));
        for (const k of others) distances.push(((k - i + live) % live) + 100 * live);
        expect(others.every((k) => k < live)).toBe(true);
        expect(others.length).toBeLessThanOrEqual(1);
        expect(own.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
        const value = own.reduce((sum, share, k) => sum + share * 10 * k, 0);
        for (const [column, wanted] of [value, 100, value].entries())
          expect(x[3 * i + column]).toBeCloseTo(wanted, 3);
      }
    }
    await session.dispose();
    // One for all rows of a step.
    expect(new Set(distances).size).toBeLessThanOrEqual(3);
  });
});

it('shares are of the beta distribution that is asked for', async () => {
  for (let k = 0; k <= 8; k++) {
    expect(betaQuantiles(1, 8)[k]).toBeCloseTo(k / 8, 12);
    expect(betaQuantiles(0.5, 8)[k]).toBeCloseTo(Math.sin((Math.PI * k) / 16) ** 2, 12);
    // Of both parameters 2 the distribution function is 3 x² - 2 x³.
    const x = betaQuantiles(2, 8)[k] ?? 0;
    expect(3 * x ** 2 - 2 * x ** 3).toBeCloseTo(k / 8, 12);
  }
  const rows = 1000;
  const many = defineModule('shares', (m) => {
    const y = m.input('y', { shape: [rows] });
    const { x: share, target } = augment.mixUp(y, y.mul(2), { alpha: 0.2 });
    m.entry('run', { share, target });
  });
  const session = await seeded(many, 3);
  // Neighbours differ by their sign; a partner that has the same leaves all as it is.
  const alternating = Array.from({ length: rows }, (_, k) => (k % 2 === 0 ? 1 : -1));
  const shares: number[] = [];
  for (let step = 0; step < 6; step++) {
    const { share, target } = await session.run('run', { y: alternating });
    expect(target?.data).toEqual(share?.data.map((value) => 2 * value));
    const own = Array.from(share?.data ?? [], (value, k) => (1 + value * (alternating[k] ?? 0)) / 2);
    if (own.some((value) => value < 0.999)) shares.push(...own);
  }
  session.dispose();
  expect(shares.length).toBeGreaterThan(rows);
  const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
  const variance = shares.reduce((sum, v) => sum + (v - 0.5) ** 2, 0) / shares.length;
  // Variance 1 / (4 (2 alpha + 1)); 5 standard deviations.
  const wanted = 1 / (4 * 1.4);
  expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(wanted / shares.length));
  expect(Math.abs(variance - wanted)).toBeLessThan((5 * 0.1) / Math.sqrt(shares.length));
});

describe('mixUp', () => {
  it('is off in evaluation, and trains by the cross-entropy of shares', () => {
    defineModule('trained', (m) => {
      const x = m.input('x', { shape: [4, 3] });
      const y = m.input('y', { shape: [4], dtype: 'i32' });
      const mixed = augment.mixUp(x, y, { classes: 5 });
      expect(evaluation(mixed.x).node).toBe(x.node);
      expect(evaluation(mixed.target).node).toBe(y.oneHot(5).node);
      m.entry('run', { loss: nn.crossEntropy(nn.dense(mixed.x, 5), mixed.target) });
    });
  });

  it.each<[refused: (x: Tensor, y: Tensor) => unknown, code: GraphIssue, text: string]>([
    [
      (x, y) => augment.mixUp(x, y),
      'option',
      'augment.mixUp: classes is missing: of integer labels it says how many there are',
    ],
    [
      (x) => augment.mixUp(x, x, { classes: 3 }),
      'option',
      'augment.mixUp: classes are those of integer labels [batch]: targets that are floats have none',
    ],
    [
      (x, y) => augment.mixUp(x, y, { classes: 3, alpha: 0 }),
      'option',
      'augment.mixUp: alpha is 0: it must be a number from 0.01 to 100',
    ],
    [
      (x, y) => augment.mixUp(x.slice([1]), y, { classes: 3 }),
      'shape-mismatch',
      'augment.mixUp: samples [3, 3] and labels [4] must have one batch',
    ],
  ])('refuses what does not fit: %#', (refused, code, text) => {
    const build = (): unknown =>
      defineModule('refused', (m) => {
        refused(m.input('x', { shape: [4, 3] }), m.input('y', { shape: [4], dtype: 'i32' }));
      });
    expectRefusal(build, code, text, 'mixUp.test.ts');
  });
});
