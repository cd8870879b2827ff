import { requireFlag, requireOneOf, requireOptions } from '../graph/arguments.ts';
import { ShapeError, type Tensor } from '../graph/index.ts';
import { requireDtype } from '../graph/ops/definition.ts';
import { sameShape } from '../graph/shape.ts';
import { requireTensor, typed } from '../graph/tensor/value.ts';
import { type Dim, shapeText } from '../loops/index.ts';
import { channelsFirst, inLayout, type Layout, type Space, spaceOf } from './space.ts';

/** How an image is read between and beside its elements. */
export interface GridSampleOptions {
  /** `bilinear` where it is left out. */
  readonly method?: 'nearest' | 'bilinear';
  /** What lies outside: zeros, which is the default, the nearest element, or the image mirrored at its ends. */
  readonly padding?: 'zeros' | 'border' | 'reflection';
  /** Whether -1 and 1 are the middles of the first and last elements, or their outer ends, which is the default. */
  readonly alignCorners?: boolean;
  /** `nchw` where it is left out. */
  readonly layout?: Layout;
}

/**
 * An image at given places (PyTorch's `grid_sample`, Jaderberg et al., *Spatial Transformer Networks*, 2015). Gradients go to
 * the image and, of `bilinear`, to the places: none at the ends and beyond them, except where zeros are outside.
 *
 * A place that is NaN gives NaN, and of `nearest` 0. An infinite one is the end of the image with `border`, and outside of it
 * with `zeros`; `reflection` has no place for it. What has no place, or lies outside, is NaN of `bilinear` and 0 of `nearest`.
 *
 * ```ts
 * nn.gridSample(images, grid, { padding: 'border' }); // [batch, 3, 28, 28], [batch, 14, 14, 2]: [batch, 3, 14, 14]
 * ```
 *
 * @param x    `[batch, channels, height, width]`, f32, or the channels last
 * @param grid `[batch, rows, columns, 2]`, f32: x, then y, from -1 (left, top) to 1 (right, bottom)
 * @returns `[batch, channels, rows, columns]`, or the channels last
 * @throws ShapeError where shapes do not fit or the image is empty, GraphError where an option is unknown or out of range
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor<'f32'> {
  const op = 'gridSample';
  requireOptions(op, options, ['method', 'padding', 'alignCorners', 'layout']);
  const { method = 'bilinear', padding = 'zeros', alignCorners = false, layout } = options;
  requireOneOf(op, 'method', method, ['nearest', 'bilinear']);
  requireOneOf(op, 'padding', padding, ['zeros', 'border', 'reflection']);
  requireFlag(op, 'alignCorners', alignCorners);
  const space = spaceOf(op, x, layout, 2);
  const [height = 0, width = 0] = space.extents;
  requireGrid(op, x, grid, space);
  const read = elementsOf(channelsFirst(x, space), height, width);
  const place = (k: 0 | 1, extent: number): Tensor => {
    const share = grid.select(3, k).add(1);
    const at = alignCorners ? share.mul((extent - 1) / 2) : share.mul(extent / 2).sub(0.5);
    if (padding === 'zeros') return at;
    const turned = padding === 'border' ? at : reflected(at, extent, alignCorners);
    // A place at an end, or beyond it, is that of its last element: it has no slope, in PyTorch too.
    const isBetween = turned.gt(0).and(turned.lt(extent - 1));
    return isBetween.where(turned, turned.clamp(0, extent - 1).detach());
  };
  const [column, row] = [place(0, width), place(1, height)];
  if (method === 'nearest') return inLayout(read(row.round(), column.round()), space);
  const [top, left] = [row.floor(), column.floor()];
  const [down, right] = [row.sub(top), column.sub(left)];
  const [up, back] = [down.neg().add(1), right.neg().add(1)];
  const corners: readonly (readonly [Tensor, Tensor, Tensor])[] = [
    [top, left, up.mul(back)],
    [top, left.add(1), up.mul(right)],
    [top.add(1), left, down.mul(back)],
    [top.add(1), left.add(1), down.mul(right)],
  ];
  const parts = corners.map(([y, x, weight]) => read(y, x).mul(weight.expandDims(1)));
  return inLayout(
    parts.reduce((sum, part) => sum.add(part)),
    space,
  );
}

function requireGrid(op: string, x: Tensor, grid: Tensor, { extents }: Space): void {
  requireTensor(op, grid);
  for (const { dtype } of [x, grid]) requireDtype(op, dtype, ['f32']);
  const [own, other] = [x, grid].map(({ shape }) => shapeText(shape));
  if (extents.includes(0)) throw new ShapeError('empty', op, `${own} has no elements`);
  if (
    grid.shape.length === 4 &&
    grid.shape[3] === 2 &&
    sameShape(x.shape.slice(0, 1), grid.shape.slice(0, 1))
  )
    return;
  const text = `the grid must be [batch, rows, columns, 2], with the batch of ${own}, not ${other}`;
  throw new ShapeError('shape-mismatch', op, text);
}

/**
 * Reads whole places, given as floats `[batch, rows, columns]`, of all channels: 0 outside of the image. Rows of one table, so
 * that the gradient is one sum by segment for all channels.
 *
 * @param x `[batch, channels, height, width]`
 */
function elementsOf(
  x: Tensor,
  height: number,
  width: number,
): (row: Tensor, column: Tensor) => Tensor<'f32'> {
  const [batch = 1, channels = 1] = x.shape;
  const many: Dim =
    typeof batch === 'number'
      ? batch * height * width
      : { size: batch.size, factor: batch.factor * height * width };
  const table = typed(x, 'f32').permute([0, 2, 3, 1]).reshape([many, channels]);
  return (row, column) => {
    const isWithin = (at: Tensor, extent: number): Tensor => at.ge(0).and(at.le(extent - 1));
    const isInside = isWithin(row, height).and(isWithin(column, width));
    const near = (at: Tensor, extent: number): Tensor => at.clamp(0, extent - 1).cast('i32');
    const own = near(row, height).mul(width).add(near(column, width));
    const number = own
      .iotaLike(0)
      .mul(height * width)
      .add(own);
    const found = table.take(number).permute([0, 3, 1, 2]);
    return isInside.expandDims(1).where(found, 0);
  };
}

/** Places outside mirrored at the ends again and again, those of elements or of areas. */
function reflected(at: Tensor, extent: number, alignCorners: boolean): Tensor {
  const [first, span] = alignCorners ? [0, extent - 1] : [-0.5, extent];
  if (span === 0) return at.fullLike(0);
  const distance = at.sub(first).abs();
  const turns = distance.div(span).floor();
  const rest = distance.sub(turns.mul(span));
  const isBack = turns.sub(turns.mul(0.5).floor().mul(2)).ne(0);
  return isBack.where(rest.neg().add(span), rest).add(first);
}
