import { requireDtype } from '../ops/definition.ts';
import { dimAt, normalAxis, toDim } from '../shape.ts';
import { requireTensor } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';

/** The method {@link Tensor.takeAlongAxis}. */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis: number): Tensor {
  requireTensor('takeAlongAxis', indices);
  const at = normalAxis('takeAlongAxis', x.shape.length, axis);
  const rows = x.transpose(at, -1).expandDims(-2);
  const chosen = indices.transpose(at, -1);
  const shape = [...chosen.shape, dimAt(x.shape, at)];
  return rows.broadcastTo(shape).pick(chosen).transpose(at, -1);
}

/** The method {@link Tensor.oneHot}. */
export function oneHot(indices: Tensor, n: number): Tensor {
  toDim('oneHot', n);
  requireDtype('oneHot', indices.dtype, ['i32']);
  return indices
    .iota([...indices.shape, n], indices.shape.length)
    .eq(indices.expandDims(-1))
    .cast('f32');
}
