import { apply, constant, type Dim, type Expr, sameDim, shapeText } from '../../loops/index.ts';
import { numbersOf } from '../attributes.ts';
import { ShapeError } from '../issues.ts';
import type { Attrs, ValueTypeOf } from '../node.ts';
import { dimAt, unequal } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import {
  indexAt,
  NUMBERS,
  type OpDef,
  operand,
  REDUCTION,
  requireDtype,
  requireSameDtype,
} from './definition.ts';
import { guarded, positionsOf, requireSliding, type Sliding, sourceOf, spanOf } from './geometry.ts';

/** Dimensions before those of space: batch, group, feature. */
const LEADING = 3;

/** Sums of products of a window that slides over space, for each pair of an input's and a window's features. */
export const convolutionOps = {
  convolve: {
    ...REDUCTION,
    doc: 'x [batch, groups, in, ...space] by w [groups, out, in, ...window]: [batch, groups, out, ...positions]; no turn',
    arity: 2,
    type: (inputs, attrs) => {
      const [x, w] = [operand(inputs, 0), operand(inputs, 1)];
      requireSameDtype('convolve', inputs);
      requireDtype('convolve', x.dtype, NUMBERS);
      const shapes = `${shapeText(x.shape)} by ${shapeText(w.shape)}`;
      if (x.shape.length <= LEADING || w.shape.length !== x.shape.length) {
        const text = `[batch, groups, in, ...space] by [groups, out, in, ...window], not ${shapes}`;
        throw new ShapeError('rank', 'convolve', text);
      }
      const pairs = [
        ['groups', dimAt(x.shape, 1), dimAt(w.shape, 0)],
        ['features', dimAt(x.shape, 2), dimAt(w.shape, 2)],
      ] as const;
      for (const [name, a, b] of pairs) {
        if (sameDim(a, b)) continue;
        throw new ShapeError('inner-sizes', 'convolve', `${name} differ: ${shapes} (${unequal(a, b)})`);
      }
      const positions = slidingOf(inputs, attrs).map((along, d): Dim => {
        requireSliding('convolve', along, `axis ${d + LEADING}`, x.shape);
        return positionsOf(along);
      });
      return {
        shape: [dimAt(x.shape, 0), dimAt(x.shape, 1), dimAt(w.shape, 1), ...positions],
        dtype: x.dtype,
      };
    },
    vjp: ({ node, inputs, cotangent }, k) => {
      const along = slidingOf(node.inputs, node.attrs);
      const [x, w] = [operand(inputs, 0), operand(inputs, 1)];
      return k === 0 ? gradientOfInput(w, cotangent, along) : gradientOfWindow(x, cotangent, along);
    },
    lower: {
      kind: 'reduce',
      over: (node) => operand(node.inputs, 1).shape.slice(2),
      reductions: ({ node, read }, at, r) => {
        const [batch, group, out] = [indexAt(at, 0), indexAt(at, 1), indexAt(at, 2)];
        const sources = slidingOf(node.inputs, node.attrs).map((along, d) =>
          sourceOf(along, indexAt(at, d + LEADING), indexAt(r, d + 1)),
        );
        const space = sources.map(({ index }) => index);
        const zero = constant(0, node.dtype);
        const inside = guarded(
          sources.flatMap(({ guards }) => guards),
          read(0, [batch, group, indexAt(r, 0), ...space]),
          zero,
        );
        // Padding is zeros, which the window multiplies; in a gap there is nothing, and no product.
        const product = apply('mul', inside, read(1, [group, out, ...r]));
        const gaps = sources.flatMap((source) => source.gaps);
        return [{ monoid: 'sum', body: guarded(gaps, product, zero) }];
      },
      value: (_ctx, _at, [parts = []]): Expr => indexAt(parts, 0),
    },
  },
} satisfies Record<string, OpDef>;

/** How the window slides along each axis of space. @throws ShapeError where a list has another length */
function slidingOf(inputs: readonly ValueTypeOf[], attrs: Attrs): Sliding[] {
  const [x, w] = [operand(inputs, 0).shape.slice(LEADING), operand(inputs, 1).shape.slice(LEADING)];
  const list = (name: string): readonly number[] => {
    const numbers = numbersOf('convolve', attrs, name);
    if (numbers.length === x.length) return numbers;
    throw new ShapeError('rank', 'convolve', `${name} must have ${x.length} numbers, one an axis of space`);
  };
  const [stride, low, high] = [list('stride'), list('low'), list('high')];
  const [inputDilation, windowDilation] = [list('inputDilation'), list('windowDilation')];
  return x.map((dim, d) => ({
    extent: fixed(dim, d),
    window: fixed(dimAt(w, d), d),
    stride: stride[d] ?? 1,
    low: low[d] ?? 0,
    high: high[d] ?? 0,
    inputDilation: inputDilation[d] ?? 1,
    windowDilation: windowDilation[d] ?? 1,
  }));
}

function fixed(dim: Dim, d: number): number {
  if (typeof dim === 'number') return dim;
  const text = `axis ${d + LEADING} is bounded: a window slides over fixed extents only`;
  throw new ShapeError('bounded-range', 'convolve', text);
}

/**
 * The cotangent by the window turned around, with stride and input dilation exchanged (Dumoulin and Visin 2016).
 * The paddings are those that give the input's extent; they may be negative.
 *
 * Along axes where the window is one element, products need no gaps: they are placed where they belong afterwards.
 */
function gradientOfInput(w: Tensor, cotangent: Tensor, along: readonly Sliding[]): Tensor {
  const turned = w.flip(along.map((_, d) => d + LEADING)).transpose(1, 2);
  const isPlaced = (a: Sliding): boolean => a.window === 1 && a.stride > 1 && a.inputDilation === 1;
  const low = along.map((a) => (isPlaced(a) ? 0 : (a.window - 1) * a.windowDilation - a.low));
  const product = cotangent.convolve(turned, {
    stride: along.map((a) => a.inputDilation),
    low,
    high: along.map((a, d) => {
      if (isPlaced(a)) return 0;
      const wanted = spanOf(a.extent, a.inputDilation) - 1 + spanOf(a.window, a.windowDilation);
      return wanted - spanOf(positionsOf(a), a.stride) - (low[d] ?? 0);
    }),
    inputDilation: along.map((a) => (isPlaced(a) ? 1 : a.stride)),
    windowDilation: along.map((a) => a.windowDilation),
  });
  const placed = along.flatMap((a, d) => (isPlaced(a) ? [{ ...a, axis: d + LEADING }] : []));
  if (placed.length === 0) return product;
  return product.reshape([...product.shape, ...placed.map(() => 1)]).foldWindows(
    placed.map(({ extent }) => extent),
    {
      axes: placed.map(({ axis }) => axis),
      window: placed.map(() => 1),
      stride: placed.map(({ stride }) => stride),
      low: placed.map((a) => a.low),
      high: placed.map((a) => a.high),
    },
  );
}

/**
 * The input by the cotangent, where the batch is what is summed over, and positions are the window's elements. One of
 * the two slides over the other: the one whose neighbours have no gaps is slid over, as far as there is one.
 */
function gradientOfWindow(x: Tensor, cotangent: Tensor, along: readonly Sliding[]): Tensor {
  const space = along.map((_, d) => d + LEADING);
  const hasGaps = along.some((a) => a.inputDilation > 1);
  if (hasGaps && along.every((a) => a.stride === 1)) {
    // Positions count from the window's last element down.
    const low = along.map((a) => (a.window - 1) * a.windowDilation - a.low);
    const turned = cotangent.transpose(0, 2).convolve(x.permute([1, 2, 0, ...space]), {
      stride: along.map((a) => a.windowDilation),
      low,
      high: along.map((a, d) => {
        const wanted = (a.window - 1) * a.windowDilation + spanOf(a.extent, a.inputDilation);
        return wanted - positionsOf(a) - (low[d] ?? 0);
      }),
      inputDilation: along.map(() => 1),
      windowDilation: along.map((a) => a.inputDilation),
    });
    return turned.flip(space).transpose(0, 1);
  }
  const product = x.transpose(0, 2).convolve(cotangent.permute([1, 2, 0, ...space]), {
    stride: along.map((a) => a.windowDilation),
    low: along.map((a) => a.low),
    high: along.map((a) => {
      const wanted = (a.window - 1) * a.windowDilation + spanOf(positionsOf(a), a.stride);
      return wanted - spanOf(a.extent, a.inputDilation) - a.low;
    }),
    inputDilation: along.map((a) => a.inputDilation),
    windowDilation: along.map((a) => a.stride),
  });
  return product.permute([1, 2, 0, ...space]);
}
