import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { link, userFolder } from './install.ts';
import { bin, run } from './run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const installed = inject('installed');
const command = join(installed.folder, 'node_modules', '.bin', 'sinter');

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
import { readImage } from 'sinter/browser';
import { DataStream } from 'sinter/data';
import { readIdx } from 'sinter/node';
import { start, type Program, type Session } from 'sinter/runtime';
import { start as startWasm, type WasmProgram } from 'sinter/runtime/wasm';
import { fit } from 'sinter/train';
import { line } from './model.ts';

const compiled: CompiledProgram = await compile(line, { target: 'webgpu' });
const program: Program = JSON.parse(JSON.stringify(compiled.program));
const open: () => Promise<Session> = () => start(program, { seed: 1 });
const openWasm: (program: WasmProgram) => Promise<Session> = (program) => startWasm(program, { threads: 2 });
console.log(JSON.stringify({
  dispatches: compiled.entry('train').dispatches.length,
  kernels: program.kernels.length,
  doors: [typeof open, typeof openWasm, typeof readIdx, typeof DataStream.from, typeof readImage, typeof fit],
}));
`;

// Line 3 does not fit.
const BROKEN = `import { defineModule } from 'sinter';
export const broken = defineModule('broken', (m) =>
  m.entry('run', { y: m.input('x', { shape: [2, 3] }).matmul(m.input('z', { shape: [2, 3] })) }),
);
`;

describe('the package, packed and installed in an empty folder', () => {
  const folder = userFolder(installed, 'program');
  const inside = (command: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    run(folder, command, ...args);

  beforeAll(() => {
    writeFileSync(join(folder, 'model.ts'), MODEL);
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
  });

  test('holds the build and the documents, and neither tests nor sources', () => {
    const { files } = installed;
    const folders = new Set(files.map((file) => file.split('/')[0]));
    expect([...folders].sort()).toEqual(
      [
        'ARCHITECTURE.md',
        'CHANGELOG.md',
        'LICENSE',
        'OPERATIONS.md',
        'README.md',
        'dist',
        'package.json',
      ].sort(),
    );
    expect(files).toContain('dist/index.d.ts');
    expect(files).toContain('dist/cli/main.js');
    // Maps with sources were 60 % of the package. What is built reads like its source, without maps.
    expect(files.filter((file) => !/\.(d\.ts|js|md|json)$|^LICENSE$/.test(file))).toEqual([
      'dist/report.html',
    ]);
  });

  test('type-checks and compiles a model, through each of its doors', async () => {
    const config = {
      compilerOptions: {
        module: 'esnext',
        moduleResolution: 'bundler',
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
    await inside(bin('tsc'), '-p', '.');
    const { stdout } = await inside(bin('tsx'), 'program.ts');
    const made = JSON.parse(stdout);
    expect(made.dispatches).toBeGreaterThan(0);
    expect(made.kernels).toBeGreaterThan(0);
    expect(made.doors).toEqual(Array.from({ length: 6 }, () => 'function'));
  });

  test('gives the command, which says what it lacks to read TypeScript, and reads it once it is there', async () => {
    const readsTypeScript = 'typescript' in process.features && Boolean(process.features.typescript);
    if (!readsTypeScript) {
      const failed: unknown = await inside(command, 'inspect', 'model.ts').catch((error: unknown) => error);
      expect(failed).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/install tsx beside the model/),
      });
      link(folder, ['tsx']);
    }
    const { stdout } = await inside(command, 'inspect', 'model.ts', '--target', 'webgpu', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'line', target: 'webgpu' });
  });

  test('reads models of CommonJS and compiles for what is at hand there, with two copies of the package', async () => {
    const common = userFolder(installed, 'common', ['tsx']);
    writeFileSync(join(common, 'package.json'), '{ "private": true, "type": "commonjs" }\n');
    writeFileSync(join(common, 'model.ts'), MODEL);
    const { stdout } = await run(common, command, 'inspect', 'model.ts', '--target', 'wasm', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'line', target: 'wasm' });
    const program = `import { compile } from 'sinter';
import * as models from './model.ts';
const main = async () => console.log((await compile(Object.values(models)[0])).target);
main();
`;
    writeFileSync(join(common, 'compile.ts'), program);
    const compiled = await run(common, bin('tsx'), 'compile.ts');
    expect(compiled.stdout).toMatch(/^(webgpu|wasm)$/m);
  });

  test("names the user's line where lines are mapped and where they are not", async () => {
    writeFileSync(join(folder, 'broken.ts'), BROKEN);
    writeFileSync(join(folder, 'broken.mjs'), BROKEN);
    const tsx = bin('tsx');
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
      join(installed.folder, 'node_modules', 'sinter', 'dist', 'cli', 'main.js'),
      'inspect',
      'model.ts',
      '--verbose',
    );
    expect(stdout).toContain("update line.weight'  at model.ts:8");
    expect(stdout).not.toMatch(/ {2}at (?!model\.ts:)/);
  });
});
