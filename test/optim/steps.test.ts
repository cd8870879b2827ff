import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { defineModule, type Module } from '../../src/graph/index.ts';
import * as optim from '../../src/optim/index.ts';
import { uniform } from '../fixtures/generator.ts';
import { expectClose } from '../values/closeness.ts';
import { reference, type Target } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';
import { wgsl } from '../values/wgsl.ts';

/** A state before the first step and after each one. */
interface StepsCase {
  readonly optimizer: string;
  readonly options: { readonly lr: number };
  readonly shape: readonly number[];
  readonly x: readonly (readonly number[])[];
}

const fixture = new URL('../fixtures/optimizerSteps.0.json', import.meta.url);
const cases: readonly StepsCase[] = JSON.parse(readFileSync(fixture, 'utf8'));

type Build = (options: optim.OptimizerOptions) => optim.Optimizer;
const { adafactor, adagrad, adam, adamax, adamw, lion, muon, rmsprop, sgd } = optim;
const builds: Readonly<Record<string, Build>> = {
  adafactor,
  adagrad,
  adam,
  adamax,
  adamw,
  lion,
  muon,
  rmsprop,
  sgd,
};

/** One entry a case, with an optimizer, a state and gradients of its own. */
function moduleOf(chosen: readonly StepsCase[]): Module {
  return defineModule('steps', (m) => {
    for (const [k, { optimizer, options, shape }] of chosen.entries()) {
      const [x, g] = [m.state(`x${k}`, { shape }), m.input(`g${k}`, { shape })];
      const build = builds[optimizer];
      if (build === undefined) throw new Error(`unknown optimizer ${optimizer}`);
      const loss = x.mul(g).sum().add(x.square().sum().mul(0.05));
      m.entry(`case${k}`, { updates: build({ ...options, name: `o${k}` }).minimize(loss) });
    }
  });
}

// What takes new operations together: compilers take a while for the products of muon.
const onTargets = cases.filter(({ optimizer }) => optimizer === 'lion' || optimizer === 'adafactor');
const runs: readonly (readonly [target: Target, cases: readonly StepsCase[]])[] = [
  [reference, cases],
  [wasm(1), onTargets],
  [wgsl('webgpu-software'), onTargets.slice(1, 4)],
];

describe.each(runs)('optimizers', (target, chosen) => {
  it(`take PyTorch's steps, with weight decay and on matrices, on ${target.name}`, async () => {
    const firsts = chosen.map(({ shape, x }, k) => [`x${k}`, { shape, data: x[0] ?? [] }] as const);
    const session = await target.start(moduleOf(chosen), Object.fromEntries(firsts));
    for (const [k, { optimizer, options, shape, x }] of chosen.entries()) {
      const count = shape.reduce((a, b) => a * b, 1);
      const tolerance = target.floats === 'f64' ? 1e-7 : 1e-5;
      for (const [t, data] of x.entries()) {
        const label = `${optimizer} ${JSON.stringify(options)} after step ${t}`;
        expectClose(await session.read(`x${k}`), { shape, data }, tolerance, label);
        const g = { shape, data: uniform(5000 + t, -1, 1, count) };
        await session.step(`case${k}`, { inputs: { [`g${k}`]: g } });
      }
    }
    await session.dispose();
  });
});
