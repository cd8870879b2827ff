import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Session } from '../../src/runtime/index.ts';
import { type Callback, FeedError, type FitOptions, fit as fitted } from '../../src/train/index.ts';
import { memoryStore, type Store } from '../../src/weights/index.ts';
import { digest } from '../compile/digest.ts';
import { BATCH, batches, open, rows } from './models.ts';

const sessions: Session[] = [];
async function opened(): Promise<Session> {
  const session = await open();
  sessions.push(session);
  return session;
}
afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose();
});

const CHECKPOINT = 'checkpoint.safetensors';

describe('fit takes what it is given at the call', () => {
  it('arrays, those of validation too', async () => {
    const whole = await opened();
    const history = await fitted(whole, { data: rows(16), validation: rows(9) });
    const [data, validation] = [rows(16), rows(9)];
    const session = await opened();
    const later = fitted(session, { data, validation }).then(({ last }) => last?.validation?.loss);
    for (const { x } of [data, validation]) x.fill(0);
    expect(await later).toBe(history.last?.validation?.loss);
    expect(await digest(session)).toBe(await digest(whole));
  });

  it('options', async () => {
    const options = { data: rows(16), epochs: 1, params: { lr: 0.5 }, callbacks: [] as Callback[] };
    const fit = fitted(await opened(), options);
    options.epochs = 3;
    options.params.lr = 0.25;
    options.callbacks.push({ onTrainBegin: () => Promise.reject(new Error('told')) });
    const { epochs } = await fit;
    expect(epochs.map(({ params }) => params.lr)).toEqual([0.5]);
  });
});

describe('a second fit of a session', () => {
  it('is refused while the first runs, which goes on; after it there may be one', async () => {
    const [session, alone] = [await opened(), await opened()];
    const options: FitOptions = { data: rows(16), epochs: 2 };
    const first = fitted(session, options);
    const began = first.then(() => 'done');
    await expect(fitted(session, options)).rejects.toMatchObject({ name: 'SessionError', code: 'busy' });
    expect(await began).toBe('done');
    await fitted(alone, options);
    expect(await digest(session)).toBe(await digest(alone));
    for await (const _ of fitted(session, options)) break;
    expect((await fitted(session, options)).epochs).toHaveLength(2);
  });
});

describe('leaving the loop of a fit', () => {
  const failing: Store = { ...memoryStore(), write: () => Promise.reject(new Error('the disk is full')) };
  const late: Callback = { onTrainEnd: () => Promise.reject(new Error('the disk is full')) };
  it.each<[string, Partial<FitOptions>]>([
    ['a checkpoint that was not written', { checkpoint: { store: failing } }],
    ['what onTrainEnd throws', { callbacks: [late] }],
  ])('throws %s', async (_, options) => {
    const session = await opened();
    const leave = async (): Promise<void> => {
      for await (const _ of fitted(session, { data: rows(16), epochs: 3, ...options })) break;
    };
    await expect(leave()).rejects.toThrow('the disk is full');
  });

  it('keeps what is done, as stopping does', async () => {
    const every = { epochs: 9 };
    const stopping: Callback = { onTrainBegin: (run) => run.stop('enough') };
    for (const [callbacks, done] of [[[], 1] as const, [[stopping], 0] as const]) {
      const store = memoryStore();
      const options: FitOptions = { data: rows(16), epochs: 3, checkpoint: { store, every }, callbacks };
      for await (const _ of fitted(await opened(), options)) break;
      const { epochs } = await fitted(await opened(), {
        ...options,
        resume: true,
        epochs: Math.max(1, done),
      });
      expect(epochs).toHaveLength(done);
    }
  });
});

describe('a signal while the validation runs', () => {
  it('ends it after the steps that run, in the last epoch too; it validates again where it is resumed', async () => {
    const options: FitOptions = { data: rows(16), validation: rows(20 * BATCH), stepsPerSubmit: 1 };
    const whole = await fitted(await opened(), options);
    const store = memoryStore();
    const control = new AbortController();
    const session = await opened();
    const evaluate = session.evaluate.bind(session);
    let running: Promise<unknown> = Promise.resolve();
    vi.spyOn(session, 'evaluate').mockImplementation((...given) => {
      const evaluated = evaluate(...given);
      running = evaluated;
      control.abort(new Error('stopped'));
      return evaluated;
    });
    const fit = fitted(session, { ...options, signal: control.signal, checkpoint: { store } });
    await expect(fit).rejects.toThrow('stopped');
    await expect(running).rejects.toThrow('the dataset is disposed');
    const rest = await fitted(await opened(), { ...options, checkpoint: { store }, resume: true });
    expect(rest.last?.validation?.loss).toBe(whole.last?.validation?.loss);
    expect(rest.last?.loss).toBe(whole.last?.loss);
  });

  it('leaves the checkpoint alone that is to be resumed, where it comes before', async () => {
    const store = memoryStore();
    const options: FitOptions = { data: rows(16), checkpoint: { store } };
    await fitted(await opened(), options);
    const before = await store.read(CHECKPOINT);
    const control = new AbortController();
    const resumed = fitted(await opened(), { ...options, resume: true, signal: control.signal }).then(
      () => {},
    );
    control.abort(new Error('stopped'));
    await expect(resumed).rejects.toThrow('stopped');
    expect(await store.read(CHECKPOINT)).toEqual(before);
  });
});

describe('a checkpoint that does not fit', () => {
  it('changes nothing: of other data, or of a stream for arrays and the other way round', async () => {
    const stop = (at: number): Callback => ({
      onSteps: ({ totalSteps }, run) => (totalSteps === at ? run.stop('enough') : undefined),
    });
    const stream = (): ReturnType<typeof batches> => batches(4 * BATCH);
    const arrays = rows(4 * BATCH);
    const wrong = { x: new Float32Array(4 * BATCH * 3), y: arrays.y };
    const cases: [FitOptions['data'], FitOptions['data'], string][] = [
      [arrays, wrong, 'y: expected 24 rows'],
      [arrays, stream, 'is of a fit on arrays or a dataset, not on a stream of batches'],
      [stream, arrays, 'is of a fit on a stream of batches, not on arrays or a dataset'],
    ];
    for (const [data, other, message] of cases) {
      const store = memoryStore();
      const checkpoint = { store };
      await fitted(await opened(), { data, checkpoint, stepsPerSubmit: 1, callbacks: [stop(2)] });
      const session = await opened();
      const before = await digest(session);
      await expect(fitted(session, { data: other, checkpoint, resume: true })).rejects.toThrow(message);
      expect(await digest(session)).toBe(before);
    }
  });
});

describe('a history', () => {
  it('says what stopped it at the end of the last epoch, as the checkpoint does', async () => {
    const store = memoryStore();
    const stopping: Callback = {
      onEpochEnd: ({ epoch }, run) => (epoch === 2 ? run.stop('enough') : undefined),
    };
    const options: FitOptions = { data: rows(16), epochs: 2, checkpoint: { store } };
    const { stopped } = await fitted(await opened(), { ...options, callbacks: [stopping] });
    expect(stopped).toBe('enough');
    const rest = await fitted(await opened(), { ...options, epochs: 5, resume: true });
    expect(rest.epochs).toHaveLength(2);
    expect(rest.stopped).toBe('enough');
  });
});

describe('a stream of validation', () => {
  it('that is wrong is told from the one that is trained on, with the epoch that it validates', async () => {
    let opening = 0;
    const validation = function* (): ReturnType<typeof batches> {
      if (++opening === 3) throw new Error('gone');
      yield* batches(BATCH);
    };
    const fit = fitted(await opened(), { data: rows(16), validation, epochs: 4 });
    const error: unknown = await fit.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(FeedError);
    expect(error).toMatchObject({
      code: 'failed',
      epoch: 3,
      batch: 1,
      isValidation: true,
      message: 'the validation data after epoch 3, batch 1: the stream failed: gone',
      cause: { message: 'gone' },
    });
  });
});

describe('fit refuses, before anything runs,', () => {
  const data = rows(16);
  const heard: unknown = { onEpochend: () => {} };
  it.each<[string, object, string]>([
    ['an output that is not there', { validation: data, metrics: ['rihgt'] }, 'rihgt: no such scalar output'],
    ['one that has rows', { validation: data, metrics: ['label'] }, 'label: no such scalar output'],
    ['functions among names', { metrics: [() => 5] }, 'metrics: expected names of scalar outputs'],
    ['numbers for functions', { validation: data, metrics: { a: 5 } }, 'metrics.a: expected a function'],
    ['no callback', { callbacks: [null] }, 'callbacks[0]: expected an object, as callbacks.earlyStopping()'],
    ['what makes a callback', { callbacks: [() => ({})] }, 'callbacks[0]: expected an object'],
    ['a misspelt moment', { callbacks: [heard] }, 'onEpochend: no such moment of a callback'],
    ['one that hears of nothing', { callbacks: [{ name: 'a' }] }, 'callbacks[0]: hears of nothing'],
    ['progress where nothing shows it', { progress: true }, 'progress: only sessions of sinter show it'],
  ])('%s', async (_, options, message) => {
    const session = await opened();
    const before = await digest(session);
    await expect(fitted(session, { data, ...options })).rejects.toThrow(message);
    expect(await digest(session)).toBe(before);
  });

  it('no callback that is an object of a class, which keeps its own this', async () => {
    class Counting implements Callback {
      readonly name = 'counting';
      epochs = 0;
      onEpochEnd(): void {
        this.epochs++;
      }
      state(): number {
        return this.epochs;
      }
      restore(state: unknown): void {
        this.epochs = Number(state);
      }
    }
    const store = memoryStore();
    const options: FitOptions = { data, checkpoint: { store }, resume: true };
    await fitted(await opened(), { ...options, callbacks: [new Counting()] });
    const counting = new Counting();
    await fitted(await opened(), { ...options, epochs: 3, callbacks: [counting] });
    expect(counting.epochs).toBe(3);
  });
});
