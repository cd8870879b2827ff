import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { DataStream } from '../../src/data/index.ts';
import { defineModule } from '../../src/graph/index.ts';
import { sgd } from '../../src/optim/index.ts';
import type { Data, Session } from '../../src/runtime/index.ts';
import { start as startWasm } from '../../src/runtime/wasm/index.ts';
import { BlockReader } from '../../src/train/blocks.ts';
import {
  type Batches,
  type Callback,
  type FitOptions,
  type FitProgress,
  fit as fitted,
} from '../../src/train/index.ts';
import { memoryStore } from '../../src/weights/index.ts';
import { assemble } from '../compile/bareWasm.ts';
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

async function* slowly(source: Iterable<Data>): AsyncGenerator<Data> {
  for (const batch of source) {
    await Promise.resolve();
    yield batch;
  }
}

describe('fit on a stream', () => {
  const count = 21 * BATCH + 5;
  const streams: Record<string, () => Batches> = {
    'a function of the epoch': () => () => batches(count),
    'a list of batches': () => [...batches(count)],
    'an asynchronous iterable': () => ({ [Symbol.asyncIterator]: () => slowly(batches(count)) }),
    'a DataStream': () => DataStream.from(() => batches(count)),
  };
  it.each(Object.entries(streams))('trains as on the same rows in order: %s', async (_, data) => {
    const plain = await opened();
    const epochs = await plain.train({ data: rows(count), epochs: 2 });
    const fit = await fitted(await opened(), { data: data(), validation: data(), epochs: 2 });
    for (const [k, { loss, scalars, steps, samples }] of epochs.entries()) {
      const epoch = fit.epochs[k];
      expect(epoch).toMatchObject({ steps, samples });
      expect(epoch?.scalars.right).toBe(scalars.right);
      // Means of blocks are means of the whole, up to rounding in float64.
      expect(epoch?.loss).toBeCloseTo(loss, 12);
    }
    const validation = await plain.evaluate('evaluate', { data: rows(count) });
    expect(fit.last?.validation?.scalars.right).toBe(validation.scalars.right);
    expect(fit.last?.validation?.loss).toBeCloseTo(validation.scalars.loss ?? 0, 12);
  });

  it('leaves the states of the same rows in order, whatever the size of submits', async () => {
    const plain = await opened();
    await plain.train({ data: rows(count), epochs: 2 });
    const expected = await digest(plain);
    for (const stepsPerSubmit of [1, 5]) {
      const session = await opened();
      await fitted(session, { data: () => batches(count), epochs: 2, stepsPerSubmit });
      expect(await digest(session)).toBe(expected);
    }
  });

  it('takes short batches between others, as passes of batches have them', async () => {
    const plain = await opened();
    const [first, second] = await plain.train({ data: rows(count), epochs: 2 });
    const session = await opened();
    const passes = DataStream.from(() => batches(count)).repeat(2);
    const { last } = await fitted(session, { data: passes, validation: passes, epochs: 1 });
    expect(await digest(session)).toBe(await digest(plain));
    expect(last).toMatchObject({ steps: 44, samples: 2 * count });
    expect(last?.loss).toBeCloseTo(((first?.loss ?? 0) + (second?.loss ?? 0)) / 2, 12);
    const validation = await plain.evaluate('evaluate', { data: rows(count) });
    expect(last?.validation?.scalars.right).toBe(2 * (validation.scalars.right ?? 0));
    expect(last?.validation?.loss).toBeCloseTo(validation.scalars.loss ?? 0, 12);
  });

  it('takes a last batch that is short in two sizes, as arrays of the same rows', async () => {
    const pairs = defineModule('pairs', (m) => {
      const [x, z] = [m.size('a', { max: 4 }), m.size('b', { max: 2 })].map((rows, k) =>
        m.input(`x${k}`, { shape: [rows, 2] }),
      );
      const w = m.state('w', { shape: [2], init: (shape) => ({ kind: 'constant', value: shape.length }) });
      if (x === undefined || z === undefined) throw new Error('two inputs');
      const loss = x.mul(w).square().mean().add(z.mul(w).mean());
      m.entry('train', { loss, updates: sgd({ lr: 0.1 }).minimize(loss) });
    });
    const { program } = compileToWasm(pairs, assemble);
    const [x0, x1] = [Float32Array.from({ length: 20 }, (_, k) => k % 3), new Float32Array(10).fill(0.5)];
    const parts = [0, 1, 2].map((k) => ({
      x0: x0.subarray(8 * k, 8 * k + 8),
      x1: x1.subarray(4 * k, 4 * k + 4),
    }));
    const digests: string[] = [];
    for (const data of [{ x0, x1 }, () => parts]) {
      const session = await startWasm(program, { threads: 1 });
      sessions.push(session);
      expect((await fitted(session, { data, shuffle: false })).last).toMatchObject({ steps: 3 });
      digests.push(await digest(session));
    }
    expect(digests[1]).toBe(digests[0]);
  });

  it('counts steps through blocks, with the scalars of the epoch so far', async () => {
    const seen: number[] = [];
    let last = Number.NaN;
    const callback: Callback = {
      onSteps: ({ step, steps, loss }) => {
        expect(steps).toBeUndefined();
        seen.push(step);
        last = loss;
      },
    };
    const history = await fitted(await opened(), {
      data: () => batches(count),
      stepsPerSubmit: 1,
      callbacks: [callback],
    });
    expect(seen).toEqual(Array.from({ length: 22 }, (_, k) => k + 1));
    expect(last).toBeCloseTo(history.last?.loss ?? 0, 12);
  });

  it('tells of the steps of an epoch where the stream knows how many batches it has', async () => {
    const seen: (number | undefined)[] = [];
    const source = DataStream.from([...batches(count)]);
    const told = { onSteps: ({ steps }: FitProgress) => void seen.push(steps) };
    await fitted(await opened(), { data: source, callbacks: [told] });
    expect(new Set(seen)).toEqual(new Set([22]));
    // Of one that is wrong about itself they are not known.
    seen.length = 0;
    const wrong = { count: 3, elements: (epoch: number) => source.elements(epoch) };
    await fitted(await opened(), { data: wrong, stepsPerSubmit: 1, callbacks: [told] });
    expect(seen).toEqual([3, 3, 3, ...new Array(19).fill(undefined)]);
  });

  it('has two blocks on the device at most, and frees all of them', async () => {
    const session = await opened();
    let [live, most] = [0, 0];
    const upload = session.dataset.bind(session);
    vi.spyOn(session, 'dataset').mockImplementation(async (data) => {
      const dataset = await upload(data);
      most = Math.max(most, ++live);
      const dispose = dataset.dispose.bind(dataset);
      vi.spyOn(dataset, 'dispose').mockImplementation(() => {
        if (!dataset.disposed) live--;
        dispose();
      });
      return dataset;
    });
    await fitted(session, { data: () => batches(40 * BATCH), epochs: 2 });
    expect(most).toBe(2);
    const failing: Callback = {
      onSteps: ({ step }) => {
        if (step > 9) throw new Error('enough');
      },
    };
    await expect(fitted(session, { data: () => batches(40 * BATCH), callbacks: [failing] })).rejects.toThrow(
      'enough',
    );
    // What was on its way is freed when it comes.
    await session.read('hidden.bias');
    await Promise.resolve();
    expect(live).toBe(0);
  });

  it('closes the stream when it ends early, and does not wait for a batch that never comes', async () => {
    let closed = 0;
    const control = new AbortController();
    async function* stuck(): AsyncGenerator<Data> {
      yield* batches(BATCH);
      control.abort(new Error('no more'));
      await new Promise(() => {});
    }
    await expect(fitted(await opened(), { data: stuck, signal: control.signal })).rejects.toThrow('no more');
    function* counted(): Generator<Data> {
      try {
        for (;;) yield* batches(BATCH);
      } finally {
        closed++;
      }
    }
    const stopping: Callback = { onSteps: ({ step }, run) => (step > 20 ? run.stop('enough') : undefined) };
    const history = await fitted(await opened(), { data: counted, callbacks: [stopping] });
    expect(history.stopped).toBe('enough');
    expect(closed).toBe(1);
  });
});

describe('a stream of single samples', () => {
  const { x, y } = rows(20);
  const samples = DataStream.rows({ x: Float32Array.from(x), y: Int32Array.from(y) }, 20);

  it('is refused, and says how to make batches of it', async () => {
    const made = samples.shuffle({ seed: 1 }).map((sample) => sample);
    await expect(fitted(await opened(), { data: made })).rejects.toThrow(
      'it is a single sample, and batch takes 8: make batches of the stream, .batch(8); .batch(1), if one row each is meant',
    );
  });

  it('trains once it is in batches, of one row too', async () => {
    for (const [size, steps] of [
      [8, 3],
      [1, 20],
    ] as const) {
      const made = samples.batch(size).map((batch) => batch);
      expect((await fitted(await opened(), { data: made })).last?.steps).toBe(steps);
    }
  });
});

describe('a fit that waits for its stream', () => {
  it('ends as disposed with its session, and leaves the session its own method', async () => {
    const session = await opened();
    async function* stuck(): AsyncGenerator<Data> {
      yield* batches(BATCH);
      // The fit waits by then: it trained the batch.
      setImmediate(() => session.dispose());
      await new Promise(() => {});
    }
    const checkpoint = { store: memoryStore() };
    await expect(fitted(session, { data: stuck, checkpoint })).rejects.toMatchObject({
      name: 'SessionError',
      code: 'disposed',
    });
    expect(Object.hasOwn(session, 'dispose')).toBe(false);
  });
});

describe('fit says epoch and batch of a stream that', () => {
  const failed = new RangeError('the disk is gone');
  function* failing(): Generator<Data> {
    yield* batches(3 * BATCH);
    throw failed;
  }
  const [whole] = [...batches(BATCH)];
  const cases: [string, (epoch: number) => Iterable<Data>, Partial<FitOptions>, object][] = [
    ['throws', failing, {}, { code: 'failed', epoch: 1, batch: 4, cause: failed }],
    [
      'throws before it opens',
      () => {
        throw failed;
      },
      {},
      { code: 'failed', epoch: 1, batch: 1, cause: failed },
    ],
    ['is empty', () => [], {}, { code: 'empty', epoch: 1, batch: 1 }],
    [
      'is spent after its first epoch',
      (
        (once) => () =>
          once
      )(batches(2 * BATCH)),
      { epochs: 2 },
      { code: 'empty', epoch: 2, batch: 1 },
    ],
    [
      'has a batch that is larger than the first',
      () => [...batches(4, 4), ...batches(BATCH)],
      {},
      { code: 'shape', batch: 2, message: expect.stringContaining('has 8 rows, and the first batch 4') },
    ],
    [
      'has more rows than the program takes',
      () => batches(BATCH + 1, BATCH + 1),
      {},
      { code: 'shape', batch: 1, message: expect.stringContaining('has 9 rows, and batch 8 at most') },
    ],
    [
      'has a batch without an input that the first has',
      () => [...batches(BATCH), { x: whole?.x ?? [] }],
      {},
      {
        code: 'shape',
        batch: 2,
        message: expect.stringContaining('expected x, y, as in the first batch, found x'),
      },
    ],
    [
      'has a batch with an input that is not there',
      () => [...batches(BATCH), { ...whole, z: [1] }],
      {},
      { code: 'batch', batch: 2, message: expect.stringContaining('z: no such input') },
    ],
    [
      'has no whole row',
      () => [{ x: [1, 2, 3], y: [0] }],
      {},
      {
        code: 'batch',
        batch: 1,
        message: expect.stringContaining('x: expected one or more rows of 4 elements'),
      },
    ],
    [
      'has a label that is none',
      () => [...batches(2 * BATCH), { ...whole, y: Int32Array.from({ length: BATCH }, (_, k) => k) }],
      {},
      { code: 'batch', batch: 3, message: expect.stringContaining('y: expected 0 to 2 at index 3, found 3') },
    ],
  ];
  it.each(cases)('%s', async (_, data, options, error) => {
    const session = await opened();
    const thrown: unknown = await fitted(session, { data, ...options }).catch((cause: unknown) => cause);
    expect(thrown).toMatchObject({ name: 'FeedError', ...error });
    const { data: bias } = await session.read('hidden.bias');
    expect([...bias].every(Number.isFinite)).toBe(true);
  });

  it('fails after whole steps: the states are those of the blocks before', async () => {
    const [plain, session] = [await opened(), await opened()];
    await plain.train({ data: rows(3 * BATCH) });
    await expect(fitted(session, { data: failing })).rejects.toThrow(
      'the data of epoch 1, batch 4: the stream failed: the disk is gone',
    );
    expect(await digest(session)).toBe(await digest(plain));
  });
});

describe('blocks of a stream', () => {
  it('begin with one batch, double, and hold a bounded number, wherever reading begins', async () => {
    const { program } = await opened();
    const sizes = async (skip: number, open = () => batches(200 * BATCH)): Promise<(readonly number[])[]> => {
      const reader = new BlockReader(program, 1, open);
      await reader.skip(skip);
      const found: (readonly number[])[] = [];
      for (let block = await reader.next(); block !== undefined; block = await reader.next())
        found.push([block.first, block.batches]);
      return found;
    };
    const all = await sizes(0);
    expect(all).toEqual([
      [0, 1],
      [1, 2],
      [3, 4],
      [7, 8],
      [15, 16],
      [31, 32],
      [63, 64],
      [127, 64],
      [191, 9],
    ]);
    expect(await sizes(31)).toEqual(all.slice(5));
    // A short batch ends a block.
    const passes = function* (): Generator<Data> {
      for (let pass = 0; pass < 3; pass++) yield* batches(9 * BATCH + 1);
    };
    const short = await sizes(0, passes);
    expect(short).toEqual([
      [0, 1],
      [1, 2],
      [3, 4],
      [7, 3],
      [10, 10],
      [20, 10],
    ]);
    for (const [k, [at = 0]] of short.entries()) expect(await sizes(at, passes)).toEqual(short.slice(k));
  });
});
