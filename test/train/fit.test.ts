import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { defineModule } from '../../src/graph/index.ts';
import type { Session } from '../../src/runtime/index.ts';
import { start as startWasm } from '../../src/runtime/wasm/index.ts';
import { fitWithin } from '../../src/train/fit.ts';
import { type Callback, type FitOptions, fit as fitted, type History } from '../../src/train/index.ts';
import { memoryStore, type Store } from '../../src/weights/index.ts';
import { assemble } from '../compile/bareWasm.ts';
import { digest } from '../compile/digest.ts';
import { batches, open, rows } from './models.ts';

const sessions: Session[] = [];
async function opened(): Promise<Session> {
  const session = await open();
  sessions.push(session);
  return session;
}
afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose();
});

/** Fits a fresh session. */
async function fitAnother(options: FitOptions): Promise<{ session: Session; history: History }> {
  const session = await opened();
  return { session, history: await fitted(session, options) };
}

describe('fit', () => {
  it('trains as session.train does, epoch for epoch, and gives its losses', async () => {
    const data = rows(45);
    const plain = await opened();
    const epochs = await plain.train({ data, epochs: 3, shuffle: true });
    const { session, history } = await fitAnother({ data, epochs: 3 });
    expect(await digest(session)).toBe(await digest(plain));
    expect(
      history.epochs.map(({ epoch, steps, samples, loss, scalars }) => ({
        epoch,
        steps,
        samples,
        loss,
        scalars,
      })),
    ).toEqual(epochs.map(({ seconds, ...rest }) => rest));
    expect(history.last?.params).toEqual({ lr: expect.closeTo(0.1, 7) });
  });

  it('does nothing until it is awaited or iterated, then gives each epoch as it ends', async () => {
    const session = await opened();
    const before = await digest(session);
    const fit = fitted(session, { data: rows(20), epochs: 2 });
    await Promise.resolve();
    expect(await digest(session)).toBe(before);
    const seen: number[] = [];
    for await (const { epoch } of fit) seen.push(epoch);
    expect(seen).toEqual([1, 2]);
    expect(fit.history.epochs).toHaveLength(2);
  });

  it('keeps the last rows for validation, as Keras does, and trains on the others', async () => {
    const data = rows(41);
    const [first, last] = [32, 41 - 32];
    const plain = await opened();
    await plain.train({
      data: { x: data.x.subarray(0, 4 * first), y: data.y.subarray(0, first) },
      shuffle: true,
    });
    const expected = await plain.evaluate('evaluate', {
      data: { x: data.x.subarray(4 * first), y: data.y.subarray(first) },
    });
    const { session, history } = await fitAnother({ data, validation: 0.2 });
    expect(await digest(session)).toBe(await digest(plain));
    const { samples, ...validation } = history.last?.validation ?? { samples: 0 };
    expect(samples).toBe(last);
    expect(validation).toMatchObject({ loss: expected.scalars.loss, scalars: expected.scalars });
  });

  it('computes metrics of what the validation gives, and keeps those that are named', async () => {
    const data = rows(20);
    const named = await fitAnother({ data, validation: data, metrics: ['right'] });
    expect(Object.keys(named.history.last?.scalars ?? {})).toEqual(['right']);
    expect(named.history.last?.loss).toBeGreaterThan(0);
    const { history } = await fitAnother({
      data,
      validation: () => batches(20, 6),
      metrics: {
        accuracy: ({ scalars, samples }) => (scalars.right ?? 0) / samples,
        labels: ({ outputs }) => outputs.label?.shape[0] ?? 0,
      },
    });
    const { scalars = {} } = history.last?.validation ?? {};
    expect(scalars).toMatchObject({ accuracy: (scalars.right ?? 0) / 20, labels: 20 });
  });

  it('shows callbacks how it goes, in order, and waits for those that are async', async () => {
    const seen: string[] = [];
    const callback: Callback = {
      onTrainBegin: () => void seen.push('begin'),
      onEpochBegin: async (epoch) => {
        await Promise.resolve();
        seen.push(`epoch ${epoch}`);
      },
      onSteps: ({ step, steps, totalSteps }) => void seen.push(`${step}/${steps} ${totalSteps}`),
      onValidationEnd: (record) => void seen.push(`validated ${record.validation?.samples}`),
      onEpochEnd: ({ epoch }, { history }) => void seen.push(`end ${epoch} ${history.epochs.length}`),
      onTrainEnd: () => void seen.push('over'),
    };
    await fitAnother({
      data: rows(16),
      validation: rows(3),
      epochs: 2,
      stepsPerSubmit: 1,
      callbacks: [callback],
    });
    const epoch = (k: number): string[] => [
      `epoch ${k}`,
      `1/2 ${2 * k - 1}`,
      `2/2 ${2 * k}`,
      'validated 3',
      `end ${k} ${k}`,
    ];
    expect(seen).toEqual(['begin', ...epoch(1), ...epoch(2), 'over']);
  });

  it('ends cleanly with what a callback throws, and tells all callbacks that it is over', async () => {
    const session = await opened();
    let over = 0;
    const end: Callback = { onTrainEnd: () => void over++ };
    const options = { data: rows(64), epochs: 2, stepsPerSubmit: 1 };
    const failing: Callback = {
      onSteps: ({ step }) => {
        if (step === 3) throw new RangeError('enough');
      },
    };
    await expect(fitted(session, { ...options, callbacks: [end, failing, end] })).rejects.toThrow('enough');
    expect(over).toBe(2);
    const state = await session.read('hidden.bias');
    expect([...state.data].every(Number.isFinite)).toBe(true);
  });

  it('stops at the end of the epoch, or after the steps that run, as a callback asks', async () => {
    const data = rows(64);
    const atEnd: Callback = {
      onEpochEnd: ({ epoch }, run) => (epoch === 2 ? run.stop('enough') : undefined),
    };
    const { history } = await fitAnother({ data, epochs: 5, callbacks: [atEnd] });
    expect(history.epochs).toHaveLength(2);
    expect(history.stopped).toBe('enough');
    const within: Callback = {
      onSteps: ({ epoch, step }, run) => (epoch === 2 && step === 3 ? run.stop('now') : undefined),
    };
    const early = await fitAnother({ data, epochs: 5, stepsPerSubmit: 1, callbacks: [within] });
    expect(early.history.epochs).toHaveLength(1);
    expect(early.history.stopped).toBe('now');
  });

  it('throws the reason of its signal, after the steps that run', async () => {
    const session = await opened();
    const control = new AbortController();
    const callbacks: Callback[] = [
      { onSteps: ({ step }) => (step === 2 ? control.abort(new Error('stop')) : undefined) },
    ];
    const fit = fitted(session, { data: rows(64), stepsPerSubmit: 1, callbacks, signal: control.signal });
    await expect(fit).rejects.toThrow('stop');
  });

  it('tells the signals of the process where it stood', async () => {
    const places: string[] = [];
    const stopsAt = async (epoch: number, step: number, store?: Store): Promise<void> => {
      const control = new AbortController();
      const signals = async () => ({
        signal: control.signal,
        stoppedAt: (place: string) => places.push(place),
        dispose: () => {},
      });
      const stopping: Callback = {
        onSteps: (at) => {
          if (at.epoch === epoch && at.step === step) control.abort(new Error('stopped'));
        },
      };
      const options = { data: rows(40), epochs: 3, stepsPerSubmit: 1, signals: true, callbacks: [stopping] };
      const kept = store === undefined ? options : { ...options, checkpoint: { store } };
      await expect(fitWithin(await opened(), kept, { signals })).rejects.toThrow('stopped');
    };
    await stopsAt(2, 3);
    await stopsAt(1, 2, memoryStore());
    // A step that was submitted before is done too.
    expect(places).toEqual([
      expect.stringMatching(/^in epoch 2 after step [34]$/),
      expect.stringMatching(/^in epoch 1 after step [23]; resume: true goes on$/),
    ]);
  });

  it('gives run-time scalars as callbacks change them', async () => {
    const rates: number[] = [];
    const callback: Callback = {
      onEpochEnd: ({ params }, run) => {
        rates.push(params.lr ?? 0, run.scalar('lr'));
        if (params.lr === 0.5) run.scaleScalar('lr', 0.1);
        else run.setScalar('lr', 0.25);
      },
    };
    await fitAnother({ data: rows(16), epochs: 3, params: { lr: () => 0.5 }, callbacks: [callback] });
    expect(rates).toEqual([0.5, 0.5, 0.05, 0.05, 0.25, 0.25]);
    const { history } = await fitAnother({ data: rows(16), params: { lr: (step) => step } });
    expect(history.last?.params).toEqual({ lr: 2 });
  });
});

describe('fit refuses', () => {
  const data = rows(16);
  it.each<[string, Partial<FitOptions> & Record<string, unknown>, string]>([
    ['an option that is not there', { epoch: 3 }, 'epoch: no such option'],
    [
      'the size of a batch, which the module has',
      { batchSize: 32 },
      'batchSize: no such option: a batch has as many rows as the module says, batch, 8 at most; sizes: { batch: 4 } takes fewer rows a step',
    ],
    [
      'a run-time scalar that is a text',
      { params: { lr: 'a' as never } },
      'lr: expected a number, or a function of the step, found "a"',
    ],
    ['no number of epochs', { epochs: 0.5 }, 'epochs: expected 1 to 4294967295, found 0.5'],
    ['an entry that is not there', { entry: 'fit' }, 'no such entry'],
    ['a share of all rows', { validation: 1 }, 'validation: expected a share between 0 and 1, found 1'],
    ['a share that leaves no row', { validation: 0.5, data: rows(1) }, 'leaves one part without rows'],
    [
      'a share of a stream',
      { validation: 0.5, data: () => batches(16) },
      'validation: a share is taken of arrays',
    ],
    [
      'to shuffle a stream',
      { shuffle: true, data: () => batches(16) },
      'shuffle: a stream has its own order',
    ],
    [
      'metrics of no validation',
      { metrics: { one: () => 1 } },
      'validation: metrics are computed of the validation',
    ],
    ['a scalar that is not there', { params: { rate: 1 } }, 'rate: no such run-time scalar'],
    [
      'data that are none',
      { data: 3 as never },
      'data: expected arrays by input, a dataset, or a stream of batches, found 3',
    ],
  ])('%s', async (_, options, message) => {
    await expect(fitted(await opened(), { data, ...options })).rejects.toThrow(message);
  });

  it('to validate by an entry that trains, or that has no scalar output', async () => {
    const module = defineModule('two', (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 4 }), 2] });
      const w = m.state('w', { shape: [2] });
      const step = () => ({ loss: x.mul(w).mean(), updates: [{ state: w, next: w.add(1) }] });
      m.entry('train', step());
      m.entry('tune', step());
      m.entry('predict', { rows: x.mul(w) });
    });
    const session = await startWasm(compileToWasm(module, assemble).program, { threads: 1 });
    sessions.push(session);
    const data = { x: new Float32Array(8) };
    const host = { hasUpdates: (entry: string) => entry !== 'predict' };
    const validatedBy = async (validationEntry: string): Promise<unknown> =>
      fitWithin(session, { data, validation: data, validationEntry }, host).catch((error: unknown) => error);
    const message = (entry: string, fault: string): object => ({
      name: 'SessionError',
      code: 'unknown-entry',
      message: `validation: entry "${entry}" ${fault}; declare one for it, m.entry('evaluate', { loss, … })`,
    });
    const trains = 'updates states, so it would train on the validation data';
    expect(await validatedBy('train')).toMatchObject(message('train', trains));
    expect(await validatedBy('tune')).toMatchObject(message('tune', trains));
    expect(await validatedBy('predict')).toMatchObject(
      message('predict', 'has no scalar output, so there is no loss of the validation'),
    );
    expect(await session.read('w')).toMatchObject({ data: Float32Array.of(0, 0) });
  });

  it('to validate without an entry for it, and says how to declare one', async () => {
    const bare = defineModule('bare', (m) => {
      const x = m.input('x', { shape: [m.size('batch', { max: 4 }), 2] });
      const w = m.state('w', { shape: [2] });
      m.entry('train', { loss: x.mul(w).mean(), updates: [{ state: w, next: w.add(1) }] });
      m.entry('other', { sum: x.sum() });
    });
    const session = await startWasm(compileToWasm(bare, assemble).program, { threads: 1 });
    sessions.push(session);
    const x = new Float32Array(8);
    await expect(fitted(session, { data: { x }, validation: { x } })).rejects.toThrow(
      "validation: no entry gives the loss without updates; declare one, m.entry('evaluate', { loss, … })",
    );
  });
});

describe('a history', () => {
  it('has columns, a best epoch, and prints as a table, CSV, JSON, text and a picture', async () => {
    const data = rows(40);
    const { history } = await fitAnother({ data, validation: 0.25, epochs: 4 });
    expect(history.names).toEqual(['loss', 'right', 'val_loss', 'val_right', 'lr']);
    const losses = history.column('val_loss');
    const best = history.best();
    expect(best?.validation?.loss).toBe(Math.min(...losses));
    expect(history.best('val_right', 'max')?.validation?.scalars.right).toBe(
      Math.max(...history.column('val_right')),
    );
    expect(() => history.column('accuracy')).toThrow('accuracy: no such value of an epoch');
    const shown = inspect(history).split('\n');
    expect(`${history}`).toBe(inspect(history));
    expect(shown).toHaveLength(6);
    expect(shown[0]).toBe('History of 4 epochs');
    expect(shown[1]).toMatch(/^ {2}epoch +loss +right +val_loss +val_right +lr +time$/);
    expect(inspect({ history: [[history]] })).toContain('[History of 4 epochs]');
    const csv = history.toCSV().split('\r\n');
    expect(csv[0]).toBe('epoch,loss,right,val_loss,val_right,lr,seconds');
    expect(csv[1]?.split(',').slice(0, 2)).toEqual(['1', String(history.epochs[0]?.loss)]);
    expect(JSON.parse(JSON.stringify(history)).epochs).toEqual(history.epochs);
    const plot = await history.plot();
    expect(plot).toContain('val_loss');
    expect(plot.split('\n').length).toBeGreaterThan(10);
    const svg = history.toSVG(['loss', 'lr']);
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).toContain('>lr</text>');
  });
});
