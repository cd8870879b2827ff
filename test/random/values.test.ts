import { describe, expect, it } from 'vitest';
import { defineModule } from '../../src/graph/index.ts';
import * as random from '../../src/random/index.ts';
import type { Given } from '../../src/reference/index.ts';
import { reference } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { wgsl } from '../values/wgsl.ts';

const module = defineModule('generators', (m) => {
  const shape = [3, 37];
  m.entry('run', {
    uniform: random.uniform(m, shape, { high: Math.fround(1.7) }),
    below: random.uniform(m, shape, { low: -3, high: 1.7 }),
    normal: random.normal(m, shape, { mean: 2, deviation: 3 }),
    coins: random.bernoulli(m, 0.3, shape),
    biased: random.bernoulli(m, random.uniform(m, [37], { name: 'bias' }), shape),
    dice: random.integers(m, 1, 7, shape),
    large: random.integers(m, -70000, 70001, shape),
    most: random.integers(m, -(2 ** 31), 2 ** 31 - 1, shape),
    eight: random.integers(m, 0, 8, shape),
    order: random.permutation(m, 70),
  });
});

type Outputs = Readonly<Record<string, Given>>;

async function twoSteps(target: typeof reference): Promise<Outputs[]> {
  const session = await target.start(module);
  const steps = [await session.step('run'), await session.step('run')];
  await session.dispose();
  return steps;
}

/** What the reference computes in float64, as an f32 or an integer holds it. */
const stored = (value: number): number => (Number.isInteger(value) ? value : Math.fround(value));

const expected = twoSteps(reference);
const close = new Set(['below', 'normal']);

describe.each([wasm(1), wgsl('webgpu-software')])('on $name', (target) => {
  it('random numbers are those of the reference: integers, choices and fractions to the bit', async () => {
    const wanted = await expected;
    const found = await twoSteps(target);
    for (const [k, outputs] of found.entries()) {
      for (const [name, { data }] of Object.entries(outputs)) {
        const [values, right] = [Array.from(data), Array.from(wanted[k]?.[name]?.data ?? [], stored)];
        if (!close.has(name)) expect(values, name).toEqual(right);
        else
          expect(Math.max(...values.map((v, i) => Math.abs(v - (right[i] ?? NaN)))), name).toBeLessThan(8e-6);
      }
    }
  });
});

describe('random numbers', () => {
  it('are others at each step, and at each place', async () => {
    const [first, second] = await expected;
    expect(first?.uniform?.data).not.toEqual(second?.uniform?.data);
    const twins = defineModule('twins', (m) => {
      const [a, b] = [random.uniform(m, [64]), random.uniform(m, [64])];
      expect(a.node).not.toBe(b.node);
      m.entry('run', { a, b });
    });
    const session = await reference.start(twins);
    const { a, b } = await session.step('run');
    const equal = Array.from(a?.data ?? []).filter((value, k) => value === b?.data[k]);
    expect(equal).toEqual([]);
  });

  it('do not depend on how many rows of a batch are alive', async () => {
    const batched = defineModule('batched', (m) => {
      const batch = m.size('batch', { max: 6 });
      m.entry('run', { y: random.uniform(m, [batch, 5]), turned: random.uniform(m, [5, batch]) });
    });
    for (const target of [reference, wasm(1)]) {
      const [full, short] = [await target.start(batched), await target.start(batched)];
      const [all, some] = [await full.step('run'), await short.step('run', { live: { batch: 4 } })];
      expect(Array.from(some.y?.data ?? [])).toEqual(Array.from(all.y?.data ?? []).slice(0, 20));
      const columns = Array.from(all.turned?.data ?? []).filter((_, k) => k % 6 < 4);
      expect(Array.from(some.turned?.data ?? [])).toEqual(columns);
    }
  });

  it('of a named stream are the same wherever it is declared', async () => {
    const alone = defineModule('alone', (m) => m.entry('run', { y: random.uniform(m, [9], { name: 'y' }) }));
    const later = defineModule('later', (m) => {
      const other = random.uniform(m, [9]);
      m.entry('run', { other, y: random.uniform(m, [9], { name: 'y' }) });
    });
    const [a, b] = [await reference.start(alone), await reference.start(later)];
    const [one, two] = [await a.step('run'), await b.step('run')];
    expect(one.y?.data).toEqual(two.y?.data);
    expect(one.y?.data).not.toEqual(two.other?.data);
  });

  it('keep to their range at its ends', async () => {
    const ends = defineModule('ends', (m) => {
      const p = m.input('p', { shape: [4] });
      m.entry('run', {
        odd: random.bernoulli(m, p, [20, 4]),
        never: random.bernoulli(m, 0, [50]),
        always: random.bernoulli(m, 1, [50]),
        one: random.integers(m, 5, 6, [50]),
        least: random.uniform(m, [500], { low: -(2 ** -124), high: 2 ** -149 - 2 ** -126 }),
        narrow: random.uniform(m, [500], { low: 1, high: 1 + 2 ** -22 }),
        negative: random.uniform(m, [500], { low: -1 - 2 ** -22, high: -1 }),
        alone: random.permutation(m, 1),
        none: random.normal(m, [0, 3]),
      });
    });
    const p = { shape: [4], data: [1.5, -1, Number.NaN, Infinity] };
    const outputs = await (await wasm(1).start(ends)).step('run', { inputs: { p } });
    const of = (name: string): number[] => Array.from(outputs[name]?.data ?? []);
    expect(new Set(of('never'))).toEqual(new Set([0]));
    expect(new Set(of('always'))).toEqual(new Set([1]));
    expect(of('odd')).toEqual(Array.from({ length: 20 }, () => [1, 0, 0, 1]).flat());
    expect(Math.max(...of('least'))).toBeLessThanOrEqual(-(2 ** -126));
    expect(Math.min(...of('least'))).toBeGreaterThanOrEqual(-(2 ** -124));
    expect(new Set(of('one'))).toEqual(new Set([5]));
    expect(new Set(of('narrow'))).toEqual(new Set([1, 1 + 2 ** -23]));
    expect(new Set(of('negative'))).toEqual(new Set([-1 - 2 ** -22, -1 - 2 ** -23]));
    expect(of('alone')).toEqual([0]);
    expect(of('none')).toEqual([]);
  });
});
