import { describe, expect, test } from 'vitest';
import { defineModule, Tensor } from '../../src/graph/index.ts';
import { fromOnnx, readOnnx, toOnnx } from '../../src/onnx/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { type NDArray, referenceSession } from '../../src/reference/index.ts';
import { randomModule } from '../oracle/randomGraph.ts';

const options = { differentiable: true, withGradients: true };

/** Modules without words of 32 bits, which are integers of 64 in such files, and are refused as they come in. */
const seeds = Array.from({ length: 40 }, (_, k) => k + 1).filter(
  (seed) => !randomModule(seed, options).module.graph.nodes.some(({ dtype }) => dtype === 'u32'),
);

/** Outputs by name, less next values of states, as far apart as sums in another order make them. */
function expectClose(found: Record<string, NDArray>, wanted: Record<string, NDArray>): void {
  for (const [name, { shape, data }] of Object.entries(wanted)) {
    const own = found[name];
    expect(own?.shape, name).toEqual(shape);
    const largest = data.reduce(
      (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
      1,
    );
    for (const [k, value] of data.entries()) {
      const other = own?.data[k] ?? Number.NaN;
      const isSame = Object.is(other, value) || other === value || Math.abs(other - value) <= 1e-5 * largest;
      if (!isSame) expect(other, `${name}[${k}]`).toBe(value);
    }
  }
}

describe('a module that goes out as ONNX and comes in again', () => {
  test.each(seeds)('gives the same values and gradients (seed %i)', (seed) => {
    const { module, states, step } = randomModule(seed, options);
    const weights = Object.fromEntries(Object.entries(states).map(([name, { data }]) => [name, data]));
    const sizes = Object.fromEntries(module.sizes.map(({ name, max }) => [name, max]));
    const bytes = toOnnx(module, { entry: 'run', weights });
    const known = new Set(readOnnx(bytes).inputs.flatMap(({ shape }) => shape ?? []));
    const own = fromOnnx(bytes, {
      sizes: Object.fromEntries(Object.entries(sizes).filter(([name]) => known.has(name))),
    });
    const { inputs, live } = step(0);
    const wanted = referenceSession(module, states).step('run', { inputs, live });
    const read = new Set(readOnnx(bytes).inputs.map(({ name }) => name));
    const given = Object.fromEntries(Object.entries(inputs).filter(([name]) => read.has(name)));
    const found = referenceSession(own.module).step('predict', { inputs: given, live });
    expectClose(found, wanted);
  });

  test('is differentiated as the module is', () => {
    const module = defineModule('network', (m) => {
      const batch = m.size('batch', { max: 4 });
      const x = m.input('x', { shape: [batch, 6] });
      const w = m.state('w', { shape: [6, 3] });
      m.entry('run', { loss: x.matmul(w).tanh().softmax().log().square().mean() });
    });
    const w = Array.from({ length: 18 }, (_, k) => Math.sin(k));
    const network = readOnnx(toOnnx(module, { entry: 'run', weights: { w } }));
    const again = defineModule('again', (m) => {
      const batch = m.size('batch', { max: 4 });
      const x = m.input('x', { shape: [batch, 6] });
      const { loss } = network.apply(m, { x });
      if (loss === undefined) throw new Error('no loss');
      const weight = m.graph.nodes.find(({ op }) => op === 'state');
      if (weight === undefined) throw new Error('no weight');
      const [ofInput, ofWeight] = gradients(loss, [x, new Tensor(m.graph, weight)]);
      m.entry('run', { ofInput, ofWeight });
    });
    const direct = defineModule('direct', (m) => {
      const batch = m.size('batch', { max: 4 });
      const x = m.input('x', { shape: [batch, 6] });
      const weight = m.state('w', { shape: [6, 3] });
      const [ofInput, ofWeight] = gradients(x.matmul(weight).tanh().softmax().log().square().mean(), [
        x,
        weight,
      ]);
      m.entry('run', { ofInput, ofWeight });
    });
    const inputs = { x: { shape: [3, 6], data: Array.from({ length: 18 }, (_, k) => Math.cos(k)) } };
    const live = { batch: 3 };
    const wanted = referenceSession(direct, { w: { shape: [6, 3], data: w } }).step('run', { inputs, live });
    expectClose(referenceSession(again).step('run', { inputs, live }), wanted);
  });
});
