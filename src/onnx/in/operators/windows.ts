import type { NodeContext } from '../context.ts';

/** How a window slides over axes of space, by the attributes that convolutions and poolings share. */
export interface Slides {
  readonly window: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly pads: readonly (readonly [number, number])[];
}

/**
 * The window of a node.
 *
 * @param extents of the axes of space, which padding by `auto_pad` depends on
 */
export function slidesOf(ctx: NodeContext, window: readonly number[], extents: readonly number[]): Slides {
  const ones = extents.map(() => 1);
  const stride = ctx.ints('strides') ?? ones;
  const dilation = ctx.ints('dilations') ?? ones;
  const auto = ctx.text('auto_pad', 'NOTSET');
  const given = ctx.ints('pads') ?? extents.flatMap(() => [0, 0]);
  for (const [name, list] of Object.entries({ kernel_shape: window, strides: stride, dilations: dilation })) {
    if (list.length !== extents.length)
      return ctx.fail(`${name} has ${list.length} numbers for ${extents.length} axes of space`);
  }
  if (given.length !== 2 * extents.length)
    return ctx.fail(`pads has ${given.length} numbers for ${extents.length} axes of space`);
  const pads = extents.map((extent, d): readonly [number, number] => {
    if (auto === 'VALID') return [0, 0];
    if (auto === 'NOTSET') return [given[d] ?? 0, given[d + extents.length] ?? 0];
    const [step, span] = [stride[d] ?? 1, ((window[d] ?? 1) - 1) * (dilation[d] ?? 1) + 1];
    const total = Math.max(0, (Math.ceil(extent / step) - 1) * step + span - extent);
    const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
    return auto === 'SAME_LOWER' ? [more, less] : [less, more];
  });
  return { window, stride, dilation, pads };
}

/** A list as short as people write it: one number where all are that. */
export function short(list: readonly number[]): number | readonly number[] {
  const [first = 1] = list;
  return list.every((n) => n === first) ? first : list;
}

/** Paddings as short as people write them. */
export function shortPads(pads: Slides['pads']): number | readonly (number | readonly [number, number])[] {
  const own = pads.map(([low, high]) => (low === high ? low : ([low, high] as const)));
  const [first] = own;
  return typeof first === 'number' && own.every((n) => n === first) ? first : own;
}

/** Options that are not what they are where they are left out. */
export function slideOptions(
  { stride, dilation, pads }: Slides,
  defaultStride: readonly number[],
): {
  readonly stride?: number | readonly number[];
  readonly dilation?: number | readonly number[];
  readonly padding?: ReturnType<typeof shortPads>;
} {
  return {
    ...(stride.every((n, d) => n === defaultStride[d]) ? {} : { stride: short(stride) }),
    ...(pads.every(([low, high]) => low === 0 && high === 0) ? {} : { padding: shortPads(pads) }),
    ...(dilation.every((n) => n === 1) ? {} : { dilation: short(dilation) }),
  };
}
