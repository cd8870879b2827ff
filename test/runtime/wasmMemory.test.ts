import { afterEach, describe, expect, test, vi } from 'vitest';
import { DeviceError, start, type WasmProgram, type WasmSession } from '../../src/runtime/wasm/index.ts';
import { BATCH, linearData } from './linearModel.ts';
import { linearWasm } from './linearWasm.ts';
import { collect, lastOf } from './targets.ts';

const program = linearWasm();
const sessions: WasmSession[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function open(threads = 1): Promise<WasmSession> {
  const session = await start(program, { threads });
  sessions.push(session);
  return session;
}

describe('memory that cannot be had', () => {
  test('is refused with what the plan needs: a program of more than 4 GiB', async () => {
    const bytes = 5 * 2 ** 30;
    const large: WasmProgram = {
      ...program,
      memory: { ...program.memory, bytes },
      buffers: { ...program.buffers, peakBytes: bytes - 64 },
    };
    const started = start(large, { threads: 2 });
    await expect(started).rejects.toMatchObject({ name: 'DeviceError', code: 'memory' });
    await expect(started).rejects.toThrow(
      /^the memory of the program cannot be had: the plan of linear needs 5368709056 bytes at its peak, \d+ with what 2 threads need \(64 each\); WebAssembly has 4294967296 at most/,
    );
  });

  test('is asked for with less room to grow where the machine has no 4 GiB to reserve', async () => {
    const asked: (number | undefined)[] = [];
    const scarce = new Proxy(WebAssembly.Memory, {
      construct: (Memory, [descriptor]: [WebAssembly.MemoryDescriptor]) => {
        asked.push(descriptor.maximum);
        if ((descriptor.maximum ?? 0) > 10_000) throw new RangeError('could not allocate memory');
        return new Memory(descriptor);
      },
    });
    const get = (all: object, name: string): unknown => (name === 'Memory' ? scarce : Reflect.get(all, name));
    vi.stubGlobal('WebAssembly', new Proxy(WebAssembly, { get }));
    const session = await open(2);
    expect(asked).toEqual([65536, 32768, 16384, 8192]);
    const data = await session.dataset(linearData(100_000));
    expect((await session.evaluate('predict', { data })).samples).toBe(100_000);
    await expect(session.dataset({ x: { length: 3 * 2 ** 28 } })).rejects.toMatchObject({ code: 'memory' });
  });

  test('is refused for a dataset before a value of it is read, and the session goes on', async () => {
    const session = await open();
    const huge = { length: 3 * 2 ** 31 };
    const refused = session.dataset({ x: huge });
    await expect(refused).rejects.toThrow(DeviceError);
    await expect(refused).rejects.toMatchObject({ code: 'memory' });
    await expect(refused).rejects.toThrow(
      /^datasets of 15032\d+ bytes cannot be had: the plan of linear needs 256 /,
    );
    const data = await session.dataset(linearData(9));
    expect((await session.evaluate('predict', { data })).samples).toBe(9);
  });

  test('is refused where the machine has no more, and nothing is kept', async () => {
    const session = await open(2);
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(() => {
      throw new RangeError('WebAssembly.Memory.grow(): Unable to grow instance memory');
    });
    await expect(session.dataset(linearData(100_000))).rejects.toThrow(
      /what 2 threads need .* Unable to grow/,
    );
    grow.mockRestore();
    const data = await session.dataset(linearData(100_000));
    expect((await session.evaluate('predict', { data })).samples).toBe(100_000);
  });
});

describe('memory of datasets', () => {
  test('is used again when they are disposed of', async () => {
    const session = await open();
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
    const arrays = linearData(100_000);
    (await session.dataset(arrays)).dispose();
    const before = grow.mock.calls.length;
    expect(before).toBeGreaterThan(0);
    for (let k = 0; k < 20; k++) {
      const data = await session.dataset(arrays);
      data.dispose();
      data.dispose();
    }
    expect(grow).toHaveBeenCalledTimes(before);
  });

  test('keeps each dataset apart, after it has grown too', async () => {
    const session = await open(2);
    const small = await session.dataset(linearData(20));
    const before = await session.evaluate('predict', { data: small });
    const large = await session.dataset({ x: new Uint8Array(3 * 200_000).fill(255) });
    const other = await session.dataset(linearData(20));
    large.dispose();
    const third = await session.dataset({ x: new Uint8Array(3 * 50).fill(9) });
    expect(await session.evaluate('predict', { data: small })).toEqual(before);
    expect(await session.evaluate('predict', { data: other })).toEqual(before);
    expect((await session.evaluate('predict', { data: third })).samples).toBe(50);
  });

  test('is not given away while steps that read it are in flight', async () => {
    // On the thread that calls, the second chunk runs after `onProgress` and what follows it at once.
    const session = await open(1);
    const data = await session.dataset(linearData(400 * BATCH));
    let taken: Promise<unknown> | undefined;
    const onProgress = (): void => {
      data.dispose();
      taken ??= session.dataset({ x: new Uint8Array(3 * 400 * BATCH).fill(255) });
    };
    const options = { data, stepsPerSubmit: 4, onProgress, params: { lr: 1e-4 } };
    await expect(lastOf(session.train(options))).rejects.toThrow('the dataset is disposed');
    await taken;
    // Bytes of 255 would have thrown the weights far off.
    for (const w of (await session.read('w')).data) expect(Math.abs(w)).toBeLessThan(5);
    await expect(collect(session.train({ data }))).rejects.toThrow('the dataset is disposed');
  });

  test('is zero where nothing is written, whatever was there before', async () => {
    // The first step stores into `w` what row 5 of x begins with, a row that the call does not give.
    const instructions = `(f32.store (i32.const ${program.memory.state})
      (call $x (local.get $record) (i32.const 5) (i32.const 0)))`;
    const session = await start(linearWasm({ step: 1, thread: 0, instructions }), { threads: 1 });
    sessions.push(session);
    (await session.dataset({ x: new Uint8Array(3 * BATCH).fill(255) })).dispose();
    await session.run('predict', { x: [1, 2, 3] });
    expect((await session.read('w')).data[0]).toBe(0);
  });
});
