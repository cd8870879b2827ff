import { numbersOf } from '../../graph/attributes.ts';
import { type Dtype, limitsOf } from '../../loops/index.ts';
import { broadcast, compare, convert, finite, iota, pointwise, reduce, select } from '../lines.ts';
import { splat } from '../literals.ts';
import { liveCount, masked } from '../live.ts';
import { type Line, scalarOf, type Value } from '../types.ts';
import { type HloRow, inputOf, operandOf, type RowContext } from './row.ts';

/** What no elements have for the place of their extremum. */
const NOWHERE = 2 ** 31 - 1;

/** Reductions over the live elements along axes. */
export const reductionRows = {
  sum: by('add', () => 0),
  prod: by('multiply', () => 1),
  reduceMax: by('maximum', (dtype) => limitsOf(dtype)[0]),
  reduceMin: by('minimum', (dtype) => limitsOf(dtype)[1]),
  argmax: firstPlace('maximum', (dtype) => limitsOf(dtype)[0]),
  argmin: firstPlace('minimum', (dtype) => limitsOf(dtype)[1]),
  logSumExp: (context) => {
    const { scope } = context;
    const x = live(context, -Infinity);
    const top = scope.let(folded(context, 'maximum', x, -Infinity));
    // The difference of two infinities of one sign is NaN, yet their sum of exponentials has a value.
    const isNumber = scope.let(finite(top));
    const from = scope.let(select(isNumber, top, scope.keep(splat(0, top.type))));
    const terms = scope.let(
      pointwise('exponential', scope.let(pointwise('subtract', x, spread(context, from)))),
    );
    const total = scope.let(folded(context, 'add', terms, 0));
    const whole = scope.let(pointwise('add', scope.let(pointwise('log', total)), from));
    return select(isNumber, whole, top);
  },
  variance: (context) => {
    const { scope } = context;
    const x = live(context, 0);
    const mean = scope.let(pointwise('divide', scope.let(folded(context, 'add', x, 0)), countOf(context)));
    const distances = scope.let(pointwise('subtract', x, spread(context, mean)));
    const squares = scope.let(pointwise('multiply', distances, distances));
    const inside = masked(context, squares, inputOf(context, 0).shape, axesOf(context), 0);
    return pointwise('divide', scope.let(folded(context, 'add', inside, 0)), countOf(context));
  },
} satisfies Record<string, HloRow>;

function by(op: string, identity: (dtype: Dtype) => number): HloRow {
  return (context) => {
    const first = identity(inputOf(context, 0).dtype);
    return folded(context, op, live(context, first), first);
  };
}

/** The first place of an extremum, row-major over the axes; a NaN, which is the extremum then, is at its own place. */
function firstPlace(op: string, identity: (dtype: Dtype) => number): HloRow {
  return (context) => {
    const { scope } = context;
    const { shape, dtype } = inputOf(context, 0);
    const x = operandOf(context, 0);
    const first = identity(dtype);
    const extremum = spread(context, scope.let(folded(context, op, live(context, first), first)));
    const equal = scope.let(compare('EQ', x, extremum));
    const isThere =
      dtype === 'f32' ? scope.let(pointwise('or', equal, scope.let(compare('NE', x, x)))) : equal;
    const places = flatIndex(context);
    const nowhere = scope.keep(splat(NOWHERE, places.type));
    const candidates = scope.let(select(isThere, places, nowhere));
    return folded(context, 'minimum', masked(context, candidates, shape, axesOf(context), NOWHERE), NOWHERE);
  };
}

/** The row-major number of each element along the axes that are reduced. */
function flatIndex(context: RowContext): Value {
  const { scope } = context;
  const { shape } = operandOf(context, 0).type;
  let flat: Value | undefined;
  for (const axis of axesOf(context)) {
    const own = scope.keep(iota(axis, shape));
    if (flat === undefined) {
      flat = own;
      continue;
    }
    const extent = scope.keep(splat(shape[axis] ?? 1, own.type));
    flat = scope.keep(pointwise('add', scope.keep(pointwise('multiply', flat, extent)), own));
  }
  if (flat === undefined) throw new RangeError(`${context.node.op} reduces no axis`);
  return flat;
}

/** The operand, with an identity in place of what is not live along the axes. */
function live(context: RowContext, identity: number): Value {
  return masked(context, operandOf(context, 0), inputOf(context, 0).shape, axesOf(context), identity);
}

function folded(context: RowContext, op: string, x: Value, identity: number): Line {
  const { scope } = context;
  return reduce(op, x, scope.keep(splat(identity, scalarOf(x.type.element))), axesOf(context));
}

/** A result of the reduction, again of the operand's shape. */
function spread(context: RowContext, result: Value): Value {
  const { shape } = operandOf(context, 0).type;
  const axes = axesOf(context);
  const kept = shape.flatMap((_, k) => (axes.includes(k) ? [] : [k]));
  return context.scope.let(broadcast(result, kept, shape));
}

/** How many live elements each result is made of, as floats of the result's shape. */
function countOf(context: RowContext): Value {
  const { scope } = context;
  const { shape } = inputOf(context, 0);
  const axes = axesOf(context);
  const count = axes
    .map((axis) => liveCount(context, shape[axis] ?? 1))
    .reduce((a, b) => scope.keep(pointwise('multiply', a, b)));
  const extents = operandOf(context, 0).type.shape.filter((_, k) => !axes.includes(k));
  return scope.keep(broadcast(scope.keep(convert(count, 'f32')), [], extents));
}

function axesOf({ node }: RowContext): readonly number[] {
  return numbersOf(node.op, node.attrs, 'axes');
}
