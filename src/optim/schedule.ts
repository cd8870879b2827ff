import { requireOption, requireOptions, shown } from '../graph/arguments.ts';
import { GraphError, type Tensor } from '../graph/index.ts';
import { requireFiniteRate, requireSteps } from './rate.ts';

export { type CosineOptions, cosine, type OneCycleOptions, oneCycle } from './cycles.ts';

/**
 * A learning rate by the number of the step: given how often an optimizer has made its updates so far (i32, a scalar, 0 at
 * the first step), it gives the rate of the next ones (f32, a scalar). It is computed on the device, from a count that is a
 * state: whatever saves and loads states goes on exactly.
 *
 * Those here take numbers from float32: counts are exact up to 2²⁴ steps, and stairs every n steps up to 2²².
 */
export type Schedule = (step: Tensor) => Tensor;

/** One rate, as a schedule: for {@link warmup}. A rate that is to be set at run time is a number in the place of a schedule. */
export function constant(lr: number): Schedule {
  requireFiniteRate('schedule.constant', 'lr', lr);
  return (step) => step.fullLike(lr, 'f32');
}

/** Of {@link step}. */
export interface StepOptions {
  /** The first rate. */
  readonly lr: number;
  /** Steps between two changes. */
  readonly every: number;
  /** What the rate is multiplied by at each. */
  readonly gamma?: number;
}

/**
 * Stairs, `lr gamma^floor(t / every)`, by PyTorch's `StepLR`.
 *
 * @throws GraphError `option` where `lr` is not a finite number from 0 on, `gamma` (0.1 where it is left out) not a positive
 *   one, or `every` not a whole number from 1 on
 */
export function step(options: StepOptions): Schedule {
  const op = 'schedule.step';
  requireOptions(op, options, ['lr', 'every', 'gamma']);
  const { lr, every, gamma = 0.1 } = options;
  requireFiniteRate(op, 'lr', lr);
  requireSteps(op, 'every', every);
  requireFactor(op, gamma);
  // Half a step on: a quotient that is rounded down just below a whole number would be a step too early or late.
  return (t) => powerOf(gamma, t.cast('f32').add(0.5).div(every).floor()).mul(lr);
}

/** Of {@link multiStep}. */
export interface MultiStepOptions {
  /** The first rate. */
  readonly lr: number;
  /** Numbers of the steps, of which the first is 0, with the next rate; one that stands twice counts twice. */
  readonly milestones: readonly number[];
  /** What the rate is multiplied by at each. */
  readonly gamma?: number;
}

/**
 * Stairs of any lengths, by PyTorch's `MultiStepLR`.
 *
 * @throws GraphError `option` where `lr` is not a finite number from 0 on, `gamma` (0.1 where it is left out) not a positive
 *   one, or a milestone not a whole number from 1 on
 */
export function multiStep(options: MultiStepOptions): Schedule {
  const op = 'schedule.multiStep';
  requireOptions(op, options, ['lr', 'milestones', 'gamma']);
  const { lr, milestones, gamma = 0.1 } = options;
  requireFiniteRate(op, 'lr', lr);
  requireFactor(op, gamma);
  const given: unknown = milestones;
  if (!Array.isArray(given))
    throw new GraphError('option', op, `milestones is ${shown(given)}: it must be a list of steps`);
  milestones.forEach((milestone, k) => {
    requireSteps(op, `milestone ${k}`, milestone);
  });
  return (t) => {
    const passed = milestones.map((milestone) => t.ge(milestone).cast('f32'));
    return powerOf(
      gamma,
      passed.reduce((a, b) => a.add(b), t.fullLike(0, 'f32')),
    ).mul(lr);
  };
}

/** Of {@link exponential}. */
export interface ExponentialOptions {
  /** The first rate. */
  readonly lr: number;
  /** What the rate is multiplied by in `every` steps, a little at each. */
  readonly gamma: number;
  /** Steps that `gamma` is for; 1 where it is left out. */
  readonly every?: number;
}

/**
 * `lr gamma^(t / every)`, by PyTorch's `ExponentialLR`.
 *
 * @throws GraphError `option` where `lr` is not a finite number from 0 on, `gamma` not a positive one, or `every` not a whole
 *   number from 1 on
 */
export function exponential(options: ExponentialOptions): Schedule {
  const op = 'schedule.exponential';
  requireOptions(op, options, ['lr', 'gamma', 'every']);
  const { lr, gamma, every = 1 } = options;
  requireFiniteRate(op, 'lr', lr);
  requireSteps(op, 'every', every);
  requireFactor(op, gamma);
  return (t) => powerOf(gamma, t.cast('f32').div(every)).mul(lr);
}

/** Of {@link polynomial}. */
export interface PolynomialOptions {
  /** The first rate. */
  readonly lr: number;
  /** Steps until the last rate, which then stays. */
  readonly steps: number;
  /** The last rate. */
  readonly end?: number;
  /** 1, a straight line, where it is left out. */
  readonly power?: number;
}

/**
 * `end + (lr - end) (1 - t / steps)^power`, by PyTorch's `PolynomialLR` and Keras' `PolynomialDecay`; with the `power` of 1, where
 * it is left out, a straight line.
 *
 * @throws GraphError `option` where a rate is not a finite number from 0 on, `steps` not a whole number from 1 on, or `power` not
 *   a positive number
 */
export function polynomial(options: PolynomialOptions): Schedule {
  const op = 'schedule.polynomial';
  requireOptions(op, options, ['lr', 'steps', 'end', 'power']);
  const { lr, steps, end = 0, power = 1 } = options;
  requireFiniteRate(op, 'lr', lr);
  requireFiniteRate(op, 'end', end);
  requireSteps(op, 'steps', steps);
  requireOption(op, 'power', power, power > 0 && Number.isFinite(power), 'a positive number');
  return (t) => {
    const left = t.cast('f32').div(steps).neg().add(1);
    return t.lt(steps).where(
      left
        .pow(power)
        .mul(lr - end)
        .add(end),
      end,
    );
  };
}

/** A rate at a step. */
export type Point = readonly [step: number, lr: number];

/**
 * Straight lines between points; the first rate before them, the last one after.
 *
 * @param points at least one, of steps that increase
 * @throws GraphError `option` where a step is not a whole number from 0 on and larger than the one before, or a rate not a
 *   finite number from 0 on
 */
export function piecewise(points: readonly Point[]): Schedule {
  const op = 'schedule.piecewise';
  const form = 'it must be a list of [step, lr], such as [[0, 0], [100, 0.1]]';
  const given: unknown = points;
  if (!Array.isArray(given) || given.length === 0)
    throw new GraphError('option', op, `points is ${shown(given)}: ${form}`);
  points.forEach((point: unknown, k) => {
    if (!Array.isArray(point) || point.length !== 2)
      throw new GraphError('option', op, `point ${k} is ${shown(point)}: ${form}`);
    const [at, lr]: unknown[] = point;
    const before = points[k - 1]?.[0] ?? -1;
    const holds = Number.isSafeInteger(at) && Number(at) > before && Number(at) < 2 ** 31;
    requireOption(op, `the step of point ${k}`, at, holds, `a whole number larger than ${before}`);
    requireFiniteRate(op, `the rate of point ${k}`, lr);
  });
  return (t) => {
    const [first, ...rest] = points;
    if (first === undefined) return t.fullLike(0, 'f32');
    return rest.reduce(
      ({ before: [from, low], rate }, point) => {
        const [to, high] = point;
        const share = t
          .sub(from)
          .cast('f32')
          .div(to - from);
        const line = share.mul(high - low).add(low);
        return { before: point, rate: t.gt(from).where(t.lt(to).where(line, high), rate) };
      },
      { before: first, rate: t.fullLike(first[1], 'f32') },
    ).rate;
  };
}

/** Of {@link warmup}. */
export interface WarmupOptions {
  /** Steps until the whole rate. */
  readonly steps: number;
  /** The whole rate: one that stays, or a schedule whose step 0 is the first one after the warm-up. */
  readonly lr: number | Schedule;
  /** Share of the whole rate at the first step. */
  readonly from?: number;
}

/**
 * A linear warm-up (Goyal et al. 2017): in `steps` steps from a share `from` (0 where it is left out) of the first rate of `lr`
 * up to it, then `lr`. By PyTorch's `LinearLR` and `SequentialLR`.
 *
 * @throws GraphError `option` where `steps` is not a whole number from 1 on, or `from` not from 0 to 1
 */
export function warmup(options: WarmupOptions): Schedule {
  const op = 'schedule.warmup';
  requireOptions(op, options, ['steps', 'lr', 'from']);
  const { steps, lr, from = 0 } = options;
  requireSteps(op, 'steps', steps);
  requireOption(op, 'from', from, from >= 0 && from <= 1, 'from 0 to 1');
  const after = typeof lr === 'number' ? constant(lr) : lr;
  if (typeof after !== 'function') {
    const text = `lr is ${shown(lr)}: it must be a number, or a schedule such as schedule.step(…)`;
    throw new GraphError('option', op, text);
  }
  return (t) => {
    const share = t
      .cast('f32')
      .mul((1 - from) / steps)
      .add(from);
    const rate = after(t.sub(steps).maximum(0));
    return t.lt(steps).where(share.mul(rate), rate);
  };
}

/** A power of a positive number. */
function powerOf(base: number, exponent: Tensor): Tensor {
  return exponent.fullLike(base).pow(exponent);
}

function requireFactor(op: string, gamma: number): void {
  requireOption(op, 'gamma', gamma, gamma > 0 && Number.isFinite(gamma), 'a positive number');
}
