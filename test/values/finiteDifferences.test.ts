import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Node } from '../../src/graph/index.ts';
import { evaluate, type Feeds, type Given } from '../../src/reference/index.ts';
import { type RandomCase, randomModule } from '../oracle/randomGraph.ts';
import { recipes } from '../oracle/recipes.ts';

const STEP = 1e-5;
// Central differences in float64: an error of h² f''' / 6 and rounding of 1e-16 f / h, both far below.
const TOLERANCE = 1e-5;

describe('gradients agree with finite differences', () => {
  for (const op of Object.keys(recipes.smooth)) {
    test(`of ${op}`, () => {
      const compared = agreement({ ops: [op], maxNodes: 2 }, 12, 77);
      // A kink within the step spoils a difference; were that the rule, nothing would have been tested.
      expect(compared.all).toBeGreaterThan(20);
      expect(compared.kinks).toBeLessThan(0.2 * compared.all);
    });
  }

  test('of random graphs of all differentiable operations', () => {
    const compared = agreement({ maxNodes: 12 }, 150, 78);
    expect(compared.all).toBeGreaterThan(500);
    expect(compared.kinks).toBeLessThan(0.2 * compared.all);
  });
});

interface Agreement {
  all: number;
  kinks: number;
}

function agreement(options: { ops?: string[]; maxNodes: number }, numRuns: number, seed: number): Agreement {
  const count = { all: 0, kinks: 0 };
  const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(seeds, (s) => {
      const drawn = randomModule(s, {
        ...options,
        differentiable: true,
        withState: true,
        withGradients: true,
      });
      compare(drawn, count);
    }),
    { numRuns, seed },
  );
  return count;
}

function compare(drawn: RandomCase, count: Agreement): void {
  const run = drawn.module.entries.find(({ name }) => name === 'run');
  const node = (name: string): Node => {
    const output = run?.outputs.find((candidate) => candidate.name === name);
    if (output === undefined) throw new RangeError(`no output ${name}`);
    return output.node;
  };
  const feeds = { ...drawn.step(0), states: drawn.states };
  const loss = node('loss');
  const grads = evaluate(
    drawn.gradients.map(({ output }) => node(output)),
    feeds,
  );
  for (const [k, { of, name }] of drawn.gradients.entries()) {
    const given = feeds[of][name];
    const grad = grads[k];
    if (given === undefined || grad === undefined) throw new RangeError(`no value for ${name}`);
    for (const place of places(given.data.length)) {
      const at = (h: number): number => lossAt(loss, feeds, of, name, shifted(given, place, h));
      const [narrow, wide] = [STEP, 2 * STEP].map((h) => (at(h) - at(-h)) / (2 * h));
      if (narrow === undefined || wide === undefined) continue;
      const actual = grad.data[place] ?? Number.NaN;
      const scale = Math.max(1, Math.abs(narrow), Math.abs(actual));
      count.all++;
      // Differences that differ between steps say nothing of the gradient: there is a kink between them.
      if (Math.abs(narrow - wide) > TOLERANCE * scale) count.kinks++;
      else
        expect(Math.abs(actual - narrow) / scale, `${name}[${place}]: ${actual}, not ${narrow}`).toBeLessThan(
          TOLERANCE,
        );
    }
  }
}

/** At most five elements, spread over all. */
function places(count: number): number[] {
  return Array.from({ length: Math.min(5, count) }, (_, k) => Math.floor((k * count) / Math.min(5, count)));
}

function shifted(given: Given, place: number, by: number): Given {
  return { shape: given.shape, data: Float64Array.from(given.data, (x, k) => (k === place ? x + by : x)) };
}

function lossAt(loss: Node, feeds: Feeds, of: 'inputs' | 'states', name: string, value: Given): number {
  const [result] = evaluate([loss], { ...feeds, [of]: { ...feeds[of], [name]: value } });
  return result?.data[0] ?? Number.NaN;
}
