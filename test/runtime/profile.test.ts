import { describe, expect, test } from 'vitest';
import { type StartOptions, start } from '../../src/index.ts';
import { type Profiling, start as startAlone } from '../../src/runtime/index.ts';
import { timestamps } from '../../src/runtime/timestamps.ts';
import { freshDevice, softwareGpu } from '../softwareAdapter.ts';
import { linearData, linearModel } from './linearModel.ts';
import { linearWasm } from './linearWasm.ts';

describe.each([
  { name: 'WebGPU', program: linearModel, place: async () => ({ device: await freshDevice() }) },
  ...[1, 2, 3].map((threads) => ({
    name: `WebAssembly, threads: ${threads}`,
    program: linearWasm(),
    place: async () => ({ threads }),
  })),
])('on $name', ({ program, place }) => {
  test('each dispatch is timed, or each step, and results are the same as without', async () => {
    const where: StartOptions = await place();
    const losses: number[] = [];
    const columns: (number[] | undefined)[] = [];
    for (const profile of ['none', 'dispatches', 'steps'] as const) {
      const session = await start(program, { ...where, profile, seed: 1 });
      for await (const { loss } of session.train({ data: linearData(80), epochs: 2, stepsPerSubmit: 4 }))
        losses.push(loss);
      const times = session.timings.get('train');
      columns.push(times?.map((samples) => samples.length));
      for (const samples of times ?? [])
        for (const microseconds of samples) expect(microseconds).toBeGreaterThanOrEqual(0);
      if (times !== undefined) expect(Math.max(...times.flat())).toBeGreaterThan(0);
      session.dispose();
    }
    // Twenty steps of two dispatches; six submits.
    expect(columns).toEqual([undefined, [20, 20], [6]]);
    expect(losses.slice(2, 4)).toEqual(losses.slice(0, 2));
    expect(losses.slice(4)).toEqual(losses.slice(0, 2));
    where.device?.destroy();
  });

  test('another word is refused', async () => {
    const where: StartOptions = await place();
    const profile = 'kernels' as Profiling;
    const started = start(program, { ...where, profile });
    await expect(started).rejects.toMatchObject({ name: 'InputError', code: 'range', input: 'profile' });
    await expect(started).rejects.toThrow('expected none or steps or dispatches, found "kernels"');
    where.device?.destroy();
  });
});

test('in Node the runtime alone reads timestamps as they are, not rounded to 65.536 µs as pages have them', async () => {
  // The software driver is found from here on.
  await softwareGpu();
  const session = await startAlone(linearModel, { seed: 1, profiler: timestamps('dispatches') });
  await session.train({ data: linearData(80), epochs: 1 });
  const times = [...(session.timings.get('train') ?? [])].flat();
  expect(times.length).toBeGreaterThan(0);
  expect(
    times.some((microseconds) => Math.abs(microseconds / 65.536 - Math.round(microseconds / 65.536)) > 1e-3),
  ).toBe(true);
  session.dispose();
});
