import type { Kernel, Stmt } from '../../src/kernels/kernel.ts';
import {
  apply,
  type Dtype,
  type Expr,
  int,
  type Tensor,
  type TensorRole,
  varRef,
} from '../../src/loops/index.ts';

/** A kernel of these statements: one workgroup of one invocation unless said otherwise. */
export function kernelOf(body: readonly Stmt[], rest: Partial<Kernel> = {}): Kernel {
  return { name: 'sample', kind: 'map', workgroup: 1, grid: 1, arrays: [], origin: [], body, ...rest };
}

/** A tensor of a fixed shape. */
export function tensorOf(
  name: string,
  role: TensorRole,
  shape: readonly number[],
  dtype: Dtype = 'f32',
): Tensor {
  return { name, role, shape, dtype };
}

export const lid = varRef('lid', 'i32');
export const wg = varRef('wg', 'i32');

/** The number of the invocation in the grid, for workgroups of `size`. */
export function globalId(size: number): Expr {
  return apply('add', apply('mul', wg, int(size)), lid);
}

export function letOf(name: string, value: Expr): Stmt {
  return { kind: 'let', name, value };
}

export function storeOf(tensor: Tensor, at: readonly Expr[], value: Expr): Stmt {
  return { kind: 'store', tensor, at, value };
}

export function forOf(name: string, from: number, to: number, body: readonly Stmt[]): Stmt {
  return { kind: 'for', name, from, to, body };
}

export function breakIf(condition: Expr): Stmt {
  return { kind: 'break', condition };
}

export function ifOf(condition: Expr, then: readonly Stmt[], otherwise: readonly Stmt[] = []): Stmt {
  return { kind: 'if', condition, body: then, otherwise };
}

export const barrier: Stmt = { kind: 'barrier' };
