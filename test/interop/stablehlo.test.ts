import { afterAll, describe, expect, test } from 'vitest';
import { worstDifference } from '../../src/check/closeness.ts';
import type { Module } from '../../src/graph/index.ts';
import { type NDArray, referenceSession, type StepFeeds } from '../../src/reference/index.ts';
import { numberedModule } from '../compile/agreement.ts';
import { valueSuite } from '../values/suite.ts';
import { Xla } from './xla.ts';

const xla = new Xla();

afterAll(() => {
  xla.end();
  // JAX reads and compiles all of it without a warning.
  expect(xla.said).toBe('');
});

valueSuite(xla);

/** Of the larger of an element and its tensor's root mean square; more is not rounding. */
const TOLERANCE = 1e-5;

/** Runs steps of all entries on XLA and on the reference evaluator. @returns what differs, in words */
async function disagreements(
  module: Module,
  states: Readonly<Record<string, NDArray>>,
  steps: readonly StepFeeds[],
): Promise<string[]> {
  const exact = referenceSession(module, states);
  const rounded = referenceSession(module, states, { precision: 'f32' });
  const actual = await xla.start(module, states);
  const found: string[] = [];
  const compare = (place: string, value: NDArray, f64: NDArray, f32: NDArray): void => {
    const worst = worstDifference(value, { f64, f32 }, TOLERANCE);
    if (worst?.differs) found.push(`${place}[${worst.index}] is ${worst.actual}, not ${worst.expected}`);
  };
  for (const [k, feeds] of steps.entries()) {
    for (const { name } of module.entries) {
      const [f64, f32] = [exact.step(name, feeds), rounded.step(name, feeds)];
      const values = await actual.step(name, feeds);
      for (const [output, value] of Object.entries(f64))
        compare(`step ${k} of ${name}: ${output}`, required(values[output]), value, required(f32[output]));
    }
    for (const { name } of module.states)
      compare(`${name} after step ${k}`, await actual.read(name), exact.read(name), rounded.read(name));
  }
  return found;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is no value to compare with');
  return value;
}

/** Graphs of the run; `SINTER_SEEDS=1000-2000` runs others. */
const [first = 0, last = 60] = (process.env.SINTER_SEEDS ?? '0-60').split('-').map(Number);

describe('random graphs on XLA have the values, gradients and next states of the reference', () => {
  test.each(Array.from({ length: last - first }, (_, k) => first + k))('seed %i', async (seed) => {
    const { module, states, step } = numberedModule(seed);
    const given = Object.fromEntries(
      Object.entries(states).map(([name, value]) => {
        const { dtype } = required(module.states.find((state) => state.name === name)).node;
        return [name, { ...value, dtype, data: Float64Array.from(value.data) }];
      }),
    );
    expect(await disagreements(module, given, [step(0), step(1)])).toEqual([]);
  });
});
