import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start } from '../../src/index.ts';
import { readSafetensors, saveWeights } from '../../src/weights/index.ts';
import { sinter } from './run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const library = new URL('../../src/index.ts', import.meta.url).href;
let folder = '';

const MODEL = `import { defineModule, nn, optim } from '${library}';

export const digits = defineModule('digits', (m) => {
  const batch = m.size('batch', { max: 4 });
  const x = m.input('x', { shape: [batch, 3], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const isOut = m.input('is out', { shape: [batch], dtype: 'bool' });
  const logits = nn.dense(x.cast('f32'), 2, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
  m.entry('predict', { label: isOut.where(-1, logits.argmax(1).cast('f32')).cast('i32'), logits });
  m.entry('count', { updates: [{ state: m.state('n', { shape: [], dtype: 'u32' }), next: m.literal([7], { shape: [], dtype: 'u32' }) }] });
});
`;

/** What a user of both programs writes: what is refused, and what comes back. */
const USE = `import { start as onGpu } from 'sinter/runtime';
import { start } from 'sinter/runtime/wasm';
import type { Program } from './digits.program.d.ts';
import type { Program as GpuProgram } from './gpu.program.d.ts';
import bundled from './gpu.program.js';

export async function use(x: Uint8Array): Promise<readonly [Int32Array, Float32Array]> {
  const program: Program = await (await fetch('digits.program.json')).json();
  const session = await start(program, { initial: { 'output.bias': [0, 0] } });
  const { label } = await session.run('predict', { x, 'is out': [0, 1] }, { sizes: { batch: 2 } });
  // @ts-expect-error there is no such entry
  await session.run('nope', {});
  // @ts-expect-error it reads "is out" too
  await session.run('predict', { x });
  // @ts-expect-error there is no such state
  await session.read('output.weights');
  // @ts-expect-error there is no such state
  await session.write('output.weights', [1]);
  // @ts-expect-error there is no such run-time scalar
  await session.train({ data: { x, y: [0] }, params: { rate: 1 } });
  const [{ scalars } = { scalars: { loss: 0 } }] = await session.train({ data: { x, y: [0] }, params: { lr: 1 } });
  const loss: number = scalars.loss;
  const { outputs } = await session.evaluate('predict', { data: { x, 'is out': [loss] } });
  // @ts-expect-error labels have rows
  (await session.evaluate('predict', { data: { x, 'is out': [0] } })).scalars.label;
  await session.run('count');
  // @ts-expect-error it is for another runtime
  await onGpu(program);
  const gpu: GpuProgram = JSON.parse('');
  const { logits } = await (await onGpu(gpu)).run('predict', { x, 'is out': [0] });
  // @ts-expect-error there is no such entry
  await (await onGpu(bundled)).run('nope', {});
  const weight: Float32Array = (await session.read('output.weight')).data;
  return [label.data, outputs.logits.data.length > 0 ? logits.data : weight];
}
`;

const STRICT = {
  module: 'nodenext',
  target: 'es2023',
  lib: ['es2024', 'dom', 'dom.iterable', 'dom.asynciterable'],
  types: [],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  isolatedModules: true,
  verbatimModuleSyntax: true,
  // For the library's declarations beside those of the DOM; those of the programs are checked as a copy.
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  noEmit: true,
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-build-'));
  writeFileSync(join(folder, 'digits.ts'), MODEL);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
});
afterAll(() => rmSync(folder, { recursive: true }));

const built = (...args: string[]) => sinter(['build', join(folder, 'digits.ts'), ...args]);
const bytesOf = (file: string): Buffer => readFileSync(join(folder, file));

describe('sinter build', () => {
  test('writes the program and its types beside the file, and says how many bytes each has', async () => {
    const { code, out, err } = await built('--target', 'wasm');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const size = (file: string): string => `${bytesOf(file).length.toLocaleString('en')} bytes`;
    expect(out.split('\n')).toEqual([
      'digits for wasm',
      `${join(folder, 'digits.program.json')}  ${size('digits.program.json')}`,
      `${join(folder, 'digits.program.js')}    ${size('digits.program.js')}`,
      `${join(folder, 'digits.program.d.ts')}  ${size('digits.program.d.ts')}`,
      '',
    ]);
    const again = await built('--target', 'wasm');
    expect(again.out.match(/, in place of the one before/g)).toHaveLength(3);
    expect(readdirSync(folder).filter((file) => file.endsWith('.partial'))).toEqual([]);
    const session = await start(JSON.parse(bytesOf('digits.program.json').toString()));
    expect(Object.keys(session.program.entries)).toEqual(['train', 'predict', 'count']);
    session.dispose();
  });

  test('says in types what each name is, and its shape', () => {
    const text = bytesOf('digits.program.d.ts').toString();
    expect(text).toContain("import type { WasmProgram as Json, Typed } from 'sinter/runtime/wasm';");
    expect(text).toContain(
      '/** Reads x: u8[batch, 3]; y: i32[batch], from 0 to 1. Gives loss: f32, one number. */',
    );
    expect(text).toContain("    /** bool[batch], 0 or 1 */\n    readonly 'is out': 'bool';");
    expect(text).toContain('      readonly inputs: never;\n      readonly outputs: {\n      };');
    expect(text).toContain("/** batch is 4 at most. */\n  readonly sizes: 'batch';");
  });

  test('makes types that hold a session of either runtime to the program, under strict settings', async () => {
    expect((await built('--target', 'webgpu', '--name', 'gpu')).code).toBe(0);
    writeFileSync(join(folder, 'use.ts'), USE);
    writeFileSync(join(folder, 'declared.ts'), bytesOf('digits.program.d.ts'));
    const paths = {
      'sinter/runtime': [join(root, 'src/runtime/index.ts')],
      'sinter/runtime/wasm': [join(root, 'src/runtime/wasm/index.ts')],
    };
    const files = ['use.ts', 'declared.ts', join(root, 'types/node.d.ts')];
    const compilerOptions = { ...STRICT, paths, useDefineForClassFields: false };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const tsc = join(root, 'node_modules/.bin/tsc');
    const printed = await promisify(execFile)(tsc, ['-p', folder]).then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    );
    expect(printed).toBe('');
  });

  test('writes a module by which a bundler puts the program into a page', async () => {
    const { outputFiles } = await build({
      entryPoints: [join(folder, 'digits.program.js')],
      bundle: true,
      format: 'iife',
      globalName: 'bundled',
      write: false,
    });
    const program: unknown = runInNewContext(`${outputFiles[0]?.text}; bundled.default`);
    expect(JSON.stringify(program)).toBe(bytesOf('digits.program.json').toString());
  });

  test('writes first values, or those that were saved, for a session to load', async () => {
    expect((await built('--target', 'wasm', '--weights', '--seed', '3')).code).toBe(0);
    const program = JSON.parse(bytesOf('digits.program.json').toString());
    const session = await start(program, { seed: 3 });
    const first = await session.read('output.weight');
    const { tensors } = readSafetensors(bytesOf('digits.weights.safetensors'));
    const weight = tensors.get('output.weight');
    expect(weight?.shape).toEqual([3, 2]);
    expect(new Float32Array(Uint8Array.from(weight?.data ?? []).buffer)).toEqual(first.data);
    await session.write('output.bias', [5, 6]);
    writeFileSync(join(folder, 'saved'), await session.save());
    session.dispose();
    const trained = await built(
      '--target',
      'wasm',
      '--weights',
      join(folder, 'saved'),
      '--out',
      join(folder, 'new'),
    );
    expect(trained.code).toBe(0);
    const other = await start(program);
    await other.load(bytesOf('new/digits.weights.safetensors'));
    expect((await other.read('output.bias')).data).toEqual(Float32Array.of(5, 6));
    other.dispose();
  });

  test('takes weights without a session, and says which they lack', async () => {
    expect((await built('--target', 'wasm')).code).toBe(0);
    const program = JSON.parse(bytesOf('digits.program.json').toString());
    const session = await start(program, { seed: 7 });
    await session.write('output.bias', [5, 6]);
    const path = join(folder, 'weights.safetensors');
    writeFileSync(path, await saveWeights(session));
    expect((await built('--target', 'wasm', '--weights', path)).code).toBe(0);
    const other = await start(program);
    await other.load(bytesOf('digits.weights.safetensors'));
    for (const name of ['output.weight', 'output.bias'])
      expect(await other.read(name)).toEqual(await session.read(name));
    writeFileSync(path, await saveWeights(session, { only: 'output.bias' }));
    const { code, err } = await built('--target', 'wasm', '--weights', path);
    expect([code, err]).toEqual([
      2,
      `sinter: --weights ${path} does not fit:\n1 states loaded\n1 missing in the file:\n  output.weight\n`,
    ]);
    for (const one of [session, other]) one.dispose();
  });

  test.each([
    [['--name', '../digits'], '--name ../digits: it must be the beginning of a file’s name'],
    [['--weights', 'nowhere'], '--weights nowhere: cannot be read: there is no such file (ENOENT)'],
    [['--seed', '3'], '--seed is of first values'],
    [['--seed', '3', '--weights', 'nowhere'], '--seed is of first values'],
    [
      ['--weights', '--seed', '4294967296'],
      '--seed 4294967296: it must be a whole number from 0 to 4294967295',
    ],
    [['--target', 'cuda'], 'Allowed choices are auto, webgpu, webgpu-software, wasm'],
  ])('is refused, and nothing written, with %j', async (args, text) => {
    const { code, err } = await built('--out', join(folder, 'none'), '--target', 'wasm', ...args);
    expect(code).toBe(2);
    expect(err.replace("'s name", '’s name')).toContain(text);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  test('refuses weights of another module, and says what they lack', async () => {
    writeFileSync(join(folder, 'other'), 'no weights');
    const { code, err } = await built('--target', 'wasm', '--weights', join(folder, 'other'));
    expect(code).toBe(2);
    expect(err).toContain('other does not fit: it is not a safetensors file: ');
  });
});
