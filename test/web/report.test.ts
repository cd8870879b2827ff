import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { w3, w5 } from '../../bench/workloads.ts';
import { reportPage } from '../../src/cli/html/page.ts';
import { defineModule, optim } from '../../src/index.ts';
import type { Look } from '../../src/inspect/look.ts';
import { cachedReport } from '../../web/build/report.ts';
import { largeLook, lookAt } from './looks.ts';
import { openBrowser } from './site.ts';

let folder: string;
let browser: Browser;
let looks: { readonly w3: Look; readonly w5: Look };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-report-'));
  looks = {
    w3: await lookAt(w3, 'bench/workloads.ts'),
    w5: await lookAt(w5, 'bench/workloads/gpt.ts'),
  };
  browser = await openBrowser();
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

/** Opens a report as a person does: one file, from the disk. */
async function open(
  look: Look | readonly Look[],
  {
    hash = '',
    ready = '.box',
    ...options
  }: BrowserContextOptions & { readonly hash?: string; readonly ready?: string } = {},
): Promise<Page> {
  const file = join(folder, 'report.html');
  writeFileSync(file, await reportPage('report' in look ? [look] : look, await cachedReport()));
  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
  const page = await context.newPage();
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(error.message));
  await page.goto(`${pathToFileURL(file)}#${hash}`);
  await page.locator(ready).first().waitFor();
  expect(failures).toEqual([]);
  return page;
}

/** The line of a panel's code with this text. */
const line = (page: Page, panel: string, text: string) =>
  page.locator(`section[aria-label="${panel}"] .cm-line`, { hasText: text }).first();

/** Numbers of serious findings, by rule. */
async function findings(page: Page): Promise<readonly string[]> {
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await page.addScriptTag({ path: axe });
  return page.evaluate(async () => {
    const { violations } = await window.axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
}

declare global {
  interface Window {
    /** What `axe.min.js` leaves behind. */
    readonly axe: { readonly run: () => Promise<{ readonly violations: readonly Violation[] }> };
  }
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

describe('the report of a convolutional network', () => {
  test('follows a line of the source to its kernel, and a line of the kernel back', async () => {
    const page = await open(looks.w3);
    await line(page, 'Source', 'const second = nn.maxPool2d').click();
    const kernel = page.locator('section[aria-label="Kernel"]');
    await kernel.locator('.cm-lit').first().waitFor();
    expect(await page.locator('.box.lit-all, .box.lit-some').count()).toBeGreaterThan(0);
    expect(await kernel.locator('.step.lit').first().textContent()).toContain('conv2');
    await kernel.locator('.step-name:text-is("conv2")').click();
    await kernel.locator('.cm-content[aria-label^="Kernel conv2"]').waitFor();
    await kernel.locator('.cm-lit').first().click();
    await page.locator('section[aria-label="Source"] .cm-lit', { hasText: 'const second' }).waitFor();
    await expect.poll(() => page.url()).toContain('picked=code.');
    await page.context().close();
  });

  test('tells of a node and of a buffer that are picked, and lights up what they touch', async () => {
    const page = await open(looks.w3);
    await page.getByLabel('Find nodes by name, operation or dispatch').fill('conv1.weight');
    await page.keyboard.press('Enter');
    const detail = page.getByRole('region', { name: 'What is picked' });
    await detail.getByRole('heading', { name: 'conv1.weight' }).waitFor();
    await detail.locator('dt:text-is("kept in") + dd button').first().click();
    await detail.locator('dt:text-is("written by") + dd button').first().waitFor();
    expect(await page.locator('.step.lit').count()).toBeGreaterThan(0);
    await page.context().close();
  });
});

describe('the report of a transformer', () => {
  test('says why two dispatches are not one', async () => {
    const page = await open(looks.w5);
    const steps = page.locator('.step');
    await steps.nth(1).click();
    await steps.nth(3).click({ modifiers: ['Shift'] });
    const why = page.getByRole('region', { name: 'Why are these two not one?' });
    await why.getByText('share no dispatch').waitFor();
    expect(await why.locator('.chain li').count()).toBeGreaterThan(0);
    await page.context().close();
  });

  test('is used by keyboard alone', async () => {
    const page = await open(looks.w5);
    await page.locator('.box[tabindex="0"]').focus();
    await page.keyboard.press('ArrowDown');
    const key = () => page.evaluate(() => document.activeElement?.getAttribute('data-key'));
    const second = await key();
    await page.keyboard.press('ArrowDown');
    expect(await key()).not.toBe(second);
    await page.locator('.box.layer').first().focus();
    await page.keyboard.press('Enter');
    await page.locator('.box.open').waitFor();
    await page.locator('.box.node').first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Compare with…' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.step').nth(2).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Why are these two not one?' }).waitFor();
    await page.locator('section[aria-label="Source"] .cm-content').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toContain('picked=line.1.gpt.ts');
    await page.context().close();
  });

  test('opens at the place that a link names', async () => {
    const page = await open(looks.w5, { hash: 'entry=train&tab=graph&picked=dispatch.4' });
    expect(await page.locator('.step.lit').count()).toBe(1);
    const window = await page.locator('.graph-window').boundingBox();
    const boxes = await page.locator('.box.lit-all, .box.lit-some').all();
    const tops = await Promise.all(boxes.map(async (box) => (await box.boundingBox())?.y ?? Infinity));
    expect(window).not.toBeNull();
    expect(Math.min(...tops)).toBeLessThan((window?.y ?? 0) + (window?.height ?? 0));
    await page.context().close();
  });
});

test.each([
  ['light', 1440],
  ['dark', 1440],
  ['light', 390],
] as const)('axe finds nothing serious in %s, %i pixels wide', async (colorScheme, width) => {
  const page = await open(looks.w3, {
    colorScheme,
    viewport: { width, height: 900 },
    hash: 'entry=train&picked=dispatch.1&second=dispatch.3',
  });
  expect(await findings(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  await page.context().close();
});

test('lines of source and kernel wrap, and a divider makes their panels wider by keyboard', async () => {
  const page = await open(looks.w5, { hash: 'entry=train&picked=dispatch.4' });
  for (const panel of ['Source', 'Kernel']) {
    const scroller = page.locator(`section[aria-label="${panel}"] .cm-scroller`);
    expect(await scroller.evaluate((one) => one.scrollWidth - one.clientWidth)).toBeLessThanOrEqual(0);
  }
  const widthOf = async (panel: string): Promise<number> =>
    (await page.locator(`section[aria-label="${panel}"]`).boundingBox())?.width ?? 0;
  const before = await widthOf('Source');
  const divider = page.getByRole('separator', { name: 'Width of the source' });
  await divider.press('ArrowRight');
  expect(await widthOf('Source')).toBeGreaterThan(before);
  await divider.press('End');
  expect(await widthOf('Graph')).toBeGreaterThan(100);
  await page.context().close();
});

test('a row of tabs that goes on out of sight fades at that end, and shows the chosen one', async () => {
  const pair = [looks.w3, looks.w5];
  const page = await open(pair, { viewport: { width: 390, height: 844 } });
  const tabs = page.getByRole('tablist', { name: 'What to look at' });
  expect(await tabs.getAttribute('data-more')).toBe('after');
  await page.getByRole('tab', { name: 'Graph' }).press('End');
  await expect.poll(() => tabs.getAttribute('data-more')).toBe('before');
  const last = await page.getByRole('tab', { name: 'Compare' }).boundingBox();
  expect((last?.x ?? 390) + (last?.width ?? 0)).toBeLessThanOrEqual(390);
  await page.context().close();
});

test('names with markup are text everywhere, and names of what every object has are names', async () => {
  const name =
    '</script><script>document.title = "taken"</script><img src="x:" onerror="document.title = 1">';
  const module = defineModule(name, (m) => {
    const x = m.input('x', { shape: [4] });
    const loss = x
      .mul(m.state(name, { shape: [4] }))
      .add(m.state('constructor', { shape: [4] }))
      .mean();
    m.entry('toString', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
  });
  const look = { ...(await lookAt(module, 'test/web/report.test.ts')), files: [{ name, text: name }] };
  for (const tab of ['graph', 'passes', 'time', 'memory', 'cost', 'decisions']) {
    const page = await open(look, { hash: `entry=toString&tab=${tab}`, ready: '[role="tabpanel"]' });
    expect(await page.title()).toContain(name);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(name);
    expect(await page.locator('[onerror], #report script').count()).toBe(0);
    await page.context().close();
  }
});

test('what is drawn at first does not grow with the model', async () => {
  for (const [nodes, dispatches] of [
    [1000, 100],
    [10_000, 2000],
  ] as const) {
    const page = await open(largeLook(looks.w3, nodes, dispatches));
    expect(await page.locator('.box').count()).toBeLessThanOrEqual(64);
    expect(await page.locator('*').count()).toBeLessThan(3000);
    await page.context().close();
  }
});

test('a dispatch far down its list is shown where a link names it', async () => {
  const page = await open(largeLook(looks.w3, 10_000, 2000), { hash: 'entry=train&picked=dispatch.700' });
  const step = page.locator('.step.lit');
  expect(await step.innerText()).toContain('700');
  const [whole, part] = [await page.locator('.steps').boundingBox(), await step.boundingBox()];
  expect(part?.y ?? Infinity).toBeLessThan((whole?.y ?? 0) + (whole?.height ?? 0));
  await page.context().close();
});

test('a graph of ten thousand nodes opens, and its last node is found', async () => {
  const page = await open(largeLook(looks.w3, 10_000));
  await page.getByLabel('Find nodes by name, operation or dispatch').fill('%9999');
  await page.keyboard.press('Enter');
  await page.locator('.box.picked').waitFor();
  await page.context().close();
});
