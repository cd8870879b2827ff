import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Node, ops } from '../../src/graph/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { methodsOfTensors } from '../graph/methodsOfTensors.ts';
import { type RandomCase, randomModule } from './randomGraph.ts';

const everything = { withState: true, withGradients: true, maxNodes: 14 };
const seeds = Array.from({ length: 240 }, (_, seed) => seed);
const drawn = seeds.map((seed) => randomModule(seed, everything));
const nodes = drawn.flatMap(({ module }) => module.graph.nodes);

describe('random modules', () => {
  test('are the same for one seed', () => {
    for (const a of drawn.slice(0, 20)) {
      const b = randomModule(a.seed, everything);
      expect(listing(a)).toEqual(listing(b));
      expect(a.step(3)).toEqual(b.step(3));
    }
  });

  test('use every operation of the table', () => {
    const used = new Set(nodes.map(({ op }) => op));
    expect(Object.keys(ops).filter((op) => !used.has(op))).toEqual([]);
  });

  test('draw from every method of tensors that computes', () => {
    const folder = new URL('./', import.meta.url);
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
    const text = files.map((file) => readFileSync(new URL(file, folder), 'utf8')).join('\n');
    // What a quantile reads at places that sums give is clamped, not proven, which other tests of random graphs refuse.
    const methods = methodsOfTensors().filter((name) => name !== 'quantile');
    expect(methods.length).toBeGreaterThan(100);
    expect(methods.filter((name) => !text.includes(`.${name}(`))).toEqual([]);
  });

  test('have scalars, empty tensors and bounded sizes among their shapes', () => {
    const shapes = nodes.map(({ shape }) => shape);
    expect(shapes.some((shape) => shape.length === 0)).toBe(true);
    expect(shapes.some((shape) => shape.includes(0))).toBe(true);
    expect(shapes.some((shape) => shape.some((dim) => typeof dim === 'object'))).toBe(true);
  });

  test('stay finite over several steps, since dead rows reach no output', () => {
    for (const { seed, module, states, step } of drawn) {
      const session = referenceSession(module, states);
      for (let k = 0; k < 3; k++) {
        for (const [name, { data }] of Object.entries(session.step('run', step(k)))) {
          expect(data.every(Number.isFinite), `seed ${seed}, step ${k}, ${name}`).toBe(true);
        }
      }
    }
  });
});

describe('a reference session', () => {
  test('makes all updates at once, of the states before the step', () => {
    const swaps = seeds.map((seed) => randomModule(seed, { withState: true })).filter(rotates);
    expect(swaps.length).toBeGreaterThan(0);
    for (const { module, states, step } of swaps) {
      const session = referenceSession(module, states);
      const before = module.states.map(({ name }) => [...session.read(name).data]);
      session.step('run', step(0));
      const after = module.states.map(({ name }) => [...session.read(name).data]);
      expect(after).toEqual([...before.slice(1), ...before.slice(0, 1)]);
    }
  });
});

/** Whether the entry hands every state on to the one before it. */
function rotates({ module }: RandomCase): boolean {
  const nodes = module.states.map(({ node }) => node);
  const run = module.entries.find(({ name }) => name === 'run');
  return (
    nodes.length > 1 &&
    nodes.every(
      (node, k) => run?.updates.find(({ state }) => state === node)?.next === nodes[(k + 1) % nodes.length],
    )
  );
}

function listing({ module }: RandomCase): string[] {
  const line = ({ id, op, inputs, attrs }: Node): string =>
    `${id} ${op}(${inputs.map((input) => input.id).join()}) ${JSON.stringify(attrs)}`;
  return module.graph.nodes.map(line);
}
