import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeSafetensors } from '../../src/weights/index.ts';
import { editorTypes } from '../../web/build/editorTypes.ts';
import { isolation } from '../browser/chromium.ts';
import { buildSite, openBrowser, type Site, serveFolder } from './site.ts';

let folder: string;
let built: Awaited<ReturnType<typeof buildSite>>;
/** The built site, served with the headers of isolation, and without them in some folder of its host. */
let isolated: Site;
let plain: Site;
/** A browser that finds no adapter for WebGPU. */
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-playground-'));
  built = await buildSite(folder, { plugins: [editorTypes()] });
  [isolated, plain, browser] = await Promise.all([
    serveFolder(folder, isolation),
    serveFolder(folder, {}, '/some/where/'),
    openBrowser(),
  ]);
});

afterAll(async () => {
  await browser.close();
  await isolated.close();
  await plain.close();
  rmSync(folder, { recursive: true });
});

/** Bytes, packed, of what draws the page: its scripts and all that they import at once, and its styles. */
function firstLoad(): number {
  const { output = [] } = 'output' in built ? built : {};
  const chunks = new Map(
    output.flatMap((one) => (one.type === 'chunk' ? [[one.fileName, one] as const] : [])),
  );
  const names = new Set(
    [...chunks.values()].flatMap(({ name, fileName }) => (/^(index|start)$/.test(name) ? [fileName] : [])),
  );
  const styles = output.flatMap((one) =>
    one.type === 'asset' && /start.*\.css$/.test(one.fileName) ? [one.source] : [],
  );
  for (const name of names) for (const imported of chunks.get(name)?.imports ?? []) names.add(imported);
  const texts = [...styles, ...[...names].map((name) => chunks.get(name)?.code ?? '')];
  expect([styles.length, names.size > 3]).toEqual([1, true]);
  return texts.reduce((sum, text) => sum + gzipSync(text).length, 0);
}

/** Visits the page in a profile of its own; it must not break. */
async function visited(
  address: string,
  work: (page: Page) => Promise<void>,
  { within = browser, ...options }: BrowserContextOptions & { readonly within?: Browser } = {},
): Promise<void> {
  const context = await within.newContext({ locale: 'en-US', ...options });
  const broken: string[] = [];
  try {
    const page = await context.newPage();
    page.on('pageerror', (error) => broken.push(error.message));
    page.setDefaultTimeout(60_000);
    await page.goto(address);
    await work(page);
  } finally {
    await context.close();
  }
  expect(broken).toEqual([]);
}

const compiled = (page: Page): Promise<void> => page.getByText('Compiled.').waitFor();
const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).first().click();

/** The number that stands under a name. */
async function figure(page: Page, name: string): Promise<number> {
  const text = await page.locator('.controls .figure', { hasText: name }).locator('dd').first().innerText();
  return Number.parseFloat(text.replaceAll(',', ''));
}

/** Waits until the number under a name is as it should be. */
async function until(page: Page, name: string, fits: (value: number) => boolean): Promise<number> {
  for (;;) {
    const value = await figure(page, name);
    if (fits(value)) return value;
    await page.waitForFunction(
      ([name, before]) =>
        [...document.querySelectorAll('.controls .figure')]
          .find((found) => found.querySelector('dt')?.textContent === name)
          ?.querySelector('dd')
          ?.textContent?.replaceAll(',', '') !== before,
      [name, String(value)] as const,
    );
  }
}

/** Types at the beginning of the model. */
async function typed(page: Page, text: string): Promise<void> {
  await page.locator('.model .cm-content').click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.insertText(text);
}

const small = '#example=spirals';

describe('the playground', () => {
  test('is there soon: before there is a model it loads 350 KB, packed', () => {
    // As it is written: minified, that is 230 KB.
    expect(firstLoad()).toBeLessThan(350_000);
  });

  test('trains until the loss halves, reads a drawn digit, and goes on from saved weights', async () => {
    await visited(isolated.address, async (page) => {
      await compiled(page);
      await press(page, 'Train');
      const first = await until(page, 'loss', (loss) => loss > 0);
      await until(page, 'loss', (loss) => loss < first / 2);

      const pad = page.locator('.pad canvas');
      await pad.scrollIntoViewIfNeeded();
      const { x, y, width, height } = (await pad.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
      await page.mouse.move(x + width / 2, y + height / 5);
      await page.mouse.down();
      await page.mouse.move(x + width / 2, y + 0.8 * height, { steps: 6 });
      await page.mouse.up();
      const shares = page.locator('.answers .answer-value');
      await shares.nth(9).waitFor();
      const sum = (await shares.allInnerTexts()).reduce((all, text) => all + Number.parseFloat(text), 0);
      expect(sum).toBeCloseTo(100, 0);

      await press(page, 'Pause');
      const at = await figure(page, 'step');
      const [saved] = await Promise.all([page.waitForEvent('download'), press(page, 'Save weights')]);
      const file = join(folder, saved.suggestedFilename());
      await saved.saveAs(file);

      await page.reload();
      await compiled(page);
      expect(await figure(page, 'step')).toBe(0);
      await page.getByLabel('A file of weights').setInputFiles(file);
      await page.getByText(/is loaded; training goes on from step/).waitFor();
      await press(page, 'Train');
      expect(await until(page, 'loss', (loss) => loss > 0)).toBeLessThan(first / 1.5);
      expect(at).toBeGreaterThan(0);

      // Weights of another model change nothing.
      await page.getByLabel('Example').selectOption('spirals');
      await page.getByRole('heading', { name: 'Two spirals' }).waitFor();
      await page.getByText('Compiled.').waitFor();
      await page.getByLabel('A file of weights').setInputFiles(file);
      await page.locator('.notice.error', { hasText: 'mnist-mlp.safetensors is of another model' }).waitFor();
      await until(page, 'step', (step) => step > 0);
    });
  });

  test('shows an error at its line while the model before it trains on, and follows the edit out of it', async () => {
    await visited(plain.address + small, async (page) => {
      await compiled(page);
      expect(await page.locator('.note').innerText()).toContain('one thread');
      await press(page, 'Train');
      await until(page, 'step', (step) => step > 0);
      await typed(page, '\nthrow new Error("not yet");\n');
      await page.locator('.problem', { hasText: 'Line 2: ' }).waitFor();
      expect(await page.locator('.problem').innerText()).toContain('not yet');
      await page.locator('.model .cm-lint-marker-error').first().waitFor();
      const then = await figure(page, 'step');
      await until(page, 'step', (step) => step > then);

      await press(page, 'Reset to the example');
      await compiled(page);
      expect(await page.locator('.problem').count()).toBe(0);
      // What was taken back can be had again.
      await page.locator('.model .cm-content').click();
      await page.keyboard.press('Control+z');
      await page.locator('.problem', { hasText: 'not yet' }).waitFor();
    });
  });

  test('needs neither a host of its own nor isolation: all that it loads lies beside its page', async () => {
    const [asked, failed]: [string[], string[]] = [[], []];
    await visited('about:blank', async (page) => {
      page.on('request', (request) => asked.push(request.url()));
      page.on('requestfailed', (request) => failed.push(request.url()));
      page.on('response', (response) => (response.ok() ? undefined : failed.push(response.url())));
      await page.goto(`${plain.address}index.html#example=mnist-mlp`);
      await compiled(page);
      await page.locator('.panels').waitFor();
      await press(page, 'Train');
      const first = await until(page, 'loss', (loss) => loss > 0);
      await until(page, 'loss', (loss) => loss < first / 2);
      await page.getByRole('button', { name: 'A 3 of the test set' }).press('Enter');
      await page.locator('.answers .answer-value').first().waitFor();
      await page.getByLabel('Example').selectOption('char-gpt');
      await page.getByRole('heading', { name: 'A text: a small GPT' }).waitFor();
      await compiled(page);
      await until(page, 'step', (step) => step > 0);
    });
    // Of the digits of all, the tests' site has the first alone.
    expect(failed.filter((url) => !/\/data\/mnist\/t/.test(url))).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(plain.address) && !/^(data|blob):/.test(url))).toEqual([]);
    for (const part of ['worker', 'types.worker', 'first/train', 'pages.txt'])
      expect([part, asked.some((url) => url.includes(part))]).toEqual([part, true]);
  });

  test('trains in two tabs at once, each its own', async () => {
    await visited(isolated.address + small, async (page) => {
      const other = await page.context().newPage();
      other.setDefaultTimeout(60_000);
      await other.goto(`${isolated.address}#example=words`);
      const pages = [page, other];
      await Promise.all(pages.map(compiled));
      for (const one of pages) await press(one, 'Train');
      const then = await Promise.all(pages.map((one) => until(one, 'step', (step) => step > 0)));
      await Promise.all(
        pages.map((one, i) => until(one, 'step', (step) => step > (then[i] ?? Number.POSITIVE_INFINITY))),
      );
      // What one edits is not what the other shows, nor what it shows after it was loaded again.
      await typed(page, '// of this tab\n');
      await compiled(page);
      await other.reload();
      await compiled(other);
      expect(await other.getByLabel('Example').inputValue()).toBe('words');
      await other.getByLabel('Example').selectOption('spirals');
      await other.locator('.model .cm-content', { hasText: '// of this tab' }).waitFor();
    });
  });

  test('goes back and forward to what was there, and opens a link that is pasted', async () => {
    await visited(isolated.address + small, async (page) => {
      const shown = (text: string): Promise<void> =>
        page.locator('.model .cm-content', { hasText: text }).waitFor();
      await compiled(page);
      await page.getByLabel('Example').selectOption('words');
      await page.getByRole('heading', { name: 'Words as points' }).waitFor();
      await typed(page, '// my own\n');
      await page.waitForFunction(() => JSON.stringify(history.state).includes('my own'));
      await press(page, 'Share');
      const link = (await page.getByLabel('The link').inputValue()).replace(/^[^#]*/, '');
      await press(page, 'Close');
      await press(page, 'Reset to the example');
      await page.evaluate((hash) => {
        location.hash = hash;
      }, link);
      await page.getByText('This model came with the link.').waitFor();
      await shown('// my own');

      await page.goBack();
      await page.getByText('This model came with the link.').waitFor({ state: 'detached' });
      await page.getByRole('heading', { name: 'Words as points' }).waitFor();
      expect(await page.locator('.model .cm-content').innerText()).not.toContain('my own');
      await page.goBack();
      await page.getByRole('heading', { name: 'Two spirals' }).waitFor();
      await compiled(page);
      await page.goForward();
      await page.goForward();
      await page.getByText('This model came with the link.').waitFor();
      await page.reload();
      await page.getByText('This model came with the link.').waitFor();
      await shown('// my own');
    });
  });

  test('refuses a large file that is none of its weights at once, by its name, and trains on', async () => {
    const file = (name: string): string => join(folder, name);
    writeFileSync(file('random.bin'), randomBytes(100_000_000));
    const w = { dtype: 'F32', shape: [5000, 5000], data: new Uint8Array(100_000_000) } as const;
    writeFileSync(file('other.safetensors'), writeSafetensors(new Map([['w', w]])));
    await visited(isolated.address + small, async (page) => {
      await compiled(page);
      await press(page, 'Train');
      for (const [name, message] of [
        ['random.bin', 'random.bin is not a safetensors file: '],
        ['other.safetensors', 'other.safetensors is of another model than the one that runs: it lacks '],
      ] as const) {
        await page.getByLabel('A file of weights').setInputFiles(file(name));
        await page.locator('.notice.error', { hasText: message }).waitFor();
        const then = await figure(page, 'step');
        await until(page, 'step', (step) => step > then);
      }
    });
  });

  test('ends a model that does not come back, and goes on with the one before it', async () => {
    await visited(isolated.address + small, async (page) => {
      await compiled(page);
      await press(page, 'Train');
      await until(page, 'step', (step) => step > 0);
      await typed(page, 'for (;;);\n');
      await press(page, 'Stop');
      await page.locator('.problem', { hasText: 'was stopped before it came back' }).waitFor();
      await page.getByText('for (;;);').waitFor();
      const then = await figure(page, 'step');
      await until(page, 'step', (step) => step > then);
    });
  });

  test('knows types: what there is to write, and what is wrong before it runs', async () => {
    await visited(plain.address + small, async (page) => {
      await compiled(page);
      await typed(page, 'export const wrong: string = 1;\n');
      // TypeScript has come once it finds this.
      await page.locator('.model .cm-lintRange-error', { hasText: 'wrong' }).waitFor();
      await page.locator('.model .cm-content').click();
      await page.keyboard.press('Control+End');
      await page.keyboard.type('\nnn.den');
      await page.getByRole('option', { name: 'dense' }).waitFor();
      // What is chosen is told of: its type, and its documentation.
      await page.locator('.cm-completionInfo', { hasText: 'units' }).waitFor();
      await page.locator('.cm-completionInfo dt', { hasText: 'throws' }).waitFor();

      // Documentation is drawn as text with code in it, whatever markup stands there.
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+End');
      await page.keyboard.insertText(
        '\n/** Sums `a + b` as {@link Math.hypot}.\n<img src="/none" onerror="document.title = 1">\n\n```\nsummed(1)\n``` */\nexport function summed(a: number) { return a; }\n',
      );
      await page.keyboard.type('\nsumme');
      const told = page.locator('.cm-completionInfo', { hasText: 'Sums' });
      await told.waitFor();
      expect(await told.locator('p').allInnerTexts()).toEqual([
        'Sums a + b as Math.hypot. <img src="/none" onerror="document.title = 1">',
      ]);
      expect(await told.locator('p code, pre code').allInnerTexts()).toEqual([
        'a + b',
        'Math.hypot',
        'summed(1)',
      ]);
      expect(await told.locator('img').count()).toBe(0);
    });
  });

  test('lights the lines of the editor that make what is picked in the panels, and the other way round', async () => {
    await visited(isolated.address + small, async (page) => {
      await compiled(page);
      await page.locator('.panels').waitFor();
      await page.locator('.panels .cm-line', { hasText: 'const loss =' }).click();
      await page.locator('.model .cm-lit', { hasText: 'const loss =' }).waitFor();
      await page.locator('.model .cm-line', { hasText: 'const logits =' }).click();
      await page.locator('.panels .cm-picked', { hasText: 'const logits =' }).waitFor();
      // An edit has lines of its own.
      await typed(page, '// mine\n');
      await page.locator('.model .cm-lit').waitFor({ state: 'detached' });
    });
  });

  test('says in place of a part what keeps it from being shown', async () => {
    await visited(isolated.address + small, async (page) => {
      // A language that is no tag: the library of plots does not load.
      await page.addInitScript("Object.defineProperty(navigator, 'language', { get: () => 'en-US@posix' })");
      await page.reload();
      await compiled(page);
      await press(page, 'Train');
      await page.getByText(/Loss over .* steps: .* Curves cannot be drawn here/).waitFor();
    });
    await visited(isolated.address, async (page) => {
      await page.route('**/start-*.js', (route) => route.abort());
      await page.reload();
      await page.getByText('The playground cannot be opened').waitFor();
    });
  });

  test('is opened by a link with its edited model, which waits for a word; a broken link says so', async () => {
    let link = '';
    await visited(isolated.address + small, async (page) => {
      await compiled(page);
      await typed(page, '// of a friend\n');
      await press(page, 'Share');
      link = await page.getByLabel('The link').inputValue();
    });
    await visited(link, async (page) => {
      await page.getByText('This model came with the link.').waitFor();
      expect(await page.locator('.model .cm-content').innerText()).toContain('// of a friend');
      expect(await page.locator('.controls .figures').count()).toBe(0);
      await press(page, 'Run this model');
      await compiled(page);
      // From now on it is an edit of one's own.
      await page.reload();
      await compiled(page);
      expect(await page.locator('.model .cm-content').innerText()).toContain('// of a friend');
    });
    await visited(link.slice(0, -20), async (page) => {
      await page.getByText('The link is cut off or changed').waitFor();
      await compiled(page);
    });
  });

  test('goes on on WebAssembly where the GPU is lost in the middle of training', async () => {
    const gpu = await openBrowser({ webgpu: true });
    try {
      await visited(
        isolated.address + small,
        async (page) => {
          await compiled(page);
          // What a test alone may do: it keeps the device that the worker opens.
          const worker = page.workers().find((one) => one.url().includes('/worker'));
          if (worker === undefined) throw new Error('the page has no worker');
          await worker.evaluate(() => {
            const own = GPUAdapter.prototype.requestDevice;
            GPUAdapter.prototype.requestDevice = async function (...args) {
              const device = await own.apply(this, args);
              Reflect.set(globalThis, 'opened', device);
              return device;
            };
          });
          await page.getByLabel('Runs on').selectOption('webgpu');
          await page.locator('.device', { hasText: 'WebGPU' }).waitFor();
          await press(page, 'Train');
          await until(page, 'step', (step) => step > 0);
          await worker.evaluate(() => {
            const device: unknown = Reflect.get(globalThis, 'opened');
            if (device instanceof GPUDevice) device.destroy();
          });
          await page.getByText(/The GPU went away .* Training goes on, on WebAssembly/).waitFor();
          await page.locator('.device', { hasText: 'WebAssembly' }).waitFor();
          const then = await figure(page, 'step');
          await until(page, 'step', (step) => step > then);
        },
        { within: gpu },
      );
    } finally {
      await gpu.close();
    }
  });

  test('fits a phone, and all of it is reached by its tabs', async () => {
    await visited(
      isolated.address,
      async (page) => {
        for (const [tab, seen] of [
          ['Train', '.pad'],
          ['Model', '.model .cm-content'],
          ['Look', '.panels'],
        ] as const) {
          await page.getByRole('tab', { name: tab }).click();
          await page.locator(seen).waitFor();
          const { across, visible } = await page.evaluate(() => ({
            across: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            visible: document.querySelectorAll('.part:not([hidden])').length,
          }));
          expect([tab, across, visible]).toEqual([tab, 0, 1]);
          expect([tab, await faults(page)]).toEqual([tab, []]);
        }
        // By keyboard alone: the tabs by arrows.
        await page.getByRole('tab', { name: 'Look' }).press('Home');
        await page.locator('.model .cm-content').waitFor();
      },
      { viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: 'dark' },
    );
  });

  test('has no serious faults of accessibility, light and dark', async () => {
    await visited(isolated.address, async (page) => {
      await compiled(page);
      await press(page, 'Train');
      await until(page, 'step', (step) => step > 0);
      await page.getByRole('button', { name: 'A 3 of the test set' }).press('Enter');
      await page.locator('.answers .answer-value').first().waitFor();
      await press(page, 'Pause');
      await page.getByRole('button', { name: 'Train', exact: true }).waitFor();
      await typed(page, 'oops;\n');
      await page.locator('.problem').waitFor();
      // TypeScript marks it once it has come: nothing changes after that.
      await page.locator('.model .cm-lintRange-error', { hasText: 'oops' }).waitFor();
      await page.waitForLoadState('networkidle');
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect([colorScheme, await faults(page)]).toEqual([colorScheme, []]);
      }
    });
  });
});

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds that is serious or worse. */
async function faults(page: Page): Promise<unknown[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => ({ id, at: nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)) }));
  });
}

declare global {
  interface Window {
    readonly axe: typeof import('axe-core');
  }
}
