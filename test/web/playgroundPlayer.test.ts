import { expect, test } from 'vitest';
import { mnist } from '../../examples/model.ts';
import { compileFor } from '../../src/compiled.ts';
import { lookOf } from '../../src/inspect/lookOf.ts';
import { PATIENCE, Player, type PlayersWorker } from '../../web/playground/page/player.ts';
import type { Ask, Tell } from '../../web/playground/protocol.ts';

/** A worker that does as it is told: what it was asked is kept, and the test says what it tells. */
class Puppet implements PlayersWorker {
  onmessage: ((event: MessageEvent<Tell>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  onmessageerror: ((event: MessageEvent) => void) | null = null;
  readonly asked: Ask[] = [];
  isEnded = false;
  postMessage(ask: Ask): void {
    this.asked.push(ask);
  }
  terminate(): void {
    this.isEnded = true;
  }
  tell(...tells: readonly Tell[]): void {
    for (const data of tells) this.onmessage?.(new MessageEvent('message', { data }));
  }
  get kinds(): string[] {
    return this.asked.map(({ kind }) => kind);
  }
}

const look = lookOf(await compileFor(mnist, 'wasm'));

const opened: Extract<Tell, { kind: 'opened' }> = {
  kind: 'opened',
  look,
  target: 'wasm',
  device: 'one thread',
  params: [{ name: 'lr', value: 0.1 }],
  entry: 'train',
  predictedMicros: 100,
  tries: 'nothing',
};

const model = (source: string) => ({ example: 'mnist-mlp', source, target: 'auto' }) as const;
const steps = (step: number, ...losses: number[]): Extract<Tell, { kind: 'steps' }> => ({
  kind: 'steps',
  step,
  epoch: 0,
  losses: Float32Array.from(losses),
  at: Float64Array.from(losses, (_, i) => step - losses.length + 1 + i),
  metrics: { accuracy: 0.5 },
  stepsPerSecond: 10,
  measuredMicros: 100,
});
const kept: Tell = { kind: 'kept', step: 7, name: 'kept.safetensors', bytes: Uint8Array.of(1, 2) };

/** A player, and the workers that it made. */
function playing(): { readonly player: Player; readonly workers: Puppet[]; readonly last: () => Puppet } {
  const workers: Puppet[] = [];
  const player = new Player(() => {
    const worker = new Puppet();
    workers.push(worker);
    return worker;
  });
  const last = (): Puppet => {
    const worker = workers.at(-1);
    if (worker === undefined) throw new Error('no worker was made');
    return worker;
  };
  return { player, workers, last };
}

const wait = (player: Player, seconds: number): void => {
  for (let i = 0; i < seconds; i++) player.tick();
};

test('of the edits during a compilation only the last is compiled', () => {
  const { player, last } = playing();
  for (const source of ['a', 'b', 'c']) player.open(model(source));
  expect(last().kinds).toEqual(['open']);
  last().tell(opened);
  expect(last().asked.at(-1)).toEqual({ kind: 'open', ...model('c') });
  expect(player.goodSource.value).toBe('a');
});

test('an edit that does not compile leaves what runs as it is', () => {
  const { player, last } = playing();
  player.open(model('a'));
  last().tell(opened, steps(2, 1, 0.5));
  player.open(model('b'));
  last().tell({ kind: 'error', message: 'no', line: 3 });
  expect(player.problem.value).toEqual({ message: 'no', line: 3 });
  expect(player.figures.value).toMatchObject({ step: 2, loss: 0.5 });
  expect([player.goodSource.value, player.progress.value]).toEqual(['a', undefined]);
});

test('a model that compiles begins from nothing, and trains on where the one before it trained', () => {
  const { player, last } = playing();
  player.open(model('a'));
  last().tell(opened);
  player.train();
  last().tell({ kind: 'running', running: true }, steps(1, 1), {
    kind: 'views',
    views: [{ kind: 'text', title: 't', text: 'x' }],
  });
  player.open(model('b'));
  last().tell(opened);
  expect(last().kinds).toEqual(['open', 'train', 'open', 'train']);
  expect([player.figures.value.step, player.views.value.size, player.loss.series()[0]]).toEqual([0, 0, []]);
});

test('a model that waits for ever is ended, though the one before it trains on', () => {
  const { player, workers, last } = playing();
  player.open(model('a'));
  last().tell(opened);
  player.train();
  last().tell({ kind: 'running', running: true }, steps(2, 1, 0.5), kept);
  player.open(model('await new Promise(() => {})'));
  last().tell({ kind: 'progress', doing: 'reading the model' });
  for (let second = 1; second < PATIENCE; second++) {
    player.tick();
    last().tell(steps(2 + second, 0.5));
  }
  expect([player.silence.value, workers.length]).toEqual([PATIENCE - 1, 1]);
  player.tick();
  expect([workers[0]?.isEnded, workers.length]).toEqual([true, 2]);
  expect(player.problem.value?.message).toBe(
    `The model has not come back for ${PATIENCE} seconds, so it was ended.`,
  );
  expect(last().asked).toEqual([{ kind: 'open', ...model('a') }]);
});

test('a metric is a point where it was measured, and stands under its name until it is measured again', () => {
  const { player, last } = playing();
  player.open(model('a'));
  last().tell(
    opened,
    steps(2, 1, 0.5),
    { ...steps(4), metrics: {} },
    { ...steps(6), metrics: { accuracy: 0.7 } },
  );
  expect(player.metrics.get('accuracy')?.series().slice(0, 2)).toEqual([
    [2, 6],
    [0.5, 0.7],
  ]);
  last().tell({ ...steps(8), metrics: {} });
  expect(player.figures.value.metrics).toEqual({ accuracy: 0.7 });
});

test('a worker that does not come back is ended, and another goes on with the model before it', () => {
  const { player, workers, last } = playing();
  player.open(model('good'));
  last().tell(opened);
  player.setParam('lr', 0.02);
  player.train();
  last().tell({ kind: 'running', running: true }, kept);
  player.open(model('for (;;);'));
  wait(player, PATIENCE - 1);
  expect([player.silence.value, workers.length]).toEqual([PATIENCE - 1, 1]);
  wait(player, 1);
  expect([workers[0]?.isEnded, workers.length]).toEqual([true, 2]);
  expect(player.problem.value?.message).toBe('The model has not come back for 20 seconds, so it was ended.');
  last().tell(opened);
  expect(last().asked).toEqual([
    { kind: 'open', ...model('good') },
    { kind: 'param', name: 'lr', value: 0.02 },
    { kind: 'load', name: 'kept.safetensors', file: Uint8Array.of(1, 2) },
    { kind: 'train' },
  ]);
  last().tell({ kind: 'loaded', name: 'kept.safetensors', step: 7 });
  expect(player.figures.value.step).toBe(7);
  // What is wrong with the edit still stands there.
  expect(player.problem.value).toBeDefined();
  expect(player.notices.value).toEqual([]);
});

test('any word ends the waiting, and a paused model is waited for by nobody', () => {
  const { player, workers, last } = playing();
  player.open(model('a'));
  wait(player, PATIENCE - 1);
  last().tell({ kind: 'progress', doing: 'Reading digits', part: 0.5 });
  wait(player, PATIENCE - 1);
  last().tell(opened);
  wait(player, 10 * PATIENCE);
  expect(workers).toHaveLength(1);
});

test('training that stands still is opened again, and waits', () => {
  const { player, workers, last } = playing();
  player.open(model('a'));
  last().tell(opened);
  player.train();
  last().tell({ kind: 'running', running: true }, kept);
  wait(player, PATIENCE);
  last().tell(opened);
  expect(workers).toHaveLength(2);
  expect(last().kinds).toEqual(['open', 'load']);
  expect(player.notices.value.map(({ text }) => text)).toEqual([
    'The training has not come back for 20 seconds, so it was ended.',
  ]);
});

test('a worker that breaks twice on one model is not made a third time', () => {
  const { player, workers, last } = playing();
  player.open(model('a'));
  last().tell(opened);
  for (let i = 0; i < 2; i++) last().onerror?.(Object.assign(new Event('error'), broken));
  expect(workers).toHaveLength(2);
  expect(player.opened.value).toBeUndefined();
  player.open(model('b'));
  expect(workers).toHaveLength(3);
  last().tell(opened);
  expect(player.opened.value).toBe(opened);
});

const broken = { message: 'out of memory', filename: '', lineno: 0, colno: 0, error: undefined };

test('a file of another model is refused beside the training, not at the editor', () => {
  const { player, last } = playing();
  player.open(model('a'));
  last().tell(opened);
  player.load('other.safetensors', Uint8Array.of(1));
  last().tell({ kind: 'error', message: 'these are of another model' });
  expect(player.problem.value).toBeUndefined();
  expect(player.notices.value.map(({ kind, text }) => [kind, text])).toEqual([
    ['error', 'these are of another model'],
  ]);
});

test('a page that was left frees the device, and goes on where it comes back', () => {
  const { player, workers, last } = playing();
  player.open(model('a'));
  last().tell(opened, kept);
  player.close();
  expect([last().kinds.at(-1), last().isEnded]).toEqual(['close', true]);
  player.reopen();
  last().tell(opened);
  expect([workers.length, last().kinds]).toEqual([2, ['open', 'load']]);
});

test('a device that is lost is said, and what ran keeps its curve', () => {
  const { player, last } = playing();
  player.open(model('a'));
  last().tell(
    opened,
    steps(3, 3, 2, 1),
    { kind: 'lost', reason: 'unplugged', step: 3, target: 'wasm' },
    opened,
  );
  expect(player.notices.value.map(({ text }) => text)).toEqual([
    'The GPU went away (unplugged). Training goes on, on WebAssembly, from step 3.',
  ]);
  expect(player.loss.series()[0]).toEqual([1, 2, 3]);
});
