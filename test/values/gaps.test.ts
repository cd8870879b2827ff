import { describe, expect, it } from 'vitest';
import { concat, defineModule, type Module, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import type { Given } from '../../src/reference/index.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

const targets: readonly Target[] = [wgsl('webgpu'), wgsl('webgpu-software'), wasm(1)];

/** Small whole numbers, so that sums are exact; some elements are given. */
function numbers(shape: readonly number[], others: Readonly<Record<number, number>> = {}): Given {
  const length = shape.reduce((n, extent) => n * extent, 1);
  return { shape, data: Float64Array.from({ length }, (_, k) => others[k] ?? ((k * 7) % 5) - 2) };
}

/** An entry's output `y` on a target, and on the reference evaluator. */
async function both(
  target: Target,
  inputs: Readonly<Record<string, Given>>,
  build: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
): Promise<readonly [actual: readonly number[], expected: readonly number[]]> {
  const module: Module = defineModule('gaps', (m: ModuleBuilder) => {
    const tensors = Object.entries(inputs).map(
      ([name, { shape }]) => [name, m.input(name, { shape })] as const,
    );
    m.entry('run', { y: build(Object.fromEntries(tensors)) });
  });
  const on = async (one: Target): Promise<readonly number[]> => {
    const session = await one.start(module);
    const { y } = await session.step('run', { inputs });
    await session.dispose();
    return Array.from(y?.data ?? []);
  };
  return [await on(target), await on(reference)];
}

const given = (tensor: Tensor | undefined): Tensor => {
  if (tensor === undefined) throw new Error('no such input');
  return tensor;
};

describe.each(targets)('on $name', (target) => {
  it('a transposed convolution reads all of an operand that is put together, to its odd end', async () => {
    const inputs = { a: numbers([2, 8, 8]), b: numbers([2, 8, 8]), w: numbers([8, 8, 2]) };
    const [actual, expected] = await both(target, inputs, ({ a, b, w }) =>
      nn.convolveTransposed(concat([given(a), given(b)], 2), given(w), {
        stride: 2,
        padding: 1,
        outputPadding: 1,
      }),
    );
    expect(actual).toEqual(expected);
  });

  it('an infinity is seen where a window meets it, and not through a gap', async () => {
    const options = { stride: 2, padding: 1 } as const;
    for (const [x, w] of [
      [{ 40: Infinity }, {}],
      [{}, { 3: Infinity }],
      [{ 7: -Infinity }, { 100: Number.NaN }],
    ] as const) {
      const inputs = { x: numbers([2, 8, 9], x), w: numbers([8, 8, 3], w) };
      const [actual, expected] = await both(target, inputs, (t) =>
        nn.convolveTransposed(given(t.x), given(t.w), options),
      );
      expect(actual).toEqual(expected);
      expect(expected.filter(Number.isFinite).length).toBeGreaterThan(100);
    }
  });

  it('padding is zeros that a window multiplies', async () => {
    const inputs = { x: numbers([2, 4, 8, 8]), w: numbers([8, 4, 3, 3], { 0: Infinity }) };
    const [actual, expected] = await both(target, inputs, ({ x, w }) =>
      nn.convolve(given(x), given(w), { padding: 'same' }),
    );
    expect(actual).toEqual(expected);
    expect(expected.some(Number.isNaN)).toBe(true);
  });

  it('what a mask leaves out of a sum of products may be anything', async () => {
    const inputs = {
      a: numbers([32, 64]),
      b: numbers([64, 32], { 163: Infinity, 292: Number.NaN }),
      mask: { shape: [64], data: Float64Array.from({ length: 64 }, (_, k) => Number(k !== 5 && k !== 9)) },
    };
    const [actual, expected] = await both(target, inputs, ({ a, b, mask }) =>
      given(mask)
        .gt(0)
        .expandDims(1)
        .where(given(a).expandDims(2).mul(given(b).expandDims(0)), 0)
        .sum(1),
    );
    expect(actual).toEqual(expected);
    expect(expected.every(Number.isFinite)).toBe(true);
  });
});
