import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { defineModule, type Module } from '../../src/graph/index.ts';
import { machines } from '../../src/machine/index.ts';
import { crossEntropy, dense } from '../../src/nn/index.ts';
import { adam, rmsprop, sgd } from '../../src/optim/index.ts';
import { type Session, start } from '../../src/runtime/index.ts';
import { start as startWasm } from '../../src/runtime/wasm/index.ts';
import { trainWithStops } from '../runtime/stops.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { assemble } from './bareWasm.ts';
import { digest } from './digest.ts';
import { rows, small } from './smallModel.ts';
import { smallTraining } from './smallTraining.ts';

const optimizers = { sgd, rmsprop, adam };

interface Shape {
  readonly width: number;
  readonly batch: number;
  readonly optimizer: keyof typeof optimizers;
  readonly activation: 'relu' | 'tanh';
}

function model({ width, batch: max, optimizer, activation }: Shape): Module {
  return defineModule('random', (m) => {
    const batch = m.size('batch', { max });
    const [x, y] = [m.input('x', { shape: [batch, 6] }), m.input('y', { shape: [batch], dtype: 'i32' })];
    const loss = crossEntropy(
      dense(dense(x, width, { activation, name: 'hidden' }), 3, { name: 'output' }),
      y,
    );
    m.entry('train', { loss, updates: optimizers[optimizer]({ lr: 1e-2 }).minimize(loss) });
  });
}

let device: GPUDevice;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device.destroy());

const targets: Record<string, (module: Module, seed: number) => Promise<Session>> = {
  'WebAssembly with one thread': (module, seed) =>
    startWasm(compileToWasm(module, assemble).program, { threads: 1, seed }),
  'WebAssembly with two threads': (module, seed) =>
    startWasm(compileToWasm(module, assemble).program, { threads: 2, seed }),
  'WebGPU in software': (module, seed) =>
    start(compileModule(module, machines['webgpu-software']).program, { device, seed }),
};

describe.each(Object.entries(targets))('random small models on %s', (_, open) => {
  it('have the same states and losses after some epochs, stopped or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          shape: fc.record({
            width: fc.integer({ min: 1, max: 20 }),
            batch: fc.integer({ min: 1, max: 24 }),
            optimizer: fc.constantFrom('sgd', 'rmsprop', 'adam'),
            activation: fc.constantFrom('relu', 'tanh'),
          }),
          count: fc.integer({ min: 1, max: 90 }),
          epochs: fc.integer({ min: 1, max: 3 }),
          shuffle: fc.boolean(),
          perSubmit: fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })),
          stops: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
        }),
        async ({ shape, count, epochs, shuffle, perSubmit: [a, b], stops }) => {
          const module = model(shape);
          const options = { data: rows(count), epochs, shuffle };
          const [whole, one, other] = [await open(module, 5), await open(module, 6), await open(module, 7)];
          const begin = await whole.save();
          const expected = await whole.train({ ...options, stepsPerSubmit: a });
          let session = one;
          const next = async (): Promise<Session> => {
            session = session === one ? other : one;
            return session;
          };
          const parts = await trainWithStops(next, { ...options, stepsPerSubmit: b }, stops, begin);
          expect(parts.epochs).toEqual(expected.map((epoch) => ({ ...epoch, seconds: 0 })));
          expect(await digest(parts.session)).toBe(await digest(whole));
          for (const used of [whole, one, other]) used.dispose();
        },
      ),
      { numRuns: 3, seed: 3 },
    );
  });
});

describe('a training of Adam with a falling rate', () => {
  it('goes on in another process with the same bits', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sinter-resume-'));
    const file = join(folder, 'saved.bin');
    const program = compileToWasm(small, assemble).program;
    const [whole, stopped] = [
      await startWasm(program, { threads: 1, seed: 2 }),
      await startWasm(program, { threads: 2, seed: 2 }),
    ];
    const expected = await whole.train(smallTraining);
    const control = new AbortController();
    const training = stopped.train({
      ...smallTraining,
      stepsPerSubmit: 2,
      signal: control.signal,
      onProgress: ({ epoch, step }) => {
        if (epoch === 2 && step === 2) control.abort(new Error('enough'));
      },
    });
    await expect(training).rejects.toThrow('enough');
    writeFileSync(file, await stopped.save());
    const script = fileURLToPath(new URL('./resumeElsewhere.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, file], {
      timeout: 60_000,
    });
    rmSync(folder, { recursive: true });
    expect(JSON.parse(stdout)).toEqual({
      states: await digest(whole),
      losses: expected.slice(1).map(({ loss }) => loss),
    });
    whole.dispose();
    stopped.dispose();
  });
});
