import { pointwise } from '../build.ts';
import { NUMBERS, requireDtype } from '../ops/definition.ts';
import { operandOf } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';
import { requireFloats } from './elementwise.ts';

/** The method {@link Tensor.mod}. */
export function mod(x: Tensor, divisor: Tensor | number): Tensor {
  return x.dtype === 'f32' ? modOfFloats(x, divisor) : ofIntegers(x, divisor, 'mod', 'mod');
}

/** The method {@link Tensor.floorDiv}. */
export function floorDiv(x: Tensor, divisor: Tensor | number): Tensor {
  return x.dtype === 'f32' ? floorDivOfFloats(x, divisor) : ofIntegers(x, divisor, 'idiv', 'floorDiv');
}

function ofIntegers(x: Tensor, divisor: Tensor | number, op: string, method: string): Tensor {
  const operands = [x.node, operandOf(method, divisor)];
  requireDtype(method, x.dtype, NUMBERS);
  return x.wrap(pointwise(x.graph, op, operands, method));
}

function modOfFloats(x: Tensor, divisor: Tensor | number): Tensor {
  requireFloats('mod', x, divisor);
  const rest = x.fmod(divisor);
  return isTurned(rest, divisor).where(rest.add(divisor), rest);
}

/**
 * By Python's formula: `x - mod(x, y)` is a multiple of y, so the quotient is beside an
 * integer, whatever `x / y` is rounded to. It is constant between its steps.
 */
function floorDivOfFloats(dividend: Tensor, by: Tensor | number): Tensor {
  requireFloats('floorDiv', dividend, by);
  const x = dividend.detach();
  const y = typeof by === 'number' ? by : by.detach();
  const quotient = x.div(y);
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
function isTurned(rest: Tensor, divisor: Tensor | number): Tensor {
  if (typeof divisor === 'number') return divisor < 0 ? rest.gt(0) : rest.lt(0);
  return rest
    .lt(0)
    .and(divisor.gt(0))
    .or(rest.gt(0).and(divisor.lt(0)));
}
