import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { writeSafetensors } from '../../src/weights/index.ts';
import type { Tell } from '../../web/playground/protocol.ts';
import { Asking } from './asking.ts';

const source = (name: string): string =>
  readFileSync(new URL(`../../web/playground/examples/${name}.ts`, import.meta.url), 'utf8');

let asking: Asking | undefined;

afterEach(() => asking?.ask({ kind: 'close' }));

/** A playground with an example open. */
async function opened(
  example: string,
  text = source(example),
): Promise<{ asking: Asking; opened: Extract<Tell, { kind: 'opened' }> }> {
  asking = new Asking();
  const told = asking.next('opened');
  asking.ask({ kind: 'open', example, source: text, target: 'wasm' });
  return { asking, opened: await told };
}

/** Trains until the loss is below a part of what it was at first. */
async function untilLoss(asking: Asking, part: number): Promise<number> {
  let first: number | undefined;
  const steps = asking.next('steps', ({ losses }) => {
    first ??= losses[0];
    return (losses.at(-1) ?? Number.NaN) < part * (first ?? 0);
  });
  asking.ask({ kind: 'train' });
  return (await steps).step;
}

describe('a playground without a page, on WebAssembly', () => {
  test('opens a model, and says what it became', async () => {
    const { opened: told } = await opened('spirals');
    expect(told).toMatchObject({
      target: 'wasm',
      params: [{ name: 'lr', value: 0.01 }],
      entry: 'train',
      tries: 'nothing',
    });
    expect(told.predictedMicros).toBeGreaterThan(1);
    expect(told.look.files.map(({ name }) => name)).toEqual(['model.ts']);
    expect(told.look.nodes.some(({ source }) => source?.file === 'model.ts' && source.line === 11)).toBe(
      true,
    );
  });

  test('trains until the loss halves, shows what it learned, and pauses', async () => {
    const { asking } = await opened('spirals');
    const views = asking.next('views', ({ views }) => views.length > 0);
    const step = await untilLoss(asking, 0.5);
    expect(step).toBeGreaterThan(20);
    expect(await views).toMatchObject({
      views: [{ kind: 'points', title: 'The plane', field: { width: 48 } }],
    });
    const still = asking.next('running', ({ running }) => !running);
    asking.ask({ kind: 'pause' });
    await still;
  });

  test('takes another learning rate without compiling, and another width', async () => {
    const { asking, opened: told } = await opened(
      'spirals',
      source('spirals').replaceAll('nn.dense(x, 32,', 'nn.dense(x, 8,'),
    );
    expect(told.look.nodes.find(({ label }) => label === 'hidden1')?.shape).toBe('[batch<=128, 8]');
    asking.ask({ kind: 'param', name: 'lr', value: 0 });
    const first = asking.next('steps');
    asking.ask({ kind: 'train' });
    // Nothing moves by no learning rate at all.
    const [before, after] = [await first, await asking.next('steps', ({ epoch }) => epoch > 20)];
    expect(after.metrics.accuracy).toBeCloseTo(before.metrics.accuracy ?? Number.NaN, 1);
    expect(asking.told.filter(({ kind }) => kind === 'opened')).toHaveLength(1);
  });

  test('goes on with what was kept, and refuses weights of another model and what is no such file', async () => {
    const { asking } = await opened('spirals');
    const step = await untilLoss(asking, 0.9);
    const kept = asking.next('kept', (tell) => tell.step >= step);
    const still = asking.next('running', ({ running }) => !running);
    asking.ask({ kind: 'pause' });
    await still;
    const other = asking.next('opened');
    asking.ask({ kind: 'open', example: 'spirals', source: source('spirals'), target: 'wasm' });
    await other;
    const { bytes, name } = await kept;
    const loaded = asking.next('loaded');
    asking.ask({ kind: 'load', name, file: bytes });
    expect((await loaded).step).toBeGreaterThanOrEqual(step);
    const saved = asking.next('saved');
    asking.ask({ kind: 'save' });
    const weights = (await saved).bytes;

    const wider = asking.next('opened');
    asking.ask({
      kind: 'open',
      example: 'spirals',
      source: source('spirals').replaceAll(', 32, ', ', 16, '),
      target: 'wasm',
    });
    await wider;
    for (const [file, message] of [
      [
        weights,
        /^other\.safetensors is of another model than the one that runs: it has hidden1\.weight as F32\[2, 32\], which is f32\[2, 16\] in this one, .* and \d more\. A file fits that was saved of this model$/,
      ],
      [
        bytes,
        /^other\.safetensors is of another model .*: it has hidden1\.weight as F32\[2, 32\], which is /,
      ],
      [
        writeSafetensors(new Map([['w', { dtype: 'U8', shape: [1], data: Uint8Array.of(1) }]])),
        /: it lacks hidden1\.weight, hidden1\.bias, .* and \d more; it has, and this one has not, w\. A file/,
      ],
      [bytes.subarray(0, bytes.length - 4), /^other\.safetensors: expected \d+ bytes, found \d+: it is cut$/],
      [Uint8Array.of(1, 2, 3), /^other\.safetensors is not a safetensors file: it has 3 bytes/],
    ] as const) {
      const error = asking.next('error');
      asking.ask({ kind: 'load', name: 'other.safetensors', file });
      expect((await error).message).toMatch(message);
    }
  });

  test.each([
    [
      'a line that throws',
      (text: string) =>
        text.replace("nn.dense(h, 2, { name: 'output' })", "nn.dense(h, 2, { name: 'hidden1' })"),
      { line: 12, message: /hidden1/ },
    ],
    [
      'inputs that the example does not have',
      (text: string) =>
        text.replace("m.input('x', { shape: [batch, 2] })", "m.input('x', { shape: [batch, 3] })"),
      {
        message:
          "the example gives x: f32[batch, 2] and y: i32[batch]; the model's entry train reads x: f32[batch, 3]",
      },
    ],
    [
      'no entry that trains',
      (text: string) => text.replace(/ {2}m\.entry\('train'.*\n/, ''),
      {
        message:
          "the model has no entry 'train' that updates anything: m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) })",
      },
    ],
  ])('a model with %s is told, and what ran before trains on', async (_, edit, expected) => {
    const { asking } = await opened('spirals');
    asking.ask({ kind: 'train' });
    const error = asking.next('error');
    asking.ask({ kind: 'open', example: 'spirals', source: edit(source('spirals')), target: 'wasm' });
    const { line, message } = await error;
    expect({ line, message }).toEqual({
      line: expected.line,
      message:
        typeof expected.message === 'string' ? expected.message : expect.stringMatching(expected.message),
    });
    await asking.next('steps');
  });
});
