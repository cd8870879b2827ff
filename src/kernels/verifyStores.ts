import { groupName, type Stage, tensorsWritten } from '../schedule/group.ts';
import { type Kernel, statementsIn } from './kernel.ts';
import { KernelError } from './verifyKernel.ts';

/** Throws a `KernelError` unless a stage's kernel stores everything that its groups are to write. */
export function verifyStores(stage: Stage, kernel: Kernel): void {
  const stored = new Set(
    [...statementsIn(kernel.body)].flatMap((s) => (s.kind === 'store' ? [s.tensor] : [])),
  );
  for (const group of stage.groups) {
    const missing = tensorsWritten(group).find(
      (tensor) => !group.locals.includes(tensor) && !stored.has(tensor),
    );
    if (missing !== undefined) {
      throw new KernelError(
        'store',
        kernel.name,
        `nothing stores ${missing.name}, which ${groupName(group)} writes`,
      );
    }
  }
}
