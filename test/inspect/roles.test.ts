import { describe, expect, test } from 'vitest';
import { residual, w1, w2, w3, w5, w6, w7, w8, w9 } from '../../bench/workloads.ts';
import { definitionOf, type Module, neededBy, parseModule, printModule } from '../../src/graph/index.ts';
import { defineModule, gradients, nn, optim } from '../../src/index.ts';
import { layersOf } from '../../src/inspect/layers.ts';
import type { Role } from '../../src/inspect/look.ts';
import { rolesOf } from '../../src/inspect/roles.ts';
import { numberedModule } from '../compile/agreement.ts';

/** The labelled nodes of a role, in order. */
function named(module: Module, role: Role): string[] {
  const roles = rolesOf(module);
  return module.graph.nodes.flatMap(({ id, label }) =>
    label !== undefined && roles[id] === role ? [label] : [],
  );
}

describe('the role of a node', () => {
  test('is data, forward, backward or update', () => {
    expect(named(w1, 'data')).toEqual([
      'x',
      'y',
      'hidden.weight',
      'hidden.bias',
      'output.weight',
      'output.bias',
      'lr',
    ]);
    expect(named(w1, 'forward')).toEqual(['hidden', 'output']);
    expect(named(w1, 'backward')).toEqual([
      'd output.bias',
      'd output.weight',
      'd hidden.bias',
      'd hidden.weight',
    ]);
    expect(named(w1, 'update')).toEqual([]);
  });

  test.each(Object.entries({ w1, w2, w3, w5, w6, w7, w8, w9, residual }))(
    'of %s: outputs are forward, next values of parameters an update, and leaves data',
    (_, module) => {
      const roles = rolesOf(module);
      expect(roles).toHaveLength(module.graph.nodes.length);
      for (const node of module.graph.nodes)
        if (definitionOf(node.op).isLeaf) expect(roles[node.id]).toBe('data');
      for (const { outputs, updates } of module.entries) {
        for (const { node } of outputs) expect(roles[node.id]).toBe('forward');
        for (const { next } of updates) expect(['update', 'data']).toContain(roles[next.id]);
      }
      const counts = new Set(roles);
      expect(counts).toEqual(new Set(['data', 'forward', 'backward', 'update']));
    },
  );

  test('of gradients that reach no next value is backward, and what only an update needs is an update', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { module } = numberedModule(seed);
      const roles = rolesOf(module);
      const outputs = new Set(
        neededBy(module.entries.flatMap((entry) => entry.outputs.map(({ node }) => node))),
      );
      for (const node of module.graph.nodes) {
        expect(['data', 'forward', 'backward', 'update']).toContain(roles[node.id]);
        if (roles[node.id] === 'update') expect(outputs.has(node)).toBe(false);
      }
    }
  });

  test('of what predictions and gradients share is forward', () => {
    const module = defineModule('shared', (m) => {
      const x = m.input('x', { shape: [4, 3] });
      const y = m.input('y', { shape: [4], dtype: 'i32' });
      const scores = nn.dense(x, 3, { name: 'scores' });
      const loss = nn.crossEntropy(scores, y);
      m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
      m.entry('predict', { likely: scores.logSoftmax(1).exp() });
    });
    const roles = rolesOf(module);
    const likely = module.entries[1]?.outputs[0]?.node;
    for (const node of neededBy(likely === undefined ? [] : [likely]))
      expect(['data', 'forward']).toContain(roles[node.id]);
    expect(roles).toContain('backward');
  });

  test('of a penalty on a gradient is forward, of the gradient backward', () => {
    const module = defineModule('penalty', (m) => {
      const x = m.input('x', { shape: [4, 3] });
      const score = nn.dense(x, 1, { name: 'score' }).tanh().sum();
      const [dx = x] = gradients(score, [x]);
      const penalty = dx.square().sum().sqrt().sub(1).square().named('penalty');
      m.entry('train', { penalty, updates: optim.sgd({ lr: 0.1 }).minimize(penalty.add(score)) });
    });
    expect(named(module, 'forward')).toContain('penalty');
    expect(named(module, 'backward')).toContain('d score.weight');
  });

  test('is found in a module that was read from text, by the names of gradients', () => {
    const read = parseModule(printModule(w1));
    for (const role of ['data', 'forward', 'backward', 'update'] as const)
      expect(named(read, role)).toEqual(named(w1, role));
  });
});

describe('the layer of a node', () => {
  test('is what names of its states have before the last dot, for what leads to the layer’s result', () => {
    const layers = layersOf(w5);
    const of = (label: string): string | undefined => {
      const node = w5.graph.nodes.find((one) => one.label === label);
      return node === undefined ? undefined : layers[node.id]?.join('.');
    };
    expect(of('block1.qkv.weight')).toBe('block1.qkv');
    expect(of('block1.qkv')).toBe('block1.qkv');
    expect(of('d block1.qkv.weight')).toBe('block1.qkv');
    expect(of('x')).toBe('');
    const contraction = w5.graph.nodes.find(
      ({ op, inputs }) => op === 'contract' && inputs.some(({ label }) => label === 'block1.up.weight'),
    );
    expect(contraction && layers[contraction.id]?.join('.')).toBe('block1.up');
  });

  test('of a state begins the state’s name', () => {
    for (const module of [w1, w3, w7, residual]) {
      const layers = layersOf(module);
      expect(layers).toHaveLength(module.graph.nodes.length);
      for (const { node, name } of module.states)
        expect(name.startsWith(layers[node.id]?.join('.') ?? '')).toBe(true);
    }
  });
});
