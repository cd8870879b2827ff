import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defineModule, type Module, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import type { FixtureTensor } from '../fixtures/load.ts';
import { expectClose } from './closeness.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

/** A loss by each reduction; `g` and `h` are the gradients, in inputs `wrt`, of the mean and of the sum of squares of all `g`. */
interface LossCase {
  readonly loss: string;
  readonly attrs: object;
  readonly inputs: readonly FixtureTensor[];
  readonly wrt: readonly number[];
  readonly none: FixtureTensor;
  readonly mean: FixtureTensor;
  readonly sum: FixtureTensor;
  readonly g: readonly FixtureTensor[];
  readonly h: readonly FixtureTensor[];
}

const fixture = new URL('../fixtures/losses.0.json', import.meta.url);
const cases: readonly LossCase[] = JSON.parse(readFileSync(fixture, 'utf8'));

type Pair = (a: Tensor, b: Tensor, options: nn.LossOptions) => Tensor;
type Triple = (a: Tensor, b: Tensor, c: Tensor, options: nn.LossOptions) => Tensor;

const pairs: Readonly<Record<string, Pair>> = {
  mse: nn.mse,
  l1: nn.l1,
  smoothL1: nn.smoothL1,
  huber: nn.huber,
  hinge: nn.hinge,
  klDivergence: nn.klDivergence,
  bceWithLogits: nn.bceWithLogits,
  focal: nn.focal,
  crossEntropy: nn.crossEntropy,
  nll: nn.nll,
};
const triples: Readonly<Record<string, Triple>> = {
  cosineEmbedding: nn.cosineEmbedding,
  tripletMargin: nn.tripletMargin,
  contrastive: nn.contrastive,
};

function lossOf(name: string, inputs: readonly Tensor[], options: nn.LossOptions): Tensor {
  const [a, b, c] = inputs;
  const [triple, pair] = [triples[name], pairs[name]];
  if (a !== undefined && b !== undefined) {
    if (c !== undefined && triple !== undefined) return triple(a, b, c, options);
    if (pair !== undefined) return pair(a, b, options);
  }
  throw new Error(`unknown loss ${name} of ${inputs.length} tensors`);
}

const nameOf = (k: number, i: number): string => `case${k}.x${i}`;

/** Losses as entries of one module: the mean and its gradients, and with `everything` what else there are values of. */
function moduleOf(chosen: readonly LossCase[], everything: boolean): Module {
  return defineModule('losses', (m) => {
    for (const [k, { loss, attrs, inputs, wrt }] of chosen.entries()) {
      const xs = inputs.map(({ shape, dtype }, i) => m.input(nameOf(k, i), { shape, dtype }));
      const by = (reduction?: nn.Reduction): Tensor =>
        lossOf(loss, xs, reduction === undefined ? attrs : { ...attrs, reduction });
      const mean = by();
      const floats = wrt.flatMap((i) => xs[i] ?? []);
      const g = gradients(mean, floats);
      const numbered = (letter: string, list: readonly Tensor[]): Record<string, Tensor> =>
        Object.fromEntries(list.map((x, i) => [`${letter}${i}`, x]));
      const squares = g.map((x) => x.square().sum()).reduce((a, b) => a.add(b));
      const more = everything
        ? { none: by('none'), sum: by('sum'), ...numbered('h', gradients(squares, floats)) }
        : {};
      m.entry(`case${k}`, { mean, ...numbered('g', g), ...more });
    }
  });
}

// Of these the suites of operations have values on every target.
const known = ['mse', 'huber', 'bceWithLogits'];
const first = cases.filter(
  ({ loss }, k) => !known.includes(loss) && cases.findIndex((other) => other.loss === loss) === k,
);
const masked = cases.filter(({ attrs }) => 'ignoreIndex' in attrs && 'labelSmoothing' in attrs);
// A software driver takes a while for each shader.
const onWgsl = ['focal', 'klDivergence'];
const few = [...first.filter(({ loss }) => onWgsl.includes(loss)), ...masked.slice(0, 1)];

const runs: readonly (readonly [target: Target, cases: readonly LossCase[], everything: boolean])[] = [
  [reference, cases, true],
  [wasm(1), [...first, ...masked], false],
  [wgsl('webgpu-software'), few, false],
];

describe.each(runs)('losses', (target, chosen, everything) => {
  it(`on ${target.name} have PyTorch's values and gradients${everything ? ', by each reduction, and twice' : ''}`, async () => {
    const session = await target.start(moduleOf(chosen, everything));
    const tolerance = target.floats === 'f64' ? 1e-7 : 1e-5;
    for (const [k, { loss, attrs, inputs, none, mean, sum, g, h }] of chosen.entries()) {
      const given = inputs.map(({ shape, dtype, data }, i) => {
        const exact = dtype === 'f32' ? data.map(Math.fround) : data;
        return [nameOf(k, i), { shape, data: exact }] as const;
      });
      const found = await session.step(`case${k}`, { inputs: Object.fromEntries(given) });
      const wanted = [['mean', mean], ...g.map((x, i) => [`g${i}`, x] as const)] as const;
      const more = [['none', none], ['sum', sum], ...h.map((x, i) => [`h${i}`, x] as const)] as const;
      for (const [output, value] of everything ? [...wanted, ...more] : wanted)
        expectClose(found[output], value, tolerance, `${output} of ${loss} ${JSON.stringify(attrs)}`);
    }
    await session.dispose();
    expect(chosen.length).toBeGreaterThan(2);
  });
});

it('the fixture has every loss', () => {
  expect(new Set(cases.map(({ loss }) => loss))).toEqual(
    new Set([...Object.keys(pairs), ...Object.keys(triples)]),
  );
});
