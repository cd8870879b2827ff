import { requireOption, shown } from '../graph/arguments.ts';
import { GraphError, Tensor } from '../graph/index.ts';
import type { Schedule } from './schedule.ts';

/** A learning rate: the first value of a run-time scalar, a scalar of the graph, or a schedule. */
export type Rate = number | Tensor | Schedule;

/** Requires a learning rate. @throws GraphError saying what it may be */
export function requireRate(op: string, rate: unknown): asserts rate is Rate {
  if (typeof rate === 'number') {
    requireFiniteRate(op, 'lr', rate);
    return;
  }
  if (typeof rate === 'function' || (rate instanceof Tensor && rate.shape.length === 0)) return;
  const found = rate instanceof Tensor ? rate : shown(rate);
  const text = `lr is ${found}: it must be a number, a scalar of the graph, or a schedule`;
  throw new GraphError('option', op, text);
}

/** Requires a learning rate that is a number. @throws GraphError saying which numbers are one */
export function requireFiniteRate(op: string, name: string, rate: unknown): void {
  const holds = typeof rate === 'number' && rate >= 0 && Number.isFinite(rate);
  requireOption(op, name, rate, holds, 'a finite number from 0 on');
}

/** What a schedule gives for a count. @throws GraphError where that is not a float scalar of the count's graph */
export function rateAt(op: string, schedule: Schedule, count: Tensor): Tensor {
  const rate: unknown = schedule(count);
  const holds =
    rate instanceof Tensor && rate.dtype === 'f32' && rate.shape.length === 0 && rate.graph === count.graph;
  if (holds) return rate;
  const found = rate instanceof Tensor ? rate : shown(rate);
  throw new GraphError(
    'option',
    op,
    `the schedule gives ${found}: it must be a scalar of floats, made of the step`,
  );
}

/** Requires a number of steps. @throws GraphError `option` where it is not a whole number from 1 on */
export function requireSteps(op: string, name: string, value: number): void {
  const holds = Number.isSafeInteger(value) && value >= 1 && value < 2 ** 31;
  requireOption(op, name, value, holds, 'a whole number from 1 to 2147483647');
}
