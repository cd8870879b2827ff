import { apply, type Dim, type Expr, int, MOST_ELEMENTS, shapeText } from '../../loops/index.ts';
import { ShapeError } from '../issues.ts';

/**
 * A window that slides along one axis: element `k` of the window at position `p` is element
 * `p · stride + k · windowDilation - low` of the axis after `inputDilation - 1` gaps were put between its
 * neighbours. Outside of the axis and in gaps there is padding. A negative padding crops.
 */
export interface Sliding {
  /** Elements of the axis. */
  readonly extent: number;
  /** Elements of the window. */
  readonly window: number;
  readonly stride: number;
  readonly low: number;
  readonly high: number;
  readonly inputDilation: number;
  readonly windowDilation: number;
}

/** How windows slide along several axes: a number for each. */
export interface SlideLists {
  readonly window: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** How windows slide along axis `d` of those that lists are for: an axis without gaps. */
export function slidingAlong(extent: number, d: number, lists: SlideLists): Sliding {
  return {
    extent,
    window: lists.window[d] ?? 1,
    stride: lists.stride[d] ?? 1,
    low: lists.low[d] ?? 0,
    high: lists.high[d] ?? 0,
    inputDilation: 1,
    windowDilation: lists.dilation[d] ?? 1,
  };
}

/** Elements that `count` neighbours span, `dilation` apart. */
export function spanOf(count: number, dilation: number): number {
  return count === 0 ? 0 : (count - 1) * dilation + 1;
}

/** Places of the window: `floor((input + low + high - window) / stride) + 1`, both dilated. */
export function positionsOf(along: Sliding): number {
  const room = spanOf(along.extent, along.inputDilation) + along.low + along.high;
  return Math.floor((room - spanOf(along.window, along.windowDilation)) / along.stride) + 1;
}

/**
 * Requires strides and dilations from 1 on and a window that fits.
 *
 * @param place of the axis, in words
 * @param shape that it belongs to
 * @throws ShapeError saying which number is wrong or too large, or which window fits nowhere
 */
export function requireSliding(op: string, along: Sliding, place: string, shape: readonly Dim[]): void {
  const { stride, inputDilation, windowDilation } = along;
  for (const [name, value] of Object.entries({ stride, inputDilation, windowDilation })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new ShapeError('window', op, `${name} ${value} of ${place}: a whole number from 1 on`);
  }
  const span = spanOf(along.window, windowDilation);
  const room = spanOf(along.extent, inputDilation) + along.low + along.high;
  const numbers = {
    stride,
    inputDilation,
    windowDilation,
    'the window spans': span,
    'the padded axis has': room,
  };
  for (const [name, value] of Object.entries(numbers)) {
    if (value <= MOST_ELEMENTS) continue;
    const text = `${name} ${value} along ${place} of ${shapeText(shape)}: at most ${MOST_ELEMENTS}`;
    throw new ShapeError('too-large', op, text);
  }
  if (along.extent >= 1 && along.window >= 1 && positionsOf(along) >= 1) return;
  const spread = span === along.window ? '' : `, which spans ${span},`;
  const padded = along.low === 0 && along.high === 0 ? '' : ` and padding ${along.low} and ${along.high}`;
  const gaps = inputDilation === 1 ? '' : `, ${inputDilation} apart`;
  const text = `a window of ${along.window}${spread} fits nowhere in ${place} of ${shapeText(shape)}`;
  throw new ShapeError('window', op, `${text}: ${along.extent} elements${gaps}${padded} are ${room}`);
}

/** What an element of a window reads: the axis's element, and the conditions under which there is one. */
export interface Source {
  readonly index: Expr;
  /** That it lies in no padding. */
  readonly guards: readonly Expr[];
  /** That it lies in no gap between neighbours. */
  readonly gaps: readonly Expr[];
}

/** The element that window element `k` at position `p` reads; guarded only where it may be missing. */
export function sourceOf(along: Sliding, p: Expr, k: Expr): Source {
  const { extent, stride, low, inputDilation, windowDilation } = along;
  const place = sum(scaled(p, stride), scaled(k, windowDilation), -low);
  const last = (positionsOf(along) - 1) * stride + (along.window - 1) * windowDilation - low;
  const guards = low > 0 ? [apply('le', int(0), place)] : [];
  if (inputDilation === 1) {
    if (last >= extent) guards.push(apply('lt', place, int(extent)));
    return { index: place, guards, gaps: [] };
  }
  const gaps = [apply('eq', apply('mod', place, int(inputDilation)), int(0))];
  const index = apply('idiv', place, int(inputDilation));
  if (last >= extent * inputDilation) guards.push(apply('lt', index, int(extent)));
  return { index, guards, gaps };
}

/** A value where all conditions hold, else another one. */
export function guarded(guards: readonly Expr[], value: Expr, other: Expr): Expr {
  const [first, ...rest] = guards;
  if (first === undefined) return value;
  return apply(
    'select',
    rest.reduce((a, b) => apply('and', a, b), first),
    value,
    other,
  );
}

/** An index times a number. */
export function scaled(index: Expr, by: number): Expr {
  return by === 1 ? index : apply('mul', index, int(by));
}

/** Two indices and a number, added. */
export function sum(a: Expr, b: Expr, c: number): Expr {
  const both = apply('add', a, b);
  return c === 0 ? both : apply('add', both, int(c));
}
