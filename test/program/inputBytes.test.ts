import { expect, test } from 'vitest';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { defineModule } from '../../src/index.ts';
import { batchBytes } from '../../src/program/inputBytes.ts';
import { Dataset } from '../../src/runtime/dataset.ts';
import type { Engine } from '../../src/runtime/engine.ts';
import { assemble } from '../compile/bareWasm.ts';

const module = defineModule('several', (m) => {
  const [batch, time] = [m.size('batch', { max: 7 }), m.size('time', { max: 5 })];
  const x = m.input('x', { shape: [batch, 3], dtype: 'u8' }).cast('f32');
  const y = m.input('y', { shape: [batch], dtype: 'i32' }).cast('f32');
  const z = m.input('z', { shape: [time, 3] });
  const w = m.input('w', { shape: [11] });
  m.entry('rows', { total: x.sum().add(y.sum()) });
  m.entry('others', { total: z.sum().add(w.sum()) });
});

const { program } = compileToWasm(module, assemble);

test.each([
  ['all inputs', undefined],
  ['those of an entry', program.entries.rows?.inputs],
  ['those of another', program.entries.others?.inputs],
])('bytes of a batch are what the runtime allocates for it: %s', async (_, names) => {
  const asked: number[] = [];
  const engine: Pick<Engine, 'program' | 'allocate' | 'upload'> = {
    program,
    allocate: (words) => {
      asked.push(4 * words);
      return { start: 0, write: () => {}, dispose: () => {} };
    },
    upload: async (_, work) => work(),
  };
  const inputs = new Set(names ?? program.inputs.map(({ name }) => name));
  const own = program.inputs.filter(({ name }) => inputs.has(name));
  const rows = new Map(
    program.sizes
      .filter(({ name }) => own.some(({ size }) => size === name))
      .map(({ name, max }) => [name, max]),
  );
  await Dataset.allocate(engine as Engine, { inputs, rows });
  expect(asked).toEqual([batchBytes(program, names)]);
});
