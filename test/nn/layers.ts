import { defineModule, type Module, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import { type Dim, shapeText } from '../../src/loops/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { referenceSession } from '../../src/reference/index.ts';

/** A module whose entry gives what is built of an input `x`. */
export function moduleOf(shape: readonly Dim[], build: (x: Tensor, m: ModuleBuilder) => Tensor): Module {
  return defineModule('layer', (m) => m.entry('run', { y: build(m.input('x', { shape }), m) }));
}

/** The shape of what is built of an input. */
export function shapeOf(shape: readonly Dim[], build: (x: Tensor) => Tensor): string {
  const [output] = moduleOf(shape, build).entries.flatMap((entry) => entry.outputs);
  return shapeText(output?.node.shape ?? []);
}

/** What is built of `x = 0, 1, 2, …`, or of given values, by the reference evaluator. */
export function valuesOf(
  shape: readonly number[],
  build: (x: Tensor, m: ModuleBuilder) => Tensor,
  given?: readonly number[],
): number[] {
  const count = shape.reduce((a, b) => a * b, 1);
  const data = given ?? Array.from({ length: count }, (_, k) => k);
  const { y } = referenceSession(moduleOf(shape, build)).step('run', { inputs: { x: { shape, data } } });
  return [...(y?.data ?? [])];
}

/** The gradient, in its operand, of the sum of what is built. */
export function gradientOf(build: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  return (x) => gradients(build(x).sum(), [x])[0] ?? x;
}
