import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { isolation } from '../test/browser/chromium.ts';
import { openBrowser, serveFolder } from '../test/web/site.ts';

/*
 * How fast the examples of the playground train on WebAssembly in a headless Chromium, page and plots with them: the site as it is built,
 * each example in a browser of its own, from the click on Train.
 *
 *   npx tsx bench/playground.ts [EXAMPLE ...]
 */

/** Seconds over which steps are counted, after as many in which the loss may halve already. */
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
  const told = await page.evaluate(watched, [COUNTED, MOST_SECONDS] as const);
  return { device, secondsToCompile, ...told };
}

/** In the page: clicks Train, and watches the numbers that it shows. */
async function watched([counted, most]: readonly [number, number]): Promise<
  Pick<Measured, 'stepsPerSecond' | 'halved'>
> {
  const shown = (name: string): number => {
    for (const figure of document.querySelectorAll('.controls .figure'))
      if (figure.querySelector('dt')?.textContent === name)
        return Number.parseFloat((figure.querySelector('dd')?.textContent ?? '').replaceAll(',', ''));
    return Number.NaN;
  };
  const button = [...document.querySelectorAll('button')].find((one) => one.textContent?.trim() === 'Train');
  const begin = performance.now();
  const seconds = (): number => (performance.now() - begin) / 1000;
  button?.click();
  let first: number | undefined;
  let halved: Measured['halved'];
  let before: { at: number; step: number } | undefined;
  let after: { at: number; step: number } | undefined;
  while (after === undefined || (halved === undefined && seconds() < most)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [at, step, loss] = [seconds(), shown('step'), shown('loss')];
    if (first === undefined && loss > 0) first = loss;
    if (halved === undefined && first !== undefined && loss <= first / 2) halved = { seconds: at, step };
    if (before === undefined && at >= counted) before = { at, step };
    if (before !== undefined && after === undefined && at >= before.at + counted) after = { at, step };
  }
  const { at, step } = before ?? { at: 0, step: 0 };
  return { stepsPerSecond: (after.step - step) / (after.at - at), halved };
}
