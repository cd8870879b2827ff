import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DeviceError, type StartOptions, start, type WasmSession } from '../../src/runtime/wasm/index.ts';
import { threadCount } from '../../src/runtime/wasm/threadCount.ts';
import { OUT_OF_STEP } from '../../src/runtime/wasm/worker.ts';
import { Workers } from '../../src/runtime/wasm/workers.ts';
import { BATCH, linearData } from './linearModel.ts';
import { linearWasm, type Mischief } from './linearWasm.ts';
import { collect, lastOf } from './targets.ts';

const program = linearWasm();
const sessions: WasmSession[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose();
  vi.restoreAllMocks();
});

/** A session of the linear model, which is disposed of at the end. */
async function open(options: StartOptions, mischief?: Mischief): Promise<WasmSession> {
  const session = await start(mischief ? linearWasm(mischief) : program, options);
  sessions.push(session);
  return session;
}

const spins = '(loop $forever (br $forever))';

describe('threads', () => {
  test('do not change results, however many they are', async () => {
    const states: unknown[] = [];
    for (const threads of [1, 2, 3, 7]) {
      const session = await open({ threads, seed: 5 });
      await collect(session.train({ data: linearData(61), epochs: 4, shuffle: true }));
      states.push(await session.save());
    }
    for (const state of states) expect(state).toEqual(states[0]);
  });

  test('are as many as there are cores, 16 at most, or as many as are asked for', async () => {
    expect((await open({})).threads).toBe(Math.min(16, availableParallelism()));
    const more = await open({ threads: availableParallelism() + 3 });
    expect(more.threads).toBe(availableParallelism() + 3);
    expect((await more.run('predict', { x: [1, 2, 3] })).value?.shape).toEqual([1]);
  });

  test.each([0, 65, 1.5, -1, Number.NaN, '2', null])('%s of them are refused', async (threads) => {
    const started = start(program, { threads } as unknown as StartOptions);
    await expect(started).rejects.toMatchObject({ name: 'InputError', code: 'range', input: 'threads' });
    await expect(started).rejects.toThrow(
      `threads: expected a whole number from 1 to 64, found ${threads === '2' ? '"2"' : threads}`,
    );
  });

  test('get one message each for a chunk of steps, however many it has', async () => {
    const session = await open({ threads: 2 });
    const data = await session.dataset(linearData(40 * BATCH));
    const posted = vi.spyOn(Worker.prototype, 'postMessage');
    await collect(session.train({ data, params: { lr: 1e-4 }, stepsPerSubmit: 40 }));
    expect(posted).toHaveBeenCalledTimes(2);
  });

  test('are one where a page shares no memory, which is said once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const host = { cores: 4, alone: async () => 'not isolated', allowRelaxed() {}, spawn: unused };
    expect(await threadCount(host, 1)).toBe(1);
    expect(warn).not.toHaveBeenCalled();
    expect([await threadCount(host, undefined), await threadCount(host, 8)]).toEqual([1, 1]);
    expect(warn.mock.calls).toEqual([['sinter runs on one thread, not 4: not isolated']]);
  });
});

describe('the thread that calls', () => {
  test('has turns of its event loop while it trains', async () => {
    const session = await open({ threads: 1 });
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await collect(session.train({ data: linearData(50 * BATCH), stepsPerSubmit: 1, params: { lr: 1e-4 } }));
    isDone = true;
    expect(turns).toBeGreaterThan(25);
  });

  test('stops training from outside', async () => {
    const session = await open({ threads: 1 });
    const control = new AbortController();
    setImmediate(() => control.abort(new Error('enough')));
    const options = { data: linearData(50 * BATCH), stepsPerSubmit: 1, signal: control.signal };
    await expect(lastOf(session.train({ ...options, epochs: 100_000 }))).rejects.toThrow('enough');
    expect((await session.read('steps')).data[0]).toBeLessThan(50 * 100_000);
  });
});

/**
 * Expects that what a thread does at the fifth step fails every call, those that wait and those that come.
 *
 * @param says what each of them says
 */
async function expectLost(
  threads: number,
  mischief: Pick<Mischief, 'thread' | 'instructions'>,
  says: string,
): Promise<WasmSession> {
  const session = await open({ threads }, { step: 5, ...mischief });
  const waiting: Promise<unknown>[] = [];
  const onProgress = (): void => {
    if (waiting.length === 0) waiting.push(session.run('predict', { x: [1, 2, 3] }), session.save());
  };
  const running = lastOf(session.train({ data: linearData(800), stepsPerSubmit: 1, onProgress }));
  const results: PromiseSettledResult<unknown>[] = await Promise.allSettled([running]);
  results.push(...(await Promise.allSettled([...waiting, session.read('w')])));
  expect(results).toHaveLength(4);
  for (const result of results)
    expect(result).toMatchObject({
      status: 'rejected',
      reason: { name: 'DeviceError', code: 'lost', message: expect.stringContaining(says) },
    });
  return session;
}

describe('a thread that is out of step', () => {
  const add = (count: number): string =>
    `(global.set $passed (i32.add (global.get $passed) (i32.const ${count})))`;

  test.each([
    ['ahead of the others', add(1)],
    ['behind the others', add(-1)],
    ['far from the others', add(0x7fff_ffff)],
    ['where their common count is overwritten', '(i32.store (i32.const 64) (i32.const 99))'],
    ['where more have come than there are', '(i32.store (i32.const 0) (i32.const 64))'],
  ])('%s fails every call, those that wait and those that come', async (_, instructions) => {
    for (const threads of [1, 2, 3])
      await expectLost(threads, { thread: threads - 1, instructions }, OUT_OF_STEP);
  });
});

describe('a thread that dies', () => {
  test.each([1, 2, 3])(
    'fails every call, those that wait and those that come, and says why (%s)',
    async (threads) => {
      const thread = threads - 1;
      const instructions = '(drop (i32.load (i32.const -4)))';
      const session = await expectLost(threads, { thread, instructions }, 'memory access out of bounds');
      if (threads > 1) await expect(session.read('w')).rejects.toThrow(`thread ${thread} of the program`);
      session.dispose();
      await expect(session.read('w')).rejects.toMatchObject({ code: 'disposed' });
    },
  );

  test('takes the others with it, who would wait for it for ever', async () => {
    const posted = vi.spyOn(Worker.prototype, 'postMessage');
    const session = await open({ threads: 3 }, { step: 2, thread: 0, instructions: spins });
    const workers = workersOf(posted);
    const ends = workers.map(endOf);
    const running = lastOf(session.train({ data: linearData(80) }));
    await workers[1]?.terminate();
    await expect(running).rejects.toThrow(DeviceError);
    await expect(running).rejects.toThrow('thread 1 of the program failed: it ended with code 1');
    expect(await Promise.all(ends)).toHaveLength(3);
  });

  test('is told by the next call where none was running', async () => {
    const posted = vi.spyOn(Worker.prototype, 'postMessage');
    const session = await open({ threads: 2 });
    await workersOf(posted)[0]?.terminate();
    await expect(session.read('w')).rejects.toMatchObject({ code: 'lost' });
    await expect(session.dataset(linearData(1))).rejects.toMatchObject({ code: 'lost' });
  });

  test('before it has started fails the start, and ends those that have', async () => {
    const ended: number[] = [];
    let count = 0;
    const spawn = (_: unknown, fail: (reason: string) => void) => {
      const number = count++;
      if (number === 2) throw new Error('no more threads');
      if (number === 1) queueMicrotask(() => fail('out of memory'));
      return { post() {}, hold() {}, end: () => void ended.push(number) };
    };
    const host = { cores: 4, alone: async () => undefined, allowRelaxed() {}, spawn };
    const empty = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const shared = { tiles: empty, main: empty, memory, scratch: 0, threadBytes: 64 };
    await expect(new Workers(host, 2).begin(shared)).rejects.toThrow(
      'thread 1 of the program failed: out of memory',
    );
    expect(ended).toEqual([0, 1]);
    count = 1;
    await expect(new Workers(host, 2).begin(shared)).rejects.toThrow(
      'thread 1 of the program failed: Error: no more',
    );
  });
});

describe('disposing', () => {
  test.each([2, 3])(
    'ends threads in the middle of a step, and the call as disposed (%s)',
    async (threads) => {
      const posted = vi.spyOn(Worker.prototype, 'postMessage');
      const session = await open({ threads }, { step: 2, thread: 1, instructions: spins });
      const ends = workersOf(posted).map(endOf);
      const running = lastOf(session.train({ data: linearData(80) }));
      setImmediate(() => session.dispose());
      await expect(running).rejects.toMatchObject({ name: 'SessionError', code: 'disposed' });
      expect(await Promise.all(ends)).toHaveLength(threads);
    },
  );

  test('lets the process end by itself, and so do leaving a session as it is and a thread that died', async () => {
    const script = fileURLToPath(new URL('./wasmEndsByItself.ts', import.meta.url));
    for (const [way, threads] of [
      ['dispose', 2],
      ['leave', 1],
      ['leave', 2],
      ['die', 2],
    ] as const) {
      const args = ['--import', 'tsx', script, way, String(threads)];
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
      expect(stdout.trim()).toBe(way === 'die' ? 'die: lost' : `${way}: 9 samples`);
    }
  });
});

/** The workers that were posted to, in the order of their numbers. */
function workersOf(posted: { readonly mock: { readonly contexts: readonly unknown[] } }): Worker[] {
  return [...new Set(posted.mock.contexts)].filter((worker) => worker instanceof Worker);
}

function endOf(worker: Worker): Promise<unknown> {
  return new Promise((resolve) => worker.once('exit', resolve));
}

function unused(): never {
  throw new Error('one thread starts none');
}
