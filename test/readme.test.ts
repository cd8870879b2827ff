import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const run = promisify(execFile);

/** The examples by the names of their files, which the sentence before an example may begin with. */
const examples = new Map(
  [...readme.matchAll(/^(?:`(\w+\.ts)`[^`]*\n\n)?```ts\n([\s\S]*?)^```$/gm)].map(
    ([, name, code = ''], k) => [name ?? `example${k}.ts`, code] as const,
  ),
);

describe('the examples of README.md', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sinter-readme-'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    // As in the project, `sinter` is its sources.
    const doors = {
      sinter: 'index',
      'sinter/node': 'node/index',
      'sinter/runtime/wasm': 'runtime/wasm/index',
    };
    const paths = Object.fromEntries(
      Object.entries(doors).map(([name, file]) => [name, [join(root, `src/${file}.ts`)]]),
    );
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { paths, noUnusedLocals: false },
      include: ['*.ts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    for (const [name, code] of examples) writeFileSync(join(folder, name), code);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('all type-check as they stand', async () => {
    expect(examples.size).toBeGreaterThan(1);
    const tsc = run(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: folder });
    const printed = await tsc.then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    );
    expect(printed).toBe('');
  });

  test('the first one runs on WebAssembly, as it stands but over the first 1,280 digits only', async () => {
    const written = examples.get('train.ts') ?? '';
    const shorter = written
      .replace('x: train.images', 'x: train.images.subarray(0, 1280 * 784)')
      .replace('y: train.labels', 'y: train.labels.subarray(0, 1280)');
    expect(shorter.length).toBe(
      written.length + '.subarray(0, 1280 * 784)'.length + '.subarray(0, 1280)'.length,
    );
    writeFileSync(join(folder, 'first.ts'), shorter);
    const { stdout } = await run(join(root, 'node_modules/.bin/tsx'), ['first.ts'], { cwd: folder });
    expect(stdout).toMatch(/^train: 3 dispatches a step/m);
    expect(stdout).toMatch(/^epoch 1: loss [0-9.]+$/m);
    expect(stdout).toMatch(/^the first three digits: \[ \d, \d, \d \]$/m);
  });
});

describe('what README.md promises', () => {
  test('the two commands stand in it, and their scripts exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    for (const [command, script] of [
      ['npm ci && npm run mnist', 'mnist'],
      ['npm ci && npm test', 'test'],
    ] as const) {
      expect(readme).toContain(command);
      expect(scripts).toHaveProperty(script);
    }
  });

  test('every file that it links to exists', () => {
    const links = [...readme.matchAll(/\]\(([\w./]+)\)/g)].map(([, file = '']) => file);
    expect(links.length).toBeGreaterThan(2);
    for (const file of links) expect(readFileSync(join(root, file), 'utf8').length).toBeGreaterThan(100);
  });
});
