/**
 * Measures pages of reports: how large they are, and how long a headless Chromium takes to open them, and each of their tabs.
 *
 *     npm run bench:pages -- --model w5 --model gpt-layers:40
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { reportPage } from '../src/cli/html/page.ts';
import { sourceTexts } from '../src/cli/html/sourceTexts.ts';
import { compileFor } from '../src/compiled.ts';
import type { Module } from '../src/index.ts';
import { lookOf } from '../src/inspect/lookOf.ts';
import { plain } from '../src/inspect/paint.ts';
import { table } from '../src/inspect/reportText.ts';
import { openBrowser } from '../test/web/site.ts';
import { cachedReport } from '../web/build/report.ts';
import { workloadOf } from './byName.ts';
import { familyNamed } from './growth/families.ts';
import { type Spread, spread, spreadText } from './spread.ts';

/** What is measured where nothing is asked for: two workloads, and two graphs of more than ten thousand nodes. */
const MODELS = ['w3', 'w5', 'chain:11000', 'gpt-layers:40'];

const HELP = `Measures pages of reports, for WebGPU.

  --model NAME     a workload, or FAMILY:SIZE of bench:compile; may be repeated (${MODELS.join(', ')})
  --runs N         times that each page is opened, of which the median counts (5)
  --json           print JSON
`;

/** One page; times in milliseconds. */
interface PageTimes {
  readonly model: string;
  readonly nodes: number;
  readonly dispatches: number;
  /** Processor time of compiling, of `lookOf`, and of writing the page, for which texts of passes are deflated. */
  readonly compiled: number;
  readonly looked: number;
  readonly written: number;
  readonly bytes: number;
  /** From the call that opens the file to the first box of the graph, drawn. */
  readonly opened: Spread;
  /** Processor time of the page's process by then: what else the machine does is not in it. */
  readonly worked: Spread;
  /** Boxes, and elements of the page, once it is open. */
  readonly boxes: number;
  readonly elements: number;
  /** From a press on each tab to its drawing. */
  readonly tabs: Readonly<Record<string, number>>;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', multiple: true, default: [] },
      runs: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new RangeError(`--runs ${values.runs}: a count from 1 on`);
  const folder = mkdtempSync(join(tmpdir(), 'sinter-pages-'));
  const browser = await openBrowser();
  try {
    const measured: PageTimes[] = [];
    for (const model of values.model.length === 0 ? MODELS : values.model)
      measured.push(await measuredPage(model, browser, join(folder, 'report.html'), runs));
    process.stdout.write(values.json ? `${JSON.stringify(measured, null, 2)}\n` : pagesText(measured));
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

/** A workload, or `FAMILY:SIZE`. @throws RangeError for a name that is not there */
function moduleOf(name: string): Module {
  const [, family, size] = /^(.+):(\d+)$/.exec(name) ?? [];
  return family === undefined ? workloadOf(name).module : familyNamed(family)(Number(size));
}

async function measuredPage(model: string, browser: Browser, file: string, runs: number): Promise<PageTimes> {
  const module = moduleOf(model);
  const [compilation, compiled] = await worked(() => compileFor(module, 'webgpu'));
  const [look, looked] = await worked(async () => lookOf(compilation, { files: sourceTexts(module) }));
  const template = await cachedReport();
  const [page, written] = await worked(() => reportPage([look], template));
  writeFileSync(file, page);
  const visits: Visit[] = [];
  for (let run = 0; run < runs; run++) visits.push(await visit(browser, pathToFileURL(file).href));
  const [first] = visits;
  if (first === undefined) throw new RangeError('a page is opened once or more');
  return {
    model,
    nodes: look.nodes.length,
    dispatches: Math.max(...Object.values(look.report.entries).map(({ dispatches }) => dispatches.length)),
    compiled,
    looked,
    written,
    bytes: new TextEncoder().encode(page).length,
    opened: spread(visits.map(({ opened }) => opened)),
    worked: spread(visits.map(({ worked }) => worked)),
    boxes: first.boxes,
    elements: first.elements,
    tabs: Object.fromEntries(
      Object.keys(first.tabs).map((tab) => [tab, spread(visits.map(({ tabs }) => tabs[tab] ?? 0)).median]),
    ),
  };
}

/** What one opening of a page took; milliseconds. */
type Visit = Pick<PageTimes, 'boxes' | 'elements' | 'tabs'> & {
  readonly opened: number;
  readonly worked: number;
};

async function visit(browser: Browser, address: string): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 900 } });
  try {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable');
    const [, opened] = await timed(async () => {
      await page.goto(address);
      await page.locator('.box').first().waitFor();
      await drawn(page);
    });
    const { metrics } = await session.send('Performance.getMetrics');
    const worked = 1000 * (metrics.find(({ name }) => name === 'ProcessTime')?.value ?? Number.NaN);
    const boxes = await page.locator('.box').count();
    const elements = await page.locator('*').count();
    const tabs: Record<string, number> = {};
    const row = page.getByRole('tablist', { name: 'What to look at' });
    for (const tab of (await row.getByRole('tab').all()).slice(1)) {
      const [, time] = await timed(async () => {
        await tab.click();
        await drawn(page);
      });
      tabs[await tab.innerText()] = time;
    }
    return { opened, worked, boxes, elements, tabs };
  } finally {
    await context.close();
  }
}

/** The next frame after the one that draws what is there. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(resolve));
      }),
  );
}

/** What work gives, and the milliseconds that it took. */
async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const begin = performance.now();
  const value = await work();
  return [value, performance.now() - begin];
}

/** What work gives, and the milliseconds of processor time that it took. */
async function worked<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const begin = process.cpuUsage();
  const value = await work();
  const { user, system } = process.cpuUsage(begin);
  return [value, (user + system) / 1000];
}

function pagesText(measured: readonly PageTimes[]): string {
  const rows = measured.map((page) => [
    page.model,
    String(page.nodes),
    String(page.dispatches),
    (page.compiled / 1000).toFixed(1),
    (page.looked / 1000).toFixed(2),
    (page.written / 1000).toFixed(2),
    (page.bytes / 1e6).toFixed(2),
    spreadText(page.opened, 'ms', 0),
    spreadText(page.worked, 'ms', 0),
    String(page.boxes),
    String(page.elements),
    slowestText(page.tabs),
  ]);
  const heads = [
    'model',
    'nodes',
    'dispatches',
    'compile s',
    'look s',
    'write s',
    'MB',
    'opens in',
    'processor',
    'boxes',
    'elements',
    'slowest tab',
  ];
  return `${table(heads, rows, plain).join('\n')}\n`;
}

function slowestText(tabs: PageTimes['tabs']): string {
  const [slowest] = Object.entries(tabs).sort(([, a], [, b]) => b - a);
  return slowest === undefined ? '' : `${slowest[0]}, ${slowest[1].toFixed(0)} ms`;
}

await main();
