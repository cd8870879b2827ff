import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** The folder of a headless Chromium out of `@sparticuz/chromium`, unpacked once for a user. */
export function unpackChromium(): string {
  const folder = join(tmpdir(), `sinter-chromium-${process.getuid?.() ?? 0}`);
  if (existsSync(folder)) return folder;
  let root = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'));
  while (!existsSync(join(root, 'bin', 'chromium.br'))) root = dirname(root);
  const fresh = mkdtempSync(`${folder}-`);
  const inflated = (name: string): Buffer => brotliDecompressSync(readFileSync(join(root, 'bin', name)));
  writeFileSync(join(fresh, 'chromium'), inflated('chromium.br'));
  chmodSync(join(fresh, 'chromium'), 0o755);
  for (const name of ['swiftshader.tar.br', 'al2023.tar.br']) {
    execFileSync('tar', ['-x', '-C', fresh], { input: inflated(name) });
  }
  try {
    renameSync(fresh, folder);
  } catch (error) {
    // Another process was first.
    rmSync(fresh, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** A page, and the browser that it is visited with. */
export interface Page {
  /**
   * Each file by its path. Where there is no `/`, the document loads `/script.js`, a module. The page posts its result
   * to `/result`.
   */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** Headers of all that is served. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether there is WebGPU, on SwiftShader; otherwise no adapter is found. */
  readonly webgpu: boolean;
}

/** What became of a visit. */
export interface Visit {
  /** What the page posted. */
  readonly result: unknown;
  /** The paths that were asked for. */
  readonly requested: readonly string[];
}

/** The headers of a page that is cross-origin isolated: its threads may share memory. */
export const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * Visits a page in a headless Chromium of its own, until it posts its result.
 *
 * @param signal ends the visit where no result comes
 */
export async function visit(page: Page, signal: AbortSignal): Promise<Visit> {
  const folder = unpackChromium();
  const profile = mkdtempSync(join(tmpdir(), 'sinter-profile-'));
  const requested: string[] = [];
  let server: Server | undefined;
  let browser: ChildProcess | undefined;
  try {
    const result = await new Promise<unknown>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      server = serve(page, requested, resolve);
      server.listen(0, '127.0.0.1', () => {
        const address = server?.address();
        const port = typeof address === 'object' ? address?.port : 0;
        browser = spawn(
          join(folder, 'chromium'),
          [
            ...flags,
            ...(page.webgpu ? webgpuFlags : []),
            `--user-data-dir=${profile}`,
            `http://127.0.0.1:${port}/`,
          ],
          {
            stdio: ['ignore', 'ignore', 'pipe'],
            env: { ...process.env, LD_LIBRARY_PATH: join(folder, 'lib') },
          },
        );
        let complaints = '';
        browser.stderr?.on('data', (chunk) => {
          complaints += String(chunk);
        });
        browser.on('exit', (code) =>
          reject(new Error(`Chromium ended with ${code}: ${complaints.slice(-2000)}`)),
        );
      });
    });
    return { result, requested };
  } finally {
    browser?.removeAllListeners('exit');
    if (browser?.exitCode === null) {
      browser.kill();
      await once(browser, 'exit');
    }
    server?.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** Flags of every Chromium that tests start. */
export const flags = [
  '--headless',
  '--no-sandbox',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];

/** Flags of one that has WebGPU, on SwiftShader. */
export const webgpuFlags = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan,WebGPU',
];

/** A script that does not parse says so by itself, one that does not load through its element. */
const DOCUMENT = `<!doctype html>
<script>onerror = (m) => fetch('/result', { method: 'POST', body: JSON.stringify({ error: String(m) }) })</script>
<script type="module" src="/script.js" onerror="window.onerror('a module of the page does not load')"></script>
`;

/** The server of a page, which notes what is asked for, and hands on the result. */
function serve({ files, headers }: Page, requested: string[], done: (result: unknown) => void): Server {
  return createServer((request, response) => {
    const path = request.url ?? '/';
    requested.push(path);
    for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
    if (path === '/result') {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        response.end();
        done(JSON.parse(body));
      });
      return;
    }
    const file = files.get(path) ?? (path === '/' ? DOCUMENT : undefined);
    if (file === undefined) response.statusCode = 404;
    response.setHeader('Content-Type', typeOf(path));
    response.end(file);
  });
}

function typeOf(path: string): string {
  if (path.endsWith('.js')) return 'text/javascript';
  return path.endsWith('.json') ? 'application/json' : 'text/html';
}
