import { afterEach, describe, expect, it, vi } from 'vitest';
import { nanOrigin } from '../../src/check/nanOrigin.ts';
import { compile } from '../../src/compiled.ts';
import { defineModule, type StateOptions } from '../../src/graph/index.ts';
import { sgd } from '../../src/optim/index.ts';
import type { Data } from '../../src/runtime/index.ts';
import { start } from '../../src/start.ts';
import { type Callback, type FitOptions, fit as fitted, NanError } from '../../src/train/index.ts';
import type { Session } from '../../src/train/session.ts';
import { memoryStore } from '../../src/weights/index.ts';
import { digest } from '../compile/digest.ts';

const BATCH = 4;

/** A mean of logarithms, NaN for a row below zero; and `late`, a state that a row of zeros makes NaN, which the next step reads. */
const logarithms = defineModule('logarithms', (m) => {
  const x = m.input('x', { shape: [m.size('batch', { max: BATCH }), 2] });
  const w = m.state('w', { shape: [2], init: (shape) => ({ kind: 'constant', value: shape.length }) });
  const late = m.state('late', { shape: [], trainable: false });
  const logs = x.mul(w).log().named('logs');
  const loss = logs.mean().add(late);
  const ratio = x.sum().div(x.sum()).named('ratio');
  m.entry('train', {
    loss,
    updates: [
      ...sgd({ lr: m.param('lr', { initial: 0.01 }) }).minimize(loss),
      { state: late, next: ratio.sub(1) },
    ],
  });
});

const compiled = await compile(logarithms, { target: 'wasm' });
const sessions: Session[] = [];
async function opened(): Promise<Session> {
  const session = await compiled.start({ threads: 1, seed: 3 });
  sessions.push(session);
  return session;
}
afterEach(() => {
  vi.restoreAllMocks();
  for (const session of sessions.splice(0)) session.dispose();
});

/** Rows of ones and more, but for some that are given. */
function rowsWith(count: number, others: Readonly<Record<number, number>>): Float32Array {
  return Float32Array.from({ length: 2 * count }, (_, k) => others[Math.floor(k / 2)] ?? 1 + (k % 5));
}

function* batchesOf(x: Float32Array): Generator<Data> {
  for (let at = 0; at < x.length; at += 2 * BATCH) yield { x: x.subarray(at, at + 2 * BATCH) };
}

async function thrownBy(session: Session, options: FitOptions): Promise<NanError> {
  const error: unknown = await session.fit(options).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof NanError)) throw error;
  return error;
}

const line = /^nan\.test\.ts:\d+$/;

describe('a NaN in training', () => {
  it.each([
    ['arrays', true],
    ['arrays in order', false],
    ['a stream', undefined],
  ])('is traced to the first node, its line and its step, on %s', async (_, shuffle) => {
    const session = await opened();
    const x = rowsWith(21, { 17: -2 });
    const order = shuffle === undefined ? { data: () => batchesOf(x) } : { data: { x }, shuffle };
    const error = await thrownBy(session, { ...order, epochs: 2, stepsPerSubmit: 1 });
    expect(error).toMatchObject({ code: 'nan', entry: 'train', output: 'loss', epoch: 1 });
    expect(error.origin?.node).toMatch(/^logs = log\(%\d+\)$/);
    expect(error.origin?.source).toMatch(line);
    expect(error.origin?.text).toMatch(/^element \[\d, [01]\] is NaN, log\(-[\d.]+\)$/);
    expect(error.message).toContain(`in epoch 1, step ${error.step}: logs = log`);
    if (shuffle !== true) expect(error.step).toBe(5);
  });

  it('that was made by the step before is traced to that step', async () => {
    const session = await opened();
    const x = rowsWith(24, { 8: 0, 9: 0, 10: 0, 11: 0 });
    // Logarithms of zero are infinite, and so is the loss; 0 / 0 is what the next step finds in the state.
    const error = await thrownBy(session, { data: { x }, shuffle: false, stepsPerSubmit: 1 });
    expect(error.message).toContain('in epoch 1, step 3:');
    expect(error.step).toBeGreaterThanOrEqual(3);
  });

  it('of a later epoch is traced through the shuffles before', async () => {
    const session = await opened();
    const x = rowsWith(12, { 5: -1 });
    const data = (epoch: number): Generator<Data> => batchesOf(epoch === 3 ? x : rowsWith(12, {}));
    const error = await thrownBy(session, { data, epochs: 4 });
    expect(error).toMatchObject({ epoch: 3, step: 2 });
    expect(error.message).toContain('in epoch 3, step 2: logs');
  });

  it('leaves the session as training left it', async () => {
    const [session, plain] = [await opened(), await opened()];
    const options = { data: { x: rowsWith(12, { 5: -1 }) }, shuffle: true, stepsPerSubmit: 1 };
    await expect(plain.train(options)).rejects.toThrow('loss is NaN');
    await thrownBy(session, options);
    expect(await digest(session)).toBe(await digest(plain));
  });

  it('is said with what is missing where it cannot be traced', async () => {
    const x = rowsWith(12, { 5: -1 });
    const session = await opened();
    const dataset = await session.dataset({ x });
    expect((await thrownBy(session, { data: dataset })).message).toContain(
      'given arrays, fit says which node made it',
    );
    const bare = await start(compiled.program, { threads: 1 });
    await expect(bare.fit({ data: { x } })).rejects.toThrow('compiled from its module in this process');
    bare.dispose();
    const going = await fitted(await opened(), { data: { x }, onNaN: 'continue' });
    expect(going.last?.loss).toBeNaN();
  });
});

/** `big` overflows in step 4; the row of 7 reads it. */
const overflows = defineModule('overflows', (m) => {
  const x = m.input('x', { shape: [m.size('batch', { max: 1 })] });
  const w = m.state('w', { shape: [], init: () => ({ kind: 'constant', value: 1 }) });
  const one: StateOptions<'f32'> = {
    shape: [2],
    init: () => ({ kind: 'constant', value: 1 }),
    trainable: false,
  };
  const big = m.state('big', one);
  const copy = m.state('copy', one);
  // What is infinite from the first on is not what is looked for.
  m.state('least', { ...one, init: () => ({ kind: 'constant', value: Infinity }) });
  const loss = x
    .mean()
    .mul(w)
    .square()
    .add(x.mean().eq(7).where(copy.sub(copy).sum(), 0));
  m.entry('train', {
    loss,
    updates: [
      ...sgd({ lr: 0.0001 }).minimize(loss),
      { state: big, next: big.mul(1e10).named('grown') },
      { state: copy, next: big },
    ],
  });
});

describe('an infinity that a NaN is made of', () => {
  const x = new Float32Array(12).fill(1);
  x[9] = 7;

  it('is traced through states to the node and the step that made it', async () => {
    const session = await (await compile(overflows, { target: 'wasm' })).start({ threads: 1 });
    sessions.push(session);
    const error = await thrownBy(session, { data: { x }, shuffle: false, stepsPerSubmit: 1 });
    expect(error).toMatchObject({ epoch: 1, step: 10 });
    expect(error.message).toContain('in epoch 1, step 4: grown = mul(big, ');
    expect(error.origin?.text).toMatch(/^element \[0\] is Infinity, mul\(.*, in float64 1.*e\+40$/);
  });

  it('is said to be older where the search begins later', async () => {
    const session = await (await compile(overflows, { target: 'wasm' })).start({ threads: 1 });
    sessions.push(session);
    for (let step = 0; step < 6; step++) await session.run('train', { x: [1] });
    const error = await thrownBy(session, { data: { x }, shuffle: false });
    expect(error.origin?.node).toBe('copy = state()');
    expect(error.origin?.text).toContain('and was so before epoch 1, step 1, where the search began');
  });
});

describe('the search for a NaN', () => {
  /** Ones, and a row below zero in this batch, counted from 1. */
  const upTo = (batch: number): Generator<Data> =>
    batchesOf(rowsWith(BATCH * batch, { [BATCH * batch - 1]: -1 }));

  it.each<[string, FitOptions['data'], string]>([
    ['of a generator', upTo(3), 'the data of epoch 1 have 0 batches, and had 1 or more'],
    [
      'that is shorter then',
      opens(
        () => upTo(3),
        () => batchesOf(rowsWith(8, {})),
      ),
      'have 2 batches, and had 3',
    ],
    [
      'that is other then',
      opens(
        () => upTo(3),
        () => batchesOf(rowsWith(12, {})),
      ),
      'are others each time',
    ],
    [
      'that does not open again',
      opens(
        () => upTo(3),
        () => {
          throw new Error('already locked');
        },
      ),
      'looking for where it began failed: already locked',
    ],
  ])('says what is wrong with a stream %s', async (_, data, reason) => {
    const error = await thrownBy(await opened(), { data });
    expect(error).toMatchObject({ code: 'nan', epoch: 1, step: 3, origin: undefined });
    expect(error.message).toContain(reason);
  });

  it('keeps what failed as the cause', async () => {
    const locked = new Error('already locked');
    const data = opens(
      () => upTo(2),
      () => {
        throw locked;
      },
    );
    expect((await thrownBy(await opened(), { data })).cause).toBe(locked);
    const onNaN = (): never => {
      throw locked;
    };
    const error = await thrownBy(await opened(), { data: () => upTo(2), callbacks: [{ onNaN }] });
    expect(error).toMatchObject({ step: 2, cause: locked });
    expect(error.message).toContain('what hears of it failed: already locked');
  });

  it('hears a signal, leaves the states, and keeps no checkpoint of them', async () => {
    const store = memoryStore();
    const session = await opened();
    const heard: string[] = [];
    const control = new AbortController();
    const callback: Callback = {
      onNaN: ({ output, step }) => {
        heard.push(`${output} ${step}`);
        setTimeout(() => control.abort(new Error('Ctrl-C')));
      },
    };
    const options = {
      data: () => upTo(5),
      callbacks: [callback],
      signal: control.signal,
      checkpoint: { store },
    };
    const error = await thrownBy(session, options);
    expect(heard).toEqual(['loss 5']);
    expect(error.message).toContain("step 5; try a lower learning rate, or onNaN: 'continue' (the search");
    expect(error.message).toContain('was ended: Ctrl-C');
    expect(await store.list()).toEqual([]);
    const plain = await opened();
    await fitted(plain, { data: () => upTo(5) }).catch(() => {});
    expect(await digest(session)).toBe(await digest(plain));
  });

  it('does not wait for data that never come', async () => {
    const control = new AbortController();
    const never = {
      next: () => new Promise<never>(() => setTimeout(() => control.abort(new Error('Ctrl-C')))),
    };
    const data = opens(
      () => upTo(2),
      () => ({ [Symbol.asyncIterator]: () => never }),
    );
    const error = await thrownBy(await opened(), { data, signal: control.signal });
    expect(error.message).toContain('was ended: Ctrl-C');
  });

  it('ends when its time is over', async () => {
    const onNaN = (): void => {
      const { now } = performance;
      let hours = 0;
      vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 3.6e6 * hours++);
    };
    const error = await thrownBy(await opened(), { data: () => upTo(3), callbacks: [{ onNaN }] });
    expect(error.message).toContain("had a tenth of the training's time, or 1 s, which was not enough");
  });

  it('looks at live rows alone, and can be ended between the nodes of a step', async () => {
    const session = await opened();
    const step = {
      entry: 'train',
      step: 1,
      states: { w: await session.read('w'), late: await session.read('late') },
      inputs: { x: { shape: [1, 2], data: Float32Array.of(-1, 1) } },
      params: { lr: 0.1 },
      live: { batch: 1 },
    };
    let turns = 0;
    expect((await nanOrigin(logarithms, step, () => void turns++))?.node).toMatch(/^logs = /);
    const stop = new Error('stop');
    let left = turns / 2;
    const turn = (): void => {
      if (--left < 0) throw stop;
    };
    await expect(nanOrigin(logarithms, step, turn)).rejects.toBe(stop);
  });

  it.each([
    ['takes few steps again twice', 0, 400],
    ['begins close by in a long epoch', 10_000, 100],
  ])('%s', async (_, millis, most) => {
    const session = await opened();
    const { run } = session;
    let runs = 0;
    session.run = async (...given) => {
      runs++;
      return run.apply(session, given);
    };
    const { now } = performance;
    let later = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + later);
    const onSteps = (): void => {
      later += millis;
    };
    const options = { data: () => upTo(300), params: { lr: 0 }, stepsPerSubmit: 8, callbacks: [{ onSteps }] };
    const error = await thrownBy(session, options);
    expect(error.step).toBe(300);
    expect(error.origin?.node).toMatch(/^logs = /);
    expect(runs).toBeLessThan(most);
  });

  it('leaves run-time scalars as the last step had them', async () => {
    const scalars: number[] = [];
    const lr = (step: number): number => 0.01 / step;
    const callback: Callback = {
      onNaN: (_, run) => void scalars.push(run.scalar('lr')),
      onTrainEnd: (_, run) => void scalars.push(run.scalar('lr')),
    };
    await thrownBy(await opened(), { data: () => upTo(9), params: { lr }, callbacks: [callback] });
    expect(scalars[1]).toBe(scalars[0]);
  });
});

/** A stream that is one thing when it is opened first, and another later. */
function opens<A, B>(first: () => A, later: () => B): () => A | B {
  let count = 0;
  return () => (count++ === 0 ? first() : later());
}
