import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { build, type InlineConfig } from 'vite';
import { dataOfExamples, siteData } from '../../web/build/siteData.ts';
import config from '../../web/vite.config.ts';
import { flags, unpackChromium, webgpuFlags } from '../browser/chromium.ts';

/** A headless Chromium that tests drive; with WebGPU on SwiftShader, or without an adapter. */
export function openBrowser({ webgpu = false } = {}): Promise<Browser> {
  const folder = unpackChromium();
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    args: [...flags, ...(webgpu ? webgpuFlags : [])],
    env: { ...strings(process.env), LD_LIBRARY_PATH: join(folder, 'lib') },
  });
}

/**
 * Builds pages of the playground into a folder: without all digits, and as they are written. To pack them, and to minify TypeScript,
 * takes longer than all tests here.
 *
 * @param options where the pages are, and plugins besides that for data
 */
export function buildSite(
  folder: string,
  { root, plugins = [] }: Pick<InlineConfig, 'root' | 'plugins'> = {},
): ReturnType<typeof build> {
  const files = new Map([...siteData].filter(([name]) => !name.startsWith('mnist/t')));
  return build({
    ...config,
    configFile: false,
    ...(root === undefined ? {} : { root }),
    plugins: [dataOfExamples(files), ...plugins],
    logLevel: 'error',
    build: { ...config.build, minify: false, reportCompressedSize: false, outDir: folder },
  });
}

/** A server of files, as any host is one. */
export interface Site {
  /** Its address, with a slash at the end. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/**
 * Serves the files of a folder, with more headers or without.
 *
 * @param headers of all that is served, as `isolation` of test/browser/chromium.ts
 * @param path    where on the host the folder lies, `/some/where/`: above it there is nothing
 */
export async function serveFolder(
  folder: string,
  headers: Readonly<Record<string, string>> = {},
  path = '/',
): Promise<Site> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const asked = normalize(decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.setHeader('Content-Type', types[extname(asked)] ?? 'application/octet-stream');
    try {
      if (!asked.startsWith(path)) throw new RangeError(`${asked} is not below ${path}`);
      response.end(await readFile(join(folder, asked.slice(path.length))));
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { address: `http://127.0.0.1:${portOf(server)}${path}`, close: () => closed(server) };
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new TypeError('the server has no port');
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}

function strings(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    ),
  );
}
