import { compileModule, type OptionalPass, type WebGpuCompilation } from '../../src/compile.ts';
import type { Machine } from '../../src/machine/index.ts';
import { type NDArray, referenceSession } from '../../src/reference/index.ts';
import { type RandomCase, randomModule } from '../oracle/randomGraph.ts';
import { interpretedSession } from './interpreted.ts';

/** A random module by its number: with states, gradients, or integers and bools, by turns. */
export function numberedModule(seed: number): RandomCase {
  const differentiable = seed % 3 === 0;
  return randomModule(seed, { withState: seed % 2 === 0, withGradients: differentiable, differentiable });
}

/**
 * Compiles a random module, runs two steps of each entry on the interpreter of kernels, and compares outputs
 * and states with the reference evaluator.
 *
 * @returns what differs, in words; empty where nothing does
 */
export function disagreements(
  random: RandomCase,
  profile: Machine,
  without: ReadonlySet<OptionalPass>,
): string[] {
  const compilation = compileModule(random.module, profile, without);
  const found: string[] = [];
  eachStep(random, compilation, (place, actual, expected) => {
    const difference = firstDifference(actual, expected);
    if (difference !== null) found.push(`seed ${random.seed} on ${profile.name}, ${place}${difference}`);
  });
  return found;
}

function eachStep(
  random: RandomCase,
  compilation: WebGpuCompilation,
  compare: (place: string, actual: ArrayLike<number>, expected: NDArray) => void,
): void {
  const expected = referenceSession(random.module, random.states);
  const actual = interpretedSession(compilation, random.states);
  for (const k of [0, 1]) {
    for (const { name } of random.module.entries) {
      const feeds = random.step(k);
      const outputs = expected.step(name, feeds);
      const computed = actual.step(name, feeds);
      for (const [output, value] of Object.entries(outputs)) {
        compare(`step ${k} of ${name}, output ${output}`, computed[output]?.data ?? [], value);
      }
    }
    for (const { name } of random.module.states)
      compare(`state ${name} after step ${k}`, actual.read(name), expected.read(name));
  }
}

/**
 * Constants are folded in float32, everything else is computed in float64: a relative difference of 2e-6 of the
 * largest element is rounding, more is a mistake.
 */
const TOLERANCE = 2e-6;

/** The first element that differs, as `[3] is 1, should be 2`; null where none does. */
export function firstDifference(
  actual: ArrayLike<number>,
  expected: NDArray,
  tolerance = TOLERANCE,
): string | null {
  const { data } = expected;
  if (actual.length !== data.length) return ` has ${actual.length} elements, should have ${data.length}`;
  const largest = data.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1);
  for (let i = 0; i < data.length; i++) {
    const [a, b] = [actual[i] ?? Number.NaN, data[i] ?? Number.NaN];
    if (!(Object.is(a, b) || Math.abs(a - b) <= tolerance * largest)) return `[${i}] is ${a}, should be ${b}`;
  }
  return null;
}
