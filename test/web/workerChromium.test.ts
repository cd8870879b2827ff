import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ask, Tell } from '../../web/playground/protocol.ts';
import { isolation } from '../browser/chromium.ts';
import { buildSite, openBrowser, type Site, serveFolder } from './site.ts';

let folder: string;
/** The page, served with the headers of isolation, and without. */
let isolated: Site;
let plain: Site;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-worker-'));
  await buildSite(folder, { root: fileURLToPath(new URL('workerPage', import.meta.url)) });
  [isolated, plain] = [await serveFolder(folder, isolation), await serveFolder(folder)];
});

afterAll(async () => {
  await isolated.close();
  await plain.close();
  rmSync(folder, { recursive: true });
});

/** Visits the page in a browser of its own. */
async function visited(site: Site, webgpu: boolean, work: (page: Page) => Promise<void>): Promise<void> {
  const browser = await openBrowser({ webgpu });
  try {
    const page = await browser.newPage();
    await page.goto(site.address);
    await work(page);
  } finally {
    await browser.close();
  }
}

/** What the worker told of a kind, that is as it should be, from now on. */
async function next<K extends Tell['kind']>(
  page: Page,
  kind: K,
  { where = 'true', after }: { readonly where?: string; readonly after: () => Promise<void> },
): Promise<Extract<Tell, { kind: K }>> {
  const from = await page.evaluate(() => window.bench.told.length);
  await after();
  const handle = await page.waitForFunction(
    ([kind, where, from]) => {
      const fits = new Function('tell', `return ${where}`);
      return window.bench.told
        .slice(from)
        .find((tell) => (tell.kind === kind && fits(tell)) || (kind !== 'error' && tell.kind === 'error'));
    },
    [kind, where, from] as const,
  );
  const found: Tell | undefined = await handle.jsonValue();
  if (found !== undefined && isOf(kind, found)) return found;
  throw new Error(JSON.stringify(found));
}

function isOf<K extends Tell['kind']>(kind: K, tell: Tell): tell is Extract<Tell, { kind: K }> {
  return tell.kind === kind;
}

/** Opens an example. */
function opened(
  page: Page,
  name: string,
  target: 'auto' | 'webgpu' | 'wasm',
): Promise<Extract<Tell, { kind: 'opened' }>> {
  return next(page, 'opened', {
    after: () => page.evaluate(([name, target]) => window.bench.open(name, target), [name, target] as const),
  });
}

const ask = (page: Page, ask: Ask): Promise<void> => page.evaluate((ask) => window.bench.ask(ask), ask);

/** Trains until the loss is half of what it was at first. */
async function untilHalf(page: Page): Promise<void> {
  await next(page, 'steps', {
    where: '(window.first ??= tell.losses[0], tell.losses.at(-1) < window.first / 2)',
    after: () => ask(page, { kind: 'train' }),
  });
}

test('on WebAssembly it trains on threads, pauses, saves, and another worker goes on', async () => {
  await visited(isolated, false, async (page) => {
    expect(await opened(page, 'spirals', 'auto')).toMatchObject({
      target: 'wasm',
      device: `${await page.evaluate(() => navigator.hardwareConcurrency)} threads`,
      note: 'It trains on WebAssembly: this browser has WebGPU, but no adapter for it.',
    });
    await untilHalf(page);
    await next(page, 'running', { where: '!tell.running', after: () => ask(page, { kind: 'pause' }) });
    await ask(page, { kind: 'param', name: 'lr', value: 0 });
    await next(page, 'saved', { after: () => ask(page, { kind: 'save' }) });
    await page.evaluate(() => {
      const saved = window.bench.told.find((tell) => tell.kind === 'saved');
      window.newBench();
      window.bench.open('spirals', 'wasm');
      if (saved?.kind === 'saved')
        window.bench.ask({ kind: 'load', name: saved.name, file: new Blob([Uint8Array.from(saved.bytes)]) });
    });
    const { losses } = await next(page, 'steps', { after: () => ask(page, { kind: 'train' }) });
    expect(losses[0]).toBeLessThan(0.5);
  });
});

test('on WebGPU it trains, and goes on on WebAssembly where the device is lost', async () => {
  await visited(plain, true, async (page) => {
    // What a test alone may do: it keeps the device that the worker opens.
    const worker = page.workers()[0] ?? (await page.waitForEvent('worker'));
    await worker.evaluate(() => {
      const own = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = async function (...args) {
        const device = await own.apply(this, args);
        Reflect.set(globalThis, 'opened', device);
        return device;
      };
    });
    expect(await opened(page, 'spirals', 'webgpu')).toMatchObject({ target: 'webgpu' });
    const kept = await next(page, 'kept', {
      where: 'tell.step > 0',
      after: () => ask(page, { kind: 'train' }),
    });
    const destroy = (): Promise<void> =>
      worker.evaluate(() => {
        const device: unknown = Reflect.get(globalThis, 'opened');
        if (device instanceof GPUDevice) device.destroy();
      });
    const loaded = next(page, 'loaded', { after: async () => {} });
    const steps = next(page, 'steps', { where: `tell.step > ${kept.step + 100}`, after: destroy });
    expect((await loaded).step).toBeGreaterThanOrEqual(kept.step);
    await steps;
    const told = await page.evaluate(() =>
      window.bench.told.flatMap((tell) =>
        tell.kind === 'lost' || tell.kind === 'opened' ? [`${tell.kind} ${tell.target}`] : [],
      ),
    );
    expect(told).toEqual(['opened webgpu', 'lost wasm', 'opened wasm']);
  });
});

test('without cross-origin isolation it says that it has one thread, and reads a drawn digit', async () => {
  await visited(plain, false, async (page) => {
    const told = await opened(page, 'mnist-mlp', 'auto');
    expect(told).toMatchObject({ target: 'wasm', device: 'one thread', tries: 'digit' });
    expect(told.note).toMatch(/It runs on one thread: .*Cross-Origin-Opener-Policy: same-origin/);
    const { views } = await next(page, 'views', {
      where: "tell.views.some(({ kind }) => kind === 'bars')",
      after: () =>
        page.evaluate(() =>
          window.bench.ask({
            kind: 'try',
            pixels: Float32Array.from({ length: 784 }, (_, k) => (k % 28 === 14 ? 1 : 0)),
          }),
        ),
    });
    expect(views.map(({ title }) => title)).toEqual([
      'The digit',
      'What it is taken for',
      'Activations: hidden',
    ]);
  });
});
