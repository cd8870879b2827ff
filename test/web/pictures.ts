import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mnist } from '../../examples/model.ts';
import { reportPage } from '../../src/cli/html/page.ts';
import { cachedReport } from '../../web/build/report.ts';
import { lookAt } from './looks.ts';
import { openBrowser } from './site.ts';

/* Makes the README's picture of a report anew: `npm run docs:pictures`. */

const out = fileURLToPath(new URL('../../docs/pictures/report.png', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sinter-pictures-'));
const browser = await openBrowser();
try {
  const file = join(folder, 'report.html');
  const look = await lookAt(mnist, 'examples/model.ts');
  writeFileSync(file, await reportPage([look], await cachedReport()));
  const page = await browser.newPage({ viewport: { width: 1210, height: 570 }, colorScheme: 'light' });
  await page.goto(`${pathToFileURL(file)}#entry=train&picked=dispatch.1`);
  await page.locator('.cm-lit').first().waitFor();
  await page.locator('.box.lit-all').first().waitFor();
  await page.screenshot({ path: out });
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
