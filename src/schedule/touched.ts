import { tensorSize } from '../loops/edges.ts';
import {
  type Axis,
  axesIn,
  byteSize,
  type Expr,
  type Load,
  type Loop,
  loadsIn,
  type Tensor,
} from '../loops/index.ts';

/** How many values of each axis something covers; an axis that is not named is covered whole. */
export type Cover = ReadonlyMap<Axis, number>;

/** What `count` elements that follow one another, row by row over these axes, cover. */
export function consecutive(axes: readonly Axis[], count: number): Cover {
  const cover = new Map<Axis, number>();
  let left = count;
  for (const axis of [...axes].reverse()) {
    cover.set(axis, Math.min(axis.extent, Math.max(1, left)));
    left = Math.ceil(left / Math.max(1, axis.extent));
  }
  return cover;
}

/** The same where all axes but some are covered whole, and these `count` times in all. */
export function covering(axes: readonly Axis[], count: number, also: Cover = new Map()): Cover {
  return new Map([...also, ...consecutive(axes, count)]);
}

interface Touch {
  readonly tensor: Tensor;
  readonly axes: readonly Axis[];
}

const known = new WeakMap<Loop, readonly Touch[]>();

/** What a loop's loads and stores touch: tensors, and the axes along which their elements lie. */
function touchesOf(loop: Loop): readonly Touch[] {
  let found = known.get(loop);
  if (found === undefined) {
    found = [
      ...loop.reductions.flatMap((r) => loadTouches(r.body)),
      ...loop.outs.flatMap((out) => [...loadTouches(out.value), { tensor: out.tensor, axes: out.at }]),
    ];
    known.set(loop, found);
  }
  return found;
}

function loadTouches(expr: Expr): Touch[] {
  return loadsIn(expr).map((l: Load) => ({ tensor: l.tensor, axes: [...axesIn(...l.at)] }));
}

/**
 * Bytes that a loop reads and writes where it covers so much of each axis: each element once, of each tensor what the
 * load that reads most of it reads.
 *
 * @param isInside tensors that are not in memory
 */
export function touchedBytes(loop: Loop, cover: Cover, isInside: (tensor: Tensor) => boolean): number {
  const most = new Map<Tensor, number>();
  for (const { tensor, axes } of touchesOf(loop)) {
    if (isInside(tensor)) continue;
    const elements = axes.reduce((n, axis) => n * (cover.get(axis) ?? axis.extent), 1);
    most.set(tensor, Math.max(most.get(tensor) ?? 0, Math.min(elements, tensorSize(tensor))));
  }
  let bytes = 0;
  for (const [tensor, elements] of most) bytes += elements * byteSize(tensor.dtype);
  return bytes;
}
