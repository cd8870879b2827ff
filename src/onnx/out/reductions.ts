import { numbersOf } from '../../graph/attributes.ts';
import type { Node } from '../../graph/index.ts';
import { type Dim, extentOf } from '../../loops/index.ts';
import { castTo, type Exporter, type OnnxRow, operandOf } from './exporter.ts';
import { argMax, argMin, reduceMax, reduceMin } from './functions/reductions.ts';
import type { OwnFunction, Value } from './writer.ts';

/** Reductions over axes, which the result lacks: of what is there, so that bounded dimensions need nothing. */
export const reductionRows = {
  sum: reduction('ReduceSum'),
  prod: reduction('ReduceProd'),
  reduceMax: reduction('ReduceMax', reduceMax),
  reduceMin: reduction('ReduceMin', reduceMin),
  argmax: place('ArgMax', argMax),
  argmin: place('ArgMin', argMin),
  logSumExp: reduction('ReduceLogSumExp'),
  // Of squares of distances from the mean, which keep the digits beside any offset.
  variance: (out, node) => {
    const [x, axes] = [out.operand(node), axesOf(out, node)];
    const mean = out.writer.node('ReduceMean', [x, axes], { keepdims: 1 });
    const distance = out.writer.node('Sub', [x, mean]);
    const square = out.writer.node('Mul', [distance, distance]);
    const dims = numbersOf(node.op, node.attrs, 'axes').map((axis) => operandOf(node, 0).shape[axis] ?? 1);
    // Not their mean, which runtimes say is 0 where there are none.
    const sum = out.writer.node('ReduceSum', [square, axes], { keepdims: 0 });
    return out.writer.node('Div', [sum, castTo(out.writer, out.extents.scalar(dims), 'float32')]);
  },
} as const satisfies Record<string, OnnxRow>;

function axesOf(out: Exporter, node: Node): Value {
  return out.list(numbersOf(node.op, node.attrs, 'axes'));
}

/** @param ofFloats what stands in the operator's place for floats, which may be NaN */
function reduction(op: string, ofFloats?: OwnFunction): OnnxRow {
  return (out, node) => {
    const operands = [out.operand(node), axesOf(out, node)];
    if (ofFloats !== undefined && node.dtype === 'f32') return out.writer.call(ofFloats, operands);
    return out.wrapped(out.writer.node(op, operands, { keepdims: 0 }), node.dtype);
  };
}

function place(op: string, ofFloats: OwnFunction): OnnxRow {
  return (out, node) => {
    const x = operandOf(node, 0);
    const axes = numbersOf(node.op, node.attrs, 'axes');
    const kept = x.shape.flatMap((_, k) => (axes.includes(k) ? [] : [k]));
    const dims = axes.map((axis) => x.shape[axis] ?? 1);
    const [only] = axes;
    const isOne = axes.length === 1 && only !== undefined;
    const axis = isOne ? only : kept.length;
    const line = isOne ? out.value(x) : oneLine(out, x, kept, axes, dims);
    const found =
      x.dtype === 'f32'
        ? out.writer.call(ofFloats, [line], { axis })
        : out.writer.node(op, [line], { axis, keepdims: 0 });
    return castTo(out.writer, atFullExtents(out, found, dims), 'int32');
  };
}

/** The axes of a reduction as one, the last. */
function oneLine(
  out: Exporter,
  x: Node,
  kept: readonly number[],
  axes: readonly number[],
  dims: readonly Dim[],
): Value {
  const perm = [...kept, ...axes];
  const rows = kept.map((k) => x.shape[k] ?? 1);
  const moved = out.transpose(out.value(x), perm);
  return out.extents.merge(moved, [...rows, ...dims], [...rows.map((dim) => [dim]), dims]);
}

/** A place among live elements as the place that it has where bounded dimensions have their maximum. */
function atFullExtents(out: Exporter, place: Value, dims: readonly Dim[]): Value {
  const w = out.writer;
  // The outermost needs nothing: what is before it counts whole lines.
  const last = dims.findLastIndex((dim, k) => k > 0 && typeof dim === 'object');
  if (last < 0) return place;
  let rest = place;
  let result: Value | undefined;
  let stride = 1;
  for (let k = dims.length - 1; k >= 0; k--) {
    const dim = dims[k] ?? 1;
    const live = w.node('Squeeze', [out.extents.of(dim)]);
    const index = k === 0 ? rest : w.node('Mod', [rest, live]);
    const part = w.node('Mul', [index, w.constant('int64', stride)]);
    result = result === undefined ? part : w.node('Add', [result, part]);
    if (k > 0) rest = w.node('Div', [rest, live]);
    stride *= extentOf(dim);
  }
  return result ?? place;
}
