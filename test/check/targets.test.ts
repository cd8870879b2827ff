import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Runner } from '../../src/check/runner.ts';
import { sideBySide } from '../../src/check/sideBySide.ts';
import { targets } from '../../src/check/targets.ts';
import { defineModule, nn, optim } from '../../src/index.ts';
import { numberedModule } from '../compile/agreement.ts';
import { softwareGpu } from '../softwareAdapter.ts';
import { entriesOf, usual } from './evaluatorRunner.ts';

describe.each(['webgpu-software', 'wasm'])('the target %s', (target) => {
  let opened: Runner | undefined;
  beforeAll(async () => {
    await softwareGpu();
    opened = await targets.find(({ name }) => name === target)?.open();
  });
  afterAll(() => opened?.close());

  function runner(): Runner {
    if (opened === undefined) throw new Error(`${target} is no target`);
    return opened;
  }

  test.each([0, 1, 2, 3, 4, 5, 6, 7])('agrees on what random graph %i computes', async (seed) => {
    const { module } = numberedModule(seed);
    const { targets: results } = await sideBySide(module, [runner()], {
      ...usual,
      seed,
      entries: entriesOf(module),
    });
    expect(results).toMatchObject([{ name: target, status: 'agrees', failure: null }]);
  });

  test.each([1e20, 1e38])('is not at fault where a learning rate of %d overflows', async (lr) => {
    const module = defineModule('overflow', (m) => {
      const x = m.input('x', { shape: [32, 16] });
      const hidden = nn.dense(x, 12, { activation: 'relu', name: 'hidden' });
      const loss = nn.mse(nn.dense(hidden, 4, { name: 'output' }), m.input('y', { shape: [32, 4] }));
      m.entry('train', { loss, updates: optim.sgd({ lr }).minimize(loss) });
    });
    const options = { ...usual, seed: 1, steps: 4, entries: entriesOf(module) };
    const { targets: results, nonFinite } = await sideBySide(module, [runner()], options);
    expect(results).toMatchObject([{ name: target, steps: 4, status: 'agrees', finding: null }]);
    const first = nonFinite?.infinity ?? nonFinite?.origin;
    expect(Math.abs(first?.float64 ?? 0)).toBeGreaterThan(3.4e38);
  });

  test('starts with the first values of the seed, takes states, and says which kernel computes what', async () => {
    const module = defineModule('seen', (m) => {
      const x = m.input('x', { shape: [2] });
      const w = m.state('w', { shape: [2], init: nn.init.values([1, 2]) });
      const product = x.mul(w).named('product');
      m.entry('run', { total: product.sum(), updates: [{ state: w, next: w.add(1) }] });
    });
    const running = await runner().start(module, { seed: 0 });
    const inputs = { x: { shape: [2], data: [10, 1] } };
    expect(await running.step('run', inputs)).toEqual({ total: { shape: [], data: Float32Array.of(12) } });
    expect(Array.from((await running.read('w')).data)).toEqual([2, 3]);
    await running.write('w', { shape: [2], data: [0, 5] });
    expect((await running.step('run', inputs)).total?.data[0]).toBe(5);
    const numbers = (name: string): number[] => running.dispatchesOf('run', name).map(({ number }) => number);
    expect(numbers('product')).toEqual(numbers('total'));
    expect(running.dispatchesOf('run', 'w')).toEqual([{ number: expect.any(Number), kernel: 'w' }]);
    expect(numbers('nobody')).toEqual([]);
    running.dispose();
  });
});
