import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { isolation } from '../test/browser/chromium.ts';
import { openBrowser, serveFolder } from '../test/web/site.ts';

/*
 * How fast the examples of the playground train on WebAssembly in a headless Chromium, page and plots with them: the site as it is built,
 * each example in a browser of its own, from the click on Train.
 *
 *   npx tsx bench/playground.ts [EXAMPLE ...]
 */

/** Seconds after which steps are counted, and for which at least. */
const COUNTED = 10;
/** Seconds after which a loss that has not halved is given up. */
const MOST_SECONDS = 120;

/** What became of an example. */
interface Measured {
  readonly device: string;
  readonly secondsToCompile: number;
  readonly stepsPerSecond: number;
  /** Of the loss that the page shows, from the first one on; none where that did not come in time. */
  readonly halved: { readonly seconds: number; readonly step: number } | undefined;
}

const asked = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'sinter-site-'));
await build({
  configFile: fileURLToPath(new URL('../web/vite.config.ts', import.meta.url)),
  logLevel: 'error',
  build: { outDir: folder },
});
const site = await serveFolder(folder, isolation);
try {
  console.log(`${cpus().length} cores, load ${loadavg().map((load) => load.toFixed(1))}`);
  console.log('| example | until it trains | steps a second | until the loss halves |');
  console.log('| --- | --- | --- | --- |');
  for (const { name, title } of await examples()) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    const browser = await openBrowser();
    try {
      const { device, secondsToCompile, stepsPerSecond, halved } = await measured(browser, name);
      const half = halved === undefined ? '–' : `${halved.seconds.toFixed(1)} s, ${halved.step} steps`;
      console.log(
        `| ${title} (${device}) | ${secondsToCompile.toFixed(1)} s | ${stepsPerSecond.toPrecision(3)} | ${half} |`,
      );
    } finally {
      await browser.close();
    }
  }
  console.log(`load ${loadavg().map((load) => load.toFixed(1))}`);
} finally {
  await site.close();
  rmSync(folder, { recursive: true });
}

/** The examples that the page offers. */
async function examples(): Promise<{ name: string; title: string }[]> {
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(site.address);
    const options = page.getByLabel('Example').locator('option');
    await options.first().waitFor({ state: 'attached' });
    return await options.evaluateAll((found) =>
      found.map((one) => ({ name: one.getAttribute('value') ?? '', title: one.textContent ?? '' })),
    );
  } finally {
    await browser.close();
  }
}

async function measured(browser: Browser, name: string): Promise<Measured> {
  const page = await browser.newPage({ locale: 'en-US' });
  page.setDefaultTimeout((MOST_SECONDS + 60) * 1000);
  const from = performance.now();
  await page.goto(`${site.address}#example=${name}`);
  await page.getByText('Compiled.').waitFor();
  const secondsToCompile = (performance.now() - from) / 1000;
  const device = await page.locator('.device .soft').innerText();
  // TypeScript, and what else comes after the model, is not a part of training.
  await page.waitForLoadState('networkidle');
  return { device, secondsToCompile, ...(await watched(page)) };
}

/** Clicks Train, and watches the numbers that the page shows. */
async function watched(page: Page): Promise<Pick<Measured, 'stepsPerSecond' | 'halved'>> {
  await page.getByRole('button', { name: 'Train', exact: true }).first().click();
  const begin = performance.now();
  let first: number | undefined;
  let halved: Measured['halved'];
  let before: { seconds: number; step: number } | undefined;
  for (;;) {
    const { step, loss } = await shown(page);
    const seconds = (performance.now() - begin) / 1000;
    if (first === undefined && loss > 0) first = loss;
    if (halved === undefined && first !== undefined && loss <= first / 2) halved = { seconds, step };
    if (before === undefined && seconds >= COUNTED) before = { seconds, step };
    if (before === undefined || seconds < before.seconds + COUNTED) continue;
    if (halved === undefined && seconds < MOST_SECONDS) continue;
    return { stepsPerSecond: (step - before.step) / (seconds - before.seconds), halved };
  }
}

/** Numbers of the page, some milliseconds later; NaN where there is none yet. */
async function shown(page: Page): Promise<{ readonly step: number; readonly loss: number }> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  const texts = new Map(
    await page
      .locator('.controls .figure')
      .evaluateAll((found) =>
        found.map(
          (one) =>
            [one.querySelector('dt')?.textContent ?? '', one.querySelector('dd')?.textContent ?? ''] as const,
        ),
      ),
  );
  const number = (name: string): number =>
    Number.parseFloat((texts.get(name) ?? '').replaceAll(',', '').replace('−', '-'));
  return { step: number('step'), loss: number('loss') };
}
