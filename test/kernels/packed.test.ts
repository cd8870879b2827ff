import { expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule } from '../../src/graph/index.ts';
import { sharedBytes } from '../../src/kernels/build/packed.ts';
import type { Stmt } from '../../src/kernels/kernel.ts';
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

it('a dispatch of many groups finds the one of a workgroup by halves, so that WGSL can nest the choices', () => {
  const module = defineModule('test', (m) => {
    const x = m.input('x', { shape: [6] });
    const sums = Array.from({ length: 40 }, (_, k) => [`y${k}`, x.mul(k).sum()] as const);
    m.entry('run', Object.fromEntries(sums));
  });
  const [kernel, ...others] = compileModule(module, machines.webgpu).entries.get('run')?.kernels ?? [];
  expect(others).toHaveLength(0);
  const nested = (body: readonly Stmt[]): number =>
    Math.max(
      0,
      ...body.map((stmt) =>
        stmt.kind === 'if' ? 1 + Math.max(nested(stmt.body), nested(stmt.otherwise)) : 0,
      ),
    );
  expect(nested(kernel?.body ?? [])).toBe(7);
});
