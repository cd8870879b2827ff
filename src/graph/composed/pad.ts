import { shapeText } from '../../loops/index.ts';
import { requireOneOf, requireOptions } from '../arguments.ts';
import { ShapeError } from '../issues.ts';
import { fixedExtent } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { joined, rangeOf } from './movement.ts';

/** What stands around a tensor: its elements mirrored at the outermost one, or that one again and again. */
export type PadMode = 'reflect' | 'replicate';

/** Elements around each axis that are some of its own. */
export function padBy(
  x: Tensor,
  low: readonly number[],
  high: readonly number[],
  options: { readonly mode: PadMode },
): Tensor {
  requireOptions('pad', options, ['mode']);
  const { mode } = options;
  requireOneOf('pad', 'mode', mode, ['reflect', 'replicate']);
  const rank = x.shape.length;
  if (low.length !== rank || high.length !== rank)
    throw new ShapeError('rank', 'pad', `low and high must have ${rank} numbers each`);
  return low.reduce((y, before, axis) => {
    const after = high[axis] ?? 0;
    if (before === 0 && after === 0) return y;
    requireRoom(x, axis, before, after, mode);
    const [front, back] =
      mode === 'reflect' ? mirrored(y, axis, before, after) : repeated(y, axis, before, after);
    return joined(y, [front, y, back], axis);
  }, x);
}

function mirrored(x: Tensor, axis: number, before: number, after: number): [front: Tensor, back: Tensor] {
  const extent = fixedExtent('pad', x.shape, axis);
  return [
    rangeOf(x, axis, 1, 1 + before).flip(axis),
    rangeOf(x, axis, extent - 1 - after, extent - 1).flip(axis),
  ];
}

function repeated(x: Tensor, axis: number, before: number, after: number): [front: Tensor, back: Tensor] {
  const extent = fixedExtent('pad', x.shape, axis);
  return [
    rangeOf(x, axis, 0, 1).broadcastTo(x.shape.with(axis, before)),
    rangeOf(x, axis, extent - 1, extent).broadcastTo(x.shape.with(axis, after)),
  ];
}

/** @throws ShapeError where paddings are not numbers of elements, or the axis has not the elements that they are made of */
function requireRoom(x: Tensor, axis: number, before: number, after: number, mode: PadMode): void {
  if (![before, after].every((n) => Number.isSafeInteger(n) && n >= 0))
    throw new ShapeError('range', 'pad', `padding ${before} and ${after} of axis ${axis}: from 0 on`);
  const extent = fixedExtent('pad', x.shape, axis);
  const needed = mode === 'reflect' ? Math.max(before, after) + 1 : 1;
  if (extent >= needed) return;
  const text = `${mode} of ${before} and ${after} needs ${needed} elements: axis ${axis} of ${shapeText(x.shape)} has ${extent}`;
  throw new ShapeError('range', 'pad', text);
}
