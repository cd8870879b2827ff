import { afterEach, describe, expect, it } from 'vitest';
import { compile } from '../../src/compiled.ts';
import { defineModule } from '../../src/graph/index.ts';
import { sgd } from '../../src/optim/index.ts';
import type { Data } from '../../src/runtime/index.ts';
import { start } from '../../src/start.ts';
import { type FitOptions, fit as fitted, NanError } from '../../src/train/index.ts';
import type { Session } from '../../src/train/session.ts';
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
