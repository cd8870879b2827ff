import { pointwise } from '../build.ts';
import { NUMBERS, requireDtype } from '../ops/definition.ts';
import { operandOf } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';
import { requireFloats } from './elementwise.ts';
import { floorOfQuotient, isTurned } from './floorOfQuotient.ts';

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
  const value = isTurned(rest, divisor).where(rest.add(divisor), rest);
  if (typeof divisor === 'number') return value;
  const operands = [x, divisor].map((operand) => operand.broadcastTo(value.shape).node);
  return x.wrap(x.graph.build('remainder', [value.node, ...operands]));
}

function floorDivOfFloats(x: Tensor, divisor: Tensor | number): Tensor {
  requireFloats('floorDiv', x, divisor);
  return floorOfQuotient(x.detach(), typeof divisor === 'number' ? divisor : divisor.detach());
}
