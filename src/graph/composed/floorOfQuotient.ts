import type { Tensor } from '../tensor.ts';

/**
 * `floor(x / y)` of floats, by Python's formula: `x - mod(x, y)` is a multiple of y, so the quotient is beside an integer, whatever
 * `x / y` is rounded to. It is constant between its steps, and so are all its parts: its gradient is zero.
 */
export function floorOfQuotient(x: Tensor, y: Tensor | number): Tensor {
  // Only zeros and what is not finite are asked for here, and those stay.
  const quotient = x.div(y).trunc();
  const rest = x.fmod(y);
  const multiple = x.sub(rest).div(y).sub(isTurned(rest, y).cast('f32'));
  const below = multiple.floor();
  const nearest = below.add(multiple.sub(below).gt(0.5).cast('f32'));
  // A zero has the sign of the quotient.
  const whole = nearest.eq(0).where(quotient.mul(0), nearest);
  if (typeof y === 'number') return y === 0 ? quotient : whole;
  return y.eq(0).where(quotient, whole);
}

/** Whether a rest, which has the sign of the dividend, has another one than the divisor. */
export function isTurned(rest: Tensor, divisor: Tensor | number): Tensor {
  if (typeof divisor === 'number') return divisor < 0 ? rest.gt(0) : rest.lt(0);
  return rest
    .lt(0)
    .and(divisor.gt(0))
    .or(rest.gt(0).and(divisor.lt(0)));
}
