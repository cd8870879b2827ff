import { expect, it, vi } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule } from '../../src/graph/index.ts';
import type { Stmt } from '../../src/kernels/kernel.ts';
import { KernelError } from '../../src/kernels/verifyKernel.ts';
import { machines } from '../../src/machine/index.ts';

/** Statements without those that store a tensor of a name. */
function withoutStores(name: string, body: readonly Stmt[]): Stmt[] {
  return body.flatMap((stmt): Stmt[] => {
    if (stmt.kind === 'store' && stmt.tensor.name === name) return [];
    if (stmt.kind === 'for') return [{ ...stmt, body: withoutStores(name, stmt.body) }];
    if (stmt.kind !== 'if') return [stmt];
    const [then, otherwise] = [withoutStores(name, stmt.body), withoutStores(name, stmt.otherwise)];
    return [{ ...stmt, body: then, otherwise }];
  });
}

// A kernel builder that forgets one result.
vi.mock(import('../../src/kernels/build/packed.ts'), async (original) => {
  const packed = await original();
  const kernelOf: typeof packed.kernelOf = (...args) => {
    const made = packed.kernelOf(...args);
    return { ...made, kernel: { ...made.kernel, body: withoutStores('forgotten', made.kernel.body) } };
  };
  return { ...packed, kernelOf };
});

it('a kernel that does not store what its group is to write is refused', () => {
  const compiled = (name: string) => () => {
    const module = defineModule('test', (m) => {
      const x = m.input('x', { shape: [4] });
      m.entry('run', { kept: x.exp(), [name]: x.log() });
    });
    return compileModule(module, machines.webgpu);
  };
  expect(compiled('forgotten')).toThrow(KernelError);
  expect(compiled('forgotten')).toThrow(/kernel \w+: nothing stores forgotten, which .*forgotten.* writes/);
  expect(compiled('remembered')).not.toThrow();
});
