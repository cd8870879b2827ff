import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { w1 } from '../../bench/workloads.ts';
import { compileModule } from '../../src/compile.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { machines } from '../../src/machine/index.ts';
import { type Session, start } from '../../src/runtime/index.ts';
import { start as startWasm } from '../../src/runtime/wasm/index.ts';
import { integers } from '../fixtures/generator.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { assemble } from './bareWasm.ts';
import { digest } from './digest.ts';
import { rows, small } from './smallModel.ts';

describe("W1's parameters after twenty shuffled steps, the last batches of epochs not full, on WebAssembly", () => {
  const { program } = compileToWasm(w1, assemble);
  const count = 128 * 10 - 41;
  const data = {
    x: Uint8Array.from(integers(1, 256, count * 784)),
    y: Int32Array.from(integers(2, 10, count)),
  };

  async function trained(threads: number, stepsPerSubmit: number, profile: 'none' | 'dispatches' = 'none') {
    const session = await startWasm(program, { threads, seed: 3, profile });
    const losses: number[] = [];
    for await (const { steps, loss } of session.train({ data, epochs: 2, shuffle: true, stepsPerSubmit })) {
      expect(steps).toBe(10);
      losses.push(loss);
    }
    const states = await digest(session);
    session.dispose();
    return { states, losses };
  }

  it('have the same bits for any number of threads, however the steps are cut into chunks', async () => {
    const first = await trained(1, 1);
    expect(first.losses[1]).toBeLessThan(first.losses[0] ?? 0);
    for (const threads of [1, 2, 3])
      for (const stepsPerSubmit of [1, 3, 64])
        expect(await trained(threads, stepsPerSubmit), `${threads} threads, ${stepsPerSubmit}`).toEqual(
          first,
        );
  });

  it('are the same where every kernel is timed', async () => {
    expect(await trained(2, 3, 'dispatches')).toEqual(await trained(1, 64));
  });
});

describe('sessions on WebAssembly and on WebGPU', () => {
  const programs = {
    wasm: compileToWasm(small, assemble).program,
    webgpu: compileModule(small, machines['webgpu-software']).program,
  };
  let device: GPUDevice;
  beforeAll(async () => {
    device = await freshDevice();
  });
  const opened: Session[] = [];
  afterAll(() => {
    for (const session of opened) session.dispose();
    device.destroy();
  });
  async function both(seed: number): Promise<readonly [wasm: Session, webgpu: Session]> {
    const sessions = [
      await startWasm(programs.wasm, { threads: 2, seed }),
      await start(programs.webgpu, { device, seed }),
    ] as const;
    opened.push(...sessions);
    return sessions;
  }

  /** Mean losses of an epoch so far, after each step of shuffled epochs of four, the last of which is short. */
  async function losses(session: Session, epochs: number): Promise<number[]> {
    const all: number[] = [];
    const onProgress = ({ loss }: { loss: number }): number => all.push(loss);
    const options = { data: rows(16 * 3 + 11), epochs, shuffle: true, stepsPerSubmit: 1, onProgress };
    for await (const _ of session.train(options));
    return all;
  }

  /** The largest difference of two lists, relative to the second. */
  function difference(actual: readonly number[], expected: readonly number[]): number {
    expect(actual).toHaveLength(expected.length);
    return Math.max(...expected.map((x, k) => Math.abs((actual[k] ?? Number.NaN) - x) / Math.abs(x)));
  }

  it('have the same first values, and losses that are equal to five digits over a hundred steps', async () => {
    const [wasm, webgpu] = await both(9);
    expect(await wasm.save()).toEqual(await webgpu.save());
    const [actual, expected] = [await losses(wasm, 26), await losses(webgpu, 26)];
    expect(expected).toHaveLength(104);
    expect(difference(actual, expected)).toBeLessThan(1e-5);
    const [a, b] = [
      await wasm.evaluate('evaluate', { data: rows(40) }),
      await webgpu.evaluate('evaluate', { data: rows(40) }),
    ];
    expect(a.outputs.label).toEqual(b.outputs.label);
    expect(difference([a.scalars.loss ?? 0], [b.scalars.loss ?? 0])).toBeLessThan(1e-5);
  });

  it('go on alike from what was saved on the other', async () => {
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const sessions = await both(9);
      await losses(sessions[from], 10);
      const saved = await sessions[from].save();
      await sessions[to].load(saved);
      expect(await sessions[to].save()).toEqual(saved);
      const [stayed, moved] = [await losses(sessions[from], 10), await losses(sessions[to], 10)];
      expect(difference(moved, stayed)).toBeLessThan(1e-5);
    }
  });
});
