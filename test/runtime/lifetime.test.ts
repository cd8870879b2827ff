import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DeviceError, requestDevice, start } from '../../src/runtime/index.ts';
import { timestamps } from '../../src/runtime/timestamps.ts';
import { freshDevice, softwareGpu } from '../softwareAdapter.ts';
import { lifetimeSuite } from './lifetimeSuite.ts';
import { linearData, linearModel } from './linearModel.ts';
import { lastOf, targets } from './targets.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device.destroy());

for (const target of targets) describe(`on ${target.name}`, () => lifetimeSuite(target));

describe('a session on a device', () => {
  test('leaves the device of the caller, who goes on with it', async () => {
    const first = await start(linearModel, { device });
    first.dispose();
    const second = await start(linearModel, { device });
    expect((await second.read('w')).shape).toEqual([3]);
    second.dispose();
  });

  test('destroys every buffer that was made', async () => {
    const own = await freshDevice();
    const alive = aliveBuffers(own);
    const session = await start(linearModel, { device: own });
    await session.dataset(linearData(9));
    await lastOf(session.train({ data: linearData(9) }));
    await session.run('predict', { x: [1, 2, 3] });
    await session.save();
    expect(alive.size).toBeGreaterThan(0);
    session.dispose();
    expect([...alive]).toEqual([]);
    own.destroy();
  });

  test('lets the process end by itself, and so does leaving a session as it is', async () => {
    const script = fileURLToPath(new URL('./endsByItself.ts', import.meta.url));
    const options = { timeout: 60_000 };
    for (const way of ['dispose', 'leave']) {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', 'tsx', script, way],
        options,
      );
      expect(stdout.trim()).toBe(`${way}: 9 samples`);
    }
  });
});

describe('a device that fails', () => {
  test('is told as lost to calls that run and to later ones', async () => {
    const own = await freshDevice();
    const session = await start(linearModel, { device: own });
    const running = lastOf(
      session.train({ data: linearData(800), stepsPerSubmit: 1, onProgress: () => own.destroy() }),
    );
    await expect(running).rejects.toThrow(DeviceError);
    await expect(running).rejects.toMatchObject({ code: 'lost' });
    await expect(session.run('predict', { x: [1, 2, 3] })).rejects.toMatchObject({ code: 'lost' });
    await expect(session.read('w')).rejects.toMatchObject({ code: 'lost' });
    session.dispose();
    await expect(session.read('w')).rejects.toMatchObject({ code: 'disposed' });
  });

  test('wherever a start fails, its error comes out and every buffer is freed', async () => {
    const methods = ['createBuffer', 'createBindGroupLayout', 'createPipelineLayout', 'createShaderModule'];
    for (const method of methods) {
      for (let call = 1; call <= (method === 'createBuffer' ? 9 : 1); call++) {
        const own = await freshDevice();
        const alive = aliveBuffers(own);
        failAt(own, method, call);
        const starting = start(linearModel, { device: own, profiler: timestamps('steps') });
        await expect(starting, `${method} ${call}`).rejects.toThrow('injected');
        expect([...alive]).toEqual([]);
        own.destroy();
      }
    }
    const own = await freshDevice();
    const alive = aliveBuffers(own);
    failAt(own.queue, 'writeBuffer', 2);
    await expect(start(linearModel, { device: own })).rejects.toThrow('injected');
    expect([...alive]).toEqual([]);
    own.destroy();
  });

  test.each(['webgpu', 'wasm'])(
    'whichever call of a start fails on %s, the next start works, and nothing is left',
    async (target) => {
      const script = fileURLToPath(new URL('./failedStarts.ts', import.meta.url));
      const args = ['--import', 'tsx', script, target];
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
      expect(stdout).toMatch(
        target === 'wasm' ? /Memory compile instantiate spawn post/ : /createComputePipelineAsync/,
      );
    },
  );

  test('a kernel that does not compile ends the start when the others are made, and the process goes on', async () => {
    const script = fileURLToPath(new URL('./brokenKernel.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], {
      timeout: 60_000,
    });
    expect(stdout.trim()).toBe('4 failed, 4 ran');
  });

  test('a call that fails once does not end the session', async () => {
    const own = await freshDevice();
    const session = await start(linearModel, { device: own, initial: { w: [1, 1, 1], b: [0] } });
    for (const [target, method] of [
      [own, 'createBuffer'],
      [own, 'createBindGroup'],
      [own, 'createCommandEncoder'],
      [own.queue, 'writeBuffer'],
      [own.queue, 'submit'],
    ] as const) {
      const restore = failAt(target, method, 1);
      await expect(lastOf(session.train({ data: linearData(9) })), method).rejects.toThrow('injected');
      restore();
    }
    const { value } = await session.run('predict', { x: [1, 2, 3] });
    expect([...(value?.data ?? [])]).toEqual([6]);
    session.dispose();
    own.destroy();
  });

  test('a kernel that does not compile is named, with the line', async () => {
    const [first, ...others] = linearModel.kernels;
    if (first === undefined) throw new Error('the model has kernels');
    const broken = { ...first, code: first.code.replace('temps[r] =', 'temps[r] = nonsense +') };
    const started = start({ ...linearModel, kernels: [broken, ...others] }, { device });
    await expect(started).rejects.toThrow(/kernel errors does not compile: [\s\S]*:\d+:\d+[\s\S]*nonsense/);
    await expect(started).rejects.toMatchObject({ name: 'DeviceError', code: 'shader', kernel: 'errors' });
  });

  test('a program larger than the limits says which, what it needs and what there is', async () => {
    const { maxBufferSize, maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize } =
      device.limits;
    const [first, ...others] = linearModel.kernels;
    if (first === undefined) throw new Error('the model has kernels');
    const cases = [
      [
        { ...linearModel, buffers: { ...linearModel.buffers, state: maxBufferSize + 16 } },
        { name: 'maxBufferSize', needed: maxBufferSize + 16, available: maxBufferSize },
      ],
      [
        { ...linearModel, kernels: [{ ...first, workgroup: 4096 }, ...others] },
        {
          name: 'maxComputeInvocationsPerWorkgroup',
          needed: 4096,
          available: maxComputeInvocationsPerWorkgroup,
        },
      ],
      [
        { ...linearModel, kernels: [{ ...first, sharedBytes: 1 << 20 }, ...others] },
        {
          name: 'maxComputeWorkgroupStorageSize',
          needed: 1 << 20,
          available: maxComputeWorkgroupStorageSize,
        },
      ],
    ] as const;
    for (const [program, limit] of cases) {
      const started = start(program, { device });
      await expect(started).rejects.toMatchObject({ name: 'DeviceError', code: 'limit', limit });
      await expect(started).rejects.toThrow(
        `needs ${limit.name} ${limit.needed}; the device has ${limit.available}`,
      );
    }
  });

  test('no adapter is an error that says what to do', async () => {
    const { gpu } = await softwareGpu();
    const empty: GPU = Object.create(gpu, { requestAdapter: { value: async () => null } });
    await expect(requestDevice({ gpu: empty })).rejects.toMatchObject({
      name: 'DeviceError',
      code: 'no-adapter',
    });
  });

  test('a device has all that its adapter offers', async () => {
    const { gpu } = await softwareGpu();
    const adapter = await gpu.requestAdapter();
    expect(device.limits.maxStorageBuffersPerShaderStage).toBe(
      adapter?.limits.maxStorageBuffersPerShaderStage,
    );
    expect(device.limits.maxBufferSize).toBe(adapter?.limits.maxBufferSize);
    expect(device.features.has('timestamp-query')).toBe(adapter?.features.has('timestamp-query'));
  });
});

/** Labels of the buffers that were made on a device from now on and not destroyed. */
function aliveBuffers(own: GPUDevice): Set<string> {
  const alive = new Set<string>();
  const create = own.createBuffer.bind(own);
  let count = 0;
  own.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const name = `${descriptor.label} ${count++}`;
    alive.add(name);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      alive.delete(name);
      return destroy();
    };
    return buffer;
  };
  return alive;
}

/** Makes the `call`th call of a method throw, and the others work; returns what takes that back. */
function failAt(target: object, method: string, call: number): () => void {
  const original: unknown = Reflect.get(target, method);
  if (typeof original !== 'function') throw new Error(`no method ${method}`);
  let calls = 0;
  const value = (...args: readonly unknown[]): unknown => {
    if (++calls === call) throw new Error(`injected: ${method}`);
    return Reflect.apply(original, target, args);
  };
  Object.defineProperty(target, method, { value, configurable: true });
  return () => Object.defineProperty(target, method, { value: original, configurable: true });
}
