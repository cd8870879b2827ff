import { describe, expect, it } from 'vitest';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { defineModule, type Tensor } from '../../src/graph/index.ts';
import * as nn from '../../src/nn/index.ts';
import * as optim from '../../src/optim/index.ts';
import { start } from '../../src/runtime/wasm/index.ts';
import { integers } from '../fixtures/generator.ts';
import { assemble } from './bareWasm.ts';
import { waysOfContractions } from './wasmAgreement.ts';

/** Two convolutions, one with a stride, over images of 12 × 12: batches of 16, the last one not full. */
const model = defineModule('convolutional', (m) => {
  const batch = m.size('batch', { max: 16 });
  const x = m.input('x', { shape: [batch, 144], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  let h: Tensor = x.cast('f32').div(255).reshape([batch, 1, 12, 12]);
  h = nn.conv2d(h, 8, 3, { padding: 'same', activation: 'relu', name: 'conv1' });
  h = nn.conv2d(h, 8, 3, { padding: 1, stride: 2, activation: 'relu', name: 'conv2' });
  const loss = nn.crossEntropy(nn.dense(h.reshape([batch, 8 * 36]), 10, { name: 'output' }), y);
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
});

const compilation = compileToWasm(model, assemble);

async function trained(threads: number): Promise<readonly unknown[]> {
  const count = 16 * 5 - 3;
  const data = {
    x: Uint8Array.from(integers(1, 256, count * 144)),
    y: Int32Array.from(integers(2, 10, count)),
  };
  const session = await start(compilation.program, { threads, seed: 3 });
  const losses: number[] = [];
  for await (const { loss } of session.train({ data, epochs: 4 })) losses.push(loss);
  const states = [];
  for (const { name } of session.program.state) states.push((await session.read(name)).data);
  session.dispose();
  return [losses, ...states];
}

describe('a convolutional network on WebAssembly', () => {
  it("reads windows where they lie, and shares the reduction of a filter's gradient", () => {
    const ways = waysOfContractions(compilation);
    expect(ways).toContain('with windows as rows');
    expect(ways).toContain('with windows in several parts of the reduction');
    expect(ways).toContain('with windows in parts of the reduction');
  });

  it('has the same bits for any number of threads', async () => {
    const first = await trained(1);
    for (const threads of [2, 3]) expect(await trained(threads), `${threads} threads`).toEqual(first);
  });
});
