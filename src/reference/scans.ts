import type { Node } from '../graph/index.ts';
import { at, countOf, type Live, liveOf, type NDArray, stridesOf } from './array.ts';
import { numberAttr } from './attributes.ts';

/** The largest or smallest of the live elements up to each, along an axis in either direction. */
export function runningExtremum(node: Node, x: NDArray, live: Live): NDArray {
  const axis = numberAttr(node, 'axis');
  const isBack = numberAttr(node, 'reverse') !== 0;
  const better = node.op === 'cummax' ? Math.max : Math.min;
  const count = liveOf(node.shape[axis] ?? 1, live);
  const stride = stridesOf(x.shape)[axis] ?? 1;
  const data = Float64Array.from(x.data);
  for (let first = 0; first < countOf(x.shape); first++) {
    if (Math.floor(first / stride) % (x.shape[axis] ?? 1) !== 0) continue;
    for (let k = 1; k < count; k++) {
      const [own, before] = isBack ? [count - 1 - k, count - k] : [k, k - 1];
      data[first + own * stride] = better(at(x, first + own * stride), data[first + before * stride] ?? 0);
    }
  }
  return { shape: x.shape, dtype: x.dtype, data };
}
