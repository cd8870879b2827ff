import { describe, expect, it } from 'vitest';
import { defineModule, type Module, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

const targets: readonly Target[] = [reference, wgsl('webgpu'), wgsl('webgpu-software'), wasm(1), wasm(2)];

/** The gradient of a sum of squares in `x`. */
function gradient(y: Tensor, x: Tensor): Tensor {
  return gradients(y.square().sum(), [x])[0] ?? x;
}

/** The outputs of a module's entry `run` over numbers from 1 on and given indices, rounded. */
async function run(target: Target, module: Module, indices: readonly number[]): Promise<unknown> {
  const values = module.inputs.map((node) => {
    const shape = node.shape.map(Number);
    const count = shape.reduce((n, extent) => n * extent, 1);
    const data = node.dtype === 'i32' ? indices : Array.from({ length: count }, (_, k) => k + 1);
    return [String(node.attrs.name), { shape, data: Float64Array.from(data) }] as const;
  });
  const session = await target.start(module);
  const outputs = await session.step('run', { inputs: Object.fromEntries(values) });
  await session.dispose();
  const rounded = (data: ArrayLike<number>): number[] => Array.from(data, (n) => Number(n.toFixed(3)));
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, rounded(data)]));
}

describe.each(targets)('on $name', (target) => {
  it('a computed index out of range reads the nearest element, which gets the gradient; one-hot it is zeros', async () => {
    const module = defineModule('indices', (m) => {
      const x = m.input('x', { shape: [3, 2] });
      // Computed, so that nobody has checked them: -1, 0 and 4.
      const at = m.input('at', { shape: [3], dtype: 'i32' }).sub(1);
      m.entry('run', {
        take: x.take(at),
        takeGradient: gradient(x.take(at), x),
        columns: x.take(at, 1),
        pick: x.pick(at),
        pickGradient: gradient(x.pick(at), x),
        along: x.takeAlongAxis(at.expandDims(1)),
        oneHot: at.oneHot(2),
      });
    });
    expect(await run(target, module, [0, 1, 5])).toEqual({
      take: [1, 2, 1, 2, 5, 6],
      takeGradient: [4, 8, 0, 0, 10, 12],
      columns: [1, 1, 2, 3, 3, 4, 5, 5, 6],
      pick: [1, 3, 6],
      pickGradient: [2, 0, 6, 0, 0, 12],
      along: [1, 3, 6],
      oneHot: [0, 0, 1, 0, 0, 0],
    });
  });

  it('a computed label that is no class counts as the nearest one', async () => {
    const module = defineModule('labels', (m) => {
      const x = m.input('x', { shape: [2, 3] });
      const at = m.input('at', { shape: [2], dtype: 'i32' });
      const loss = (labels: Tensor): Tensor => nn.crossEntropy(x, labels);
      const [outside, inside] = [loss(at.sub(1)), loss(at.sub(1).maximum(0).minimum(2))];
      m.entry('run', {
        loss: outside.sub(inside),
        gradient: (gradients(outside, [x])[0] ?? x).sub(gradients(inside, [x])[0] ?? x),
      });
    });
    expect(await run(target, module, [0, 11])).toEqual({ loss: [0], gradient: [0, 0, 0, 0, 0, 0] });
  });

  it('layers of no channels and of no samples give what sums of nothing are', async () => {
    const bias = { biasInit: nn.init.constant(2), kernelInit: nn.init.constant(1) };
    const empty = (m: ModuleBuilder, name: string, shape: number[]): Tensor => m.input(name, { shape });
    const module = defineModule('empty', (m) => {
      const channels = empty(m, 'channels', [1, 0, 3, 3]);
      const samples = empty(m, 'samples', [0, 2, 3, 3]);
      m.entry('run', {
        convolved: nn.conv2d(channels, 1, 2, bias),
        transposed: nn.convTranspose2d(channels, 1, 2, { ...bias, padding: 1 }),
        pooled: nn.maxPool2d(channels, 2),
        normalised: nn.instanceNorm(channels),
        noSamples: nn.maxPool2d(nn.conv2d(samples, 1, 2, bias), 2),
        batch: nn.batchNorm(nn.conv2d(samples, 1, 2, bias)).output,
      });
    });
    expect(await run(target, module, [])).toEqual({
      convolved: [2, 2, 2, 2],
      transposed: [2, 2, 2, 2],
      pooled: [],
      normalised: [],
      noSamples: [],
      batch: [],
    });
  });

  it('windows are padded with whatever value, NaN too', async () => {
    const module = defineModule('padded', (m) => {
      const x = m.input('x', { shape: [2] });
      const padded = (value: number): Tensor => x.windows({ axes: [0], window: [2], low: [1], value });
      m.entry('run', { nan: padded(Number.NaN), infinite: padded(-Infinity) });
    });
    expect(await run(target, module, [])).toEqual({
      nan: [Number.NaN, 1, 1, 2],
      infinite: [-Infinity, 1, 1, 2],
    });
  });
});
