import { requireFlag, requireOneOf, requireOption, requireOptions } from '../graph/arguments.ts';
import type { Tensor } from '../graph/index.ts';
import { requireFiniteRate, requireSteps } from './rate.ts';
import type { Point, Schedule } from './schedule.ts';

/** Of {@link cosine}. */
export interface CosineOptions {
  /** The first rate. */
  readonly lr: number;
  /** Steps until the last rate, which then stays, or until the first restart. */
  readonly steps: number;
  /** The last rate. */
  readonly end?: number;
  /** Starts again after `steps`, and then after so many times as many steps as before: 1 for cycles of one length. */
  readonly restarts?: number;
}

/**
 * Half a cosine from `lr` to `end`, `end + (lr - end) (1 + cos(π t / steps)) / 2`, by PyTorch's `CosineAnnealingLR`, except that the
 * last rate stays; with `restarts` by its `CosineAnnealingWarmRestarts` (SGDR, Loshchilov and Hutter 2017). In {@link warmup} it is
 * the cosine with a warm-up.
 *
 * ```ts
 * optim.schedule.warmup({ steps: 100, lr: optim.schedule.cosine({ lr: 3e-4, steps: 900 }) });
 * ```
 *
 * @throws GraphError `option` where a rate is not a finite number from 0 on, or `steps` or `restarts` not a whole number from 1 on
 */
export function cosine(options: CosineOptions): Schedule {
  const op = 'schedule.cosine';
  requireOptions(op, options, ['lr', 'steps', 'end', 'restarts']);
  const { lr, steps, end = 0, restarts } = options;
  requireFiniteRate(op, 'lr', lr);
  requireFiniteRate(op, 'end', end);
  requireSteps(op, 'steps', steps);
  if (restarts !== undefined) requireSteps(op, 'restarts', restarts);
  return (t) => {
    const step = t.cast('f32');
    if (restarts === undefined) return t.lt(steps).where(between(lr, end, step.div(steps)), end);
    return between(lr, end, shareOfCycle(step, steps, restarts));
  };
}

/** How much of its cycle has passed at a step, where each is `factor` times as long as the one before. */
function shareOfCycle(step: Tensor, steps: number, factor: number): Tensor {
  // Half a step on, as in stairs.
  if (factor === 1) return step.div(steps).sub(step.add(0.5).div(steps).floor());
  const startOf = (cycle: Tensor): Tensor =>
    cycle
      .fullLike(factor)
      .pow(cycle)
      .sub(1)
      .mul(steps / (factor - 1));
  // A little too far at most, where a cycle is about to start.
  const passed = step
    .mul((factor - 1) / steps)
    .add(1)
    .log2()
    .div(Math.log2(factor));
  const candidate = passed.add(1e-3).floor();
  const cycle = candidate.sub(startOf(candidate).gt(step.add(0.5)).cast('f32'));
  return step.sub(startOf(cycle)).div(cycle.fullLike(factor).pow(cycle).mul(steps));
}

/** Half a cosine from one rate to another. @param share of the way, from 0 to 1 */
function between(from: number, to: number, share: Tensor): Tensor {
  return share
    .mul(Math.PI)
    .cos()
    .add(1)
    .mul((from - to) / 2)
    .add(to);
}

/** Of {@link oneCycle}. */
export interface OneCycleOptions {
  /** The largest rate. */
  readonly lr: number;
  /** Steps of the whole cycle, after which its last rate stays. */
  readonly steps: number;
  /** Share of the steps in which the rate rises; 0.3 where it is left out. */
  readonly pctStart?: number;
  /** By half a cosine, which is the default, or in a straight line. */
  readonly anneal?: 'cos' | 'linear';
  /** The largest rate divided by the first; 25 where it is left out. */
  readonly divFactor?: number;
  /** The first rate divided by the last; 1e4 where it is left out. */
  readonly finalDivFactor?: number;
  /** Falls to the first rate in as many steps as it rose, then to the last; it does not where it is left out. */
  readonly threePhase?: boolean;
}

/**
 * One rise and a longer fall (Smith and Topin 2018), by PyTorch's `OneCycleLR`. Defaults are PyTorch's: `pctStart` 0.3, `anneal`
 * 'cos', `divFactor` 25, `finalDivFactor` 1e4, two phases.
 *
 * ```ts
 * optim.sgd({ lr: optim.schedule.oneCycle({ lr: 0.1, steps: 1000 }) });
 * ```
 *
 * @throws GraphError `option` where `lr` is not a finite number from 0 on, `steps` not a whole number from 2 on, a factor not a positive
 *   number, or `pctStart` not such that each phase has steps
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const op = 'schedule.oneCycle';
  const names = ['lr', 'steps', 'pctStart', 'anneal', 'divFactor', 'finalDivFactor', 'threePhase'];
  requireOptions(op, options, names);
  const { lr, steps, pctStart = 0.3, anneal = 'cos', divFactor = 25, finalDivFactor = 1e4 } = options;
  const { threePhase = false } = options;
  requireFiniteRate(op, 'lr', lr);
  requireSteps(op, 'steps', steps);
  requireOneOf(op, 'anneal', anneal, ['cos', 'linear']);
  requireFlag(op, 'threePhase', threePhase);
  for (const [name, factor] of Object.entries({ divFactor, finalDivFactor }))
    requireOption(op, name, factor, factor > 0 && Number.isFinite(factor), 'a positive number');
  const peak = pctStart * steps - 1;
  const last = steps - 1;
  const most = threePhase ? (steps + 1) / 2 : steps;
  const holds = peak > 0 && pctStart * steps < most;
  if (!holds && options.pctStart === undefined)
    requireOption(op, 'steps', steps, false, 'enough for each phase with a pctStart of 0.3: from 4 on');
  const range = `more than ${1 / steps} and less than ${most / steps}, so that each phase has steps`;
  requireOption(op, 'pctStart', pctStart, holds, range);
  const first = lr / divFactor;
  const corners: readonly Point[] = [
    [0, first],
    [peak, lr],
    ...(threePhase ? [[2 * peak, first] as const] : []),
    [last, first / finalDivFactor],
  ];
  const along = anneal === 'cos' ? between : straight;
  return (t) => {
    const step = t.cast('f32');
    return (
      corners.slice(1).reduceRight((later: Tensor | undefined, [to, high], k) => {
        const [from, low] = corners[k] ?? [0, first];
        const rate = along(low, high, step.sub(from).div(to - from));
        return step.le(to).where(rate, later ?? high);
      }, undefined) ?? t.fullLike(lr, 'f32')
    );
  };
}

/** A straight line from one rate to another. @param share of the way, from 0 to 1 */
function straight(from: number, to: number, share: Tensor): Tensor {
  return share.mul(to - from).add(from);
}
