import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operators } from '../../src/onnx/in/operators/table.ts';
import { runPython } from './environment.ts';
import { type NodeTest, type Outcome, outcomeOf } from './onnxNodeTests.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-onnx-nodes-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("operators give what ONNX's own tests of them say", () => {
  const path = join(folder, 'nodes.jsonl');
  runPython('onnxNodes.py', path);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const tests = lines.map((line): NodeTest => JSON.parse(line));
  const outcomes = tests.map((one) => [one, outcomeOf(one)] as const);
  console.log(report(outcomes));
  const failed = outcomes.flatMap(([{ name }, outcome]) =>
    outcome.kind === 'failed' ? [`${name}: ${outcome.why}`] : [],
  );
  expect(failed).toEqual([]);
  const passed = outcomes.filter(([, { kind }]) => kind === 'passed');
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
  expect(readme).toContain(
    `It reads ${Object.keys(operators).length} operators: of the ${tests.length} tests that ONNX has of its own, ${passed.length} pass`,
  );
}, 1_200_000);

/** How many tests of each operator passed, and what is out of scope, with why. */
function report(outcomes: readonly (readonly [NodeTest, Outcome])[]): string {
  const counts = new Map<string, { passed: number; all: number }>();
  const outside = new Map<string, string[]>();
  for (const [{ name, operators }, outcome] of outcomes) {
    const operator = operators.join('+');
    const count = counts.get(operator) ?? { passed: 0, all: 0 };
    count.all++;
    if (outcome.kind === 'passed') count.passed++;
    counts.set(operator, count);
    if (outcome.kind !== 'outside') continue;
    // The nodes' own names say nothing here.
    const why = outcome.why.replace(/ by (\d+ )?nodes? ("[^"]*"(, )?)+…?/, ' ').trim();
    outside.set(why, [...(outside.get(why) ?? []), name]);
  }
  const passed = outcomes.filter(([, { kind }]) => kind === 'passed').length;
  const given = outcomes.filter(([, own]) => own.kind === 'passed' && own.given).length;
  const single = [...counts].filter(([operator, own]) => own.passed > 0 && !operator.includes('+'));
  return [
    `${passed} of ${outcomes.length} tests passed, ${given} of them with arguments as initializers`,
    single
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([operator, own]) => `${operator} ${own.passed}/${own.all}`)
      .join(', '),
    'out of scope:',
    ...[...outside]
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([why, names]) => `${String(names.length).padStart(4)}  ${why}`),
  ].join('\n');
}
