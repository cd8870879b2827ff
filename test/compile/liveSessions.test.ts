import { afterAll, expect, test } from 'vitest';
import { compile, defineModule, nn, optim } from '../../src/index.ts';
import { referenceSession } from '../../src/reference/index.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { firstDifference } from './agreement.ts';

/** Rows of a full batch, and of all batches: the last one has fewer. */
const [MOST, ROWS] = [96, 96 + 7];

const module = defineModule('live', (m) => {
  const batch = m.size('batch', { max: MOST });
  const x = m.input('x', { shape: [batch, 16] });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const weights = m.state('weights', { shape: [16, 8] });
  const hidden = nn.groupNorm(x.matmul(weights).tanh(), 1);
  const logits = nn.dense(hidden, 5, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  m.entry('train', { loss, updates: optim.adam({ lr: 0.01 }).minimize(loss) });
  m.entry('predict', { softmax: logits.softmax(1), label: logits.argmax(1) });
});

const x = Float32Array.from({ length: ROWS * 16 }, (_, k) => Math.sin(k * 0.7));
const y = Int32Array.from({ length: ROWS }, (_, k) => (k * 7) % 5);
const initial = {
  weights: Float32Array.from({ length: 128 }, (_, k) => Math.cos(k) / 2),
  'output.weight': Float32Array.from({ length: 40 }, (_, k) => Math.sin(3 * k) / 2),
};

const device = await freshDevice();
afterAll(() => device.destroy());

/** Workgroups that a device is asked to run while `work` does. */
async function workgroupsOf(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const create = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (...args) => {
    const encoder = create(...args);
    const begin = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (...pass) => {
      const made = begin(...pass);
      const dispatch = made.dispatchWorkgroups.bind(made);
      made.dispatchWorkgroups = (columns, rows = 1) => {
        count += columns * rows;
        dispatch(columns, rows);
      };
      return made;
    };
    return encoder;
  };
  try {
    await work();
  } finally {
    device.createCommandEncoder = create;
  }
  return count;
}

const onWasm = await compile(module, { target: 'wasm' });
const onWgsl = await compile(module, { target: 'webgpu-software' });
const targets = [
  ['WebAssembly with one thread', () => onWasm.start({ threads: 1, initial })],
  ['WebAssembly with two threads', () => onWasm.start({ threads: 2, initial })],
  ['WebGPU', () => onWgsl.start({ device, initial })],
] as const;

test.each(targets)(
  'an epoch whose last batch is smaller, and one row to predict, on %s',
  async (_, start) => {
    const session = await start();
    const [epoch] = await session.train({ data: { x, y } });
    const one = await session.run('predict', { x: x.subarray(0, 16) });
    const reference = referenceSession(module, {
      weights: { shape: [16, 8], data: initial.weights },
      'output.weight': { shape: [8, 5], data: initial['output.weight'] },
    });
    const rows = (from: number, to: number) => ({
      live: { batch: to - from },
      inputs: {
        x: { shape: [to - from, 16], data: x.subarray(16 * from, 16 * to) },
        y: { shape: [to - from], data: y.subarray(from, to) },
      },
    });
    const losses = [rows(0, MOST), rows(MOST, ROWS)].map(
      (feeds) => reference.step('train', feeds).loss?.data[0] ?? Number.NaN,
    );
    const [first = 0, last = 0] = losses;
    expect(epoch?.loss).toBeCloseTo((first * MOST + last * (ROWS - MOST)) / ROWS, 4);
    for (const { name } of module.states)
      expect([name, firstDifference((await session.read(name)).data, reference.read(name), 1e-4)]).toEqual([
        name,
        null,
      ]);
    for (const [name, expected] of Object.entries(reference.step('predict', rows(0, 1)))) {
      expect(one[name]?.shape).toEqual(expected.shape);
      expect(firstDifference(one[name]?.data ?? [], expected, 1e-4)).toBeNull();
    }
    session.dispose();
  },
);

test('a device runs fewer workgroups for one row than for all', async () => {
  const session = await onWgsl.start({ device, initial });
  const of = (rows: number): Promise<number> =>
    workgroupsOf(() => session.run('predict', { x: x.subarray(0, 16 * rows) }));
  const most = onWgsl.program.entries.predict?.steps.reduce((n, { workgroups }) => n + workgroups, 0);
  expect(await of(MOST)).toBe(most);
  expect(await of(1)).toBe(onWgsl.program.entries.predict?.steps.length);
  expect(await of(1)).toBeLessThan(await of(MOST));
  session.dispose();
});
