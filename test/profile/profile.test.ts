import { describe, expect, test } from 'vitest';
import {
  type CompiledProgram,
  compile,
  defineModule,
  nn,
  optim,
  type TargetName,
  UnknownNameError,
} from '../../src/index.ts';
import { type Profile, type ProfileOptions, profile } from '../../src/profile/profile.ts';
import { softwareGpu } from '../softwareAdapter.ts';
import { sharedDevice } from '../softwareDevice.ts';

const classifier = defineModule('classifier', (m) => {
  const batch = m.size('batch', { max: 16 });
  const x = m.input('x', { shape: [batch, 12], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const logits = nn.dense(nn.dense(x.cast('f32').div(255), 8, { name: 'hidden' }), 3, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  m.entry('predict', { label: logits.argmax(1), counts: logits.transpose() });
  m.entry('train', { loss, updates: optim.adam({ lr: 0.01 }).minimize(loss) });
  m.entry('evaluate', { loss });
  m.entry('weights', { norm: m.state('w', { shape: [4] }).norm() });
});

const compilations = new Map<TargetName, Promise<CompiledProgram>>();

function compiledFor(target: TargetName): Promise<CompiledProgram> {
  const known = compilations.get(target) ?? compile(classifier, { target });
  compilations.set(target, known);
  return known;
}

/** A profile on a target; names of what it does while it runs. */
async function profiled(
  target: TargetName,
  options: ProfileOptions = {},
): Promise<{ found: Profile; doing: Set<string> }> {
  const doing = new Set<string>();
  const found = await profile(await compiledFor(target), {
    ...(target === 'wasm' ? { threads: 2 } : { device: await sharedDevice() }),
    steps: 7,
    warmup: 1,
    onProgress: (text) => doing.add(text.replace(/,? call.*/, '')),
    ...options,
  });
  return { found, doing };
}

describe.each(['wasm', 'webgpu-software'] as const)('on %s', (target) => {
  test('each dispatch of a step has its time beside that of the model and that of the roofline', async () => {
    const { found, doing } = await profiled(target);
    const compiled = await compiledFor(target);
    const { dispatches, predictedMicros, flops, bytes } = compiled.entry('train');
    expect(found).toMatchObject({
      module: 'classifier',
      target,
      entry: 'train',
      predictedMicros,
      flops,
      bytes,
    });
    expect(found).toMatchObject({ steps: 7, stepsPerCall: 1 });
    expect(found.machine.name).toBe(target);
    expect(found.threads).toBe(target === 'wasm' ? 2 : null);
    expect(found.adapter === null).toBe(target === 'wasm');
    expect(found.dispatches.map(({ name, predicted }) => ({ name, predicted }))).toEqual(
      dispatches.map(({ name, predicted }) => ({ name, predicted })),
    );
    expect(found.wall.median).toBeGreaterThan(0);
    const steps = found.calls.flatMap((call) => call.steps);
    expect(steps.map((times) => times.length)).toEqual(Array(7).fill(dispatches.length));
    for (const [k, { measured, predicted, roofline, flops }] of found.dispatches.entries()) {
      if (measured === null) throw new Error(`dispatch ${k} was not measured`);
      const { low, median, high } = measured;
      expect(steps.map((times) => times[k])).toContain(median);
      expect(low <= median && median <= high).toBe(true);
      expect(measured.ratio).toBeCloseTo(median / predicted.micros, 9);
      expect(measured.gigaflops).toBeCloseTo(flops / median / 1000, 9);
      expect(measured.roofline).toBeCloseTo(roofline.micros / median, 9);
    }
    const shares = found.dispatches.map(({ measured }) => measured?.share ?? 0);
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    expect([...doing]).toEqual(['train: starting', 'train: warming up', 'train:', 'train: timing kernels']);
  });

  test.each(['evaluate', 'predict', 'weights'])(
    'the entry %s, which trains nothing, is measured too',
    async (entry) => {
      const { found } = await profiled(target, { entry, steps: 12 });
      // Several steps a call, where rows are read; one where outputs are not put together, or there are no rows.
      expect(found.stepsPerCall).toBe(entry === 'evaluate' ? 2 : 1);
      expect(found.steps).toBe(12);
      expect(found.dispatches.every(({ measured }) => measured !== null)).toBe(true);
    },
  );
});

test('inputs that are given take the place of drawn ones, and are checked', async () => {
  const [x, y] = [new Uint8Array(5 * 12), new Int32Array(5)];
  const { found } = await profiled('wasm', { inputs: { x, y }, steps: 12 });
  expect(found).toMatchObject({ steps: 12, stepsPerCall: 2 });
  const { found: odd } = await profiled('wasm', { inputs: { x, y }, steps: 13 });
  expect(odd).toMatchObject({ steps: 13, stepsPerCall: 2 });
  expect(odd.calls.map(({ steps }) => steps.length)).toEqual([2, 2, 2, 2, 2, 2, 1]);
  for (const [inputs, message] of [
    [{ x: x.subarray(1) }, 'x: expected one or more rows of 12 elements, found 59'],
    [{ x, y: y.subarray(1) }, 'y: expected 5 rows, as other inputs of batch, found 4'],
    [{ y: [0, 3] }, 'y: expected 0 to 2 at index 1, found 3'],
    [{ z: [] }, 'z: no such input'],
  ] as const)
    await expect(profiled('wasm', { inputs })).rejects.toThrow(message);
});

test('an adapter without timestamps gives the times of whole steps', async () => {
  const { gpu } = await softwareGpu();
  const device = await (await gpu.requestAdapter())?.requestDevice();
  if (device === undefined) throw new Error('there is no adapter');
  expect(device.features.has('timestamp-query')).toBe(false);
  const { found } = await profiled('webgpu-software', { device, steps: 2 });
  device.destroy();
  expect(found).toMatchObject({ kernels: null, calls: [], steps: 2 });
  expect(found.wall.median).toBeGreaterThan(0);
  expect(found.dispatches.map(({ measured }) => measured)).toEqual(found.dispatches.map(() => null));
});

test('an entry that is not there is refused before anything starts', async () => {
  await expect(profiled('wasm', { entry: 'dream' })).rejects.toThrow(UnknownNameError);
});
