import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawInputs } from '../src/check/draws.ts';
import { compileToWasm, inputSlots } from '../src/compile.ts';
import type { Module } from '../src/graph/index.ts';
import { start } from '../src/runtime/wasm/index.ts';
import { assemble } from './compile/bareWasm.ts';

const folder = new URL('../examples/', import.meta.url);

/** Files that are not examples but what they share; models stand in them, too. */
const shared = ['commandLine.ts', 'corpus.ts', 'digits.ts'];

function isModule(value: unknown): value is Module {
  return typeof value === 'object' && value !== null && 'graph' in value && 'entries' in value;
}

/** Examples that have their model in a file of its own train when they are imported. */
const apart = ['autoencoder.ts', 'fashion-resnet.ts', 'mnist-cnn.ts', 'mnist.ts'];

describe('the model of an example', () => {
  const files = readdirSync(folder).filter((file) => !shared.includes(file) && !apart.includes(file));
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
