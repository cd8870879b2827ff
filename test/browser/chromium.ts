import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** The folder of a headless Chromium out of `@sparticuz/chromium`, unpacked once for a user. */
function unpackChromium(): string {
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

/**
 * Runs a script in a page of headless Chromium with WebGPU on SwiftShader.
 *
 * @param script a module that ends by posting its result, as JSON, to `/result`
 * @returns what it posted
 */
export async function runInChromium(script: string): Promise<unknown> {
  const folder = unpackChromium();
  const profile = mkdtempSync(join(tmpdir(), 'sinter-profile-'));
  let server: Server | undefined;
  let browser: ChildProcess | undefined;
  try {
    return await new Promise((resolve, reject) => {
      server = createServer((request, response) => {
        if (request.url === '/result') {
          let body = '';
          request.on('data', (chunk) => {
            body += String(chunk);
          });
          request.on('end', () => {
            response.end();
            resolve(JSON.parse(body));
          });
        } else if (request.url === '/script.js') {
          response.setHeader('Content-Type', 'text/javascript');
          response.end(script);
        } else {
          response.setHeader('Content-Type', 'text/html');
          // A script that does not even load says so too.
          const report =
            "onerror = (m) => fetch('/result', { method: 'POST', body: JSON.stringify({ error: String(m) }) })";
          response.end(
            `<!doctype html><script>${report}</script><script type="module" src="/script.js"></script>`,
          );
        }
      });
      server.listen(0, '127.0.0.1', () => {
        const address = server?.address();
        const port = typeof address === 'object' ? address?.port : 0;
        browser = spawn(
          join(folder, 'chromium'),
          [
            '--headless',
            '--no-sandbox',
            '--enable-unsafe-webgpu',
            '--use-webgpu-adapter=swiftshader',
            '--enable-features=Vulkan,WebGPU',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--disable-quic',
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
