import { dimAt } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** The elements at places along the last axis, `[..., n]` at `[..., k]`, which may be out of range as those of `take`. */
export function elementsAt(x: Tensor, places: Tensor): Tensor {
  const shape = [...places.shape, dimAt(x.shape, x.shape.length - 1)];
  return x.expandDims(-2).broadcastTo(shape).pick(places);
}

/**
 * Elements along the last axis at other places, each at one place at most, 0 where there is none. Both tables say the same:
 * the gradient is the elements' way back, and so costs as many as there are.
 *
 * @param x     `[..., n]`
 * @param order `[..., k]`, i32: which element each place has, -1 where it has none
 * @param back  `[..., n]`, i32: the place of each element, -1 where it has none
 * @returns `[..., k]`
 */
export function rearranged(x: Tensor, order: Tensor, back: Tensor): Tensor {
  const value = order.ge(0).where(elementsAt(x, order), 0);
  if (x.dtype !== 'f32') return value;
  return x.wrap(x.graph.build('rearrange', [value.node, x.node, order.node, back.node]));
}
