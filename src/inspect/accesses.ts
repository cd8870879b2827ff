import type { CompiledEntry } from '../compile.ts';
import { tensorsReadBy, tensorsWritten } from '../fuse/index.ts';
import { shapeText, type Tensor, type TensorRole } from '../loops/index.ts';
import { tensorsInside } from '../schedule/group.ts';
import type { Access } from './look.ts';

/** The tensors that a dispatch reads and writes. */
export interface Accesses {
  readonly reads: readonly Access[];
  readonly writes: readonly Access[];
}

/**
 * What each dispatch of an entry reads and writes, each tensor once: what its kernels keep to themselves is neither. Row numbers into
 * data are read with them, and are left out.
 */
export function accessesOf({ stages }: CompiledEntry): readonly Accesses[] {
  return stages.map(({ groups }) => {
    const inside = new Set(groups.flatMap((group) => [...tensorsInside(group)]));
    const outside = (tensors: readonly Tensor[]): Access[] =>
      [...new Set(tensors)].flatMap((tensor) => (inside.has(tensor) ? [] : accessOf(tensor)));
    return {
      reads: outside(groups.flatMap((group) => [...tensorsReadBy(group)])),
      writes: outside(groups.flatMap(tensorsWritten)),
    };
  });
}

/** Storage of a kernel is no access. */
function accessOf(tensor: Tensor): Access[] {
  const role = roles[tensor.role];
  return role === null ? [] : [{ tensor: tensor.name, type: typeText(tensor), role }];
}

/** `f32[batch<=128, 10]` */
export function typeText({ dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>): string {
  return `${dtype}${shapeText(shape)}`;
}

const roles = {
  data: 'data',
  rows: null,
  input: 'data',
  constant: 'literal',
  state: 'state',
  next: 'next',
  temp: 'temp',
  result: 'result',
  workgroup: null,
  private: null,
} as const satisfies Record<TensorRole, Access['role'] | null>;
