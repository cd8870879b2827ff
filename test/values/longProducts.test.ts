import { describe, expect, it } from 'vitest';
import { defineModule, type Tensor } from '../../src/graph/index.ts';
import { conv2d, init } from '../../src/nn/index.ts';
import { sgd } from '../../src/optim/index.ts';
import type { Given } from '../../src/reference/index.ts';
import type { Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

const given = (data: ArrayLike<number>, shape: readonly number[]): Given => ({ shape: [...shape], data });

/** Terms whose sums do not round alike: constants, which round in one direction, and a few steps of a ramp. */
const values = (count: number, first: number): Float32Array =>
  Float32Array.from({ length: count }, (_, k) => first + (k % 3) / 8);

async function outputs(
  target: Target,
  shapes: Readonly<Record<string, readonly number[]>>,
  build: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
): Promise<{ y: ArrayLike<number>; data: Record<string, Float32Array> }> {
  const entries = Object.entries(shapes);
  const module = defineModule('products', (m) => {
    const inputs = entries.map(([name, shape]) => [name, m.input(name, { shape: [...shape] })] as const);
    m.entry('run', { y: build(Object.fromEntries(inputs)) });
  });
  const data = Object.fromEntries(
    entries.map(([name, shape], k) => [
      name,
      values(
        shape.reduce((n, d) => n * d),
        0.1 * (k + 1),
      ),
    ]),
  );
  const session = await target.start(module);
  const fed = entries.map(([name, shape]) => [name, given(data[name] ?? [], shape)] as const);
  const result = await session.step('run', { inputs: Object.fromEntries(fed) });
  await session.dispose();
  return { y: result.y?.data ?? [], data };
}

/** All terms are positive: what a sum is off is relative to itself. */
function expectRight(actual: ArrayLike<number>, k: number, expected: number): void {
  expect(Math.abs((actual[k] ?? Number.NaN) / expected - 1)).toBeLessThan(2e-6);
}

describe.each([wasm(2), wgsl('webgpu-software')])('on $name', (target) => {
  it('a product with few elements keeps its digits over 200,003 terms, in parts', async () => {
    const [rows, terms, columns] = [6, 200_003, 9];
    const shapes = { a: [rows, terms], b: [terms, columns] };
    const { y, data } = await outputs(target, shapes, ({ a, b }) => (a && b ? a.matmul(b) : shapeless()));
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < terms; k++)
          sum += (data.a?.[i * terms + k] ?? 0) * (data.b?.[k * columns + j] ?? 0);
        expectRight(y, i * columns + j, sum);
      }
  });

  it('so do products of a batch, whose reduction no part of the machine shares', async () => {
    const [batch, rows, terms, columns] = [3, 4, 70_001, 5];
    const shapes = { a: [batch, rows, terms], b: [batch, terms, columns] };
    const { y, data } = await outputs(target, shapes, ({ a, b }) => (a && b ? a.matmul(b) : shapeless()));
    for (let at = 0; at < batch * rows * columns; at++) {
      const [n, i, j] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
      let sum = 0;
      for (let k = 0; k < terms; k++)
        sum += (data.a?.[(n * rows + i) * terms + k] ?? 0) * (data.b?.[(n * terms + k) * columns + j] ?? 0);
      expectRight(y, at, sum);
    }
  });

  it('so does the gradient of a filter over large images', async () => {
    const [batch, size, filters] = [2, 130, 4];
    const module = defineModule('filter', (m) => {
      const x = m.input('x', { shape: [batch, 2, size, size] });
      const options = { name: 'layer', bias: false, kernelInit: init.zeros(), padding: 'valid' } as const;
      const y = conv2d(x, filters, 3, options).mul(m.input('g', { shape: [1, filters, 1, 1] }));
      m.entry('train', { updates: sgd({ lr: 1 }).minimize(y.sum()) });
    });
    const x = values(batch * 2 * size * size, 0.1);
    const g = values(filters, 0.3);
    const session = await target.start(module);
    await session.step('train', {
      inputs: { x: given(x, [batch, 2, size, size]), g: given(g, [1, filters, 1, 1]) },
    });
    const { data } = await session.read('layer.weight');
    await session.dispose();
    for (let at = 0; at < filters * 2 * 9; at++) {
      const [filter, channel, i, j] = [
        Math.floor(at / 18),
        Math.floor(at / 9) % 2,
        Math.floor(at / 3) % 3,
        at % 3,
      ];
      let sum = 0;
      for (let n = 0; n < batch; n++)
        for (let row = 0; row < size - 2; row++)
          for (let column = 0; column < size - 2; column++)
            sum += x[((n * 2 + channel) * size + row + i) * size + column + j] ?? 0;
      expectRight(data, at, -sum * (g[filter] ?? 0));
    }
  });
});

function shapeless(): never {
  throw new Error('an input is missing');
}
