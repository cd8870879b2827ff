import type { Tensor, WindowsOptions } from '../../src/graph/index.ts';
import { positionsOf } from '../../src/graph/ops/geometry.ts';
import { type Dim, extentOf } from '../../src/loops/index.ts';
import { type Draft, type Drawn, elements } from './draft.ts';

/** A convolution over the last dimension, or the last two, of a tensor of a batch. */
export function convolved(draft: Draft): Drawn | undefined {
  const { dice } = draft;
  const slides = ({ shape }: Tensor): boolean =>
    shape.length >= 2 && shape.length <= 4 && elements(shape) <= 400 && areFixed(shape.slice(1));
  const x = draft.float(({ tensor }) => slides(tensor));
  const [batch, ...rest] = x?.tensor.shape.map((dim, k) => (k === 0 ? dim : extentOf(dim))) ?? [];
  if (x === undefined || batch === undefined) return undefined;
  const numbers = rest.map(extentOf);
  const space = numbers.slice(numbers.length > 1 ? 1 : 0);
  const features = numbers.length > 1 ? (numbers[0] ?? 1) : 1;
  const isGrouped = dice.chance(0.3);
  const [groups, inside] = isGrouped ? [features, 1] : [1, features];
  const along = space.map((extent) => {
    const one = { stride: dice.between(1, 2), low: dice.between(-1, 2), high: dice.between(0, 2) };
    const [inputDilation, windowDilation] = [dice.oneOf([1, 1, 2]), dice.oneOf([1, 1, 2])];
    return { ...one, extent, window: dice.between(1, 3), inputDilation, windowDilation };
  });
  if (along.some((one) => one.extent === 0 || positionsOf(one) < 1)) return undefined;
  const window = draft.input([groups, dice.between(1, 3), inside, ...along.map((one) => one.window)]);
  return {
    tensor: x.tensor.reshape([batch, groups, inside, ...space]).convolve(window.tensor, {
      stride: along.map((one) => one.stride),
      low: along.map((one) => one.low),
      high: along.map((one) => one.high),
      inputDilation: along.map((one) => one.inputDilation),
      windowDilation: along.map((one) => one.windowDilation),
    }),
    bound: Math.max(1, x.bound * window.bound * elements(window.tensor.shape.slice(2))),
    exact: false,
  };
}

/** Windows that fit into one or two axes of a tensor. */
export function windowsOf({ shape }: Tensor, { dice }: Draft): WindowsOptions | undefined {
  const fit = shape.flatMap((dim, k) => (typeof dim === 'number' && dim > 0 ? [k] : []));
  const axes = dice
    .shuffled(fit)
    .slice(0, dice.between(1, 2))
    .sort((a, b) => a - b);
  const along = axes.map((axis) => {
    const one = { stride: dice.between(1, 3), low: dice.below(3), high: dice.below(3), inputDilation: 1 };
    const extent = extentOf(shape[axis] ?? 1);
    return { ...one, extent, window: dice.between(1, 3), windowDilation: dice.oneOf([1, 1, 2]) };
  });
  const elementsOf = along.reduce((n, one) => n * positionsOf(one) * one.window, 1);
  const others = elements(shape.filter((_, k) => !axes.includes(k)));
  if (axes.length === 0 || along.some((one) => positionsOf(one) < 1) || elementsOf * others > 800)
    return undefined;
  return {
    axes,
    window: along.map((one) => one.window),
    stride: along.map((one) => one.stride),
    dilation: along.map((one) => one.windowDilation),
    low: along.map((one) => one.low),
    high: along.map((one) => one.high),
  };
}

/** Windows, weighed by their elements, and back. */
export function folded(draft: Draft): Drawn | undefined {
  const x = draft.float();
  const options = x && windowsOf(x.tensor, draft);
  if (x === undefined || options === undefined) return undefined;
  const windows = x.tensor.windows(options);
  const weight = windows.iotaLike(-1).cast('f32').mul(0.5).add(0.5);
  const extents = options.axes.map((axis) => extentOf(x.tensor.shape[axis] ?? 1));
  return {
    tensor: windows.mul(weight).foldWindows(extents, options),
    bound: 2 * x.bound * elements(options.window),
    exact: false,
  };
}

function areFixed(shape: readonly Dim[]): boolean {
  return shape.every((dim) => typeof dim === 'number');
}
