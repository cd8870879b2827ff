import { dimsOf, numberOf, numbersOf } from '../../graph/attributes.ts';
import { extentOf } from '../../loops/index.ts';
import type { Exporter, OnnxRow } from './exporter.ts';
import { operandOf } from './exporter.ts';
import type { Value } from './writer.ts';

/** What moves elements and computes nothing. */
export const movementRows = {
  reshape: (out, node) => {
    const x = operandOf(node, 0);
    const { value, shape } = out.spread(x);
    // One number everywhere is that under any shape.
    if (shape.length === 0) return { value, shape };
    return out.extents.reshape(out.value(x), x.shape, dimsOf('reshape', node.attrs, 'shape'));
  },
  permute: (out, node) => {
    const perm = numbersOf('permute', node.attrs, 'perm');
    const { value, shape } = out.spread(operandOf(node, 0));
    if (shape.length < perm.length) {
      return shape.length === 0 ? { value, shape } : out.transpose(out.operand(node), perm);
    }
    return { value: out.transpose(value, perm), shape: perm.map((axis) => shape[axis] ?? 1) };
  },
  expand: (out, node) => out.spread(operandOf(node, 0)),
  slice: (out, node) => {
    const list = (name: string): readonly number[] => numbersOf('slice', node.attrs, name);
    const [starts, stops, steps] = [list('starts'), list('stops'), list('steps')];
    const { shape } = operandOf(node, 0);
    // A bounded axis is taken whole.
    const axes = shape.flatMap((dim, k) => {
      const isWhole = starts[k] === 0 && stops[k] === extentOf(dim) && steps[k] === 1;
      return typeof dim === 'object' || isWhole ? [] : [k];
    });
    const of = (numbers: readonly number[]): number[] => axes.map((k) => numbers[k] ?? 0);
    return sliced(out, out.operand(node), { axes, starts: of(starts), stops: of(stops), steps: of(steps) });
  },
  pad: (out, node) => {
    const [low, high] = [numbersOf('pad', node.attrs, 'low'), numbersOf('pad', node.attrs, 'high')];
    const value = out.number(numberOf('pad', node.attrs, 'value'), node.dtype);
    return padded(out, out.operand(node), low, high, value);
  },
  flip: (out, node) => flipped(out, out.operand(node), numbersOf('flip', node.attrs, 'axes')),
  concat: (out, node) => {
    const values = node.inputs.map((input) => out.value(input));
    const [only] = values;
    if (values.length === 1 && only !== undefined) return only;
    return out.writer.node('Concat', values, { axis: numberOf('concat', node.attrs, 'axis') });
  },
} as const satisfies Record<string, OnnxRow>;

/** What a slice takes along some axes. */
export interface Slices {
  readonly axes: readonly number[];
  readonly starts: readonly number[];
  readonly stops: readonly number[];
  readonly steps: readonly number[];
}

/** Elements of some axes. */
export function sliced(out: Exporter, x: Value, { axes, starts, stops, steps }: Slices): Value {
  if (axes.length === 0) return x;
  const lists = [starts, stops, axes, steps].map((list) => out.list(list));
  return out.writer.node('Slice', [x, ...lists]);
}

/** A value before and behind axes. Where a number is negative, so many elements are taken away. */
export function padded(
  out: Exporter,
  x: Value,
  low: readonly number[],
  high: readonly number[],
  value: Value,
): Value {
  const axes = low.flatMap((before, k) => (before !== 0 || (high[k] ?? 0) !== 0 ? [k] : []));
  if (axes.length === 0) return x;
  const pads = [...axes.map((k) => low[k] ?? 0), ...axes.map((k) => high[k] ?? 0)];
  return out.writer.node('Pad', [x, out.list(pads), value, out.list(axes)]);
}

/** Backwards along some axes. */
export function flipped(out: Exporter, x: Value, axes: readonly number[]): Value {
  return sliced(out, x, {
    axes,
    starts: axes.map(() => -1),
    // Before the first element, whatever the extent is.
    stops: axes.map(() => -(2 ** 63)),
    steps: axes.map(() => -1),
  });
}
