import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
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
});
