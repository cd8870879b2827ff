import {
  floatOf,
  type Operation,
  type ScalarFunction,
  type Value as Step,
  type ValueType,
} from '../functions/index.ts';
import { inOrder } from '../functions/statements.ts';
import { bitcast, compare, convert, type Direction, pointwise, select } from './lines.ts';
import { splat } from './literals.ts';
import { identifier } from './names.ts';
import type { Scope } from './scope.ts';
import { elementOf, type Line, type TensorType, type Value, withElement } from './types.ts';

/**
 * Writes a function of numbers (`src/functions`), element by element over whole tensors: what StableHLO has no operation for, or
 * one that promises too little.
 *
 * @param parameters of one type, `f32`
 * @returns its result
 */
export function writeFunction(scope: Scope, f: ScalarFunction, parameters: readonly Value[]): Value {
  const type = parameters[0]?.type;
  if (type === undefined) throw new RangeError(`${f.name} has no parameters`);
  const values = new Map<Step, Value>();
  const known = (step: Step): Value => {
    // Where it is used: not all of them are, as they are.
    if (step.kind === 'constant') return scope.keep(constantOf(step.bits, step.type, type));
    const value = values.get(step);
    if (value === undefined) throw new RangeError(`${f.name}: a value before its operands`);
    return value;
  };
  const steps = inOrder(f.result);
  const wishes = wishesOf(steps);
  for (const step of steps) {
    if (step.kind === 'constant') continue;
    values.set(step, written(step, { scope, parameters, known, wish: wishes.get(step) }));
  }
  return known(f.result);
}

interface Writing {
  readonly scope: Scope;
  readonly parameters: readonly Value[];
  readonly known: (step: Step) => Value;
  readonly wish: string | undefined;
}

function written(
  step: Exclude<Step, { readonly kind: 'constant' }>,
  { scope, parameters, known, wish }: Writing,
): Value {
  switch (step.kind) {
    case 'parameter': {
      const parameter = parameters[step.index];
      if (parameter === undefined) throw new RangeError(`no parameter ${step.index}`);
      return parameter;
    }
    case 'named':
      return known(step.of);
    case 'apply':
      return scope.let(spellings[step.op](scope, known, step), wish);
    default:
      return step satisfies never;
  }
}

/** The names that values have in texts of the function: what only a name is for gets it. */
function wishesOf(steps: readonly Step[]): Map<Step, string> {
  const wishes = new Map<Step, string>();
  for (const step of steps) {
    if (step.kind !== 'named') continue;
    let { of } = step;
    while (of.kind === 'named') of = of.of;
    if (!wishes.has(of)) wishes.set(of, identifier(step.name));
  }
  return wishes;
}

function constantOf(bits: number, type: ValueType, like: TensorType): Line {
  const value = type === 'f32' ? floatOf(bits) : type === 'i32' ? bits | 0 : bits;
  return splat(value, withElement(like, elementOf[type]));
}

type Application = Step & { readonly kind: 'apply' };

/** How an operation is written, with what its operands were written as. */
type Spelling = (scope: Scope, known: (step: Step) => Value, step: Application) => Line;

/** Operand `k`. @throws RangeError where there is none */
function operandOf({ args, op }: Application, k: number): Step {
  const operand = args[k];
  if (operand === undefined) throw new RangeError(`${op} has no operand ${k}`);
  return operand;
}

const one =
  (op: string): Spelling =>
  (_, known, step) =>
    pointwise(op, known(operandOf(step, 0)));

const two =
  (op: string): Spelling =>
  (_, known, step) =>
    pointwise(op, known(operandOf(step, 0)), known(operandOf(step, 1)));

const comparison =
  (direction: Direction): Spelling =>
  (_, known, step) =>
    compare(direction, known(operandOf(step, 0)), known(operandOf(step, 1)));

/** By an amount modulo 32: StableHLO leaves open what a larger one does. */
const shift =
  (op: (type: ValueType) => string): Spelling =>
  (scope, known, step) => {
    const [x, amount] = [known(operandOf(step, 0)), operandOf(step, 1)];
    const { element } = x.type;
    if (amount.kind === 'constant')
      return pointwise(op(step.type), x, scope.keep(splat(amount.bits & 31, x.type)));
    const bits = known(amount);
    const inside = scope.keep(pointwise('and', bits, scope.keep(splat(31, bits.type))));
    return pointwise(
      op(step.type),
      x,
      bits.type.element === element ? inside : scope.keep(convert(inside, element)),
    );
  };

/** The upper half of a product of 64 bits; of signed words that of their bits, less each where the other is negative. */
const mulHigh: Spelling = (scope, known, step) => {
  const [x, y] = [known(operandOf(step, 0)), known(operandOf(step, 1))];
  const isSigned = step.type === 'i32';
  const wide = (word: Value): Value =>
    scope.keep(convert(isSigned ? scope.keep(bitcast(word, 'ui32')) : word, 'ui64'));
  const product = scope.let(pointwise('multiply', wide(x), wide(y)));
  const upper = scope.let(pointwise('shift_right_logical', product, scope.keep(splat(32, product.type))));
  if (!isSigned) return convert(upper, 'ui32');
  const high = scope.let(bitcast(scope.let(convert(upper, 'ui32')), 'i32'));
  const zero = scope.keep(splat(0, x.type));
  const taken = (sign: Value, other: Value): Value =>
    scope.let(select(scope.keep(compare('LT', sign, zero)), other, zero));
  return pointwise('subtract', scope.let(pointwise('subtract', high, taken(x, y))), taken(y, x));
};

const spellings = {
  add: two('add'),
  sub: two('subtract'),
  mul: two('multiply'),
  neg: one('negate'),
  abs: one('abs'),
  div: two('divide'),
  sqrt: one('sqrt'),
  floor: one('floor'),
  round: one('round_nearest_even'),
  and: two('and'),
  or: two('or'),
  xor: two('xor'),
  not: one('not'),
  shl: shift(() => 'shift_left'),
  shr: shift((type) => (type === 'i32' ? 'shift_right_arithmetic' : 'shift_right_logical')),
  mulHigh,
  lt: comparison('LT'),
  le: comparison('LE'),
  eq: comparison('EQ'),
  select: (_, known, step) =>
    select(known(operandOf(step, 0)), known(operandOf(step, 1)), known(operandOf(step, 2))),
  bitcast: (_, known, step) => bitcast(known(operandOf(step, 0)), elementOf[step.type]),
  convert: (_, known, step) => convert(known(operandOf(step, 0)), elementOf[step.type]),
} satisfies Record<Operation, Spelling>;
