import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { isolation, visit } from '../browser/chromium.ts';
import { link, userFolder } from './install.ts';
import { readme } from './readmeBlocks.ts';
import { bin, run } from './run.ts';

/** What a page does: it compiles for what is at hand, trains the program out of JSON, and asks for a GPU. */
const TRAINING = `
import { compile, defineModule, nn, optim } from 'sinter';
import { start as startOnGpu } from 'sinter/runtime';
import { start } from 'sinter/runtime/wasm';

const module = defineModule('page', (m) => {
  const batch = m.size('batch', { max: 32 });
  const x = m.input('x', { shape: [batch, 24] });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const hidden = nn.dense(x, 64, { activation: 'tanh', name: 'hidden' });
  const loss = nn.crossEntropy(nn.dense(hidden, 3, { name: 'output' }), y);
  m.entry('train', { loss, updates: optim.adam({ lr: 1e-2 }).minimize(loss) });
});
const data = {
  x: Float32Array.from({ length: 100 * 24 }, (_, k) => ((k * k) % 1009) / 504 - 1),
  y: Int32Array.from({ length: 100 }, (_, k) => (k * 7) % 3),
};

export async function training() {
  const program = await compile(module);
  const session = await start(JSON.parse(JSON.stringify(program.program)), { seed: 4, threads: 2 });
  const losses = [];
  for await (const { loss } of session.train({ data, epochs: 3 })) losses.push(loss);
  const { threads } = session;
  session.dispose();
  const forGpu = (await compile(module, { target: 'webgpu' })).program;
  const refusal = await startOnGpu(forGpu).then(() => 'started', ({ name }) => name);
  return { target: program.target, threads, losses, refusal };
}
`;

const PAGE = `
import { training } from './training.js';
const result = await training().catch((error) => ({ error: String(error) }));
await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
`;

const DOCUMENT = `<!doctype html>
<script>onerror = (m) => fetch('/result', { method: 'POST', body: JSON.stringify({ error: String(m) }) })</script>
<script type="module" src="./page.js"></script>
`;

const installed = inject('installed');

/** A project beside an installed package, with Dawn as npm installs it, or without. */
function project(name: string, dawn: boolean): string {
  const folder = userFolder(installed, name);
  cpSync(join(installed.folder, 'node_modules'), join(folder, 'node_modules'), { recursive: true });
  if (dawn) link(folder, ['webgpu']);
  writeFileSync(join(folder, 'training.js'), TRAINING);
  writeFileSync(join(folder, 'page.js'), PAGE);
  writeFileSync(join(folder, 'index.html'), DOCUMENT);
  return folder;
}

/** The files that a bundler wrote, by their path on a server. */
function built(folder: string): Map<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = new Map<string, string>();
  for (const path of paths.filter((path) => /\.(js|html)$/.test(path)))
    files.set(path === 'index.html' ? '/' : `/${path}`, readFileSync(join(folder, path), 'utf8'));
  return files;
}

/** What a bundle must not hold. */
function expectNothingOfNode(files: ReadonlyMap<string, string>): void {
  const text = [...files.values()].join('\n');
  expect(text).toContain('crossOriginIsolated');
  expect(text).not.toMatch(/(\bfrom|\bimport|\bimport\(|\brequire\()\s*["'](node:|webgpu)/);
  expect(text).not.toContain('libvulkan');
}

/** What Vite says of large chunks. */
const LARGE_CHUNK = /^\[plugin builtin:vite-reporter\] \n\(!\) Some chunks are larger than 500 kB .*$/s;

describe('a page that imports the package bundles for browsers', () => {
  const dawn = project('with dawn', true);
  const noDawn = project('without dawn', false);
  let expected: unknown;

  beforeAll(async () => {
    const script =
      "import('./training.js').then(async (m) => console.log(JSON.stringify(await m.training())))";
    const { stdout } = await run(noDawn, process.execPath, '--eval', script);
    expected = { ...JSON.parse(stdout), target: 'wasm', threads: 2, refusal: 'DeviceError' };
  });

  test('with esbuild, with Dawn and without', async () => {
    for (const folder of [dawn, noDawn]) {
      const options = { bundle: true, format: 'esm', outdir: join(folder, 'esbuild') } as const;
      const { warnings } = await build({ ...options, entryPoints: [join(folder, 'page.js')] });
      expect(warnings).toEqual([]);
      expectNothingOfNode(built(join(folder, 'esbuild')));
    }
  });

  test('with webpack 5, and trains as Node does', async ({ signal }) => {
    const script = fileURLToPath(new URL('webpack.mjs', import.meta.url));
    const { stdout } = await run(dawn, process.execPath, script);
    expect(JSON.parse(stdout)).toEqual([]);
    const files = built(join(dawn, 'webpack'));
    expectNothingOfNode(files);
    files.set('/', DOCUMENT.replace('type="module" src="./page.js"', 'src="./main.js"'));
    const { result } = await visit({ files, headers: isolation, webgpu: false }, signal);
    expect(result).toEqual(expected);
  });

  test('with Rollup and its plugin that resolves packages', async () => {
    const options = ['--plugin', 'node-resolve={ browser: true }', '--dir', 'rollup'];
    const { stderr } = await run(
      dawn,
      bin('rollup'),
      'page.js',
      '--silent',
      '--failAfterWarnings',
      ...options,
    );
    expect(stderr).toBe('');
    expectNothingOfNode(built(join(dawn, 'rollup')));
  });

  test('with Vite, with Dawn and without, and trains as Node does', async ({ signal }) => {
    for (const root of [dawn, noDawn]) {
      const { stderr } = await run(root, bin('vite'), 'build');
      // Of a chunk of more than 500 kB Vite says so: the compiler is one. It has nothing else to say.
      expect(stripVTControlCharacters(stderr).replace(LARGE_CHUNK, '')).toBe('');
      expectNothingOfNode(built(join(root, 'dist')));
    }
    const files = built(join(dawn, 'dist'));
    const { result } = await visit({ files, headers: isolation, webgpu: false }, signal);
    expect(result).toEqual(expected);
  });

  test('whose parts are as large as README.md says, to a twentieth', async () => {
    const stated = [...readme.matchAll(/^\| `(sinter[\w/]*)`[^|]*\| (\d+) KB \|$/gm)];
    const found = new Map<string, number>();
    for (const [, door = ''] of stated) {
      const { outputFiles } = await build({
        stdin: { contents: `export * from '${door}';`, resolveDir: dawn },
        bundle: true,
        minify: true,
        format: 'esm',
        write: false,
      });
      found.set(door, gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length / 1000);
    }
    const doors = ['runtime', 'runtime/wasm', 'train', 'weights', 'data', 'browser'];
    expect([...found.keys()]).toEqual([...doors.map((door) => `sinter/${door}`), 'sinter']);
    for (const [, door = '', size] of stated) {
      expect(Number(size) / (found.get(door) ?? 0), door).toBeGreaterThan(0.95);
      expect(Number(size) / (found.get(door) ?? 0), door).toBeLessThan(1.05);
    }
  });
});
