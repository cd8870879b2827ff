/**
 * A page that reads digits, and learns the hand of who writes them: on their device, with the runtime alone. Trains the
 * reader once, writes the page into a folder that any host serves, and serves it.
 *
 *     npx tsx examples/personalise/serve.ts
 *     npx tsx examples/personalise/serve.ts --out site --port 0
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compile } from 'sinter';
import { fileStore, loadMnist } from 'sinter/node';
import { metadataOf, saveWeights } from 'sinter/weights';
import { commandLine, runExample } from '../commandLine.ts';
import { reader } from '../readers.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What a page gets: it learns its dense layers. */
export const personal = reader({ name: 'digits', classes: 10, frozen: true, lr: 5e-3 });

/** Writes the page, its script, two programs and the weights. */
export async function writePage(out: string, weights: Uint8Array): Promise<void> {
  await mkdir(out, { recursive: true });
  for (const target of ['webgpu', 'wasm'] as const) {
    const compiled = await compile(personal, { target });
    await writeFile(join(out, `reader.${target}.json`), JSON.stringify(compiled));
  }
  await writeFile(join(out, 'reader.safetensors'), weights);
  await copyFile(here('index.html'), join(out, 'index.html'));
  await build({
    entryPoints: { page: here('page.ts') },
    outdir: out,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
  });
}

/** Types of the files of the page. */
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
};

await runExample(import.meta.url, async () => {
  const options = commandLine(
    'Serves a page that reads digits and learns the hand of who writes them.',
    {
      epochs: { value: 3, about: 'passes over MNIST, before' },
      port: { value: 8080, about: 'of the server; 0 takes a free one', holds: isPort, says: 'a port' },
    },
    { out: 'folder of the page (personalise)' },
  );
  if (options === undefined) return;
  const { epochs, port, seed, target, out = 'personalise', ...threads } = options;
  const store = fileStore(out);
  // It is kept, with how it was made, so that the next run of the same need not learn again.
  const made = JSON.stringify({ epochs, seed });
  let weights = await store.read('reader.safetensors');
  if (weights === undefined || metadataOf(weights).made !== made) {
    const { train } = await loadMnist();
    const all = reader({ name: 'digits', classes: 10, frozen: false, lr: 2e-3 });
    const session = await (await compile(all, { target })).start({ seed, ...threads });
    await session.fit({ data: { x: train.images, y: train.labels }, validation: 0.1, epochs });
    weights = await saveWeights(session, { only: ['features', 'classifier'], metadata: { made } });
    session.dispose();
  }
  await writePage(out, weights);
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const name = path === '/' ? 'index.html' : path.slice(1);
    try {
      // Only files of the folder itself: no path leads out of it.
      if (!/^[\w.-]+$/.test(name)) throw new Error('no such file');
      const body = await readFile(join(out, name));
      response.setHeader('Content-Type', types[extname(name)] ?? 'application/octet-stream');
      // With these two WebAssembly may run on several threads.
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  server.listen(port, () => {
    const address = server.address();
    const at = typeof address === 'object' && address !== null ? address.port : port;
    console.log(`http://localhost:${at}/  (Ctrl-C ends)`);
  });
});

function isPort(n: number): boolean {
  return Number.isInteger(n) && n >= 0 && n < 65536;
}
