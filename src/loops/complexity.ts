import { childrenOf, type Expr } from './expr.ts';
import type { Loop } from './loop.ts';

/** How large an expression is, written out as a tree. */
interface Extent {
  /** Operations on the longest way down to a leaf, the expression itself included. */
  readonly depth: number;
  /** Nodes, shared ones once for each place where they stand; capped, since the tree of what is shared may be huge. */
  readonly size: number;
}

/**
 * Nodes of a tree beyond which it counts as large as this: assumed, far more than any limit that a size is compared with, and few
 * enough that sums of sizes stay whole numbers.
 */
const LARGEST_TREE = 1e9;

/** Extents by expression: most of a large expression is known when it gets one operation more. Leaves are all alike. */
const extents = new WeakMap<Expr, Extent>();

const LEAF: Extent = { depth: 1, size: 1 };

/** The extent of an expression, as far as it was found. */
function knownExtent(expr: Expr): Extent | undefined {
  return childrenOf(expr).length === 0 ? LEAF : extents.get(expr);
}

/** How large an expression is. Does not recurse. */
function extentOf(expr: Expr): Extent {
  const own = knownExtent(expr);
  if (own !== undefined) return own;
  const open = [expr];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    let [depth, size] = [0, 1];
    let isComplete = true;
    for (const child of childrenOf(top)) {
      const known = knownExtent(child);
      if (known === undefined) {
        open.push(child);
        isComplete = false;
      } else {
        depth = Math.max(depth, known.depth);
        size += known.size;
      }
    }
    if (!isComplete) continue;
    extents.set(top, { depth: depth + 1, size: Math.min(size, LARGEST_TREE) });
    open.pop();
  }
  return extents.get(expr) ?? LEAF;
}

/** Operations on the longest way from an expression down to a leaf, itself included. */
export function depthOf(expr: Expr): number {
  return extentOf(expr).depth;
}

/** Whether some expressions have more distinct nodes together than `most`. */
export function hasMoreNodes(roots: readonly Expr[], most: number): boolean {
  if (roots.reduce((n, root) => n + extentOf(root).size, 0) <= most) return false;
  const seen = new Set<Expr>(roots);
  const open = [...seen];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.size > most) return true;
    for (const child of childrenOf(next)) {
      if (seen.has(child)) continue;
      seen.add(child);
      open.push(child);
    }
  }
  return seen.size > most;
}

/** All expressions of a loop: bodies first, then outputs. */
export function expressionsOf(loop: Loop): Expr[] {
  return [...loop.reductions.map(({ body }) => body), ...loop.outs.map(({ value }) => value)];
}
