import { expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule } from '../../src/graph/index.ts';
import { fits, fitted, sharedBytes } from '../../src/kernels/build/packed.ts';
import { profiles } from '../../src/machine/profile.ts';

it('a dispatch whose groups need more workgroup memory together than there is is taken apart', () => {
  // Arrays of one type are shared, so that tiles of floats and parts of integers add up.
  const module = defineModule('test', (m) => {
    const [a, b] = [m.input('a', { shape: [64, 64] }), m.input('b', { shape: [64, 64] })];
    const integers = m.input('integers', { shape: [4, 4096], dtype: 'i32' });
    m.entry('run', { product: a.matmul(b), sums: integers.sum(1) });
  });
  const bytes = (workgroupMemory: number): number[] => {
    const { kernels } =
      compileModule(module, { ...profiles.webgpu, workgroupMemory }).entries.get('run') ?? {};
    return (kernels ?? []).map(sharedBytes);
  };
  expect(bytes(16384)).toMatchInlineSnapshot(`
    [
      4864,
    ]
  `);
  expect(bytes(4096)).toMatchInlineSnapshot(`
    [
      3840,
      1024,
    ]
  `);
});

it('whether a dispatch fits is told by the kernel that it gets', () => {
  const module = defineModule('test', (m) =>
    m.entry('run', { sum: m.input('x', { shape: [4, 4096] }).sum(1) }),
  );
  const [stage] = compileModule(module, profiles.webgpu).entries.get('run')?.stages ?? [];
  if (stage === undefined) throw new Error('a sum takes a dispatch');
  expect(fits(stage, { ...profiles.webgpu, workgroupMemory: 1024 })).toBe(true);
  expect(fits(stage, { ...profiles.webgpu, workgroupMemory: 1023 })).toBe(false);
  // one group is not taken apart
  expect(fitted(stage, { ...profiles.webgpu, workgroupMemory: 1023 })).toEqual([stage]);
});
