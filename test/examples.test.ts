import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { drawInputs } from '../src/check/draws.ts';
import { inputSlots } from '../src/compile.ts';
import { compileToWasm } from '../src/compileToWasm.ts';
import type { Module } from '../src/graph/index.ts';
import { start } from '../src/runtime/wasm/index.ts';
import { loadWeights, readSafetensors, writeSafetensors } from '../src/weights/index.ts';
import { assemble } from './compile/bareWasm.ts';

const folder = new URL('../examples/', import.meta.url);

/** Files that are not examples but what they share; models stand in them, too. */
const shared = ['commandLine.ts', 'corpus.ts', 'digits.ts', 'readers.ts'];

function isModule(value: unknown): value is Module {
  return typeof value === 'object' && value !== null && 'graph' in value && 'entries' in value;
}

/** Examples that have their model in a file of its own train when they are imported. */
const apart = ['autoencoder.ts', 'fashion-resnet.ts', 'mnist-cnn.ts', 'mnist.ts'];

describe('the model of an example', () => {
  const files = readdirSync(folder).filter(
    (file) => file.endsWith('.ts') && !shared.includes(file) && !apart.includes(file),
  );
  it.each(files)('takes a step: %s', async (file) => {
    const found: Record<string, unknown> = await import(new URL(file, folder).href);
    const modules = Object.values(found).filter(isModule);
    expect(modules.length).toBeGreaterThan(0);
    for (const module of modules) {
      const session = await start(compileToWasm(module, assemble).program, { threads: 1 });
      for (const { name } of module.entries) {
        const inputs = drawInputs(module, name, inputSlots(module), 0, 0);
        const given = Object.entries(inputs).map(([input, { data }]) => [input, data]);
        const outputs = await session.run(name, Object.fromEntries(given));
        for (const { data } of Object.values(outputs)) expect([...data].every(Number.isFinite)).toBe(true);
      }
      session.dispose();
    }
  });
});

it('fine-tunes a network, and leaves a program with its weights', async () => {
  const out = mkdtempSync(join(tmpdir(), 'sinter-fine-tune-'));
  // What was made by other options is not taken for what these make.
  writeFileSync(join(out, 'base.safetensors'), writeSafetensors(new Map(), { made: '{"known":20000}' }));
  const quick = ['--known', '256', '--digits', '80', '--epochs', '2', '--target', 'wasm', '--threads', '1'];
  const example = fileURLToPath(new URL('fine-tune.ts', folder));
  const tsx = createRequire(import.meta.url).resolve('tsx/cli');
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [tsx, example, '--out', out, ...quick]);
  expect(stdout).toContain('4 states loaded');
  expect(stdout).toMatch(/^test accuracy: [\d.]+ %, before [\d.]+ %$/m);
  const session = await start(JSON.parse(readFileSync(join(out, 'tuned.program.json'), 'utf8')));
  const base = readSafetensors(readFileSync(join(out, 'base.safetensors')));
  const tuned = readFileSync(join(out, 'tuned.safetensors'));
  const report = await loadWeights(session, tuned);
  expect(report.loaded).toHaveLength(8);
  // What was frozen is what was learned first; what was not is not.
  for (const [name, { data }] of readSafetensors(tuned).tensors)
    if (name.startsWith('features.')) expect(data).toEqual(base.tensors.get(name)?.data);
  session.dispose();
  rmSync(out, { recursive: true });
});
