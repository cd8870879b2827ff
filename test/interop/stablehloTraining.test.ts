import { afterAll, describe, expect, test } from 'vitest';
import { workloadOf } from '../../bench/byName.ts';
import type { Given, StepFeeds } from '../../src/reference/index.ts';
import { reference, type Target } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { Xla } from './xla.ts';

const xla = new Xla();

afterAll(() => {
  xla.end();
  expect(xla.said).toBe('');
});

const STEPS = 50;

/** Of the larger network. */
const FEW = 10;

/** Batches that a training goes through again and again; the last one is not full. */
const BATCHES = 8;

/** What each step of a workload is given. */
async function feedsOf(name: string): Promise<(step: number) => StepFeeds> {
  const { module, data } = workloadOf(name);
  const batch = module.sizes[0]?.max ?? 1;
  const count = BATCHES * batch - (batch >> 1);
  const columns = (await data())(count);
  return (step) => {
    const first = (step % BATCHES) * batch;
    const rows = Math.min(batch, count - first);
    const inputs = module.inputs.map(({ attrs, shape }): [string, Given] => {
      const [, ...rest] = shape.map(Number);
      const row = rest.reduce((n, extent) => n * extent, 1);
      const column = columns[String(attrs.name)] ?? [];
      const values = Array.from({ length: rows * row }, (_, k) => column[first * row + k] ?? Number.NaN);
      return [String(attrs.name), { shape: [rows, ...rest], data: values }];
    });
    const live = module.sizes.map((size) => [size.name, rows]);
    return { inputs: Object.fromEntries(inputs), live: Object.fromEntries(live) };
  };
}

/** The losses of the first steps of a workload on a target. */
async function losses(name: string, target: Target): Promise<number[]> {
  const feeds = await feedsOf(name);
  const session = await target.start(workloadOf(name).module);
  const found: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const { loss } = await session.step('train', feeds(step));
    found.push(loss?.data[0] ?? Number.NaN);
  }
  await session.dispose();
  return found;
}

/** How far two numbers are apart, of the second. */
function apart(found: number | undefined, wanted: number): number {
  return Math.abs((found ?? Number.NaN) - wanted) / Math.abs(wanted);
}

describe('steps of training on XLA, some of a batch that is not full', () => {
  // Plain loops take a second for a step of larger ones: xla.test.ts compares those with WebAssembly.
  test('fifty of w1 have losses that are equal to five digits with the reference', async () => {
    const [found, wanted] = [await losses('w1', xla), await losses('w1', reference)];
    expect(Math.max(...wanted.map((loss, k) => apart(found[k], loss)))).toBeLessThan(1e-5);
  });

  // Adam makes whole steps of gradients that are zero but for rounding, and maxima over windows choose by it: trainings of W3
  // in float32 part from each other by 1e-4 over as many steps. From the same states each step is the same.
  test('ten of w3 have losses that are equal to five digits, and updates to three, from the same states', async () => {
    const { module } = workloadOf('w3');
    const feeds = await feedsOf('w3');
    const [actual, expected] = [await xla.start(module), await wasm(2).start(module)];
    for (let step = 0; step < FEW; step++) {
      const before = new Map<string, Given>();
      for (const { name } of module.states) {
        const value = await expected.read(name);
        before.set(name, value);
        actual.write(name, value);
      }
      const [found, wanted] = [
        await actual.step('train', feeds(step)),
        await expected.step('train', feeds(step)),
      ];
      expect(
        apart(found.loss?.data[0], wanted.loss?.data[0] ?? Number.NaN),
        `loss of step ${step}`,
      ).toBeLessThan(1e-5);
      for (const [name, { data }] of before) {
        const [a, b] = [(await actual.read(name)).data, (await expected.read(name)).data];
        let [difference, update] = [0, 0];
        for (let k = 0; k < data.length; k++) {
          difference += Math.abs((a[k] ?? Number.NaN) - (b[k] ?? 0));
          update += Math.abs((b[k] ?? 0) - (data[k] ?? 0));
        }
        expect(difference, `update of ${name} by step ${step}`).toBeLessThanOrEqual(1e-3 * update);
      }
    }
    await expected.dispose();
  });
});
