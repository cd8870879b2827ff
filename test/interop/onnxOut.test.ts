import { afterAll, describe, test } from 'vitest';
import { referenceSession } from '../../src/reference/index.ts';
import { type RandomOptions, randomModule } from '../oracle/randomGraph.ts';
import { expectClose } from '../values/closeness.ts';
import { valueSuite } from '../values/suite.ts';
import { OnnxRuntime, onnxTarget } from './onnxRuntime.ts';

const runtime = new OnnxRuntime();
afterAll(() => runtime.close());
const target = onnxTarget(runtime);

valueSuite(target);

/** Compares some steps of a random module with the reference: outputs of each, then states. */
async function compareRandom(seed: number, options: RandomOptions): Promise<void> {
  const { module, states, step } = randomModule(seed, options);
  const session = await target.start(module, states);
  const reference = referenceSession(module, states);
  for (let k = 0; k < 3; k++) {
    for (const { name: entry } of module.entries) {
      const found = await session.step(entry, step(k));
      for (const [name, value] of Object.entries(reference.step(entry, step(k)))) {
        const what = `${name} of ${entry} of seed ${seed}, step ${k}`;
        expectClose(found[name], value, value.dtype === 'f32' ? 2e-4 : 0, what);
      }
    }
  }
  for (const { name } of module.states) {
    const value = reference.read(name);
    expectClose(await session.read(name), value, value.dtype === 'f32' ? 2e-4 : 0, `${name} of seed ${seed}`);
  }
  await session.dispose();
}

const [from = 0, to = 40] = (process.env.SINTER_SEEDS ?? '').split('-').filter(Boolean).map(Number);
const seeds = Array.from({ length: to - from }, (_, k) => from + k);

describe('random graphs have the values of the reference', () => {
  test.each(seeds)('seed %i', (seed) => compareRandom(seed, { withState: true }));
  test.each(seeds)('seed %i, with gradients', (seed) =>
    compareRandom(seed, { differentiable: true, withGradients: true, withState: true }),
  );
});
