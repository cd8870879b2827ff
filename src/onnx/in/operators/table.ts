import { activations } from './activations.ts';
import { control } from './control.ts';
import { convolutions } from './convolutions.ts';
import { elementwise } from './elementwise.ts';
import { indices } from './indices.ts';
import { logic } from './logic.ts';
import { losses } from './losses.ts';
import { movement } from './movement.ts';
import { normalizations } from './normalizations.ts';
import type { Operator, Operators } from './operator.ts';
import { pooling } from './pooling.ts';
import { products } from './products.ts';
import { quantization } from './quantization.ts';
import { recurrent } from './recurrent.ts';
import { reductions } from './reductions.ts';
import { resizing } from './resizing.ts';
import { shapes } from './shapes.ts';

/** ONNX's operators that are imported: one row each. */
export const operators: Operators = {
  ...elementwise,
  ...logic,
  ...activations,
  ...reductions,
  ...movement,
  ...indices,
  ...shapes,
  ...products,
  ...convolutions,
  ...pooling,
  ...normalizations,
  ...losses,
  ...quantization,
  ...recurrent,
  ...resizing,
  ...control,
};

/** The row of an operator of ONNX's own set; undefined where there is none. */
export function operatorOf(domain: string, op: string): Operator | undefined {
  const isOnnx = domain === '' || domain === 'ai.onnx';
  return isOnnx && Object.hasOwn(operators, op) ? operators[op] : undefined;
}
