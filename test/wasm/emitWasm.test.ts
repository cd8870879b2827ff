import { describe, expect, it } from 'vitest';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { defineModule } from '../../src/graph/index.ts';
import { init } from '../../src/nn/index.ts';
import { DeviceError, start } from '../../src/runtime/wasm/index.ts';
import { assemble } from '../compile/bareWasm.ts';

describe('the program of a module for WebAssembly', () => {
  it('runs the entry that is asked for, whatever entries and inputs are called', async () => {
    const names = ['10', 'constructor', '2', 'a "b" (; ;) ;;', 'ﬁ 名'];
    const module = defineModule('"name" (module', (m) => {
      const x = m.input('x\'"(;', { shape: [5] });
      for (const [k, name] of names.entries()) m.entry(name, { out: x.add(100 * k) });
    });
    const session = await start(compileToWasm(module, assemble).program, { threads: 1 });
    for (const [k, name] of names.entries()) {
      const { out } = await session.run(name, { 'x\'"(;': [1, 2, 3, 4, 5] });
      expect([...(out?.data ?? [])], name).toEqual([1, 2, 3, 4, 5].map((v) => v + 100 * k));
    }
    session.dispose();
  });

  it('computes integers as integers where another entry computes the same of floats', async () => {
    const module = defineModule('places', (m) => {
      for (const dtype of ['f32', 'i32', 'u32'] as const) {
        const x = m.input(dtype, { shape: [5, 5], dtype });
        m.entry(`largest ${dtype}`, { at: x.argmax() });
      }
    });
    const session = await start(compileToWasm(module, assemble).program, { threads: 1 });
    const x = Array.from({ length: 25 }, (_, k) => (k * 7) % 23);
    for (const dtype of ['f32', 'i32', 'u32']) {
      const { at } = await session.run(`largest ${dtype}`, { [dtype]: x });
      expect([...(at?.data ?? [])], dtype).toEqual([x.indexOf(22)]);
    }
    session.dispose();
  });

  it('is refused where its plan is larger than WebAssembly can address, with the bytes of its peak', () => {
    const large = (elements: number) =>
      defineModule('large', (m) => {
        m.entry('run', { total: m.state('weights', { shape: [elements], init: init.zeros() }).sum() });
      });
    const { buffers, memory } = compileToWasm(large(2 ** 29), assemble).program;
    expect([buffers.state, memory.bytes > 2 ** 31]).toEqual([2 ** 31, true]);
    const compiling = () => compileToWasm(large(2 ** 30 + 2 ** 28), assemble);
    expect(compiling).toThrow(DeviceError);
    expect(compiling).toThrow(
      /^the plan of large needs 53687\d+ bytes at its peak; WebAssembly can address 4294967296: /,
    );
  });
});
