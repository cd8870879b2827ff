import { describe, expect, test } from 'vitest';
import { type Compilation, compileModule } from '../../src/compile.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { definitionOf, type Module, neededBy } from '../../src/graph/index.ts';
import { defineModule, nn, type Tensor } from '../../src/index.ts';
import { explain } from '../../src/inspect/explain.ts';
import { machines } from '../../src/machine/index.ts';
import { assemble } from '../compile/bareWasm.ts';
import { Dice } from '../oracle/dice.ts';
import { randomModule } from '../oracle/randomGraph.ts';

/** Each of a matrix of floats. */
const composites: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  ...nn.activations,
  softmax: (x) => x.softmax(-1),
  logSoftmax: (x) => x.logSoftmax(-1),
  bceWithLogits: (x) => nn.bceWithLogits(x, x.gt(0).cast('f32'), { reduction: 'none' }),
  standardize: (x) => nn.standardize(x, 1),
  huber: (x) => nn.huber(x, x.neg(), { reduction: 'none' }),
  mean: (x) => x.mean(1),
  variance: (x) => x.variance(1),
  logSumExp: (x) => x.logSumExp(1),
  detach: (x) => x.detach(),
  reshape: (x) => x.reshape([24]),
  transpose: (x) => x.transpose(),
  flip: (x) => x.flip(),
  pad: (x) => x.pad([0, 1], [0, 2]),
};

const compilers: Readonly<Record<string, (module: Module) => Compilation>> = {
  webgpu: (module) => compileModule(module, machines.webgpu),
  wasm: (module) => compileToWasm(module, assemble),
};

describe.each(Object.entries(compilers))('explained for %s', (_, compiled) => {
  test('a name given to any composite or movement is found, of an intermediate value and of an input', () => {
    const module = defineModule('named', (m) => {
      const x = m.input('x', { shape: [4, 6] });
      const hidden = x.exp().named('hidden');
      const outputs = Object.entries(composites).flatMap(([op, compose]) => [
        [`a ${op}`, compose(hidden).named(`${op} of hidden`).mul(2).sum()] as const,
        [`b ${op}`, compose(x).named(`${op} of x`).mul(2)] as const,
      ]);
      m.entry('run', Object.fromEntries(outputs));
    });
    const compilation = compiled(module);
    for (const op of Object.keys(composites)) {
      for (const name of [`${op} of hidden`, `${op} of x`]) {
        const [found, ...others] = explain(compilation, 'hidden', name);
        expect(found?.b.length, name).toBeGreaterThan(0);
        expect(others, name).toEqual([]);
      }
    }
  });
});

test('every named node of a random graph is found', () => {
  // Some of later ones have nodes that simplify to constants: these are computed nowhere.
  for (let seed = 0; seed < 8; seed++) {
    const { module } = randomModule(seed, { withState: true, withGradients: true, maxNodes: 14 });
    const dice = new Dice(seed);
    for (const node of module.graph.nodes) if (dice.chance(0.4)) module.graph.label(node, `named ${node.id}`);
    const compilation = compileToWasm(module, assemble);
    const results = module.entries.flatMap(({ outputs, updates }) => [
      ...outputs.map(({ node }) => node),
      ...updates.map(({ next }) => next),
    ]);
    const named = neededBy(results).filter(
      ({ op, label }) => label !== undefined && !definitionOf(op).isLeaf,
    );
    expect(named.length).toBeGreaterThan(0);
    for (const { label = '' } of named) expect(() => explain(compilation, label, label)).not.toThrow();
  }
});

test('what computes a softmax has its name too', () => {
  const module = defineModule('attention', (m) => {
    const p = m
      .input('scores', { shape: [4, 6] })
      .softmax(-1)
      .named('p');
    m.entry('run', { out: p.matmul(m.input('values', { shape: [6, 3] })) });
  });
  const named = module.graph.nodes.filter(({ label }) => label === 'p');
  expect(named.map(({ op }) => op)).toEqual(['exp', 'softmax']);
});

test('of a node that nothing computes it is said so', () => {
  const module = defineModule('given', (m) => m.entry('run', { y: m.input('x', { shape: [2] }).exp() }));
  const compilation = compileToWasm(module, assemble);
  expect(() => explain(compilation, 'x', 'y')).toThrow('there is no computed node "x"; there are "y"');
  expect(() => explain(compilation, 'z', 'y')).toThrow('there is no node "z"');
});
