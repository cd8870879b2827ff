import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-bad-'));
  // Without it these are CommonJS to Node, which has no top level that waits.
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Summarises a file, as a process of its own: what a file does to its process is what is tested. */
function summary(
  name: string,
  content: string | Uint8Array,
  timeout = 60,
): Promise<{ code: unknown; out: string; err: string }> {
  const file = join(folder, name);
  writeFileSync(file, content);
  const argv = ['--import', 'tsx', 'src/cli/main.ts', 'summary', file, '--load-timeout', String(timeout)];
  return new Promise((done) => {
    execFile(process.execPath, argv, { cwd: root, env: { PATH: process.env.PATH } }, (error, out, err) =>
      done({ code: error === null ? 0 : error.code, out, err: err.replaceAll(folder, '') }),
    );
  });
}

test.each([
  [
    'an endless loop',
    'loop.ts',
    'const step = (k: number): number => {\n  for (;;) k = (k * 3) % 7;\n};\nstep(1);\n',
    'it ran for 1 s without an end, as an endless loop does; --load-timeout SECONDS waits longer  at loop.ts:2',
    1,
  ],
  [
    'a wait that keeps itself alive',
    'wait.ts',
    'export {};\nsetInterval(() => {}, 50);\nawait new Promise(() => {});\n',
    'it waited for 1 s at its top level, for what did not come; --load-timeout SECONDS waits longer',
    1,
  ],
  [
    'a wait for nothing',
    'nothing.ts',
    'export {};\nawait new Promise(() => {});\n',
    'it waits at its top level for what can never come: nothing is left that would end it',
    60,
  ],
  [
    'a syntax error of TypeScript',
    'syntax.ts',
    'export const a = 1;\nconst b: number = ;\n',
    'Unexpected ";"  at syntax.ts:2',
    60,
  ],
  [
    'a syntax error of JavaScript',
    'syntax.mjs',
    'export const a = 1;\nconst b = ;\n',
    "Unexpected token ';'  at syntax.mjs:2",
    60,
  ],
  [
    'a message with control characters',
    'throws.ts',
    "export {};\nthrow new Error('<b>\\u001b[31m');\n",
    '<b>\\u{1b}[31m  at throws.ts:2',
    60,
  ],
])(
  'a file with %s ends the command with 2, its reason and its place',
  async (_, name, content, message, timeout) => {
    expect(await summary(name, content, timeout)).toEqual({
      code: 2,
      out: '',
      err: `sinter: /${name} cannot be loaded: ${message}\n`,
    });
  },
);

test.each([
  ['bytes, and no text in UTF-8', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1])],
  ['bytes, and no text in UTF-8', new Uint8Array([0xff, 0xfe, 0x41])],
  ['a page of markup', '\n<!DOCTYPE html><html></html>'],
  ['JSON', '{ "name": [1, 2] }'],
  ['nothing: it is empty', ''],
])('a file that holds %s is told by that', async (what, content) => {
  const { code, err } = await summary('other.ts', content);
  expect([code, err]).toEqual([
    2,
    `sinter: /other.ts holds ${what}: name a file of JavaScript or TypeScript that exports a module\n`,
  ]);
});

test.each([
  ['that Node calls', 'structuredClone({\n  get all() { for (;;); },\n});\n', 2],
  ['of promises', 'export {};\nfor (;;) await null;\n', 2],
  ['of ticks', 'const tick = () => process.nextTick(tick);\ntick();\nawait new Promise(() => {});\n', 1],
])('an endless loop %s is told with its line', async (_, content, line) => {
  expect(await summary('within.mjs', content, 1)).toEqual({
    code: 2,
    out: '',
    err: `sinter: /within.mjs cannot be loaded: it ran for 1 s without an end, as an endless loop does; --load-timeout SECONDS waits longer  at within.mjs:${line}\n`,
  });
});

test('a file that is too large to be read in time is told by that', async () => {
  const line = 'export const rows = [0.5, 0.25, 0.125, 0.0625, 0.03125];\n';
  const content = Array.from({ length: 2 ** 20 }, (_, k) => line.replace('rows', `rows${k}`)).join('');
  expect(await summary('large.ts', content, 1)).toEqual({
    code: 2,
    out: '',
    err: 'sinter: /large.ts cannot be loaded: it, or what it imports, was still being read and compiled after 1 s; --load-timeout SECONDS waits longer\n',
  });
});

test('a model that ends the process is told, and is no success', async () => {
  expect(await summary('exits.ts', 'process.exit(0);\n')).toEqual({
    code: 2,
    out: '',
    err: 'sinter: /exits.ts cannot be loaded: it ended the process, as process.exit() does\n',
  });
});

test('what a model leaves running does not keep the command alive', async () => {
  const sources = JSON.stringify(join(root, 'src/index.ts'));
  const model = `import { defineModule } from ${sources};
setInterval(() => {}, 50);
export const left = defineModule('left', (m) => {
  const x = m.input('x', { shape: [2, 3] });
  return { f: m.entry('f', { y: x.add(1) }) };
});
`;
  const { code, err } = await summary('left.ts', model);
  expect([code, err]).toEqual([0, '']);
});
