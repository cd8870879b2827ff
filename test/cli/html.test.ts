import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { looksInText } from '../../src/inspect/island.ts';
import { buildReport } from '../../web/build/report.ts';
import { sinter } from './run.ts';

const model = 'examples/model.ts';
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-html-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
const page = (name: string): string => readFileSync(at(name), 'utf8');

test('a page holds the model for both targets where none is named, with the text of its files', async () => {
  const { code, out, err } = await sinter(['inspect', model, '--html', at('both.html')]);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/both\.html: [\d.]+ [kM]B; open it in a browser, it needs nothing else\nfile:\/\/\//);
  const html = page('both.html');
  const looks = await looksInText(html);
  expect(looks.map(({ report }) => report.target).sort()).toEqual(['wasm', 'webgpu']);
  expect(looks[0]?.files).toEqual([{ name: 'model.ts', text: readFileSync(model, 'utf8') }]);
  expect(html).toContain('@compute');
  // It loads nothing.
  expect(html).not.toMatch(/<(?:script|link|img|iframe|source)[^>]+(?:src|href)=["']?(?:https?:|\/|\.)/i);
  expect(html).toContain("default-src 'none'");
});

test('a page compares with another target, with another model, and with a page that was written before', async () => {
  const before = ['inspect', model, '--target', 'webgpu', '--entry', 'train', '--html'];
  expect((await sinter([...before, at('before.html')])).code).toBe(0);
  const [alone] = await looksInText(page('before.html'));
  expect(Object.keys(alone?.entries ?? {})).toEqual(['train']);
  const other = ['--compare', at('before.html')];
  const after = ['inspect', 'bench/workloads.ts#w1', '--target', 'webgpu', '--html', at('after.html')];
  expect(await sinter([...after, ...other])).toMatchObject({ code: 0, err: '' });
  const [now, then] = await looksInText(page('after.html'));
  expect([now?.report.name, then]).toEqual(['w1', alone]);
  expect((await sinter([...before, at('wasm.html'), '--compare', 'wasm'])).code).toBe(0);
  const targets = (await looksInText(page('wasm.html'))).map(({ report }) => report.target);
  expect(targets).toEqual(['webgpu', 'wasm']);
  expect((await sinter([...before, at('model.html'), '--compare', 'bench/workloads.ts#w1'])).code).toBe(0);
  const names = (await looksInText(page('model.html'))).map(({ report }) => report.name);
  expect(names[1]).toBe('w1');
});

test('a page has measured times, of a file or taken now', async () => {
  const run = ['profile', model, '--target', 'wasm', '--threads', '1', '--steps', '2', '--json'];
  const { out } = await sinter(run);
  writeFileSync(at('p.json'), out);
  const inspect = ['inspect', model, '--target', 'wasm', '--html', at('measured.html'), '--profile'];
  expect((await sinter([...inspect, at('p.json')])).code).toBe(0);
  const [read] = await looksInText(page('measured.html'));
  expect(read?.profiles).toEqual({ train: { ...JSON.parse(out), calls: [] } });
  expect((await sinter([...inspect, '--entry', 'train'])).code).toBe(0);
  const [taken] = await looksInText(page('measured.html'));
  expect(taken?.profiles.train?.wall.median).toBeGreaterThan(0);
  writeFileSync(at('other.json'), JSON.stringify({ ...JSON.parse(out), module: 'other' }));
  const other = await sinter([...inspect, at('other.json')]);
  expect([other.code, other.err]).toEqual([2, expect.stringContaining('it is of "other" for wasm, not of')]);
});

test.each([
  ['a folder', ['--html', '.'], 'it is a folder; name a file'],
  ['a device', ['--html', '/dev/null'], 'it is a device or a pipe'],
  ['a name of code', ['--html', '{}/a.ts'], 'that is a name of code, which a page must not replace'],
  [
    'a page that is missing',
    ['--html', '{}/a.html', '--compare', '{}/no.html'],
    'no.html: there is no such file',
  ],
  [
    'a comparison with nothing that is there',
    ['--html', '{}/a.html', '--compare', 'wasm32'],
    '--compare wasm32: there is no such file; name a model, a page that was written before, or a target',
  ],
  [
    'a profile that is missing',
    ['--html', '{}/a.html', '--profile', '{}/no.json'],
    'no.json: there is no such file',
  ],
  [
    'a page that is not one',
    ['--html', '{}/a.html', '--compare', '{}/none.html'],
    'it is no page that sinter inspect --html writes',
  ],
  ['a profile that is not one', ['--html', '{}/a.html', '--profile', '{}/none.html'], '--profile'],
  ['a comparison without a page', ['--compare', 'wasm'], '--compare is of the page that --html writes'],
  ['a folder that is a file', ['--html', '{}/none.html/a.html'], 'none.html is a file'],
])('%s is told in one paragraph, and nothing is written', async (_, options, message) => {
  writeFileSync(at('none.html'), '<p>nothing</p>');
  const args = options.map((option) => option.replace('{}', folder));
  const { code, out, err } = await sinter(['inspect', model, '--target', 'webgpu', ...args]);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(message);
  expect(() => page('a.html')).toThrow();
});

test('the page of reports, as the package ships it, is below 400 KB gzipped', async () => {
  expect(gzipSync(await buildReport()).length).toBeLessThan(400_000);
});
