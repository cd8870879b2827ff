// Reads vitest's JSON: how many tests passed and failed, how many of them ran WGSL. Exits with 1 where one
// failed or did not run, or where a file that opens an adapter has no passed test "on WGSL".
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const files = testResults.map(({ name, assertionResults, status }) => ({
  name: relative(process.cwd(), name),
  broke: status === 'failed' && assertionResults.length === 0,
  opensAdapter: /from '[^']*\/software(Adapter|Device)\.ts'/.test(readFileSync(name, 'utf8')),
  tests: assertionResults.map(({ fullName, status }) => ({ fullName, status })),
}));
const tests = files.flatMap((file) => file.tests);
const count = (status, of = tests) => of.filter((test) => test.status === status).length;
const isWgsl = ({ fullName }) => /\bon WGSL\b/.test(fullName);
const problems = [];

for (const { name, broke, opensAdapter, tests: own } of files) {
  if (broke) problems.push(`${name} could not be run`);
  if (opensAdapter && count('passed', own.filter(isWgsl)) === 0)
    problems.push(`${name} opens an adapter, but none of its tests ran on WGSL`);
}
const wgsl = count('passed', tests.filter(isWgsl));
if (wgsl === 0) problems.push('no test ran on WGSL');
const idle = tests.length - count('passed') - count('failed');
if (idle > 0) problems.push(`${idle} tests did not run`);

for (const problem of problems) console.log(problem);
console.log(`${tests.length} tests in ${files.length} files; ${wgsl} passed on WGSL`);
console.log(`${count('passed')} passed, ${count('failed') + files.filter(({ broke }) => broke).length} failed`);
process.exitCode = problems.length === 0 && count('failed') === 0 ? 0 : 1;
