import { requireList, requireOptions } from './arguments.ts';
import type { Node } from './node.ts';
import type { Slides } from './ops/windows.ts';

/** How a window slides over space: a number for each axis of space; ones, and no padding, where they are left out. */
export interface ConvolveOptions {
  /** How far apart positions are. */
  readonly stride?: readonly number[];
  /** Padding before each axis; negative to crop. */
  readonly low?: readonly number[];
  /** Padding after each axis. */
  readonly high?: readonly number[];
  /** Distance of neighbours of the input: 2 puts a zero between any two. */
  readonly inputDilation?: readonly number[];
  /** Distance of neighbours of the window. */
  readonly windowDilation?: readonly number[];
}

/** Windows along axes: a number for each of them; ones, and no padding, where they are left out. */
export interface WindowsOptions {
  /** The axes that windows slide along. */
  readonly axes: readonly number[];
  /** How many elements a window has along each. */
  readonly window: readonly number[];
  /** How far apart positions are. */
  readonly stride?: readonly number[];
  /** Distance of neighbours in a window. */
  readonly dilation?: readonly number[];
  /** Elements before each axis; negative to crop. */
  readonly low?: readonly number[];
  /** Elements after each axis; negative to crop. */
  readonly high?: readonly number[];
  /** What is read outside of the axis. */
  readonly value?: number;
}

/** All attributes of a convolution, by what a caller gave. @throws GraphError, ShapeError where that is no option */
export function convolveAttrs(x: Node, options: ConvolveOptions): Required<ConvolveOptions> {
  const names = ['stride', 'low', 'high', 'inputDilation', 'windowDilation'];
  requireOptions('convolve', options, names);
  const space = Math.max(0, x.shape.length - 3);
  const list = (name: string, given: readonly number[] | undefined, usual: number): readonly number[] =>
    listOf('convolve', name, given, space, usual);
  return {
    stride: list('stride', options.stride, 1),
    low: list('low', options.low, 0),
    high: list('high', options.high, 0),
    inputDilation: list('inputDilation', options.inputDilation, 1),
    windowDilation: list('windowDilation', options.windowDilation, 1),
  };
}

/** All attributes of windows, by what a caller gave. @throws GraphError, ShapeError where that is no option */
export function windowsAttrs(op: string, options: WindowsOptions): Slides & { readonly value?: number } {
  const names = ['axes', 'window', 'stride', 'dilation', 'low', 'high'];
  requireOptions(op, options, op === 'windows' ? [...names, 'value'] : names);
  const { axes, window, value } = options;
  for (const [name, list] of Object.entries({ axes, window })) requireList('axis', op, name, list);
  const list = (name: string, given: readonly number[] | undefined, usual: number): readonly number[] =>
    listOf(op, name, given, axes.length, usual);
  return {
    axes: [...axes],
    window: [...window],
    stride: list('stride', options.stride, 1),
    dilation: list('dilation', options.dilation, 1),
    low: list('low', options.low, 0),
    high: list('high', options.high, 0),
    ...(value === undefined ? {} : { value }),
  };
}

function listOf(
  op: string,
  name: string,
  given: readonly number[] | undefined,
  count: number,
  usual: number,
): readonly number[] {
  if (given === undefined) return Array.from({ length: count }, () => usual);
  requireList('range', op, name, given);
  return [...given];
}
