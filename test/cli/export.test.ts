import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { w1 } from '../../bench/workloads.ts';
import { compile } from '../../src/index.ts';
import { type Manifest, stableHloArtifact, toStableHlo } from '../../src/stablehlo/index.ts';
import { sinter } from './run.ts';

const W1 = 'bench/workloads.ts#w1';
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-export-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const bytesOf = (...path: string[]): Buffer => readFileSync(join(folder, ...path));

describe('sinter export', () => {
  test('writes a folder of StableHLO in place of the one before, and says how many bytes each file has', async () => {
    const out = join(folder, 'w1');
    const args = ['export', W1, '--format', 'stablehlo', '--out', out];
    const { code, out: said, err } = await sinter(args);
    expect([code, err]).toEqual([0, '']);
    const files = ['manifest.json', 'train.mlir', 'predict.mlir', 'weights.safetensors'];
    expect(readdirSync(out).sort()).toEqual([...files].sort());
    for (const file of files)
      expect(said).toMatch(new RegExp(`${file} +${bytesOf('w1', file).length.toLocaleString('en')} bytes\n`));
    expect(
      bytesOf('w1', 'train.mlir')
        .toString()
        .match(/stablehlo\.dot_general/g),
    ).toHaveLength(5);
    const again = await sinter(args);
    expect(again.out.match(/in place of the one before/g)).toHaveLength(4);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    const manifest: Manifest = JSON.parse(bytesOf('w1', 'manifest.json').toString());
    expect(manifest).toEqual(stableHloArtifact(w1, { producer: `sinter ${version}` }).manifest);
  });

  test('writes states that a session loads: first values of a seed, or those that were saved', async () => {
    const session = await (await compile(w1, { target: 'wasm' })).start({ seed: 3, threads: 1 });
    const out = join(folder, 'first.safetensors');
    expect((await sinter(['export', W1, '--out', out, '--seed', '3'])).code).toBe(0);
    expect(bytesOf('first.safetensors')).toEqual(Buffer.from(await session.save()));
    const { data: first } = await session.read('output.bias');
    await session.write(
      'output.bias',
      Array.from({ length: 10 }, (_, k) => k),
    );
    writeFileSync(join(folder, 'saved'), await session.save());
    const saved = ['--weights', join(folder, 'saved'), '--format', 'stablehlo', '--entry', 'predict'];
    expect((await sinter(['export', W1, '--out', join(folder, 'trained'), ...saved])).code).toBe(0);
    expect(readdirSync(join(folder, 'trained')).sort()).toEqual([
      'manifest.json',
      'predict.mlir',
      'weights.safetensors',
    ]);
    expect(bytesOf('trained', 'weights.safetensors')).toEqual(bytesOf('saved'));
    await session.load(new Uint8Array(bytesOf('first.safetensors')));
    expect((await session.read('output.bias')).data).toEqual(first);
    session.dispose();
  });

  test('writes one entry alone where the ending says so', async () => {
    const out = join(folder, 'predict.mlir');
    expect((await sinter(['export', W1, '--out', out, '--entry', 'predict'])).code).toBe(0);
    expect(bytesOf('predict.mlir').toString()).toBe(toStableHlo(w1, 'predict'));
  });

  test.each([
    [['--out', 'none'], 'its ending says no format; name one by --format: stablehlo, onnx, safetensors'],
    [['--out', 'none', '--format', 'hlo'], 'Allowed choices are stablehlo'],
    [['--format', 'stablehlo'], "required option '--out <path>' not specified"],
    [['--out', '', '--format', 'stablehlo'], '--out is empty'],
    [['--out', 'none.mlir'], 'w1 has several entries: pick one of "train", "predict" by --entry'],
    [['--out', 'none.mlir', '--entry', 'trian'], 'there is no entry "trian" (did you mean "train"?)'],
    [
      ['--out', 'none', '--format', 'stablehlo', '--entry', 'trian'],
      'there is no entry "trian" (did you mean "train"?)',
    ],
    [
      ['--out', 'none.mlir', '--entry', 'predict', '--seed', '3'],
      'none.mlir is a program without values; name a folder to have both',
    ],
    [['--out', 'none.safetensors', '--entry', 'train'], '--entry is of a program'],
    [['--out', 'none.safetensors', '--weights', 'nowhere'], '--weights nowhere: cannot be read'],
  ])('is refused, and nothing written, with %j', async (args, text) => {
    const inside = args.map((arg, k) => (args[k - 1] === '--out' && arg !== '' ? join(folder, arg) : arg));
    const { code, out, err } = await sinter(['export', W1, ...inside]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(text);
    expect(readdirSync(folder).filter((name) => name.startsWith('none'))).toEqual([]);
  });

  test('writes no folder where there is a file, and no file where there is a folder', async () => {
    writeFileSync(join(folder, 'file'), '');
    const file = await sinter(['export', W1, '--format', 'stablehlo', '--out', join(folder, 'file')]);
    expect([file.code, existsSync(join(folder, 'file'))]).toEqual([2, true]);
    expect(file.err).toContain('is a file: --out must name a folder for stablehlo');
    mkdirSync(join(folder, 'folder.safetensors'));
    const other = await sinter(['export', W1, '--out', join(folder, 'folder.safetensors')]);
    expect(other.code).toBe(2);
    expect(readdirSync(join(folder, 'folder.safetensors'))).toEqual([]);
  });
});
