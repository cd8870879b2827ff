import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

const MODEL = `
import { defineModule, nn, optim } from 'sinter';

export const line = defineModule('line', (m) => {
  const x = m.input('x', { shape: [4, 1] });
  const y = m.input('y', { shape: [4, 1] });
  const loss = nn.mse(nn.dense(x, 1, { name: 'line' }), y);
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
});
`;

// What a user of the types writes; it is checked, and run.
const PROGRAM = `
import { compile, type CompiledProgram } from 'sinter';
import { readIdx } from 'sinter/node';
import { start, type Program, type Session } from 'sinter/runtime';
import { start as startWasm, type WasmProgram } from 'sinter/runtime/wasm';
import { line } from './model.ts';

const compiled: CompiledProgram = await compile(line, { target: 'webgpu' });
const program: Program = JSON.parse(JSON.stringify(compiled.program));
const open: () => Promise<Session> = () => start(program, { seed: 1 });
const openWasm: (program: WasmProgram) => Promise<Session> = (program) => startWasm(program, { threads: 2 });
console.log(JSON.stringify({
  dispatches: compiled.entry('train').dispatches.length,
  kernels: program.kernels.length,
  doors: [typeof open, typeof openWasm, typeof readIdx],
}));
`;

// Line 3 does not fit.
const BROKEN = `import { defineModule } from 'sinter';
export const broken = defineModule('broken', (m) =>
  m.entry('run', { y: m.input('x', { shape: [2, 3] }).matmul(m.input('z', { shape: [2, 3] })) }),
);
`;

describe('the package, packed and installed in an empty folder', () => {
  let folder = '';
  let files: string[] = [];
  const inside = (command: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    run(command, args, { cwd: folder });

  beforeAll(async () => {
    // With a space, as folders of people have.
    folder = mkdtempSync(join(tmpdir(), 'sinter package-'));
    const { stdout } = await run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], {
      cwd: root,
      maxBuffer: 1 << 24,
    });
    const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[')));
    files = packed.files.map((file: { path: string }) => file.path);
    writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
    // Dawn is optional and large: compiling needs no device.
    const options = ['--prefer-offline', '--omit=optional', '--no-audit', '--no-fund', '--silent'];
    await inside('npm', 'i', ...options, join(folder, packed.filename));
    writeFileSync(join(folder, 'model.ts'), MODEL);
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('holds the build and the documents, and neither tests nor sources', () => {
    const folders = new Set(files.map((file) => file.split('/')[0]));
    expect([...folders].sort()).toEqual(
      ['ARCHITECTURE.md', 'CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json'].sort(),
    );
    expect(files).toContain('dist/index.d.ts');
    expect(files).toContain('dist/cli/main.js');
    // Maps with sources were 60 % of the package. What is built reads like its source, without maps.
    expect(files.filter((file) => !/\.(d\.ts|js|md|json)$|^LICENSE$/.test(file))).toEqual([]);
  });

  test('type-checks and compiles a model, through each of its doors', async () => {
    const config = {
      compilerOptions: {
        module: 'nodenext',
        target: 'es2023',
        lib: ['es2024', 'dom'],
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
        strict: true,
        allowImportingTsExtensions: true,
        noEmit: true,
      },
      include: ['*.ts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    await inside(join(root, 'node_modules/.bin/tsc'), '-p', '.');
    const { stdout } = await inside(join(root, 'node_modules/.bin/tsx'), 'program.ts');
    const made = JSON.parse(stdout);
    expect(made.dispatches).toBeGreaterThan(0);
    expect(made.kernels).toBeGreaterThan(0);
    expect(made.doors).toEqual(['function', 'function', 'function']);
  });

  test('bundles for browsers, where nothing of Node and of Dawn is left', async () => {
    writeFileSync(
      join(folder, 'page.mjs'),
      "export * from 'sinter';\nexport * as wasm from 'sinter/runtime/wasm';\n",
    );
    const options = ['--bundle', '--format=esm', '--outfile=page.js'];
    await inside(join(root, 'node_modules/.bin/esbuild'), 'page.mjs', '--log-level=error', ...options);
    const bundle = readFileSync(join(folder, 'page.js'), 'utf8');
    expect(bundle).toContain('defineModule');
    expect(bundle).not.toMatch(/(from|import\(|require\() ?["'](node:|webgpu)/);
    expect(bundle).not.toContain('libvulkan');
  });

  test('gives the command, which says what it lacks to read TypeScript, and reads it once it is there', async () => {
    const command = join('node_modules', '.bin', 'sinter');
    const readsTypeScript = 'typescript' in process.features && Boolean(process.features.typescript);
    if (!readsTypeScript) {
      const failed: unknown = await inside(command, 'inspect', 'model.ts').catch((error: unknown) => error);
      expect(failed).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/install tsx beside the model/),
      });
      mkdirSync(join(folder, 'node_modules'), { recursive: true });
      symlinkSync(join(root, 'node_modules/tsx'), join(folder, 'node_modules/tsx'));
    }
    const { stdout } = await inside(command, 'inspect', 'model.ts', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'line', target: 'webgpu' });
  });

  test("names the user's line where lines are mapped and where they are not", async () => {
    writeFileSync(join(folder, 'broken.ts'), BROKEN);
    writeFileSync(join(folder, 'broken.mjs'), BROKEN);
    const tsx = join(root, 'node_modules/.bin/tsx');
    for (const [command, ...args] of [
      [tsx, 'broken.ts'],
      [process.execPath, '--enable-source-maps', 'broken.mjs'],
      [process.execPath, 'broken.mjs'],
    ] as const) {
      const failed: unknown = await inside(command, ...args).catch((error: unknown) => error);
      expect(failed).toMatchObject({
        stderr: expect.stringMatching(/matmul: .* {2}at broken\.(ts|mjs):3$/m),
      });
    }
    const { stdout } = await inside(
      tsx,
      join('node_modules', 'sinter', 'dist', 'cli', 'main.js'),
      'inspect',
      'model.ts',
    );
    expect(stdout).toContain("update line.weight'  at model.ts:8");
    expect(stdout).not.toMatch(/ {2}at (?!model\.ts:)/);
  });
});
