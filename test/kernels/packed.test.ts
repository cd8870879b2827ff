import { expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule } from '../../src/graph/index.ts';
import { sharedBytes } from '../../src/kernels/build/packed.ts';
import { machines, machineWith } from '../../src/machine/index.ts';

it('a dispatch whose groups need more workgroup memory together than there is is taken apart', () => {
  // Arrays of one type are shared, so that tiles of floats and parts of integers add up.
  const module = defineModule('test', (m) => {
    const [a, b] = [m.input('a', { shape: [64, 64] }), m.input('b', { shape: [64, 64] })];
    const integers = m.input('integers', { shape: [4, 4096], dtype: 'i32' });
    m.entry('run', { product: a.matmul(b), sums: integers.sum(1) });
  });
  const bytes = (workgroupMemory: number): number[] => {
    const { kernels } =
      compileModule(module, machineWith(machines.webgpu, { workgroupMemory })).entries.get('run') ?? {};
    return (kernels ?? []).map(sharedBytes);
  };
  expect(bytes(16384)).toMatchInlineSnapshot(`
    [
      5632,
    ]
  `);
  expect(bytes(4096)).toMatchInlineSnapshot(`
    [
      3328,
    ]
  `);
});
