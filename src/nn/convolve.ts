import { requireOption, requireOptions } from '../graph/arguments.ts';
import { ShapeError, type Tensor } from '../graph/index.ts';
import { requireSliding, spanOf } from '../graph/ops/geometry.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { type Dtype, shapeText } from '../loops/index.ts';
import {
  channelsFirst,
  inLayout,
  type Layout,
  type Padding,
  type PerAxis,
  paddingOf,
  perAxis,
  type Space,
  sidesOf,
  spaceOf,
} from './space.ts';

/** How a convolution slides. */
export interface ConvolutionOptions {
  /** How far apart positions are, for each axis or for all; 1 where it is left out. */
  readonly stride?: PerAxis;
  /** Zeros around, or `same` for as many positions as elements; 0 where it is left out. */
  readonly padding?: Padding;
  /** Distance of neighbours of the window. */
  readonly dilation?: PerAxis;
  /** Channels are cut into groups, each with outputs of its own; as many as channels: *depthwise*. */
  readonly groups?: number;
  /** `nchw` (`ncw`, `ncdhw`) where it is left out. */
  readonly layout?: Layout;
}

/** How a transposed convolution slides: over positions that lie `stride` apart. */
export interface TransposedOptions extends ConvolutionOptions {
  /** What is cut off; `same` makes the result `stride` times as large. */
  readonly padding?: Padding;
  /** More elements behind each axis. */
  readonly outputPadding?: PerAxis;
}

/** Names of the options of {@link convolve}. */
export const convolutionOptions: readonly (keyof ConvolutionOptions)[] = [
  'stride',
  'padding',
  'dilation',
  'groups',
  'layout',
];
/** Names of the options of {@link convolveTransposed}. */
export const transposedOptions: readonly (keyof TransposedOptions)[] = [
  ...convolutionOptions,
  'outputPadding',
];

/**
 * A convolution with given weights, of one to three axes of space. As in PyTorch, the window is not turned around.
 *
 * @param x `[batch, channels, ...space]`, or the channels last
 * @param weight `[out, channels / groups, ...window]`, in either layout
 * @returns `[batch, out, ...positions]`, or the channels last
 * @throws ShapeError where shapes do not fit or groups do not divide, GraphError where an option is unknown or out of range
 */
export function convolve<D extends Dtype>(
  x: Tensor<D>,
  weight: Tensor,
  options: ConvolutionOptions = {},
): Tensor<D> {
  requireOptions('convolve', options, convolutionOptions);
  const space = spaceOf('convolve', x, options.layout, windowRank('convolve', weight));
  return convolved('convolve', x, weight, space, options);
}

/**
 * A transposed convolution with given weights: the gradient in its input of the convolution from the result to `x`.
 *
 * @param x `[batch, channels, ...space]`, or the channels last
 * @param weight `[channels, out / groups, ...window]`, in either layout
 * @returns `[batch, out, ...larger]`, with `(extent - 1) · stride - padding + window + outputPadding` elements an axis
 * @throws as {@link convolve}
 */
export function convolveTransposed<D extends Dtype>(
  x: Tensor<D>,
  weight: Tensor,
  options: TransposedOptions = {},
): Tensor<D> {
  const op = 'convolveTransposed';
  requireOptions(op, options, transposedOptions);
  const space = spaceOf(op, x, options.layout, windowRank(op, weight));
  return transposed(op, x, weight, space, options);
}

/** {@link convolve} for a layer, whose name errors have. */
export function convolved<D extends Dtype>(
  op: string,
  x: Tensor<D>,
  weight: Tensor,
  space: Space,
  options: ConvolutionOptions,
): Tensor<D> {
  const { stride = 1, padding = 'valid', dilation = 1, groups: count = 1 } = options;
  const rank = space.axes.length;
  const [out = 0, inside = 0, ...window] = fixedWeights(op, weight);
  const groups = groupsOf(op, count, space.channels, out);
  requireFeatures(op, x, weight, inside, space.channels / groups);
  const slides = {
    window,
    stride: perAxis(op, 'stride', stride, rank, 1),
    dilation: perAxis(op, 'dilation', dilation, rank, 1),
  };
  const { low, high } = paddingOf(op, padding, x, space, slides);
  const [batch = 0] = x.shape;
  const apart = channelsFirst(x, space).reshape([batch, groups, inside, ...space.extents]);
  const windows = weight.reshape([groups, out / groups, inside, ...window]);
  const { stride: steps, dilation: windowDilation } = slides;
  const result = apart.convolve(windows, { stride: steps, low, high, windowDilation });
  return inLayout(result.reshape([batch, out, ...result.shape.slice(3)]), space);
}

/** {@link convolveTransposed} for a layer, whose name errors have. */
export function transposed<D extends Dtype>(
  op: string,
  x: Tensor<D>,
  weight: Tensor,
  space: Space,
  options: TransposedOptions,
): Tensor<D> {
  const { stride: steps = 1, padding = 'valid', dilation: apart = 1 } = options;
  const { outputPadding = 0, groups: count = 1 } = options;
  const rank = space.axes.length;
  const [inputs = 0, outs = 0, ...window] = fixedWeights(op, weight);
  const stride = perAxis(op, 'stride', steps, rank, 1);
  const dilation = perAxis(op, 'dilation', apart, rank, 1);
  const more = perAxis(op, 'outputPadding', outputPadding, rank, 0);
  const groups = groupsOf(op, count, space.channels, outs * count);
  requireFeatures(op, x, weight, inputs, space.channels);
  const cut = space.extents.map((_, d) => {
    const extra = spanOf(window[d] ?? 1, dilation[d] ?? 1) - (stride[d] ?? 1);
    if (padding === 'valid') return [0, 0] as const;
    if (padding !== 'same') return sidesOf(op, padding, rank, d);
    return [Math.floor(extra / 2), Math.ceil(extra / 2)] as const;
  });
  const around = window.map((count, d) => spanOf(count, dilation[d] ?? 1) - 1);
  const low = around.map((n, d) => n - (cut[d]?.[0] ?? 0));
  const high = around.map((n, d) => n - (cut[d]?.[1] ?? 0) + (more[d] ?? 0));
  for (const [d, extent] of space.extents.entries()) {
    const whole = spanOf(extent, stride[d] ?? 1) + (around[d] ?? 0) + (more[d] ?? 0);
    const [before, after] = cut[d] ?? [0, 0];
    if (extent > 0 && before + after >= whole) {
      const text = `paddings of ${before} and ${after} cut off all ${whole} elements along axis ${space.axes[d]}`;
      throw new ShapeError('window', op, text);
    }
    const along = { extent, window: window[d] ?? 1, low: low[d] ?? 0, high: high[d] ?? 0, stride: 1 };
    const sliding = { ...along, inputDilation: stride[d] ?? 1, windowDilation: dilation[d] ?? 1 };
    requireSliding(op, sliding, `axis ${space.axes[d]}`, x.shape);
  }
  const inside = space.channels / groups;
  const [batch = 0] = x.shape;
  const grouped = channelsFirst(x, space).reshape([batch, groups, inside, ...space.extents]);
  const turned = weight.flip(window.map((_, d) => d + 2)).reshape([groups, inside, outs, ...window]);
  const result = grouped.convolve(turned.transpose(1, 2), {
    low,
    high,
    inputDilation: stride,
    windowDilation: dilation,
  });
  return inLayout(result.reshape([batch, groups * outs, ...result.shape.slice(3)]), space);
}

/** The groups, which must divide both channels and outputs. @throws GraphError, ShapeError where they do not */
export function groupsOf(op: string, groups: number, channels: number, outputs: number): number {
  const isCount = Number.isSafeInteger(groups) && groups >= 1;
  requireOption(op, 'groups', groups, isCount, 'a whole number from 1 on');
  for (const [name, count] of Object.entries({ channels, outputs })) {
    if (count % groups === 0) continue;
    throw new ShapeError('groups', op, `${groups} groups do not divide ${count} ${name}`);
  }
  return groups;
}

/** Axes of space that weights are for. */
function windowRank(op: string, weight: Tensor): number {
  requireTensor(op, weight);
  const rank = weight.shape.length - 2;
  if (rank >= 1 && rank <= 3) return rank;
  const text = `weights ${shapeText(weight.shape)} must have two dimensions of channels and one to three of a window`;
  throw new ShapeError('rank', op, text);
}

function fixedWeights(op: string, weight: Tensor): number[] {
  return weight.shape.map((dim) => {
    if (typeof dim === 'number') return dim;
    throw new ShapeError('bounded-range', op, `weights ${shapeText(weight.shape)} must have a fixed shape`);
  });
}

function requireFeatures(op: string, x: Tensor, weight: Tensor, found: number, wanted: number): void {
  if (found === wanted) return;
  const shapes = `${shapeText(x.shape)} by weights ${shapeText(weight.shape)}`;
  throw new ShapeError('inner-sizes', op, `${wanted} channels meet weights of ${found}: ${shapes}`);
}
