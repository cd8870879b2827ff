import { LARGEST_FLOAT, shapeText } from '../../loops/index.ts';
import { requireOption } from '../arguments.ts';
import { ShapeError } from '../issues.ts';
import { requireDtype } from '../ops/definition.ts';
import { broadcastShapes, sameShape } from '../shape.ts';
import { operandOf, requireTensor } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';

/** The method {@link Tensor.clamp}. */
export function clamp(x: Tensor, min: number, max: number): Tensor {
  for (const [name, bound] of Object.entries({ min, max })) {
    operandOf('clamp', bound);
    requireOption('clamp', name, bound, !Number.isNaN(bound), 'a number other than NaN');
  }
  requireOption('clamp', 'min', min, min <= max, `at most max, which is ${max}`);
  return x.lt(min).where(min, x.gt(max).where(max, x));
}

/**
 * From the end that is nearer, as PyTorch has it, so that it is exact at both. What is chosen are start and factor, and
 * not two results: then no infinite distance meets the factor 0 of a gradient that is not wanted.
 */
export function lerp(start: Tensor, end: Tensor | number, weight: Tensor | number): Tensor {
  requireFloats('lerp', start, end, weight);
  const distance = typeof end === 'number' ? start.neg().add(end) : end.sub(start);
  if (typeof weight === 'number') {
    const isNear = Math.abs(weight) < 0.5;
    return distance.mul(isNear ? weight : weight - 1).add(isNear ? start : end);
  }
  const isNear = weight.abs().lt(0.5);
  return isNear.where(weight, weight.sub(1)).mul(distance).add(isNear.where(start, end));
}

/** The scalar operations of derivatives of digamma, by their order. */
const polygammas = ['digamma', 'trigamma', 'tetragamma'] as const;

/** The method {@link Tensor.polygamma}. */
export function polygamma(x: Tensor, n: 0 | 1 | 2): Tensor {
  const op = polygammas[n];
  requireOption('polygamma', 'n', n, op !== undefined, '0, 1 or 2');
  requireFloats('polygamma', x);
  return x.wrap(x.graph.build(op, [x.node]));
}

/** Above it squares could be infinite: operands are scaled by a power of two, which rounds nothing. */
const [LARGE, SHRINK] = [2 ** 60, 2 ** -70];
/** Below it the square of the other one could lose digits that count. */
const [SMALL, GROW] = [2 ** -40, 2 ** 100];

/** The method {@link Tensor.hypot}. */
export function hypot(x: Tensor, other: Tensor | number): Tensor {
  requireFloats('hypot', x, other);
  const y = typeof other === 'number' ? x.fullLike(other) : other;
  const larger = x.abs().maximum(y.abs());
  const [isLarge, isSmall] = [larger.gt(LARGE), larger.lt(SMALL)];
  const scale = isLarge.where(SHRINK, isSmall.where(GROW, 1));
  const length = x.mul(scale).square().add(y.mul(scale).square()).sqrt();
  const back = length.mul(isLarge.where(1 / SHRINK, isSmall.where(1 / GROW, 1)));
  return x.isInf().or(y.isInf()).where(Infinity, back);
}

/** The method {@link Tensor.copysign}. */
export function copysign(x: Tensor, other: Tensor | number): Tensor {
  requireFloats('copysign', x, other);
  const magnitude = x.abs();
  if (typeof other === 'number') return other < 0 || Object.is(other, -0) ? magnitude.neg() : magnitude;
  // Of a zero, only what it divides has its sign.
  const isNegative = other.lt(0).or(other.eq(0).and(other.reciprocal().lt(0)));
  return isNegative.where(magnitude.neg(), magnitude);
}

/** The method {@link Tensor.isNaN}. */
export function areNaN(x: Tensor): Tensor {
  requireFloats('isNaN', x);
  return x.wrap(x.graph.build('isNan', [x.node]));
}

/** The method {@link Tensor.isInf}. */
export function isInf(x: Tensor): Tensor {
  requireFloats('isInf', x);
  // What a driver makes of a comparison with a NaN is its own affair.
  return x.abs().gt(LARGEST_FLOAT).and(x.isNaN().not());
}

/** The method {@link Tensor.isFinite}. */
export function areFinite(x: Tensor): Tensor {
  requireFloats('isFinite', x);
  return x.isNaN().or(x.isInf()).not();
}

/** The method {@link Tensor.xor}. */
export function xor(a: Tensor, b: Tensor): Tensor {
  requireTensor('xor', b);
  for (const { dtype } of [a, b]) requireDtype('xor', dtype, ['bool']);
  broadcastShapes('xor', a.shape, b.shape);
  return a.ne(b);
}

/** The method {@link Tensor.maskedFill}. */
export function maskedFill(x: Tensor, mask: Tensor, value: Tensor | number): Tensor {
  requireTensor('maskedFill', mask);
  operandOf('maskedFill', value);
  requireDtype('maskedFill', mask.dtype, ['bool']);
  const [own, others] = [shapeText(x.shape), shapeText(mask.shape)];
  if (!sameShape(broadcastShapes('maskedFill', x.shape, mask.shape), x.shape)) {
    throw new ShapeError('broadcast', 'maskedFill', `the mask ${others} does not broadcast to ${own}`);
  }
  if (typeof value === 'object' && value.shape.length > 0) {
    const text = `the value must have no axes, not the shape ${shapeText(value.shape)}`;
    throw new ShapeError('rank', 'maskedFill', text);
  }
  return mask.where(value, x);
}

/** Requires floats, and shapes that broadcast, so that errors name what was called. */
export function requireFloats(op: string, ...operands: readonly (Tensor | number)[]): void {
  for (const operand of operands) operandOf(op, operand);
  const tensors = operands.filter((operand) => typeof operand === 'object');
  for (const { dtype } of tensors) requireDtype(op, dtype, ['f32']);
  broadcastShapes(op, ...tensors.map(({ shape }) => shape));
}
