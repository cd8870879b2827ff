import { numberOf, numbersOf } from '../../graph/attributes.ts';
import {
  broadcast,
  compare,
  concatenate,
  gather,
  iota,
  pad,
  pointwise,
  reduce,
  reshape,
  select,
  transpose,
  unlessSame,
} from '../lines.ts';
import { splat } from '../literals.ts';
import { scalarOf, type TensorType, type Value } from '../types.ts';
import { type HloRow, operandOf, type RowContext } from './row.ts';

/**
 * Windows along axes, and their way back, an axis after the other. Both are gathers: which element stands at a place is
 * arithmetic of places, and what is nowhere is chosen away, so that no sum depends on an order.
 */
export const windowRows = {
  windows: (context) => {
    const { node, scope } = context;
    let x = padded(context);
    for (const along of slidingOf(context)) {
      const { axis, window, stride, dilation } = along;
      const positions = node.shape[axis];
      if (typeof positions !== 'number') throw new RangeError(`windows along a bounded axis ${axis}`);
      const extent = x.type.shape[axis] ?? 0;
      if (isTiled({ positions, window, stride, dilation, extent })) {
        // Positions and elements side by side are the axis itself.
        const split = scope.let(reshape(x, x.type.shape.toSpliced(axis, 1, positions, window)));
        const kept = split.type.shape.flatMap((_, k) => (k === axis + 1 ? [] : [k]));
        x = scope.let(transpose(split, [...kept, axis + 1]));
        continue;
      }
      const shape = [positions, window];
      const place = index(context, shape, [stride, dilation], 0);
      // Positions stand where the axis was, the window's elements behind all axes.
      const offset = x.type.shape.flatMap((_, k) => (k === axis ? [] : [k]));
      const result = [...x.type.shape.with(axis, positions), window];
      x = scope.let(gather(x, place, { indexed: [axis], batch: [], offset }, result));
    }
    return x;
  },
  placeWindows: folded,
  foldWindows: folded,
} satisfies Record<string, HloRow>;

/** How windows slide along one axis. */
interface Along {
  readonly axis: number;
  readonly window: number;
  readonly stride: number;
  readonly dilation: number;
  readonly low: number;
}

function slidingOf({ node }: RowContext): Along[] {
  const lists = ['window', 'stride', 'dilation', 'low'].map((name) => numbersOf(node.op, node.attrs, name));
  const [window = [], stride = [], dilation = [], low = []] = lists;
  return numbersOf(node.op, node.attrs, 'axes').map((axis, n) => ({
    axis,
    window: window[n] ?? 1,
    stride: stride[n] ?? 1,
    dilation: dilation[n] ?? 1,
    low: low[n] ?? 0,
  }));
}

/** The operand with padding around it; without any the operand itself. */
function padded(context: RowContext): Value {
  const { node, scope } = context;
  const x = operandOf(context, 0);
  const axes = numbersOf(node.op, node.attrs, 'axes');
  const around = (name: string): number[] => {
    const own = numbersOf(node.op, node.attrs, name);
    return x.type.shape.map((_, k) => own[axes.indexOf(k)] ?? 0);
  };
  const [low, high] = [around('low'), around('high')];
  if ([...low, ...high].every((n) => n === 0)) return x;
  const value = scope.keep(splat(numberOf(node.op, node.attrs, 'value'), scalarOf(x.type.element)));
  return scope.let(pad(x, value, low, high));
}

/**
 * Each element of an axis is the sum of what windows have there: of the windows that may lie on it, `layers` in a row, those
 * that do.
 */
function folded(context: RowContext): Value {
  const { node, scope } = context;
  const extents = numbersOf(node.op, node.attrs, 'extents');
  let x = operandOf(context, 0);
  for (const [n, along] of [...slidingOf(context).entries()].reverse()) {
    const { axis, window, stride, dilation, low } = along;
    const last = x.type.shape.length - 1;
    const [positions = 1, extent = 0] = [x.type.shape[axis], extents[n]];
    if (low === 0 && isTiled({ positions, window, stride, dilation, extent })) {
      const order = x.type.shape.flatMap((_, k) => (k === last ? [] : k === axis ? [k, last] : [k]));
      const turned = scope.let(transpose(x, order));
      x = scope.let(reshape(turned, turned.type.shape.toSpliced(axis, 2, extent)));
      continue;
    }
    const span = (window - 1) * dilation + 1;
    const layers = positions === 1 ? 1 : Math.ceil(span / stride);
    const shape = [extent, layers];
    const number = (value: number): Value => scope.keep(splat(value, { shape, element: 'i32' }));
    const apply = (op: string, a: Value, b: Value): Value => scope.keep(pointwise(op, a, b));
    const isBetween = (value: Value, end: number): Value =>
      apply(
        'and',
        scope.keep(compare('LE', number(0), value)),
        scope.keep(compare('LT', value, number(end))),
      );
    // In the padded axis. The first of the windows that may lie here, and the layers before it.
    const place = index(context, shape, [1, 0], low);
    const back = scope.keep(iota(1, shape));
    const isOnly = positions === 1;
    const position = isOnly ? number(0) : apply('subtract', floorDivided(context, place, stride), back);
    const rest = isOnly ? place : apply('subtract', place, apply('multiply', position, number(stride)));
    const element = dilation === 1 ? rest : floorDivided(context, rest, dilation);
    let isThere = apply('and', isBetween(position, positions), isBetween(element, window));
    if (dilation > 1) {
      const whole = scope.keep(compare('EQ', apply('multiply', element, number(dilation)), rest));
      isThere = apply('and', isThere, whole);
    }
    const pair = [position, element].map((value) => scope.keep(reshape(value, [...shape, 1])));
    const pairType: TensorType = { shape: [...shape, 2], element: 'i32' };
    const places = scope.keep(concatenate(pair, 2, pairType));
    const offset = x.type.shape.flatMap((_, k) => (k === axis || k === last ? [] : [k]));
    const gathered = [...x.type.shape.slice(0, last).with(axis, extent), layers];
    const found = scope.let(gather(x, places, { indexed: [axis, last], batch: [], offset }, gathered));
    const whole = scope.keep(broadcast(isThere, [axis, last], gathered));
    const kept = scope.let(select(whole, found, scope.keep(splat(0, found.type))));
    const zero = scope.keep(splat(0, scalarOf(x.type.element)));
    const line = layers === 1 ? reshape(kept, gathered.slice(0, last)) : reduce('add', kept, zero, [last]);
    const sum = unlessSame(kept, line);
    x = 'text' in sum ? scope.let(sum) : sum;
  }
  return x;
}

/** Whether windows lie side by side and fill the axis: each element is in one of them. */
function isTiled(
  one: Omit<Along, 'axis' | 'low'> & { readonly positions: number; readonly extent: number },
): boolean {
  return one.dilation === 1 && one.stride === one.window && one.positions * one.window === one.extent;
}

/** Numbers of places: `by[0]` times the first index and `by[1]` times the second one, and a number. */
function index(
  { scope }: RowContext,
  shape: readonly number[],
  by: readonly [number, number],
  first: number,
): Value {
  const terms = by.flatMap((times, axis) => {
    if (times === 0) return [];
    const own = scope.keep(iota(axis, shape));
    return times === 1 ? [own] : [scope.keep(pointwise('multiply', own, scope.keep(splat(times, own.type))))];
  });
  if (first !== 0) terms.push(scope.keep(splat(first, { shape, element: 'i32' })));
  return terms.reduce((a, b) => scope.keep(pointwise('add', a, b)));
}

/** A quotient that is rounded down: that of StableHLO goes towards zero. */
function floorDivided({ scope }: RowContext, x: Value, by: number): Value {
  if (by === 1) return x;
  const divisor = scope.keep(splat(by, x.type));
  const quotient = scope.keep(pointwise('divide', x, divisor));
  const isRounded = scope.keep(
    compare('LT', scope.keep(pointwise('remainder', x, divisor)), scope.keep(splat(0, x.type))),
  );
  const below = scope.keep(pointwise('subtract', quotient, scope.keep(splat(1, x.type))));
  return scope.keep(select(isRounded, below, quotient));
}
