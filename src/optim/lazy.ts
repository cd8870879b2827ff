import { requireFlag, requireOption } from '../graph/arguments.ts';
import type { LazyOptions, OptimizerOptions } from './optimizer.ts';

/**
 * Requires that what is lazy changes no row without a gradient.
 *
 * @param more options beside weight decay that change such rows, where they are not 0
 * @throws GraphError naming the option that does
 */
export function requireLazy(
  op: string,
  { lazy = false, weightDecay = 0, groups = [] }: OptimizerOptions & LazyOptions,
  more: Readonly<Record<string, number>> = {},
): void {
  requireFlag(op, 'lazy', lazy);
  if (!lazy) return;
  const decays = [
    weightDecay,
    ...(Array.isArray(groups) ? groups.map((group) => group?.weightDecay ?? 0) : []),
  ];
  for (const [name, value] of [
    ...Object.entries(more),
    ...decays.map((value) => ['weightDecay', value] as const),
  ])
    requireOption(op, name, value, value === 0, '0 with lazy: it changes rows that have no gradient too');
}
