import { requireList } from '../arguments.ts';
import { expanded, permuted, reshaped, sliced } from '../build.ts';
import { squeeze } from '../composed/movement.ts';
import { overlap } from '../ops/windows.ts';
import { type DimLike, normalAxes, normalAxis, toShape } from '../shape.ts';
import { type WindowsOptions, windowsAttrs } from '../sliding.ts';
import type { Tensor } from '../tensor.ts';
import { Reductions } from './reductions.ts';
import type { Axes } from './value.ts';

/** Elements at other places: they become indices of their readers. A bounded axis is taken whole. */
export abstract class Movement extends Reductions {
  /** Dimension `k` of the result is dimension `perm[k]` of this. */
  permute(perm: readonly number[]): Tensor {
    return this.wrap(permuted(this.graph, this.node, perm));
  }
  /** Two axes exchanged; the last two by default. */
  transpose(a = -2, b = -1): Tensor {
    const rank = this.shape.length;
    const [from, to] = [normalAxis('transpose', rank, a), normalAxis('transpose', rank, b)];
    return this.permute(this.shape.map((_, k) => (k === from ? to : k === to ? from : k)));
  }
  /** The same elements in another shape; one dimension may be -1. */
  reshape(shape: readonly DimLike[]): Tensor {
    return this.wrap(reshaped(this.graph, this.node, shape));
  }
  broadcastTo(shape: readonly DimLike[]): Tensor {
    return this.wrap(expanded(this.graph, this.node, toShape('broadcastTo', shape)));
  }
  /** A new axis of one element, which becomes axis `axis` of the result. */
  expandDims(axis: number): Tensor {
    const at = normalAxis('expandDims', this.shape.length + 1, axis);
    return this.reshape(this.shape.toSpliced(at, 0, 1));
  }
  /** Without axes of one element: those that are named, or all. */
  squeeze(this: Tensor, axes?: Axes): Tensor {
    return squeeze(this, axes);
  }
  /**
   * A range of each axis, as NumPy's: negative starts and stops count from the end, a negative step goes
   * backwards, what is left out or undefined is whole.
   */
  slice(
    starts: readonly (number | undefined)[],
    stops: readonly (number | undefined)[] = [],
    steps: readonly (number | undefined)[] = [],
  ): Tensor {
    return this.wrap(sliced(this.graph, this.node, starts, stops, steps));
  }
  /** `low[k]` elements of `value` before axis k, `high[k]` after it. */
  pad(this: Tensor, low: readonly number[], high: readonly number[], value = 0): Tensor {
    for (const [name, list] of Object.entries({ low, high })) requireList('range', 'pad', name, list);
    if (low.length === this.shape.length && [...low, ...high].every((n) => n === 0)) return this;
    return this.wrap(this.graph.build('pad', [this.node], { low: [...low], high: [...high], value }));
  }
  /** Backwards along axes; all by default. */
  flip(this: Tensor, axes?: Axes): Tensor {
    const normal = normalAxes('flip', this.shape.length, axes);
    return normal.length === 0 ? this : this.wrap(this.graph.build('flip', [this.node], { axes: normal }));
  }

  /** Windows along axes: positions come in the place of each axis, the windows' elements behind all axes. */
  windows(options: WindowsOptions): Tensor {
    const { value = 0, ...slides } = windowsAttrs('windows', options);
    return this.wrap(this.graph.build('windows', [this.node], { ...slides, value }));
  }
  /**
   * The way back: axes of some extents, each element the sum of what the windows have there.
   *
   * @param extents one for each axis that the windows slide along
   */
  foldWindows(extents: readonly number[], options: Omit<WindowsOptions, 'value'>): Tensor {
    requireList('dimension', 'foldWindows', 'extents', extents);
    const slides = windowsAttrs('foldWindows', options);
    const op = overlap(extents, slides) ? 'foldWindows' : 'placeWindows';
    return this.wrap(this.graph.build(op, [this.node], { ...slides, extents: [...extents] }));
  }
}
