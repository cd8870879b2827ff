import { childrenOf, type Expr } from '../loops/index.ts';
import { type Kernel, LOCAL_ID, type Stmt } from './kernel.ts';

/** The names whose values may differ within a workgroup, and whether each barrier is reached by all of it. */
export interface Uniformity {
  readonly varying: ReadonlySet<string>;
  /** The first condition or loop that varies around a barrier; undefined where every barrier is uniform. */
  readonly divergence: string | undefined;
}

/**
 * What all invocations of a workgroup agree on: constants, live extents, run-time scalars, the workgroup's
 * number, elements of read-only buffers at uniform indices, and what is computed of these under uniform
 * control flow. Elements of buffers that are also written are never uniform: WGSL says so.
 */
export function uniformity(kernel: Kernel): Uniformity {
  const varying = new Set<string>([LOCAL_ID]);
  let divergence: string | undefined;
  const walk = (body: readonly Stmt[], around: string | undefined): void => {
    for (const stmt of body) {
      switch (stmt.kind) {
        case 'let':
        case 'var':
        case 'assign':
          if (around !== undefined || varies(stmt.value, varying)) varying.add(stmt.name);
          break;
        case 'for': {
          // Who has left takes no later turn: what stands before a break is as divided as what stands after it.
          const own = stmt.body.some((s) => s.kind === 'break' && varies(s.condition, varying));
          if (own || around !== undefined) varying.add(stmt.name);
          walk(stmt.body, around ?? (own ? `loop ${stmt.name}` : undefined));
          break;
        }
        case 'if': {
          const inner = around ?? (varies(stmt.condition, varying) ? 'a condition' : undefined);
          walk(stmt.body, inner);
          walk(stmt.otherwise, inner);
          break;
        }
        case 'barrier':
          divergence ??= around;
          break;
        case 'break':
        case 'store':
        case 'comment':
          break;
        default:
          stmt satisfies never;
      }
    }
  };
  // A variable that a later statement of a loop makes varying varies at the next turn: to the fixed point.
  for (let before = -1; before !== varying.size; ) {
    before = varying.size;
    walk(kernel.body, undefined);
  }
  return { varying, divergence };
}

function varies(expr: Expr, varying: ReadonlySet<string>, seen: Set<Expr> = new Set()): boolean {
  if (seen.has(expr)) return false;
  seen.add(expr);
  if (expr.kind === 'var' && varying.has(expr.name)) return true;
  if (expr.kind === 'load') {
    const { role } = expr.tensor;
    if (role !== 'data' && role !== 'rows' && role !== 'input') return true;
  }
  return childrenOf(expr).some((child) => varies(child, varying, seen));
}
