import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { mnist } from '../../examples/model.ts';
import { reportPage } from '../../src/cli/html/page.ts';
import { editorTypes } from '../../web/build/editorTypes.ts';
import { cachedReport } from '../../web/build/report.ts';
import { isolation } from '../browser/chromium.ts';
import { lookAt } from './looks.ts';
import { buildSite, openBrowser, serveFolder } from './site.ts';

/* Makes the README's pictures of a report and of the playground again: `npm run docs:pictures`. */

const page = { locale: 'en-US', colorScheme: 'light' } as const satisfies BrowserContextOptions;

/** The report of the README's model, with a dispatch picked. */
async function pictureReport(browser: Browser, folder: string): Promise<void> {
  const file = join(folder, 'report.html');
  const look = await lookAt(mnist, 'examples/model.ts');
  writeFileSync(file, await reportPage([look], await cachedReport()));
  const report = await browser.newPage({ ...page, viewport: { width: 1210, height: 640 } });
  await report.goto(`${pathToFileURL(file)}#entry=train&picked=dispatch.1`);
  await report.locator('.cm-lit').first().waitFor();
  await report.locator('.box.lit-all').first().waitFor();
  await report.screenshot({ path: pathOf('report') });
}

/** Steps after which two spirals are told apart, and the loss has a curve to look at. */
const STEPS = 400;

/** The playground while it trains, on WebAssembly: a headless browser has no adapter. */
async function picturePlayground(browser: Browser, folder: string): Promise<void> {
  await buildSite(folder, { plugins: [editorTypes()] });
  const site = await serveFolder(folder, isolation);
  try {
    const playground = await browser.newPage({ ...page, viewport: { width: 1210, height: 900 } });
    await playground.goto(`${site.address}#example=spirals`);
    await playground.getByText('Compiled.').waitFor();
    await playground.getByRole('button', { name: 'Train', exact: true }).first().click();
    const figure = playground.locator('.controls .figure', { hasText: 'step' }).first().locator('dd');
    await figure.filter({ hasNotText: /^0$/ }).waitFor();
    while (Number((await figure.innerText()).replaceAll(',', '')) < STEPS) await figure.innerText();
    await playground.screenshot({ path: pathOf('playground') });
  } finally {
    await site.close();
  }
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(`../../docs/pictures/${name}.png`, import.meta.url));
}

const folder = mkdtempSync(join(tmpdir(), 'sinter-pictures-'));
const browser = await openBrowser();
try {
  await pictureReport(browser, folder);
  await picturePlayground(browser, join(folder, 'site'));
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
