// Reads the results of tests, files as vitest's JSON has them: how many passed and failed, and how many of them ran
// WGSL: those of the test files that open an adapter, by importing test/softwareAdapter.ts themselves or through
// another file. Exits with 1 where a test failed or did not run, or where such a file has no passed test.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const testResults = process.argv
  .slice(2)
  .flatMap((path) => JSON.parse(readFileSync(path, 'utf8')).testResults);
const files = new Map(
  testResults.map(({ name, assertionResults, status }) => [
    relative(process.cwd(), name),
    { broke: status === 'failed' && assertionResults.length === 0, tests: assertionResults },
  ]),
);
const tests = [...files.values()].flatMap((file) => file.tests);
const count = (status, of = tests) => of.filter((test) => test.status === status).length;
const problems = [];

const opens = new Map();
const opensAdapter = (path) => {
  if (path === resolve('test/softwareAdapter.ts')) return true;
  if (!opens.has(path)) {
    // Before it is known: files may import one another.
    opens.set(path, false);
    const imported = [...readFileSync(path, 'utf8').matchAll(/from '(\.[^']+\.ts)'/g)].map(([, to]) =>
      resolve(dirname(path), to),
    );
    opens.set(
      path,
      imported.some((to) => existsSync(to) && opensAdapter(to)),
    );
  }
  return opens.get(path);
};

let wgsl = 0;
const written = readdirSync('test', { recursive: true }).map((file) => join('test', file));
for (const file of written.filter((name) => name.endsWith('.test.ts') && opensAdapter(resolve(name)))) {
  const passed = count('passed', files.get(file)?.tests ?? []);
  if (passed === 0) problems.push(`${file} opens an adapter, but none of its tests passed`);
  wgsl += passed;
}
if (wgsl === 0) problems.push('no test ran on WGSL');
for (const [name, { broke }] of files) if (broke) problems.push(`${name} could not be run`);
const idle = tests.length - count('passed') - count('failed');
if (idle > 0) problems.push(`${idle} tests did not run`);

for (const problem of problems) console.log(problem);
console.log(`${tests.length} tests in ${files.size} files; ${wgsl} of them passed on WGSL`);
const broken = [...files.values()].filter(({ broke }) => broke).length;
console.log(`${count('passed')} passed, ${count('failed') + broken} failed`);
process.exitCode = problems.length === 0 && count('failed') === 0 ? 0 : 1;
