/**
 * Runs short processes that train on threads (`openSessions.ts`), several at once so that threads are preempted, and
 * says how many stood still, gave other bits or failed. Not a part of the tests: a thousand processes take minutes.
 *
 *     npx tsx test/stress/shortProcesses.ts [PROCESSES [AT_ONCE]]     (1000, 4)
 *
 * Ends with 1 where a process did not end well.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { assemble } from '../compile/bareWasm.ts';
import { small } from '../compile/smallModel.ts';
import { linearWasm } from '../runtime/linearWasm.ts';

/** Milliseconds for one session of a process, or for its end, after which it stands still: alone it takes 0.2 s. */
const PATIENCE = 60_000;
/** Processes after which it is said how far this is. */
const REPORT = 25;

const [count, atOnce] = [1000, 4].map((otherwise, k) => Number(process.argv[2 + k] ?? otherwise));
if (!(Number(count) > 0 && Number(atOnce) > 0)) {
  console.error('usage: npx tsx test/stress/shortProcesses.ts [PROCESSES [AT_ONCE]]');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'sinter-stress-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
process.on('SIGINT', () => process.exit(130));
const script = join(folder, 'openSessions.mjs');
const programs = join(folder, 'programs.json');
await build({
  entryPoints: [fileURLToPath(new URL('./openSessions.ts', import.meta.url))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: script,
  logLevel: 'error',
});
const compiled = compileToWasm(small, assemble).program;
writeFileSync(programs, JSON.stringify({ linear: linearWasm(), small: compiled }));

/** Runs one process. @returns what went wrong, and after which line; undefined where nothing did */
function once(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, programs], { stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    let complained = '';
    let stoodStill = false;
    const watchdog = setTimeout(() => {
      stoodStill = true;
      child.kill('SIGKILL');
    }, PATIENCE);
    child.stdout.on('data', (text) => {
      printed += text;
      watchdog.refresh();
    });
    child.stderr.on('data', (text) => {
      complained += text;
    });
    child.on('close', (code, signal) => {
      clearTimeout(watchdog);
      const last = printed.trim().split('\n').at(-1);
      if (stoodStill) resolve(`stood still, ${last}`);
      else resolve(code === 0 ? undefined : `ended with ${signal ?? code}, ${last}\n${complained}`);
    });
  });
}

const begin = performance.now();
let started = 0;
let ended = 0;
let failed = 0;
const lane = async (): Promise<void> => {
  while (started < Number(count)) {
    const number = ++started;
    const wrong = await once();
    ended++;
    if (wrong !== undefined) {
      failed++;
      console.log(`process ${number} ${wrong}`);
    }
    if (ended % REPORT === 0 || ended === count) {
      const seconds = (performance.now() - begin) / 1000;
      console.log(`${ended} of ${count} processes in ${seconds.toFixed(0)} s, ${failed} not well`);
    }
  }
};
await Promise.all(Array.from({ length: Number(atOnce) }, lane));
process.exitCode = failed === 0 ? 0 : 1;
