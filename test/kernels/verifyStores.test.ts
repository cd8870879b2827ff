import { expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { defineModule } from '../../src/graph/index.ts';
import { kernelOf } from '../../src/kernels/build/packed.ts';
import type { Stmt } from '../../src/kernels/kernel.ts';
import { KernelError } from '../../src/kernels/verifyKernel.ts';
import { verifyStores } from '../../src/kernels/verifyStores.ts';
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

it('a kernel that does not store what its groups are to write is refused', () => {
  const module = defineModule('test', (m) => {
    const x = m.input('x', { shape: [4] });
    m.entry('run', { kept: x.exp(), forgotten: x.log() });
  });
  const [stage, ...others] = compileModule(module, machines.webgpu).entries.get('run')?.stages ?? [];
  if (stage === undefined) throw new RangeError('the entry has no stage');
  expect(others).toHaveLength(0);
  const { kernel } = kernelOf(stage, machines.webgpu, 'both');
  const without = (name: string) => () =>
    verifyStores(stage, { ...kernel, body: withoutStores(name, kernel.body) });
  expect(without('')).not.toThrow();
  for (const name of ['kept', 'forgotten']) {
    expect(without(name)).toThrow(KernelError);
    expect(without(name)).toThrow(new RegExp(`kernel both: nothing stores ${name}, which .*writes`));
  }
});
