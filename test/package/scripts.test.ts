import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, inject, test } from 'vitest';
import { isolation, visit } from '../browser/chromium.ts';
import { readme } from './readmeBlocks.ts';

const dist = join(inject('installed').folder, 'node_modules/sinter/dist');
const names = readdirSync(dist).filter((name) => /^sinter\..*\.js$/.test(name));
const scripts = new Map(names.map((name) => [`/${name}`, readFileSync(join(dist, name), 'utf8')]));

const page = /```html\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';

/** The page of README.md, which posts the error that it ends with. */
function refusing(document: string): string {
  const post =
    "({ name, code, place, message }) => fetch('/result', { method: 'POST', body: JSON.stringify({ name, code, place, message }) })";
  const listen = `const post = ${post}; onerror = (...all) => post(all[4]); onunhandledrejection = (e) => post(e.reason)`;
  return document.replace('<!doctype html>\n', `<!doctype html>\n<script>${listen}</script>\n`);
}

/** The page of README.md, which also posts what it came to. */
function posting(document: string): string {
  const post = (what: string): string =>
    `fetch('/result', { method: 'POST', body: JSON.stringify(${what}) })`;
  return document
    .replace(
      '<!doctype html>\n',
      `<!doctype html>\n<script>onerror = onunhandledrejection = (e) => ${post('{ error: String(e.reason ?? e) }')}</script>\n`,
    )
    .replace(
      /<\/script>\n$/,
      `  ${post('{ target: session.program.target, loss: Number(document.querySelector("output").textContent) }')}\n</script>\n`,
    );
}

describe('a page without a bundler', () => {
  test('has at most twenty lines in README.md, beside its table of scripts', () => {
    expect(page.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
    expect(page).toContain("from './sinter.min.js'");
  });

  test('trains on WebAssembly, out of the scripts that it needs', async ({ signal }) => {
    const files = new Map([...scripts, ['/', posting(page)]]);
    const { result, requested } = await visit({ files, headers: isolation, webgpu: false }, signal);
    expect(result).toEqual({ target: 'wasm', loss: expect.closeTo(0, 0) });
    const loaded = requested.filter((path) => path.startsWith('/sinter')).sort();
    expect(loaded).toEqual(['/sinter.compiler.min.js', '/sinter.min.js', '/sinter.wasm.min.js']);
  });

  test('trains on WebGPU, out of the scripts that it needs', async ({ signal }) => {
    const document = posting(page).replace('compile(model)', "compile(model, { target: 'webgpu-software' })");
    const { result, requested } = await visit(
      { files: new Map([...scripts, ['/', document]]), webgpu: true },
      signal,
    );
    expect(result).toEqual({ target: 'webgpu-software', loss: expect.closeTo(0, 0) });
    const loaded = requested.filter((path) => path.startsWith('/sinter')).sort();
    expect(loaded).toEqual(['/sinter.compiler.min.js', '/sinter.min.js', '/sinter.webgpu.min.js']);
  });

  test('trains out of one classic script', async ({ signal }) => {
    const document = posting(page)
      .replace(
        '<script type="module">',
        '<script src="./sinter.global.min.js"></script>\n<script type="module">',
      )
      .replace(
        "import { compile, defineModule, nn, optim } from './sinter.min.js'",
        'const { compile, defineModule, nn, optim } = sinter',
      );
    const { result, requested } = await visit(
      { files: new Map([...scripts, ['/', document]]), webgpu: false },
      signal,
    );
    expect(result).toEqual({ target: 'wasm', loss: expect.closeTo(0, 0) });
    expect(requested.filter((path) => path.startsWith('/sinter'))).toEqual(['/sinter.global.min.js']);
  });
});

test('compile says which script is missing, and where it was looked for', async ({ signal }) => {
  const missing = ['/sinter.compiler.min.js', '/sinter.wasm.min.js'];
  for (const path of missing) {
    const files = new Map([...scripts, ['/', refusing(page)]]);
    files.delete(path);
    const { result } = await visit({ files, webgpu: false }, signal);
    const place = expect.stringMatching(new RegExp(`^http://.*${path}$`));
    expect(result).toEqual({
      name: 'LoadError',
      code: 'part',
      place,
      message: expect.stringContaining(path),
    });
  }
});

test('scripts import only files beside them, and the first is under 160 KB', async () => {
  const { metafile } = await build({
    entryPoints: names.map((name) => join(dist, name)),
    bundle: true,
    packages: 'external',
    metafile: true,
    write: false,
    outdir: dist,
    format: 'esm',
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  expect(imports.filter(({ external }) => external)).toEqual([]);
  expect(gzipSync(scripts.get('/sinter.min.js') ?? '', { level: 9 }).length).toBeLessThan(160_000);
});

test('scripts are the same in any encoding: a page may not say which one it has', () => {
  for (const [name, text] of scripts) expect(text.match(/[^\p{ASCII}]/u), name).toBeNull();
});

test('scripts are as large as README.md says, to a twentieth', () => {
  const stated = new Map(
    [...readme.matchAll(/^\| `(sinter[\w.]*\.min\.js)` \| (\d+) KB \|/gm)].map(([, name, size]) => [
      `/${name}`,
      Number(size),
    ]),
  );
  expect([...stated.keys()].sort()).toEqual([...scripts.keys()].sort());
  for (const [name, size] of stated) {
    const found = gzipSync(scripts.get(name) ?? '', { level: 9 }).length / 1000;
    expect(size / found, name).toBeGreaterThan(0.95);
    expect(size / found, name).toBeLessThan(1.05);
  }
});
