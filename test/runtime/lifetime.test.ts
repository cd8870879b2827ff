import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DeviceError,
  type Epoch,
  FormatError,
  requestDevice,
  SessionError,
  start,
} from '../../src/runtime/index.ts';
import { freshDevice, softwareGpu } from '../softwareAdapter.ts';
import { linearData, linearModel } from './linearModel.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device.destroy());

async function last(epochs: AsyncIterable<Epoch>): Promise<Epoch | undefined> {
  let found: Epoch | undefined;
  for await (const epoch of epochs) found = epoch;
  return found;
}

describe('a saved session', () => {
  test('goes on exactly: states, counts of steps and the order of shuffles', async () => {
    const data = linearData(37);
    const options = { data, shuffle: true, params: { lr: (step: number) => 0.01 / step } };
    const whole = await start(linearModel, { device, seed: 3 });
    await last(whole.train({ ...options, epochs: 2 }));
    const saved = await whole.save();
    const expected = await last(whole.train({ ...options, epochs: 2 }));

    const resumed = await start(linearModel, { device, seed: 99 });
    await resumed.load(saved);
    expect(await last(resumed.train({ ...options, epochs: 2 }))).toEqual({
      ...expected,
      seconds: expect.any(Number),
    });
    for (const name of ['w', 'b', 'steps']) expect(await resumed.read(name)).toEqual(await whole.read(name));
    whole.dispose();
    resumed.dispose();
  });

  test('keeps the bits of every value', async () => {
    const odd = [-0, Number.NaN, 1e-42];
    const session = await start(linearModel, { device, initial: { w: odd } });
    const saved = await session.save();
    await session.write('w', [1, 2, 3]);
    await session.load(saved);
    const w = await session.read('w');
    expect(new Uint32Array(w.data.buffer)).toEqual(new Uint32Array(new Float32Array(odd).buffer));
    session.dispose();
  });

  test('is refused where it is cut, foreign or of another program, and nothing is changed', async () => {
    const session = await start(linearModel, { device, seed: 5 });
    const saved = await session.save();
    const before = await session.read('w');
    const [first, ...others] = linearModel.state;
    if (first === undefined) throw new Error('the model has states');
    const renamed = await start(
      { ...linearModel, state: [{ ...first, name: 'other' }, ...others] },
      { device },
    );
    await expect(renamed.load(saved)).rejects.toThrow('expected other f32[3], found w f32[3]');
    const cut = saved.slice(0, saved.length - 4);
    await expect(session.load(cut)).rejects.toThrow(`expected ${saved.length} bytes, found ${cut.length}`);
    for (const foreign of [
      new Uint8Array(),
      new Uint8Array(100),
      new Uint8Array(64).fill(255),
      saved.slice(0, 40),
    ])
      await expect(session.load(foreign)).rejects.toThrow(FormatError);
    expect(await session.read('w')).toEqual(before);
    session.dispose();
    renamed.dispose();
  });
});

describe('disposing', () => {
  test('frees the session: whatever is called then says so', async () => {
    const session = await start(linearModel, { device });
    const data = await session.dataset(linearData(9));
    session.dispose();
    session.dispose();
    const calls = [
      () => session.run('predict', { x: [1, 2, 3] }),
      () => last(session.train({ data })),
      () => session.evaluate('predict', { data }),
      () => session.dataset(linearData(1)),
      () => session.read('w'),
      () => session.write('w', [1, 2, 3]),
      () => session.save(),
      () => session.load(new Uint8Array()),
    ];
    for (const call of calls) {
      const failed = call();
      await expect(failed, String(call)).rejects.toThrow(SessionError);
      await expect(failed).rejects.toMatchObject({ code: 'disposed' });
    }
  });

  test('ends calls that run or wait as disposed', async () => {
    const session = await start(linearModel, { device });
    const data = await session.dataset(linearData(800));
    const waiting: Promise<unknown>[] = [];
    const onProgress = (): void => {
      waiting.push(session.run('predict', { x: [1, 2, 3] }), session.read('w'));
      session.dispose();
    };
    const running = last(session.train({ data, stepsPerSubmit: 1, onProgress }));
    const results = [...(await Promise.allSettled([running])), ...(await Promise.allSettled(waiting))];
    expect(results).toHaveLength(3);
    for (const result of results)
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { name: 'SessionError', code: 'disposed' },
      });
  });

  test('leaves the device of the caller, who goes on with it', async () => {
    const first = await start(linearModel, { device });
    first.dispose();
    const second = await start(linearModel, { device });
    expect((await second.read('w')).shape).toEqual([3]);
    second.dispose();
  });

  test('frees a dataset alone, and a dataset serves its own session alone', async () => {
    const [session, other] = [await start(linearModel, { device }), await start(linearModel, { device })];
    const data = await session.dataset(linearData(9));
    await expect(last(other.train({ data }))).rejects.toMatchObject({ code: 'other-session' });
    data.dispose();
    await expect(last(session.train({ data }))).rejects.toThrow('the dataset is disposed');
    expect((await session.run('predict', { x: [0, 0, 0] })).value?.shape).toEqual([1]);
    session.dispose();
    other.dispose();
  });

  test('destroys every buffer that was made', async () => {
    const own = await freshDevice();
    const alive = aliveBuffers(own);
    const session = await start(linearModel, { device: own });
    await session.dataset(linearData(9));
    await last(session.train({ data: linearData(9) }));
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
    const running = last(
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
      for (let call = 1; call <= (method === 'createBuffer' ? 7 : 1); call++) {
        const own = await freshDevice();
        const alive = aliveBuffers(own);
        failAt(own, method, call);
        await expect(start(linearModel, { device: own }), `${method} ${call}`).rejects.toThrow('injected');
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
      await expect(last(session.train({ data: linearData(9) })), method).rejects.toThrow('injected');
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
