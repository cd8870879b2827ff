import {
  apply,
  constant,
  type Dim,
  type Expr,
  extentOf,
  int,
  loadedDtype,
  shapeText,
} from '../../loops/index.ts';
import { listText } from '../arguments.ts';
import { dimsOf, numberOf, numbersOf } from '../attributes.ts';
import { ShapeError } from '../issues.ts';
import type { Node } from '../node.ts';
import { axisText, dimAt, reshapeGroups, sameShape, torn, unequal } from '../shape.ts';
import { indexAt, MOVEMENT, type OpDef, operand, requireSameDtype } from './definition.ts';
import { requireConstant } from './leaves.ts';

/** Movements: they give elements other indices and compute nothing, so that they become indices of their readers. */
export const movementOps = {
  reshape: {
    ...MOVEMENT,
    doc: 'the same elements in row-major order under another shape',
    arity: 1,
    type: (inputs, attrs) => {
      const { shape, dtype } = operand(inputs, 0);
      const to = dimsOf('reshape', attrs, 'shape');
      reshapeGroups('reshape', shape, to);
      return { shape: to, dtype };
    },
    vjp: ({ inputs, cotangent }) => cotangent.reshape(operand(inputs, 0).shape),
    lower: {
      kind: 'value',
      value: ({ node, read }, at) => {
        const from = operand(node.inputs, 0).shape;
        const index: Expr[] = from.map(() => int(0));
        for (const group of reshapeGroups('reshape', from, node.shape)) {
          const flat = flatIndex(at.slice(...group.to), node.shape.slice(...group.to));
          index.splice(
            group.from[0],
            group.from[1] - group.from[0],
            ...unflatten(flat, from.slice(...group.from)),
          );
        }
        return read(0, index);
      },
    },
  },
  permute: {
    ...MOVEMENT,
    doc: 'dimension k of the result is dimension perm[k] of the operand',
    arity: 1,
    type: (inputs, attrs) => {
      const { shape, dtype } = operand(inputs, 0);
      const perm = numbersOf('permute', attrs, 'perm');
      if (perm.length !== shape.length || shape.some((_, k) => !perm.includes(k))) {
        const text = `${listText(perm)} is no order of the ${shape.length} axes of ${shapeText(shape)}`;
        throw new ShapeError('axis', 'permute', text);
      }
      return { shape: perm.map((axis) => dimAt(shape, axis)), dtype };
    },
    vjp: ({ node, cotangent }) => {
      const perm = numbersOf('permute', node.attrs, 'perm');
      return cotangent.permute(perm.map((_, axis) => perm.indexOf(axis)));
    },
    lower: {
      kind: 'value',
      value: ({ node, read }, at) => {
        const perm = numbersOf('permute', node.attrs, 'perm');
        return read(
          0,
          perm.map((_, axis) => indexAt(at, perm.indexOf(axis))),
        );
      },
    },
  },
  expand: {
    ...MOVEMENT,
    doc: 'broadcast to a shape, as in NumPy: aligned from the right, dimensions of 1 repeat',
    arity: 1,
    type: (inputs, attrs) => {
      const { shape, dtype } = operand(inputs, 0);
      const to = dimsOf('expand', attrs, 'shape');
      const lead = to.length - shape.length;
      if (lead < 0) {
        throw new ShapeError(
          'rank',
          'expand',
          `${shapeText(shape)} has more dimensions than ${shapeText(to)}`,
        );
      }
      shape.forEach((dim, k) => {
        const target = dimAt(to, lead + k);
        if (dim === 1 || sameShape([dim], [target])) return;
        const text = `${shapeText(shape)} does not broadcast to ${shapeText(to)} (${unequal(dim, target)})`;
        throw new ShapeError('broadcast', 'expand', text);
      });
      return { shape: to, dtype };
    },
    vjp: ({ node, inputs, cotangent }) => {
      const { shape } = operand(inputs, 0);
      const lead = node.shape.length - shape.length;
      const repeated = node.shape.flatMap((dim, k) => {
        const from = k < lead ? undefined : dimAt(shape, k - lead);
        return from === undefined || (from === 1 && dim !== 1) ? [k] : [];
      });
      return cotangent.sum(repeated).reshape(shape);
    },
    lower: {
      kind: 'value',
      value: ({ node, read }, at) => {
        const { shape } = operand(node.inputs, 0);
        const lead = at.length - shape.length;
        return read(
          0,
          shape.map((dim, k) => (dim === 1 ? int(0) : indexAt(at, lead + k))),
        );
      },
    },
  },
  slice: {
    ...MOVEMENT,
    doc: 'elements starts[k], starts[k] + steps[k], … below stops[k] along each axis',
    arity: 1,
    type: (inputs, attrs) => {
      const { shape, dtype } = operand(inputs, 0);
      const { starts, stops, steps } = sliceOf(attrs, shape.length);
      return {
        dtype,
        shape: shape.map((dim, k) => slicedDim(dim, k, starts[k] ?? 0, stops[k] ?? 0, steps[k] ?? 0)),
      };
    },
    // A bounded axis is taken whole.
    resize: (attrs, shape) => {
      const { stops } = sliceOf(attrs, shape.length);
      return {
        ...attrs,
        stops: shape.map((dim, k) => (typeof dim === 'number' ? (stops[k] ?? 0) : extentOf(dim))),
      };
    },
    // Elements that were stepped over get zeros between those that were taken, what lies outside gets padding.
    vjp: ({ node, inputs, cotangent }) => {
      const { shape } = operand(inputs, 0);
      const { starts, stops, steps } = sliceOf(node.attrs, shape.length);
      const spread = steps.reduce((g, step, k) => {
        const count = dimAt(g.shape, k);
        if (step === 1 || typeof count !== 'number') return g;
        const span = (stops[k] ?? 0) - (starts[k] ?? 0);
        const apart = g.reshape(g.shape.toSpliced(k + 1, 0, 1));
        const zeros = apart.shape.map((_, axis) => (axis === k + 1 ? step - 1 : 0));
        const flat = apart
          .pad(
            apart.shape.map(() => 0),
            zeros,
          )
          .reshape(g.shape.with(k, count * step));
        return flat.slice(
          flat.shape.map(() => 0),
          flat.shape.map((dim, axis) => (axis === k ? span : extentOf(dim))),
        );
      }, cotangent);
      return spread.pad(
        starts,
        shape.map((dim, k) => extentOf(dim) - (stops[k] ?? 0)),
      );
    },
    lower: {
      kind: 'value',
      value: ({ node, read }, at) => {
        const { starts, steps } = sliceOf(node.attrs, at.length);
        return read(
          0,
          at.map((index, k) => apply('add', apply('mul', index, int(steps[k] ?? 1)), int(starts[k] ?? 0))),
        );
      },
    },
  },
  pad: {
    ...MOVEMENT,
    doc: 'low[k] elements of a value before each axis, high[k] after it',
    arity: 1,
    type: (inputs, attrs) => {
      const { shape, dtype } = operand(inputs, 0);
      const [low, high] = padding(attrs, shape.length);
      requireConstant('pad', numberOf('pad', attrs, 'value'), dtype);
      return {
        dtype,
        shape: shape.map((dim, k) => {
          const [before, after] = [low[k] ?? 0, high[k] ?? 0];
          if (before < 0 || after < 0) {
            throw new ShapeError('range', 'pad', `padding ${before} and ${after} of axis ${k}: from 0 on`);
          }
          if (typeof dim === 'number') return dim + before + after;
          return before + after === 0 ? dim : torn('pad', k);
        }),
      };
    },
    vjp: ({ node, cotangent }) => {
      const [low, high] = padding(node.attrs, node.shape.length);
      return cotangent.slice(
        low,
        node.shape.map((dim, k) => extentOf(dim) - (high[k] ?? 0)),
      );
    },
    lower: {
      kind: 'value',
      value: ({ node, read }, at) => {
        const input = operand(node.inputs, 0);
        const [low, high] = padding(node.attrs, at.length);
        const index = at.map((i, k) => (low[k] === 0 ? i : apply('sub', i, int(low[k] ?? 0))));
        const guards = index.flatMap((i, k) => [
          ...(low[k] === 0 ? [] : [apply('le', int(0), i)]),
          ...(high[k] === 0 ? [] : [apply('lt', i, int(extentOf(dimAt(input.shape, k))))]),
        ]);
        const [first, ...rest] = guards;
        if (first === undefined) return read(0, index);
        const value = constant(numberOf('pad', node.attrs, 'value'), loadedDtype(node.dtype));
        // Nothing of an operand without elements can be read, not even under a guard that never holds.
        if (input.shape.includes(0)) return value;
        const inside = rest.reduce((a, b) => apply('and', a, b), first);
        return apply('select', inside, read(0, index), value);
      },
    },
  },
  flip: {
    ...MOVEMENT,
    doc: 'backwards along some axes',
    arity: 1,
    type: (inputs, attrs) => {
      const { shape, dtype } = operand(inputs, 0);
      for (const axis of numbersOf('flip', attrs, 'axes')) {
        if (shape[axis] === undefined) {
          throw new ShapeError('axis', 'flip', axisText(axis, shape.length));
        }
        if (typeof shape[axis] === 'object') torn('flip', axis);
      }
      return { shape, dtype };
    },
    vjp: ({ node, cotangent }) => cotangent.flip(numbersOf('flip', node.attrs, 'axes')),
    lower: {
      kind: 'value',
      value: ({ node, read }, at) => {
        const axes = numbersOf('flip', node.attrs, 'axes');
        const last = (k: number): Expr => int(extentOf(dimAt(node.shape, k)) - 1);
        return read(
          0,
          at.map((index, k) => (axes.includes(k) ? apply('sub', last(k), index) : index)),
        );
      },
    },
  },
  concat: {
    ...MOVEMENT,
    doc: 'operands one after another along an axis',
    arity: 'many',
    type: (inputs, attrs) => {
      requireSameDtype('concat', inputs);
      const { shape, dtype } = operand(inputs, 0);
      const axis = numberOf('concat', attrs, 'axis');
      if (shape[axis] === undefined) {
        throw new ShapeError('axis', 'concat', axisText(axis, shape.length));
      }
      const shapes = inputs.map((input) => shapeText(input.shape)).join(' and ');
      let length = 0;
      for (const input of inputs) {
        const dim = input.shape[axis];
        if (dim === undefined || !sameShape(input.shape.with(axis, 0), shape.with(axis, 0))) {
          throw new ShapeError('shape-mismatch', 'concat', `${shapes} differ not only along axis ${axis}`);
        }
        if (typeof dim === 'object') {
          if (inputs.length > 1) torn('concat', axis);
          return { shape, dtype };
        }
        length += dim;
      }
      return { shape: shape.with(axis, length), dtype };
    },
    vjp: ({ node, inputs, cotangent }, k) => {
      const axis = numberOf('concat', node.attrs, 'axis');
      const along = (n: number): number => extentOf(dimAt(operand(inputs, n).shape, axis));
      const start = inputs.slice(0, k).reduce((sum, _, n) => sum + along(n), 0);
      return cotangent.slice(
        node.shape.map((_, d) => (d === axis ? start : 0)),
        node.shape.map((dim, d) => (d === axis ? start + along(k) : extentOf(dim))),
      );
    },
    lower: {
      kind: 'value',
      value: ({ node, read }, at) => {
        const axis = numberOf('concat', node.attrs, 'axis');
        const element = ({ k, start }: Part): Expr =>
          read(k, start === 0 ? at : at.with(axis, apply('sub', indexAt(at, axis), int(start))));
        // By halves, so that the choices between many operands are not as deep as these are many.
        const among = (parts: readonly Part[]): Expr => {
          const [only, ...others] = parts;
          if (only === undefined) return read(0, at);
          if (others.length === 0) return element(only);
          const half = parts.length >> 1;
          const isFirst = apply('lt', indexAt(at, axis), int(parts[half]?.start ?? 0));
          return apply('select', isFirst, among(parts.slice(0, half)), among(parts.slice(half)));
        };
        return among(partsAlong(node, axis));
      },
    },
  },
} satisfies Record<string, OpDef>;

/** Operand `k` of a concatenation holds the elements from `start` up to `end` (exclusive). */
interface Part {
  readonly k: number;
  readonly start: number;
  readonly end: number;
}

function partsAlong(node: Node, axis: number): Part[] {
  let end = 0;
  return node.inputs
    .map((input, k) => {
      const start = end;
      end += extentOf(dimAt(input.shape, axis));
      return { k, start, end };
    })
    .filter((part) => part.end > part.start);
}

/** The row-major position of an index: `(i * n1 + j) * n2 + k`. */
function flatIndex(at: readonly Expr[], shape: readonly Dim[]): Expr {
  return at
    .slice(1)
    .reduce(
      (flat, index, k) => apply('add', apply('mul', flat, int(extentOf(dimAt(shape, k + 1)))), index),
      at[0] ?? int(0),
    );
}

/** The index of a row-major position; the outermost one needs no remainder. */
function unflatten(flat: Expr, shape: readonly Dim[]): Expr[] {
  const index: Expr[] = [];
  let rest = flat;
  for (let k = shape.length - 1; k > 0; k--) {
    // A tensor without elements has no position; 1 keeps its (never evaluated) expression well formed.
    const extent = int(Math.max(1, extentOf(dimAt(shape, k))));
    index.unshift(apply('mod', rest, extent));
    rest = apply('idiv', rest, extent);
  }
  return shape.length === 0 ? [] : [rest, ...index];
}

function sliceOf(
  attrs: Node['attrs'],
  rank: number,
): Record<'starts' | 'stops' | 'steps', readonly number[]> {
  const [starts, stops, steps] = [
    numbersOf('slice', attrs, 'starts'),
    numbersOf('slice', attrs, 'stops'),
    numbersOf('slice', attrs, 'steps'),
  ];
  if ([starts, stops, steps].some((list) => list.length !== rank)) {
    throw new ShapeError('rank', 'slice', `starts, stops and steps must have ${rank} numbers each`);
  }
  return { starts, stops, steps };
}

function slicedDim(dim: Dim, axis: number, start: number, stop: number, step: number): Dim {
  const extent = extentOf(dim);
  if (step < 1 || start < 0 || stop < start || stop > extent) {
    const text = `${start}:${stop}:${step} of axis ${axis}, which has ${extent} elements`;
    throw new ShapeError('range', 'slice', `${text}: 0 <= start <= stop <= ${extent} and step >= 1`);
  }
  if (typeof dim === 'number') return Math.ceil((stop - start) / step);
  return start === 0 && stop === extent && step === 1 ? dim : torn('slice', axis);
}

function padding(attrs: Node['attrs'], rank: number): [low: readonly number[], high: readonly number[]] {
  const [low, high] = [numbersOf('pad', attrs, 'low'), numbersOf('pad', attrs, 'high')];
  if (low.length !== rank || high.length !== rank) {
    throw new ShapeError('rank', 'pad', `low and high must have ${rank} numbers each`);
  }
  return [low, high];
}
