import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defineModule, type Module, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import type { Given } from '../../src/reference/index.ts';
import { integers, uniform } from '../fixtures/generator.ts';
import { expectClose } from './closeness.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

/** A case of `layers.0.json`: weights by name and shape, `outputs`, and gradients of the sum of `output · cotangent`. */
interface LayerCase {
  readonly name: string;
  /** Those with `below` are integers under that, others floats. */
  readonly inputs: readonly { readonly shape: readonly number[]; readonly below?: number }[];
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly outputs: readonly Given[];
  readonly inputGrads: readonly Given[];
  readonly weightGrads: readonly Given[];
}

const layerCases: readonly LayerCase[] = JSON.parse(
  readFileSync(new URL('../fixtures/layers.0.json', import.meta.url), 'utf8'),
);

/** What a case's layer makes of its inputs, of which there are as many as it takes. */
interface Built {
  readonly layer: nn.LayerStates;
  readonly outputs: readonly Tensor[];
}

type Build = (name: string, ...inputs: readonly Tensor[]) => Built;

/** A layer of one input, or more, that gives a tensor. */
function plain(make: (options: nn.LayerOptions, ...inputs: readonly Tensor[]) => nn.Layer<Tensor[]>): Build {
  return (name, ...inputs) => {
    const layer = make({ name }, ...inputs);
    return { layer, outputs: [layer(...inputs.filter(({ dtype }, k) => k === 0 || dtype === 'f32'))] };
  };
}

function lstm(width: number, options: nn.RecurrentOptions): Build {
  return (name, x, lengths, hidden, cell) => {
    const layer = nn.lstm(width, { ...options, name });
    const { output, state } = layer(given(x), {
      ...(lengths === undefined ? {} : { lengths }),
      ...(hidden === undefined || cell === undefined ? {} : { state: { hidden, cell } }),
    });
    return { layer, outputs: [output, state.hidden, state.cell] };
  };
}

function gru(width: number, options: nn.RecurrentOptions): Build {
  return (name, x, lengths, state) => {
    const layer = nn.gru(width, { ...options, name });
    const made = layer(given(x), {
      ...(lengths === undefined ? {} : { lengths }),
      ...(state === undefined ? {} : { state }),
    });
    return { layer, outputs: [made.output, made.state] };
  };
}

const layers: Readonly<Record<string, Build>> = {
  layerNorm: plain((own) => nn.layerNorm(own)),
  'layerNorm over two axes': plain((own) => nn.layerNorm({ ...own, axes: 2, bias: false })),
  rmsNorm: plain((own) => nn.rmsNorm(own)),
  embedding: plain((own) => nn.embedding(5, 3, { ...own, paddingIndex: 1 })),
  attention: plain((own) => nn.multiHeadAttention(4, 2, own)),
  'causal attention': plain((own) => nn.multiHeadAttention(4, 2, { ...own, causal: true, bias: false })),
  'masked attention': plain((own, _, padding) =>
    nn.multiHeadAttention(4, 2, { ...own, mask: given(padding).ne(0).reshape([2, 1, 1, 3]) }),
  ),
  'attention to another sequence': plain((own) => nn.multiHeadAttention(4, 2, own)),
  'attention to another width': plain((own) => nn.multiHeadAttention(4, 2, { ...own, kvWidth: 6 })),
  'grouped attention': plain((own) =>
    nn.multiHeadAttention(8, 4, { ...own, causal: true, keyValueHeads: 2 }),
  ),
  'rotary attention': plain((own) => nn.multiHeadAttention(8, 2, { ...own, causal: true, rotary: true })),
  'transformer block, norms first': plain((own) => nn.transformerBlock(4, 2, { ...own, hidden: 6 })),
  'transformer block, norms last': plain((own) =>
    nn.transformerBlock(4, 2, { ...own, hidden: 6, normFirst: false, activation: 'relu' }),
  ),
  lstm: lstm(3, {}),
  'lstm with lengths and a first state': lstm(2, {}),
  'lstm of two layers and directions': lstm(2, { layers: 2, bidirectional: true }),
  gru: gru(3, {}),
  'gru of two directions with lengths and a first state': gru(2, { bidirectional: true }),
  'squeeze and excitation': plain((own) => nn.squeezeExcite({ ...own, ratio: 2 })),
};

/** An entry for each case: outputs, and, where asked for, gradients of the sum of `output · cotangent` in float inputs and weights. */
function moduleOf(cases: readonly LayerCase[], withGradients: boolean): Module {
  return defineModule('layers', (m) => {
    for (const one of cases) declare(m, one, withGradients);
  });
}

function declare(
  m: ModuleBuilder,
  { name, inputs, outputs: expected }: LayerCase,
  withGradients: boolean,
): void {
  const build = layers[name];
  if (build === undefined) throw new Error(`unknown layer ${name}: build it`);
  const operands = inputs.map(({ shape, below }, k) =>
    m.input(`${name}.${k}`, { shape, dtype: below === undefined ? 'f32' : 'i32' }),
  );
  const { layer, outputs } = build(name, ...operands);
  const total = outputs
    .map((output, k) => {
      const { shape } = expected[k] ?? { shape: [] };
      return output.mul(m.literal([...numbers(500 + k, shape, 1)], { shape })).sum();
    })
    .reduce((a, b) => a.add(b));
  const wrt = [...operands.filter(({ dtype }) => dtype === 'f32'), ...layer.parameters()];
  const slopes = withGradients ? gradients(total, wrt) : [];
  const named = slopes.map((slope, k) => [`d ${wrt[k]?.node.label}`, slope] as const);
  m.entry(name, { ...byNumber('y', outputs), ...Object.fromEntries(named) });
}

function byNumber(name: string, tensors: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(tensors.map((tensor, k) => [`${name}${k}`, tensor]));
}

const numbers = (seed: number, shape: readonly number[], bound: number): Float64Array =>
  uniform(
    seed,
    -bound,
    bound,
    shape.reduce((a, b) => a * b, 1),
  );

async function compared(target: Target, cases: readonly LayerCase[], withGradients: boolean): Promise<void> {
  const module = moduleOf(cases, withGradients);
  const states = Object.fromEntries(
    cases.flatMap(({ name, weights }) =>
      Object.entries(weights).map(([part, shape], k): [string, Given] => [
        `${name}.${part}`,
        { shape, data: numbers(100 + k, shape, 0.6) },
      ]),
    ),
  );
  expect(new Set(module.states.map(({ name }) => name))).toEqual(new Set(Object.keys(states)));
  const session = await target.start(module, states);
  for (const { name, inputs, outputs, inputGrads, weightGrads, weights } of cases) {
    const feeds = inputs.map(({ shape, below }, k): [string, Given] => {
      const count = shape.reduce((a, b) => a * b, 1);
      const data = below === undefined ? numbers(11 + k, shape, 1) : integers(11 + k, below, count);
      return [`${name}.${k}`, { shape, data }];
    });
    const found = await session.step(name, { inputs: Object.fromEntries(feeds) });
    const tolerance = target.floats === 'f64' ? 1e-7 : 1e-5;
    for (const [k, wanted] of outputs.entries())
      expectClose(found[`y${k}`], wanted, tolerance, `output ${k} of ${name}`);
    if (!withGradients) continue;
    const floats = inputs.flatMap(({ below }, k) => (below === undefined ? [`${name}.${k}`] : []));
    for (const [k, wanted] of inputGrads.entries())
      expectClose(found[`d ${floats[k]}`], wanted, tolerance, `gradient in ${floats[k]}`);
    for (const [k, part] of Object.keys(weights).entries()) {
      const wanted = weightGrads[k];
      if (wanted === undefined) throw new Error(`${name} has a gradient for each weight`);
      expectClose(found[`d ${name}.${part}`], wanted, tolerance, `gradient in ${name}.${part}`);
    }
  }
  await session.dispose();
}

/** What stands in place of a missing operand is a mistake of the test. */
function given(tensor: Tensor | undefined): Tensor {
  if (tensor === undefined) throw new Error('a case has all of its inputs');
  return tensor;
}

describe('layers have the values of PyTorch', () => {
  it('and its gradients, on the reference evaluator', async () => {
    await compared(reference, layerCases, true);
  });

  it('and its gradients, on WebAssembly', async () => {
    const few = ['masked attention', 'lstm with lengths and a first state'];
    const cases = layerCases.filter(({ name }) => few.includes(name));
    await compared(wasm(1), cases, true);
  });

  // Gradients of the others are the same operations again, which random graphs and PyTorch's values compare on every target.
  it('on WebAssembly', async () => {
    const others = [
      'masked attention',
      'lstm with lengths and a first state',
      'attention',
      'attention to another sequence',
      'transformer block, norms last',
      'lstm',
      'lstm of two layers and directions',
    ];
    const cases = layerCases.filter(({ name }) => !others.includes(name));
    await compared(wasm(1), cases, false);
  });

  it('on WGSL', async () => {
    const few = ['rmsNorm', 'masked attention', 'gru'];
    const cases = layerCases.filter(({ name }) => few.includes(name));
    await compared(wgsl('webgpu-software'), cases, false);
  });
});
