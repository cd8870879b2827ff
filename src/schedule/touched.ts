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

/** `count` elements that follow one another, row by row over some axes. */
interface Run {
  readonly count: number;
  /** How many values of each axis they have. */
  readonly values: ReadonlyMap<Axis, number>;
}

/** What something covers: runs over axes of their own; an axis that is in none is covered whole. */
export type Cover = readonly Run[];

/** What `count` elements that follow one another, row by row over these axes, cover. */
export function consecutive(axes: readonly Axis[], count: number): Cover {
  const values = new Map<Axis, number>();
  let left = count;
  for (const axis of [...axes].reverse()) {
    values.set(axis, Math.min(axis.extent, Math.max(1, left)));
    left = Math.ceil(left / Math.max(1, axis.extent));
  }
  return [{ count, values }];
}

/** How many elements of a tensor that lies along some axes a cover has at most. */
function elementsIn(cover: Cover, axes: readonly Axis[]): number {
  const inRuns = new Set<Axis>();
  let elements = 1;
  for (const { count, values } of cover) {
    let own = 1;
    for (const axis of axes) {
      const covered = values.get(axis);
      if (covered === undefined) continue;
      inRuns.add(axis);
      own *= covered;
    }
    // A run that ends within a row touches less than a box of its values.
    elements *= Math.min(own, Math.max(1, count));
  }
  for (const axis of axes) if (!inRuns.has(axis)) elements *= axis.extent;
  return elements;
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
    const elements = elementsIn(cover, axes);
    most.set(tensor, Math.max(most.get(tensor) ?? 0, Math.min(elements, tensorSize(tensor))));
  }
  let bytes = 0;
  for (const [tensor, elements] of most) bytes += elements * byteSize(tensor.dtype);
  return bytes;
}
