import { apply, constant, type Dim, type Expr, int, loadedDtype, shapeText } from '../../loops/index.ts';
import { listText } from '../arguments.ts';
import { numberOf, numbersOf } from '../attributes.ts';
import { ShapeError } from '../issues.ts';
import type { Attrs, LowerContext, ValueTypeOf } from '../node.ts';
import { dimAt } from '../shape.ts';
import { indexAt, MOVEMENT, NUMBERS, type OpDef, operand, REDUCTION, requireDtype } from './definition.ts';
import {
  guarded,
  positionsOf,
  requireSliding,
  type SlideLists,
  type Sliding,
  scaled,
  slidingAlong,
  sourceOf,
  spanOf,
  sum,
} from './geometry.ts';
import { requireConstant } from './leaves.ts';

/**
 * Windows that slide along axes, and their way back. `windows` puts the positions in the place of each axis and the
 * windows' elements behind all axes. Where windows overlap, `foldWindows` adds up what lies on one element; where
 * they do not, `placeWindows` finds the one that does, and is a movement.
 */
export const windowOps = {
  windows: {
    ...MOVEMENT,
    doc: 'windows along axes: x [..., n, ...] is [..., positions, ..., ...window], padded with a value',
    arity: 1,
    type: (inputs, attrs) => {
      const { shape, dtype } = operand(inputs, 0);
      requireConstant('windows', numberOf('windows', attrs, 'value'), dtype);
      const axes = axesOf('windows', attrs, shape);
      const extents = axes.map((axis) => fixed('windows', shape, axis));
      const along = slidingOf('windows', attrs, extents);
      for (const [n, one] of along.entries()) requireSliding('windows', one, `axis ${axes[n]}`, shape);
      const positions = axes.reduce<readonly Dim[]>((dims, axis, n) => {
        const one = along[n];
        return one === undefined ? dims : dims.with(axis, positionsOf(one));
      }, shape);
      return { shape: [...positions, ...along.map(({ window }) => window)], dtype };
    },
    vjp: ({ node, inputs, cotangent }) => {
      const { shape } = operand(inputs, 0);
      const axes = numbersOf('windows', node.attrs, 'axes');
      const extents = axes.map((axis) => fixed('windows', shape, axis));
      return cotangent.foldWindows(extents, slidesOf('windows', node.attrs));
    },
    lower: {
      kind: 'value',
      value: ({ node, read }, at) => {
        const { shape, dtype } = operand(node.inputs, 0);
        const axes = numbersOf('windows', node.attrs, 'axes');
        const along = slidingOf(
          'windows',
          node.attrs,
          axes.map((axis) => fixed('windows', shape, axis)),
        );
        const index = at.slice(0, shape.length);
        const guards: Expr[] = [];
        for (const [n, axis] of axes.entries()) {
          const one = along[n];
          if (one === undefined) continue;
          const source = sourceOf(one, indexAt(at, axis), indexAt(at, shape.length + n));
          index[axis] = source.index;
          guards.push(...source.guards);
        }
        const value = constant(numberOf('windows', node.attrs, 'value'), loadedDtype(dtype));
        return guarded(guards, read(0, index), value);
      },
    },
  },
  placeWindows: {
    ...MOVEMENT,
    doc: 'windows that do not overlap, [..., positions, ..., ...window], back at their places; zeros between',
    arity: 1,
    type: (inputs, attrs) => {
      const type = folded('placeWindows', operand(inputs, 0), attrs);
      const along = foldedOf('placeWindows', operand(inputs, 0), attrs);
      const overlapping = along.findIndex((one) => layersOf(one) > 1);
      if (overlapping < 0) return type;
      const axis = numbersOf('placeWindows', attrs, 'axes')[overlapping];
      throw new ShapeError('window', 'placeWindows', `windows overlap along axis ${axis}: fold them`);
    },
    vjp: ({ node, cotangent }) => cotangent.windows(slidesOf('placeWindows', node.attrs)),
    lower: { kind: 'value', value: (ctx, at) => layer(ctx, at, []) },
  },
  foldWindows: {
    ...REDUCTION,
    doc: 'windows, [..., positions, ..., ...window], back at their places; what lies on one element is added up',
    arity: 1,
    type: (inputs, attrs) => {
      requireDtype('foldWindows', operand(inputs, 0).dtype, NUMBERS);
      return folded('foldWindows', operand(inputs, 0), attrs);
    },
    vjp: ({ node, cotangent }) => cotangent.windows(slidesOf('foldWindows', node.attrs)),
    lower: {
      kind: 'reduce',
      over: (node) => foldedOf('foldWindows', operand(node.inputs, 0), node.attrs).map(layersOf),
      reductions: (ctx, at, r) => [{ monoid: 'sum', body: layer(ctx, at, r) }],
      value: (_ctx, _at, [parts = []]) => indexAt(parts, 0),
    },
  },
} satisfies Record<string, OpDef>;

/** How windows slide: one number for each of `axes`. */
export interface Slides extends SlideLists {
  readonly axes: readonly number[];
}

/** How many windows lie on one element of the axis, at most: 1 where they do not overlap. */
function layersOf(along: Sliding): number {
  if (positionsOf(along) === 1) return 1;
  return Math.ceil(spanOf(along.window, along.windowDilation) / along.stride);
}

/** Whether windows that slide so lie on common elements of axes of some extents. */
export function overlap(extents: readonly number[], slides: Slides): boolean {
  return slidingOf('windows', { ...slides }, extents).some((one) => layersOf(one) > 1);
}

/**
 * What one window has at an element of the axes: of those that lie on it the `r`-th from the last one, counted along
 * each axis; 0 where it has nothing there.
 *
 * @param r no numbers where there is one layer
 */
function layer({ node, read }: LowerContext, at: readonly Expr[], r: readonly Expr[]): Expr {
  const source = operand(node.inputs, 0);
  const axes = numbersOf(node.op, node.attrs, 'axes');
  const index = [...at];
  const inside: Expr[] = [];
  const guards: Expr[] = [];
  for (const [n, one] of foldedOf(node.op, source, node.attrs).entries()) {
    const axis = axes[n] ?? 0;
    const { window, stride, windowDilation, low } = one;
    const positions = positionsOf(one);
    const place = low === 0 ? indexAt(at, axis) : apply('add', indexAt(at, axis), int(low));
    const back = r[n] ?? int(0);
    const only = positions === 1;
    const position = only ? int(0) : apply('sub', apply('idiv', place, int(stride)), back);
    const rest = only ? place : sum(apply('mod', place, int(stride)), scaled(back, stride), 0);
    if (windowDilation > 1) guards.push(apply('eq', apply('mod', rest, int(windowDilation)), int(0)));
    const element = windowDilation === 1 ? rest : apply('idiv', rest, int(windowDilation));
    guards.push(apply('le', int(0), element), apply('lt', element, int(window)));
    guards.push(apply('le', int(0), position), apply('lt', position, int(positions)));
    index[axis] = position;
    inside.push(element);
  }
  // Simplifying decides the guards that always hold, by the ranges of the axes.
  return guarded(guards, read(0, [...index, ...inside]), constant(0, loadedDtype(source.dtype)));
}

function folded(op: string, { shape, dtype }: ValueTypeOf, attrs: Attrs): ValueTypeOf {
  const extents = numbersOf(op, attrs, 'extents');
  const axes = numbersOf(op, attrs, 'axes');
  const rank = shape.length - axes.length;
  const along = foldedOf(op, { shape, dtype }, attrs);
  const into = axes.reduce<readonly Dim[]>(
    (dims, axis, n) => dims.with(axis, extents[n] ?? 0),
    shape.slice(0, rank),
  );
  for (const [n, one] of along.entries()) {
    requireSliding(op, one, `axis ${axes[n]}`, into);
    const [positions, window] = [shape[axes[n] ?? 0], shape[rank + n]];
    if (positions === positionsOf(one) && window === one.window) continue;
    const text = `${shapeText(shape)} has not ${positionsOf(one)} windows of ${one.window} along axis ${axes[n]}`;
    throw new ShapeError('window', op, text);
  }
  return { shape: into, dtype };
}

/** How the windows of a folded tensor slide over the axes that it goes back to. */
function foldedOf(op: string, { shape }: ValueTypeOf, attrs: Attrs): Sliding[] {
  const extents = numbersOf(op, attrs, 'extents');
  if (extents.some((extent) => extent < 0)) {
    const text = `extents ${listText(extents)} must be whole numbers from 0 on`;
    throw new ShapeError('dimension', op, text);
  }
  const axes = axesOf(op, attrs, shape.slice(0, shape.length - numbersOf(op, attrs, 'axes').length));
  if (extents.length !== axes.length)
    throw new ShapeError('rank', op, `extents must have ${axes.length} numbers, one an axis`);
  return slidingOf(op, attrs, extents);
}

function slidingOf(op: string, attrs: Attrs, extents: readonly number[]): Sliding[] {
  const slides = slidesOf(op, attrs);
  return extents.map((extent, n) => slidingAlong(extent, n, slides));
}

/** The lists of a node, as the methods of tensors take them. @throws ShapeError where their lengths differ */
function slidesOf(op: string, attrs: Attrs): Slides {
  const axes = numbersOf(op, attrs, 'axes');
  const list = (name: string): readonly number[] => {
    const numbers = numbersOf(op, attrs, name);
    if (numbers.length === axes.length) return numbers;
    throw new ShapeError('rank', op, `${name} must have ${axes.length} numbers, one an axis`);
  };
  const [window, stride, dilation] = [list('window'), list('stride'), list('dilation')];
  return { axes, window, stride, dilation, low: list('low'), high: list('high') };
}

function axesOf(op: string, attrs: Attrs, shape: readonly Dim[]): readonly number[] {
  const axes = numbersOf(op, attrs, 'axes');
  if (axes.length > 0 && axes.every((axis, n) => shape[axis] !== undefined && axis > (axes[n - 1] ?? -1))) {
    return axes;
  }
  const text = `axes ${listText(axes)} of ${shapeText(shape)}: in the shape, sorted, each once`;
  throw new ShapeError('axis', op, text);
}

function fixed(op: string, shape: readonly Dim[], axis: number): number {
  const dim = dimAt(shape, axis);
  if (typeof dim === 'number') return dim;
  throw new ShapeError(
    'bounded-range',
    op,
    `axis ${axis} is bounded: a window slides over fixed extents only`,
  );
}
