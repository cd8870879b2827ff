import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { machines } from '../../src/machine/index.ts';
import { type Session, start } from '../../src/runtime/index.ts';
import { checkpointOf, loadCheckpoint } from '../../src/train/checkpoints.ts';
import {
  type Callback,
  callbacks,
  type FitOptions,
  fit as fitted,
  type History,
} from '../../src/train/index.ts';
import { memoryStore, metadataOf, type Store } from '../../src/weights/index.ts';
import { digest } from '../compile/digest.ts';
import { freshDevice } from '../softwareAdapter.ts';
import { killedTraining } from './killedTraining.ts';
import { BATCH, batches, open, perceptron, rows } from './models.ts';

const sessions: Session[] = [];
async function opened(seed = 4): Promise<Session> {
  const session = await open({ seed });
  sessions.push(session);
  return session;
}
afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose();
});

/** Throws at the nth submit, as if the process had died there: nothing is kept of what came after the last checkpoint. */
function dies(at: number): Callback {
  let heard = 0;
  return {
    onSteps: () => {
      if (++heard === at) throw new Error('killed');
    },
  };
}

/** A log in memory that can be cut, as a file can. */
class MemoryLog {
  text = '';
  begin(length: number): void {
    this.text = this.text.slice(0, length);
  }
  write(text: string): void {
    this.text += text;
  }
}

/** A history without what depends on the clock. */
function timeless({ epochs, stopped }: History): unknown {
  const without = epochs.map(({ seconds, validation, ...epoch }) => ({
    ...epoch,
    validation: validation && { ...validation, seconds: 0 },
  }));
  return { epochs: without, stopped };
}

/** Fits until it ends, each time in a session of its own, dying after so many submits. */
async function fitDying(
  next: () => Promise<Session>,
  options: () => FitOptions,
  lives: readonly number[],
): Promise<{ readonly session: Session; readonly history: History }> {
  for (const life of [...lives, Infinity]) {
    const session = await next();
    const given = options();
    const fit = fitted(session, {
      ...given,
      resume: true,
      callbacks: [...(given.callbacks ?? []), dies(life)],
    });
    try {
      return { session, history: await fit };
    } catch (error) {
      if (!(error instanceof Error && error.message === 'killed')) throw error;
    }
  }
  throw new Error('the last life does not end');
}

describe('a checkpoint that does not fit', () => {
  const checkpointed = async (): Promise<Store> => {
    const store = memoryStore();
    await fitted(await opened(), { data: rows(BATCH), checkpoint: { store } });
    return store;
  };
  const resumed = async (store: Store, session: Session): Promise<void> => {
    await fitted(session, { data: rows(BATCH), epochs: 2, checkpoint: { store }, resume: true });
  };

  it('is named, cut or empty', async () => {
    const store = await checkpointed();
    const bytes = (await store.read('checkpoint.safetensors')) ?? new Uint8Array();
    for (const length of [0, 5, 100, bytes.length - 4]) {
      await store.write('checkpoint.safetensors', bytes.subarray(0, length));
      await expect(resumed(store, await opened())).rejects.toThrow(
        /^checkpoint\.safetensors(: expected | is not a safetensors file: it has )/,
      );
    }
  });

  it('is named, with what another model has', async () => {
    const store = await checkpointed();
    const bytes = (await store.read('checkpoint.safetensors')) ?? new Uint8Array();
    const session = await opened();
    const [first, ...others] = session.program.state;
    if (first === undefined) throw new RangeError('no state');
    const wider = { ...first, shape: [...first.shape.slice(0, -1), 9] };
    for (const [state, text] of [
      [
        [wider, ...others],
        `${first.name} is F32 [${first.shape.join(', ')}] there, and F32 [${wider.shape.join(', ')}]`,
      ],
      [others, `${first.name} is F32 [${first.shape.join(', ')}] there, and missing`],
    ] as const) {
      const other: Session = Object.create(session, { program: { value: { ...session.program, state } } });
      await expect(loadCheckpoint(other, checkpointOf(bytes, 'checkpoint.safetensors'))).rejects.toThrow(
        `checkpoint.safetensors: is of another model: ${text} in this one`,
      );
    }
  });
});

describe('a fit that is killed and resumed', () => {
  it('equals one that never stopped, bit for bit, wherever it is killed', async () => {
    const count = 13 * BATCH + 3;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          isStream: fc.boolean(),
          lives: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 3 }),
          every: fc.oneof(
            fc.record({ steps: fc.integer({ min: 1, max: 9 }) }),
            fc.record({ epochs: fc.integer({ min: 1, max: 2 }) }),
          ),
          stepsPerSubmit: fc.integer({ min: 1, max: 3 }),
        }),
        async ({ isStream, lives, every, stepsPerSubmit }) => {
          const optionsWith = (log: MemoryLog, store: Store, submit: number): FitOptions => ({
            data: isStream ? () => batches(count) : rows(count),
            validation: isStream ? () => batches(2 * BATCH) : rows(2 * BATCH),
            epochs: 4,
            params: { lr: (step) => 0.3 / Math.sqrt(step) },
            stepsPerSubmit: submit,
            checkpoint: { store, every },
            callbacks: [
              callbacks.csvLog(log),
              callbacks.reduceOnPlateau({ patience: 1, factor: 0.5 }),
              callbacks.earlyStopping({ monitor: 'val_right', patience: 1, restoreBest: true }),
            ],
          });
          const [wholeLog, log] = [new MemoryLog(), new MemoryLog()];
          const whole = await opened();
          const history = await fitted(whole, optionsWith(wholeLog, memoryStore(), 4));
          const store = memoryStore();
          const parts = await fitDying(
            // What is loaded says all; before there is any, it begins as the whole one does.
            async () => opened((await store.list()).includes('checkpoint.safetensors') ? 9 : 4),
            () => optionsWith(log, store, stepsPerSubmit),
            lives,
          );
          expect(timeless(parts.history)).toEqual(timeless(history));
          expect(await digest(parts.session)).toBe(await digest(whole));
          const lines = (text: string): string[] =>
            text.split('\n').map((line) => line.replace(/,[^,]*$/, ''));
          expect(lines(log.text)).toEqual(lines(wholeLog.text));
        },
      ),
      { numRuns: 25, seed: 5 },
    );
  });

  it('equals it on WebGPU', async () => {
    const device = await freshDevice();
    const { program } = compileModule(perceptron, machines['webgpu-software']);
    const next = (): Promise<Session> => start(program, { device, seed: 4 });
    const store = memoryStore();
    const options = (): FitOptions => ({
      data: rows(4 * BATCH + 1),
      validation: rows(3),
      epochs: 2,
      stepsPerSubmit: 1,
      checkpoint: { store, every: { steps: 2 } },
    });
    const whole = await next();
    const history = await fitted(whole, options());
    await store.remove('checkpoint.safetensors');
    const parts = await fitDying(next, options, [3, 4]);
    expect(timeless(parts.history)).toEqual(timeless(history));
    expect(await digest(parts.session)).toBe(await digest(whole));
    device.destroy();
  });

  it('equals it in processes of their own, stopped by SIGINT and killed by SIGKILL', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sinter-fit-'));
    const script = fileURLToPath(new URL('./killed.ts', import.meta.url));
    const live = (signal: string, at: number): Promise<[number | null, string | null, string]> =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, ['--import', 'tsx', script, folder, signal, String(at)], {
          timeout: 60_000,
        });
        child.on('error', reject);
        let text = '';
        child.stderr.on('data', (part) => {
          text += part;
        });
        child.on('close', (code, signal) => resolve([code, signal, text]));
      });
    const line = /^stopped by SIGINT (in|before) .*epoch \d.*; resume: true goes on\n$/;
    expect(await live('SIGINT', 4)).toEqual([130, null, expect.stringMatching(line)]);
    expect(await live('SIGKILL', 9)).toEqual([null, 'SIGKILL', '']);
    const [whole, last] = [await opened(), await opened(7)];
    const { checkpoint, resume, ...options } = killedTraining(folder);
    const history = await fitted(whole, options);
    expect(timeless(await fitted(last, killedTraining(folder)))).toEqual(timeless(history));
    expect(await digest(last)).toBe(await digest(whole));
    rmSync(folder, { recursive: true });
  });
});

describe('checkpoints', () => {
  const data = rows(8 * BATCH);

  it('are taken at the end of each epoch, and say what the fit has done beside the states', async () => {
    const store = memoryStore();
    const names: string[] = [];
    const noting: Store = {
      ...store,
      write: (name, bytes) => {
        names.push(name);
        return store.write(name, bytes);
      },
    };
    await fitted(await opened(), { data, epochs: 3, checkpoint: { store: noting } });
    expect(names).toEqual(['checkpoint.safetensors', 'checkpoint.safetensors', 'checkpoint.safetensors']);
    const { sinter, 'sinter.fit': text = '' } = metadataOf(
      (await store.read('checkpoint.safetensors')) ?? new Uint8Array(),
    );
    expect(sinter).toBeDefined();
    expect(JSON.parse(text)).toMatchObject({ entry: 'train', totalSteps: 24, stopped: '' });
    const again = await fitted(await opened(), { data, epochs: 3, checkpoint: { store }, resume: true });
    expect(again.epochs).toHaveLength(3);
  });

  it('are written while training goes on, one after the other', async () => {
    const store = memoryStore();
    const seen: string[] = [];
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: Store = {
      ...store,
      write: async (name, bytes) => {
        seen.push('write');
        await released;
        await store.write(name, bytes);
        seen.push('written');
      },
    };
    // The first is written once a step was taken beside it: at the fifth, for one more than asked for may be on its way.
    const callback: Callback = {
      onSteps: ({ step }) => {
        seen.push(`step ${step}`);
        if (step === 5) release();
      },
    };
    const checkpoint = { store: slow, every: { steps: 3 } };
    await fitted(await opened(), { data, stepsPerSubmit: 1, checkpoint, callbacks: [callback] });
    const [first, next] = [seen.indexOf('write'), seen.indexOf('written')];
    expect(seen.slice(first, next)).toContain('step 5');
    const writes = seen.filter((word) => word.startsWith('writ'));
    expect(writes.length).toBeGreaterThan(2);
    expect(writes).toEqual(writes.map((_, k) => (k % 2 === 0 ? 'write' : 'written')));
  });

  it('that a store refuses end the training with its error; the one before stays whole', async () => {
    const store = memoryStore();
    let writes = 0;
    const failing: Store = {
      ...store,
      write: async (name, bytes) => {
        if (++writes === 2) throw new Error('no room');
        await store.write(name, bytes);
      },
    };
    const seen: number[] = [];
    const callback: Callback = { onSteps: ({ totalSteps }) => void seen.push(totalSteps) };
    const options: FitOptions = { data, epochs: 4, stepsPerSubmit: 1 };
    const fit = fitted(await opened(), {
      ...options,
      checkpoint: { store: failing, every: { steps: 4 } },
      callbacks: [callback],
    });
    await expect(fit).rejects.toThrow('no room');
    expect(seen.at(-1)).toBeLessThan(16);
    const [whole, rest] = [await opened(), await opened(7)];
    await fitted(whole, options);
    await fitted(rest, { ...options, checkpoint: { store }, resume: true });
    expect(await digest(rest)).toBe(await digest(whole));
  });

  it('are taken where a signal or a stream ends the training, in the middle of an epoch', async () => {
    const whole = await opened();
    await fitted(whole, { data: () => batches(20 * BATCH), epochs: 2 });
    const store = memoryStore();
    const checkpoint = { store, every: { epochs: 9 } };
    const control = new AbortController();
    const aborting: Callback = {
      onSteps: ({ step }) => (step === 9 ? control.abort(new Error('stopped')) : undefined),
    };
    const first = fitted(await opened(), {
      data: () => batches(20 * BATCH),
      epochs: 2,
      stepsPerSubmit: 1,
      checkpoint,
      signal: control.signal,
      callbacks: [aborting],
    });
    await expect(first).rejects.toThrow('stopped');
    function* failing(epoch: number): Generator<ReturnType<typeof rows>> {
      let at = 0;
      for (const batch of batches(20 * BATCH)) {
        if (epoch === 2 && at++ === 17) throw new Error('gone');
        yield batch as ReturnType<typeof rows>;
      }
    }
    const second = fitted(await opened(7), { data: failing, epochs: 2, checkpoint, resume: true });
    await expect(second).rejects.toThrow('the data of epoch 2, batch 18: the stream failed: gone');
    const last = await opened(8);
    await fitted(last, { data: () => batches(20 * BATCH), epochs: 2, checkpoint, resume: true });
    expect(await digest(last)).toBe(await digest(whole));
  });

  it('of a stream that has become shorter are refused, with the batch where it ends', async () => {
    const store = memoryStore();
    const checkpoint = { store, every: { steps: 1 } };
    const data = (): ReturnType<typeof batches> => batches(20 * BATCH);
    await expect(fitted(await opened(), { data, checkpoint, callbacks: [dies(4)] })).rejects.toThrow(
      'killed',
    );
    const shorter = fitted(await opened(), { data: () => batches(BATCH), checkpoint, resume: true });
    await expect(shorter).rejects.toMatchObject({ name: 'FeedError', code: 'short', epoch: 1, batch: 2 });
  });

  it('of another training are refused', async () => {
    const store = memoryStore();
    const session = await opened();
    await store.write('checkpoint.safetensors', await session.save());
    const resumed = fitted(session, { data, checkpoint: { store }, resume: true });
    await expect(resumed).rejects.toThrow('expected a checkpoint of a fit, found states alone');
    await expect(fitted(session, { data, resume: true })).rejects.toThrow(
      'checkpoint: resume goes on from the last checkpoint',
    );
    const refused: [object, string][] = [
      [{ store: {} }, 'checkpoint.store: expected a store'],
      [{ store, every: { steps: 0 } }, 'checkpoint.every.steps: expected a whole number from 1, found 0'],
      [{ store, when: 1 }, 'when: no such option'],
      [{ store: { write: store.write } }, 'checkpoint.store: expected a store with a method read'],
      [{ store, every: { step: 5 } }, 'step: no such option'],
      [{ store, every: 5 }, 'checkpoint.every: expected an object, found 5'],
      [{ store, every: null }, 'checkpoint.every: expected an object, found null'],
      [{ store, every: 'epoch' }, 'checkpoint.every: expected an object, found "epoch"'],
    ];
    for (const [checkpoint, message] of refused)
      await expect(fitted(session, { data, checkpoint: checkpoint as never })).rejects.toThrow(message);
  });

  it('may be given as bytes', async () => {
    const store = memoryStore();
    const [whole, rest] = [await opened(), await opened(7)];
    await fitted(whole, { data, epochs: 1, checkpoint: { store } });
    const bytes = (await store.read('checkpoint.safetensors')) ?? new Uint8Array();
    const history = await fitted(rest, { data, epochs: 2, resume: bytes });
    await whole.train({ data, epochs: 2, shuffle: true, resume: true });
    expect(history.epochs).toHaveLength(2);
    expect(await digest(rest)).toBe(await digest(whole));
  });
});

describe('bestCheckpoint', () => {
  it('keeps the best epoch, and says which that was', async () => {
    const store = memoryStore();
    const scores = [1, 3, 2];
    let at = 0;
    const digests: string[] = [];
    const noting: Callback = {
      onEpochEnd: async (_, { session }) => {
        digests.push(await digest(session));
      },
    };
    await fitted(await opened(), {
      data: rows(16),
      validation: rows(4),
      epochs: 3,
      metrics: { score: () => scores[at++] ?? 0 },
      callbacks: [noting, callbacks.bestCheckpoint({ store, monitor: 'val_score' })],
    });
    const bytes = (await store.read('best.safetensors')) ?? new Uint8Array();
    expect(JSON.parse(metadataOf(bytes)['sinter.best'] ?? '')).toEqual({
      epoch: 2,
      monitor: 'val_score',
      value: 3,
    });
    const session = await opened(7);
    await session.load(bytes);
    expect(await digest(session)).toBe(digests[1]);
  });
});
