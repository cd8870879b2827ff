import { tensorSize } from '../loops/edges.ts';
import {
  type Axis,
  axesIn,
  byteSize,
  type Expr,
  type Loop,
  loadsIn,
  loopLoads,
  type Tensor,
  walkOf,
} from '../loops/index.ts';
import { memoized } from '../loops/memo.ts';
import { changedShare } from './changedShare.ts';

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
  let elements = 1;
  let left = axes.length;
  for (const { count, values } of cover) {
    let own = 1;
    for (const axis of axes) {
      const covered = values.get(axis);
      if (covered === undefined) continue;
      left--;
      own *= covered;
    }
    // A run that ends within a row touches less than a box of its values.
    elements *= Math.min(own, Math.max(1, count));
  }
  if (left === 0) return elements;
  for (const axis of axes) if (!cover.some(({ values }) => values.has(axis))) elements *= axis.extent;
  return elements;
}

/** A tensor that a loop reads or writes, and for each load and store the axes along which its elements lie. */
interface Touch {
  readonly tensor: Tensor;
  readonly elements: number;
  readonly accesses: (readonly Axis[])[];
}

/** What a loop's loads and stores touch, each tensor once. */
const touchesOf = memoized((loop: Loop): readonly Touch[] => {
  const touches = new Map<Tensor, Touch>();
  const add = (tensor: Tensor, axes: readonly Axis[]): void => {
    const touch = touches.get(tensor);
    if (touch === undefined) touches.set(tensor, { tensor, elements: tensorSize(tensor), accesses: [axes] });
    else touch.accesses.push(axes);
  };
  // Outputs that share what they are made of share its loads.
  for (const { tensor, at } of loopLoads(loop)) add(tensor, [...axesIn(...at)]);
  for (const { tensor, at } of loop.outs) add(tensor, at);
  return [...touches.values()];
});

/**
 * Bytes that a loop reads and writes where it covers so much of each axis: each element once, of each tensor what the
 * load that reads most of it reads.
 *
 * @param isInside tensors that are not in memory
 */
export function touchedBytes(loop: Loop, cover: Cover, isInside: (tensor: Tensor) => boolean): number {
  let bytes = 0;
  const all = withPositions(loop, cover);
  const changed = changedShare(loop);
  for (const { tensor, elements, accesses } of touchesOf(loop)) {
    if (isInside(tensor)) continue;
    let most = 0;
    for (const axes of accesses) most = Math.max(most, Math.min(elementsIn(all, axes), elements));
    bytes += most * byteSize(tensor.dtype) * (changed.tensors.has(tensor) ? changed.share : 1);
  }
  return bytes;
}

/** A cover with the positions that the lists of its rows hold, if these share all positions evenly. */
function withPositions(loop: Loop, cover: Cover): Cover {
  const walk = walkOf(loop);
  if (walk === null) return cover;
  const rows = elementsIn(cover, [...axesIn(walk.first)]);
  const count = Math.min(walk.position.extent, Math.max(1, Math.ceil(rows * walk.terms)));
  return [...cover, { count, values: new Map([[walk.position, count]]) }];
}

/** Bytes that expressions load where they cover so much of each axis, each element once. */
export function loadedBytes(
  exprs: readonly Expr[],
  cover: Cover,
  isInside: (tensor: Tensor) => boolean,
): number {
  const most = new Map<Tensor, number>();
  for (const { tensor, at } of loadsIn(...exprs)) {
    if (isInside(tensor)) continue;
    const elements = Math.min(elementsIn(cover, [...axesIn(...at)]), tensorSize(tensor));
    most.set(tensor, Math.max(most.get(tensor) ?? 0, elements));
  }
  let bytes = 0;
  for (const [tensor, elements] of most) bytes += elements * byteSize(tensor.dtype);
  return bytes;
}
