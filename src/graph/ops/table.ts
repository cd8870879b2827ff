import { GraphError } from '../issues.ts';
import { compositeOps } from './composite.ts';
import { contractionOps } from './contraction.ts';
import { convolutionOps } from './convolution.ts';
import type { OpDef } from './definition.ts';
import { elementwiseOps } from './elementwise.ts';
import { gatherOps } from './gather.ts';
import { leafOps } from './leaves.ts';
import { movementOps } from './movement.ts';
import { reduceOps } from './reduce.ts';
import { windowOps } from './windows.ts';

/**
 * The operations: one entry each, with its type rule, its gradient, its lowering to loops and its doc. Adding
 * an operation is adding an entry and its test.
 */
export const ops = {
  ...leafOps,
  ...elementwiseOps,
  ...movementOps,
  ...reduceOps,
  ...contractionOps,
  ...convolutionOps,
  ...windowOps,
  ...gatherOps,
  ...compositeOps,
} satisfies Record<string, OpDef>;

/** The name of an operation. */
export type Op = keyof typeof ops;

const byName: ReadonlyMap<string, OpDef> = new Map(Object.entries(ops));

/** The entry of an operation. @throws GraphError where there is none of that name */
export function definitionOf(op: string): OpDef {
  const found = byName.get(op);
  if (found === undefined) throw new GraphError('unknown-op', op, 'no such operation');
  return found;
}
