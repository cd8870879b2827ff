import { describe, expect, test } from 'vitest';
import { compile, DeviceError, defineModule, type Module } from '../../src/index.ts';
import { machines, machineWith } from '../../src/machine/index.ts';
import { fitOf } from '../../src/profile/fits.ts';
import { fitText } from '../../src/profile/fitText.ts';
import { largestFitting } from '../../src/profile/largestFitting.ts';
import { type Limits, limitsOfAdapter, limitsOfMachine, type Verdict } from '../../src/profile/limits.ts';
import { softwareGpu } from '../softwareAdapter.ts';

/** Rows by weights: of few operations, as it is compiled many times. */
function scaled(max: number): Module {
  return defineModule('scaled', (m) => {
    const x = m.input('x', { shape: [m.size('batch', { max }), 64] });
    m.entry('run', { y: x.mul(m.state('w', { shape: [2048, 64] }).sum(0)) });
  });
}

/** Buffers of 1 MiB: twice the weights. */
const MIB = 2 ** 20;
const small = machineWith(machines.webgpu, { binding: MIB });

describe('whether a module fits', () => {
  test('is told need by need, and which batch would fit is what compile takes', async () => {
    const doing: string[] = [];
    const fit = fitOf(scaled(16), {
      target: 'webgpu',
      machine: small,
      onProgress: (text) => doing.push(text),
    });
    expect(fit).toMatchObject({ module: 'scaled', target: 'webgpu', fits: true, fault: null });
    expect(fit.limits).toBe('machine webgpu (a large GPU)');
    expect(fit.needs.map(({ limit }) => limit)).toContain('maxComputeWorkgroupStorageSize');
    expect(fit.needs.find(({ what }) => what === 'inputs of a batch')).toMatchObject({
      needed: 16 * 4 * 64 + 2 * 16 * 4,
      available: MIB,
    });
    const [batch] = fit.sizes;
    expect(batch).toMatchObject({ name: 'batch', max: 16 });
    expect(batch?.why).toMatch(/^inputs of a batch: \d+ bytes, and maxStorageBufferBindingSize is 1048576$/);
    expect(doing.slice(0, 2)).toEqual(['compiling', 'batch: trying 32']);
    const [largest, tooLarge] = [batch?.largest ?? 0, batch?.tooLarge ?? 0];
    expect(tooLarge - largest).toBeLessThanOrEqual(largest / 50);
    await compile(scaled(largest), { machine: small });
    await expect(compile(scaled(tooLarge), { machine: small })).rejects.toThrow(DeviceError);
  });

  test('is told of what compile refuses, with the batch that it would take', async () => {
    await expect(compile(scaled(8192), { machine: small })).rejects.toThrow(DeviceError);
    const fit = fitOf(scaled(8192), { target: 'webgpu', machine: small });
    expect(fit.fits).toBe(false);
    expect(fit.needs.filter(({ fits }) => !fits).map(({ what }) => what)).toContain('inputs of a batch');
    expect(fit.sizes).toEqual(
      fitOf(scaled(16), { target: 'webgpu', machine: small }).sizes.map((size) => ({
        ...size,
        max: 8192,
      })),
    );
    const text = fitText(fit);
    expect(text).toMatch(/^scaled for webgpu, on machine webgpu \(a large GPU\): DOES NOT FIT$/m);
    expect(text).toMatch(/^ +inputs of a batch +2.16 MB +1.05 MB +\d+\.\d +TOO LARGE$/m);
    expect(text).toMatch(/^batch is at most 8192; \d+ would fit, \d+ would not:$/m);
  });

  test('on WebAssembly is a matter of addresses, for the plan, the threads and a batch', () => {
    const machine = machineWith(machines.wasm, { binding: 2 ** 24 });
    const one = fitOf(scaled(16), { target: 'wasm', machine, threads: 1 });
    const many = fitOf(scaled(16), { target: 'wasm', machine, threads: 64 });
    const [first, more] = [one, many].map(({ needs }) => needs[0]);
    expect(first).toMatchObject({ limit: 'address space', available: 2 ** 24, fits: true });
    expect(more?.needed).toBeGreaterThan(first?.needed ?? Infinity);
    expect(more?.what).toBe('the plan, 64 threads and a batch');
    expect(one.sizes[0]?.largest).toBeGreaterThan(many.sizes[0]?.largest ?? Infinity);
  });

  test('of weights alone no batch makes right, and where no size is bounded it is said', () => {
    const machine = machineWith(machines.webgpu, { binding: 4096 });
    const [batch] = fitOf(scaled(16), { target: 'webgpu', machine }).sizes;
    expect(batch).toMatchObject({ largest: null, tooLarge: 1 });
    expect(fitText(fitOf(scaled(16), { target: 'webgpu', machine }))).toMatch(
      /^batch is at most 16; 1 would not:$/m,
    );
    expect(batch?.why).toMatch(/^states: \d+ bytes/);
    const fixed = defineModule('fixed', (m) => {
      m.entry('run', { y: m.input('x', { shape: [8] }).exp() });
    });
    const fit = fitOf(fixed, { target: 'wasm', machine: machines.wasm });
    expect(fit).toMatchObject({ fits: true, sizes: [] });
    expect(fitText(fit)).toContain('no size is bounded');
  });

  test('by an adapter with more than its machine, compile refuses all the same, which is said', () => {
    const limits: Limits = {
      of: 'adapter maker GPU',
      values: { ...limitsOfMachine(machines.webgpu).values, maxStorageBufferBindingSize: 4 * MIB },
    };
    const fit = fitOf(scaled(8192), { target: 'webgpu', machine: small, limits });
    expect(fit).toMatchObject({ fits: true, isRefused: true });
    expect(fitText(fit)).toMatch(/^compile\(\) refuses it all the same/m);
  });
});

test('of an adapter the smaller of the limits for a buffer counts', async () => {
  const { adapter } = await softwareGpu();
  const { of, values } = limitsOfAdapter(adapter);
  expect(of).toMatch(/^adapter .*swiftshader/i);
  expect(values.maxStorageBufferBindingSize).toBe(
    Math.min(adapter.limits.maxBufferSize, adapter.limits.maxStorageBufferBindingSize),
  );
  expect(values.maxComputeInvocationsPerWorkgroup).toBe(adapter.limits.maxComputeInvocationsPerWorkgroup);
  expect(values.memory).toBeUndefined();
});

describe('the search for the largest size', () => {
  /** A search for the largest size of which `bytes` are at most 1000; how often it asked. */
  function searched(
    max: number,
    bytes: (size: number) => number,
  ): ReturnType<typeof largestFitting> & { asked: number } {
    let asked = 0;
    const answer = (size: number): { needs: Verdict[]; fault: null } => {
      asked++;
      const needed = bytes(size);
      const need = {
        what: 'temporaries',
        limit: 'maxStorageBufferBindingSize',
        needed,
        unit: 'bytes',
      } as const;
      return {
        needs: [{ ...need, available: 1000, share: needed / 1000, fits: needed <= 1000 }],
        fault: null,
      };
    };
    const found = largestFitting(max, answer(max), answer);
    return { ...found, asked };
  }

  test.each([1, 8, 95, 96, 97, 500])('finds it in few answers where bytes are linear, from %i on', (max) => {
    const { largest, tooLarge, asked } = searched(max, (size) => 40 + 10 * size);
    expect([largest, tooLarge]).toEqual([96, 97]);
    expect(asked).toBeLessThanOrEqual(5);
  });

  test('ends where what fits is near to what does not', () => {
    const { largest, tooLarge, asked } = searched(4, (size) => 64 * Math.ceil(size / 16) + size / 100);
    expect(largest).toBeLessThanOrEqual(240);
    expect(largest).toBeGreaterThan(235);
    expect(tooLarge).toBeGreaterThan(240);
    expect(asked).toBeLessThanOrEqual(12);
  });

  test('says where nothing depends on the size, and where no size is small enough', () => {
    expect(searched(4, () => 7)).toMatchObject({
      largest: null,
      tooLarge: null,
      why: 'no limit depends on it',
    });
    expect(searched(4, () => 7000)).toMatchObject({ largest: null, tooLarge: 1 });
  });

  test('goes by halves where there is no plan to tell', () => {
    const answer = (size: number): { needs: Verdict[]; fault: string | null } => {
      return { needs: [], fault: size > 37 ? 'too many' : null };
    };
    expect(largestFitting(64, answer(64), answer)).toEqual({
      largest: 37,
      tooLarge: 38,
      why: 'too many',
    });
  });
});
