import { afterEach, describe, expect, it } from 'vitest';
import type { Session } from '../../src/runtime/index.ts';
import { checksum } from '../../src/train/callbacks/crc32c.ts';
import { stepsLine, timeText } from '../../src/train/callbacks/progressText.ts';
import {
  type Callback,
  callbacks,
  type FitEpoch,
  type FitOptions,
  type FitRun,
  fit as fitted,
  type History,
  modeOf,
} from '../../src/train/index.ts';
import { memoryStore } from '../../src/weights/index.ts';
import { digest } from '../compile/digest.ts';
import { eventsIn } from './eventFile.ts';
import { open, rows } from './models.ts';

const sessions: Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose();
});

/** Fits for so many epochs, with the losses that are given in place of those that come. */
async function fitWith(
  given: readonly Callback[],
  epochs: number,
  params?: Readonly<Record<string, number>>,
): Promise<{ readonly session: Session; readonly history: History }> {
  const session = await open();
  sessions.push(session);
  const history = await fitted(session, {
    data: rows(24),
    validation: rows(9),
    epochs,
    callbacks: given,
    ...(params === undefined ? {} : { params }),
  });
  return { session, history };
}

/** Metrics that give one number after the other, epoch by epoch. */
function following(values: readonly number[]): { readonly score: () => number } {
  let at = 0;
  return { score: () => values[at++] ?? Number.NaN };
}

/** Fits with a made-up `val_score`. */
async function fitScored(
  given: readonly Callback[],
  scores: readonly number[],
  options: Pick<FitOptions, 'checkpoint' | 'resume' | 'params'> = {},
): Promise<{ session: Session; history: History }> {
  const session = await open();
  sessions.push(session);
  const history = await fitted(session, {
    data: rows(24),
    validation: rows(9),
    epochs: scores.length,
    metrics: following(scores),
    callbacks: given,
    ...options,
  });
  return { session, history };
}

describe('earlyStopping', () => {
  const monitor = 'val_score';
  it('stops after so many epochs without a better value, and says why', async () => {
    const { history } = await fitScored(
      [callbacks.earlyStopping({ monitor, patience: 2 })],
      [0.5, 0.7, 0.6, 0.7, 0.9],
    );
    expect(history.epochs).toHaveLength(4);
    expect(history.stopped).toBe('val_score has not been better than 0.7, of epoch 2, for 2 epochs');
  });

  it('counts what is better by minDelta at least, and less as better where it is asked to', async () => {
    const options = { monitor, mode: 'min', patience: 1 } as const;
    const strict = await fitScored([callbacks.earlyStopping({ ...options, minDelta: 0.2 })], [1, 0.9, 0.5]);
    expect(strict.history.epochs).toHaveLength(2);
    const { history } = await fitScored([callbacks.earlyStopping(options)], [1, 0.9, 0.5]);
    expect(history.epochs).toHaveLength(3);
    expect(history.stopped).toBeUndefined();
  });

  it('never takes NaN for better', async () => {
    const { history } = await fitScored(
      [callbacks.earlyStopping({ monitor, patience: 2 })],
      [Number.NaN, Number.NaN, 1],
    );
    expect(history.epochs).toHaveLength(2);
    expect(history.stopped).toContain('no number');
  });

  it('leaves the states of the best epoch, where it is asked to', async () => {
    const digests: string[] = [];
    const noting: Callback = {
      onEpochEnd: async (_, { session }) => {
        digests.push(await digest(session));
      },
    };
    const { session } = await fitScored(
      [noting, callbacks.earlyStopping({ monitor, patience: 2, restoreBest: true })],
      [0.5, 0.7, 0.6, 0.7, 0.9],
    );
    expect(digests).toHaveLength(4);
    expect(await digest(session)).toBe(digests[1]);
  });

  it.each([
    ['a signal', (control: AbortController) => control.abort(new Error('stopped'))],
    ['a callback', (_: AbortController, run: FitRun) => run.stop('stopped')],
    ['an error', () => Promise.reject(new Error('stopped'))],
  ])('leaves them where %s ends the training in the middle of the next epoch', async (_, end) => {
    const session = await open();
    sessions.push(session);
    const control = new AbortController();
    let best = '';
    const ending: Callback = {
      onEpochEnd: async () => {
        best = await digest(session);
      },
      onSteps: ({ epoch, step }, run) => (epoch === 2 && step === 2 ? end(control, run) : undefined),
    };
    const options = { data: rows(40), epochs: 3, stepsPerSubmit: 1, signal: control.signal };
    await fitted(session, {
      ...options,
      callbacks: [callbacks.earlyStopping({ restoreBest: true }), ending],
    }).catch((error: unknown) => expect(error).toMatchObject({ message: 'stopped' }));
    expect(await digest(session)).toBe(best);
  });

  it('says before the first step that the best states are not there', async () => {
    const store = memoryStore();
    const best = callbacks.earlyStopping({ monitor, restoreBest: true });
    await fitScored([best], [1, 0.5], { checkpoint: { store } });
    const resume = await store.read('checkpoint.safetensors');
    const seen: number[] = [];
    const noting: Callback = { onSteps: ({ step }) => void seen.push(step) };
    await expect(fitScored([noting, best], [1, 1, 1, 1], { resume: resume ?? true })).rejects.toThrow(
      'checkpoint: the states of epoch 1 lie beside the checkpoint: give its store',
    );
    expect(seen).toEqual([]);
  });

  it('refuses a value that epochs do not have, and lists those that they have', async () => {
    await expect(fitWith([callbacks.earlyStopping({ monitor: 'val_accuracy' })], 1)).rejects.toThrow(
      'val_accuracy: no such value of an epoch to monitor; there are loss, right, val_loss, val_right, lr',
    );
    expect(() => callbacks.earlyStopping({ patience: -1 })).toThrow(
      'patience: expected a whole number from 0, found -1',
    );
  });
});

describe('a monitor', () => {
  it.each([
    ['loss', 'min'],
    ['val_loss', 'min'],
    ['val_accuracy', 'max'],
    ['auc', 'max'],
    ['perplexity', 'min'],
    ['val_right', 'max'],
    ['topK', 'max'],
    ['top5', 'max'],
    ['hitRate', 'max'],
    ['hits', 'max'],
    ['meanIou', 'max'],
    ['val_mIoU', 'max'],
    ['balancedAccuracy', 'max'],
    ['macroF1', 'max'],
    ['F1Score', 'max'],
    ['rocAUC', 'max'],
    ['rSquared', 'max'],
    ['logLoss', 'min'],
    ['accuracy_loss', 'min'],
    ['errorRate', 'min'],
    ['crossEntropy2', 'min'],
  ])('knows what is better by its name: %s is %s', (name, mode) => {
    expect(modeOf(name)).toBe(mode);
  });

  it.each(['macro', 'lr', 'stop', ''])('asks where a name does not say: %s', (name) => {
    const message = "does not say whether less or more is better: give 'min' or 'max'";
    expect(() => modeOf(name)).toThrow(message);
    expect(() => callbacks.earlyStopping({ monitor: name })).toThrow(message);
    expect(() => callbacks.earlyStopping({ monitor: name, mode: 'max' })).not.toThrow();
  });
});

describe('reduceOnPlateau', () => {
  it('multiplies the learning rate, waits for it to work, and does not go below its least', async () => {
    const plateau = callbacks.reduceOnPlateau({
      monitor: 'val_score',
      patience: 2,
      factor: 0.1,
      cooldown: 1,
      min: 0.005,
    });
    const { history } = await fitScored([plateau], [1, 1, 1, 1, 1, 1, 1, 1]);
    const found = history.column('lr').map((lr) => Number(lr.toPrecision(6)));
    expect(found).toEqual([0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.005, 0.005]);
  });

  it('multiplies a schedule, which goes on, and does not bring it below its least', async () => {
    const plateau = callbacks.reduceOnPlateau({ monitor: 'val_score', patience: 1, factor: 0.5, min: 0.25 });
    // Three steps an epoch.
    const params = { lr: (step: number) => [1, 0.6, 0.4, 0.1][Math.ceil(step / 3) - 1] ?? 0 };
    const { history } = await fitScored([plateau], [1, 1, 1, 1], { params });
    expect(history.column('lr').map((lr) => Number(lr.toPrecision(6)))).toEqual([1, 0.6, 0.25, 0.1]);
  });

  it('is refused before the first step where the program has no such scalar', async () => {
    const seen: FitEpoch[] = [];
    const plateau = callbacks.reduceOnPlateau({ scalar: 'rate' });
    const noting: Callback = { onEpochEnd: (record) => void seen.push(record) };
    await expect(fitWith([noting, plateau], 2)).rejects.toThrow('rate: no such run-time scalar');
    expect(seen).toEqual([]);
  });
});

describe('logs', () => {
  it('of CSV have a line for each epoch under one of names', async () => {
    const lines: string[] = [];
    const { history } = await fitWith([callbacks.csvLog({ write: (line) => void lines.push(line) })], 2);
    expect(lines.join('')).toBe(history.toCSV());
  });

  it('of JSON have each epoch as a line', async () => {
    const lines: string[] = [];
    const { history } = await fitWith(
      [callbacks.jsonLinesLog({ write: (line) => void lines.push(line) })],
      2,
    );
    expect(
      lines
        .join('')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(history.epochs);
  });

  it('begin and end once, and end when training fails', async () => {
    const seen: string[] = [];
    const log = callbacks.csvLog({
      begin: (length) => void seen.push(`begin ${length}`),
      write: () => {
        throw new RangeError('the disk is full');
      },
      end: () => void seen.push('end'),
    });
    await expect(fitWith([log], 2)).rejects.toThrow('the disk is full');
    expect(seen).toEqual(['begin 0', 'end']);
  });

  it('of TensorBoard hold every value of every epoch', async () => {
    const chunks: Uint8Array[] = [];
    const board = callbacks.tensorBoard(
      { write: (bytes) => void chunks.push(bytes) },
      { prefix: 'a', now: () => 1.5 },
    );
    const { history } = await fitWith([board], 2);
    const events = eventsIn(Buffer.concat(chunks));
    expect(events[0]).toEqual({ time: 1.5, step: 0, version: 'brain.Event:2', values: {} });
    expect(events.slice(1)).toEqual(
      history.epochs.map(({ epoch }) => ({
        time: 1.5,
        step: epoch,
        version: '',
        values: Object.fromEntries(
          history.names.map((name) => [`a/${name}`, Math.fround(history.column(name)[epoch - 1] ?? 0)]),
        ),
      })),
    );
  });

  it('of TensorBoard are checked by CRC-32C', () => {
    expect(checksum(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    // RFC 3720, appendix B.4.
    expect(checksum(new Uint8Array(32))).toBe(0x8a9136aa);
  });
});

describe('a callback', () => {
  it('begins again in a second fit', async () => {
    const store = memoryStore();
    const lines: string[] = [];
    const log = {
      begin: (length: number) => void (length === 0 && lines.splice(0)),
      write: (line: string) => void lines.push(line),
    };
    const monitor = 'val_score';
    const used = [
      callbacks.earlyStopping({ monitor, patience: 2, restoreBest: true }),
      callbacks.reduceOnPlateau({ monitor, patience: 2, factor: 0.5 }),
      callbacks.bestCheckpoint({ store, monitor }),
      callbacks.csvLog(log),
    ];
    const first = await fitScored(used, [3, 2, 2]);
    expect(first.history.column('lr')[2]).toBeCloseTo(0.1, 6);
    await store.remove('best.safetensors');
    const { history } = await fitScored(used, [1, 2, 1, 1, 1]);
    expect(history.stopped).toBe('val_score has not been better than 2, of epoch 2, for 2 epochs');
    expect(await store.list()).toEqual(['best.safetensors']);
    expect(lines.join('')).toBe(history.toCSV());
  });

  const never = undefined as never;
  const store = memoryStore();
  it.each<[string, () => unknown, string]>([
    ['options', () => callbacks.earlyStopping({ patence: 3 } as never), 'patence: no such option'],
    ['factors', () => callbacks.reduceOnPlateau({ facter: 3 } as never), 'facter: no such option'],
    [
      'no factor',
      () => callbacks.reduceOnPlateau({ factor: 2 }),
      'factor: expected a number above 0 and below 1, found 2',
    ],
    ['modes', () => callbacks.earlyStopping({ mode: 'maximum' as never }), 'mode: expected min or max'],
    [
      'patience',
      () => callbacks.earlyStopping({ patience: 1.5 }),
      'patience: expected a whole number from 0',
    ],
    ['least', () => callbacks.reduceOnPlateau({ min: 'a' as never }), 'min: expected 0 or more, found "a"'],
    ['no store', () => callbacks.bestCheckpoint({ store: never }), 'store: expected a store with a method'],
    ['names', () => callbacks.bestCheckpoint({ store, nam: 'x' } as never), 'nam: no such option'],
    ['no writer', () => callbacks.csvLog(never), 'writer: expected an object with a method write'],
    ['tags', () => callbacks.tensorBoard({ write: () => {} }, { tag: 1 } as never), 'tag: no such option'],
  ])('refuses %s that cannot be', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('progressText', () => {
  it.each([
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.7, '1 min 0 s'],
    [119.6, '2 min 0 s'],
    [3599.7, '1 h 0 min'],
    [7500, '2 h 5 min'],
  ])('says %s seconds as %s', (seconds, text) => {
    expect(timeText(seconds)).toBe(text);
  });

  it('says no rate before the clock has moved', () => {
    const line = { epoch: 1, epochs: 1, step: 1, steps: 2, totalSteps: 1, loss: 1, scalars: {}, seconds: 0 };
    expect(stepsLine(line)).toBe('epoch 1/1  ██████████░░░░░░░░░░  1/2  loss 1');
  });

  it('says how far training is, and what an epoch came to', async () => {
    const lines: string[] = [];
    const text = callbacks.progressText((line, isLast) => void lines.push(`${isLast ? 'last ' : ''}${line}`));
    await fitWith([text], 2);
    expect(lines[0]).toMatch(
      /^epoch 1\/2 {2}[█░]{20} {2}\d\/3 {2}loss \d\.\d{3} {2}right \d+ {2}[\d.]+ steps\/s {2}[\d.]+ s left$/,
    );
    expect(lines.at(-1)).toMatch(
      /^last epoch 2\/2 {2}3 steps {2}loss [\d.]+ {2}right \d+ {2}val_loss [\d.]+ {2}val_right \d+ {2}[\d.]+ s$/,
    );
  });
});
