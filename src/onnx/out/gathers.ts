import type { Node } from '../../graph/index.ts';
import { knownRange } from '../../graph/ops/knownIndices.ts';
import { type Dim, extentOf } from '../../loops/index.ts';
import { type Exporter, type OnnxRow, operandOf } from './exporter.ts';
import type { Value } from './writer.ts';

/** Reads and sums at computed indices. */
export const gatherRows = {
  take: (out, node) => {
    const [x, indices] = [operandOf(node, 0), operandOf(node, 1)];
    const near = nearest(out, indices, x.shape[0] ?? 1);
    return out.writer.node('Gather', [out.value(x), near], { axis: 0 });
  },
  pick: (out, node) => {
    const [x, indices] = [operandOf(node, 0), operandOf(node, 1)];
    const near = nearest(out, indices, x.shape.at(-1) ?? 1);
    const last = out.list([-1]);
    const places = out.writer.node('Unsqueeze', [near, last]);
    const found = out.writer.node('GatherElements', [out.value(x), places], { axis: -1 });
    return out.writer.node('Squeeze', [found, last]);
  },
  segmentSum: (out, node) => segments(out, node, 'add', 0),
  segmentMax: (out, node) => segments(out, node, 'max', -(2 ** 31)),
} as const satisfies Record<string, OnnxRow>;

/** Indices as the nearest that there are; those that are known to exist stay as they are. */
export function nearest(out: Exporter, indices: Node, dim: Dim): Value {
  const value = out.value(indices);
  const [low, high] = knownRange(indices) ?? [-1, 0];
  if (low >= 0 && typeof dim === 'number' && high < extentOf(dim)) return value;
  const w = out.writer;
  const one = w.constant('int32', 1);
  const last =
    typeof dim === 'number'
      ? w.constant('int32', Math.max(0, dim - 1))
      : w.node('Sub', [out.extents.scalar([dim]), one]);
  return w.node('Clip', [value, w.constant('int32', 0), last]);
}

/** Rows by number, added up, or the largest of them, in the order of their places. */
function segments(out: Exporter, node: Node, reduction: 'add' | 'max', none: number): Value {
  const [x, indices] = [operandOf(node, 0), operandOf(node, 1)];
  const w = out.writer;
  const [n = 1, ...rest] = node.shape;
  const places = indices.shape;
  const count = rest.length > 0 ? [rest] : [];
  const updates = out.extents.merge(out.value(x), x.shape, [places, ...count]);
  const numbers = out.extents.merge(nearest(out, indices, n), places, [places, ...count.map(() => [1])]);
  const shape = out.extents.shape([places, ...count]);
  // An index for each element: rows that lie together are summed by one operator that goes through them in order.
  const spread = count.length === 0 ? numbers : w.node('Expand', [numbers, shape]);
  const start = w.node('Expand', [out.number(none, node.dtype), out.extents.shape([[n], ...count])]);
  const sums = w.node('ScatterElements', [start, spread, updates], { axis: 0, reduction });
  const merged = [n, ...count.map(() => 0)];
  const result =
    rest.length === 1
      ? sums
      : out.extents.merge(
          sums,
          merged,
          node.shape.map((dim) => [dim]),
        );
  return out.wrapped(result, node.dtype);
}
