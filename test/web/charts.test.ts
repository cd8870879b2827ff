import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { w1 } from '../../bench/workloads.ts';
import { reportPage } from '../../src/cli/html/page.ts';
import { compileFor } from '../../src/compiled.ts';
import { lookOf } from '../../src/inspect/lookOf.ts';
import { cachedReport } from '../../web/build/report.ts';
import { openBrowser } from './site.ts';

let folder: string;
let address: string;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-charts-'));
  const looks = [lookOf(await compileFor(w1, 'webgpu')), lookOf(await compileFor(w1, 'wasm'))];
  const file = join(folder, 'report.html');
  writeFileSync(file, await reportPage(looks, await cachedReport()));
  address = pathToFileURL(file).href;
  browser = await openBrowser();
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

/** Opens an area of the report in a page of its own, which must not complain. */
async function opened(
  area: string,
  work: (page: Page) => Promise<void>,
  options: { readonly width?: number; readonly dark?: boolean } = {},
): Promise<void> {
  const { width = 1200, dark = false } = options;
  const page = await browser.newPage({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
  });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  try {
    await page.goto(`${address}#tab=${area}`);
    await page.getByRole('tabpanel').waitFor();
    await work(page);
    expect(complaints).toEqual([]);
  } finally {
    await page.close();
  }
}

const areas = ['passes', 'time', 'memory', 'cost', 'decisions', 'compare'] as const;

describe('the charts of a report', () => {
  test('the time line is gone through by keyboard, and what is picked lights up in its table', async () => {
    await opened('time', async (page) => {
      const marks = page.getByRole('listbox').getByRole('option');
      expect(await marks.count()).toBe(3);
      await marks.first().focus();
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('.told').innerText()).toMatch(
        /^1 output_to_where_55, .* predicted: .* for the dispatch/,
      );
      await page.keyboard.press('Enter');
      expect(await marks.nth(1).getAttribute('aria-selected')).toBe('true');
      expect(await page.locator('tr.is-lit').allInnerTexts()).toEqual([
        expect.stringContaining('output_to_where_55'),
      ]);
      expect(page.url()).toContain('picked=dispatch.1');
    });
  });

  test('a buffer that is picked in memory lights up, with the dispatches that touch it', async () => {
    await opened('memory', async (page) => {
      await page.getByRole('option', { name: /^where_55 / }).click();
      expect(await page.locator('tr.is-lit').allInnerTexts()).toEqual([expect.stringContaining('where_55')]);
      await page.getByRole('tab', { name: 'Time' }).click();
      expect(await page.locator('tr.is-lit').count()).toBeGreaterThan(0);
    });
  });

  test('a pass opens to what it removed and added, equal lines folded', async () => {
    await opened('passes', async (page) => {
      const pass = page.locator('.pass', { hasText: 'fusePointwise' });
      await pass.getByRole('button').first().click();
      expect(await pass.locator('.change-note').innerText()).toMatch(
        /^\d+ lines removed and \d+ added from \w+ to fusePointwise/,
      );
      expect(await pass.locator('.line.removed').count()).toBeGreaterThan(0);
      await pass.getByRole('button', { name: 'After' }).click();
      expect(await pass.locator('.line').first().innerText()).toContain('1');
      expect(await pass.locator('.line.removed').count()).toBe(0);
    });
  });

  test('costs sort by a press on a head, the largest first', async () => {
    await opened('cost', async (page) => {
      const table = page.getByRole('table', { name: 'Costs of each dispatch of train' });
      await table.getByRole('button', { name: 'Predicted' }).click();
      expect(await table.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('descending');
      const rows = await table.locator('tbody tr').count();
      expect(rows).toBe(3);
      expect(await page.getByRole('listbox').getByRole('option').count()).toBe(3);
      expect(await page.getByRole('table', { name: /^Numbers of machine/ }).innerText()).toContain(
        'memoryRate',
      );
    });
  });

  test('decisions are found by move, by outcome and by what is picked', async () => {
    await opened('decisions', async (page) => {
      const count = (): Promise<string> => page.getByRole('status').innerText();
      expect(await count()).toMatch(/^All are shown/);
      await page.getByLabel('Move').selectOption('rows');
      await page.getByLabel('Outcome').selectOption('refused');
      expect(await count()).toMatch(/^\d+ decisions? shown/);
      for (const text of await page.locator('.decision').allInnerTexts())
        expect(text).toMatch(/refused\s+rows/);
      await page.getByLabel('Outcome').selectOption('all');
      await page.getByLabel('Move').selectOption('');
      await page.locator('.decision .pick').first().click();
      await page.getByLabel('only of what is picked').check();
      expect(await count()).toMatch(/^\d+ decisions? shown/);
    });
  });

  test('two looks are compared: figures, dispatches with their code, passes', async () => {
    await opened('compare', async (page) => {
      const figures = page.getByRole('table', { name: 'Figures of wasm and webgpu' });
      expect(await figures.locator('tbody tr').first().innerText()).toMatch(
        /Dispatches a step\s+2\s+3\s+\+1\s+×1\.5/,
      );
      const pair = page.locator('.pair.is-changed').first();
      await pair.getByRole('button').first().click();
      expect(await pair.locator('.line').first().isVisible()).toBe(true);
      expect(await page.getByRole('table', { name: /^Times of passes/ }).innerText()).toContain('assemble');
    });
  });

  test.each(areas)('%s fits a phone', async (area) => {
    await opened(
      area,
      async (page) => {
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(beyond).toBeLessThanOrEqual(0);
      },
      { width: 390 },
    );
  });

  test.each(areas.flatMap((area) => [[area, 'light'] as const, [area, 'dark'] as const]))(
    'axe-core finds nothing serious in %s, %s',
    async (area, theme) => {
      await opened(
        area,
        async (page) => {
          await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core') });
          const found: readonly { id: string; impact: string; at: string }[] = await page.evaluate(
            `axe.run(document).then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, at: nodes[0].html })))`,
          );
          expect(found.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
        },
        { dark: theme === 'dark' },
      );
    },
  );
});
