import { numbersOf } from '../../graph/attributes.ts';
import type { Node } from '../../graph/index.ts';
import { type Sliding, spanOf } from '../../graph/ops/geometry.ts';
import { extentOf } from '../../loops/index.ts';
import { type Exporter, type OnnxRow, operandOf, type Spread } from './exporter.ts';
import { flipped, padded, sliced } from './movements.ts';
import { letter } from './products.ts';
import type { Merged } from './shapes.ts';
import { windowsOf } from './windows.ts';
import type { Value } from './writer.ts';

/** Dimensions before those of space: batch, group, feature. */
const LEADING = 3;

/** A window that slides over space. */
export const convolutionRows = {
  convolve: (out, node): Value | Spread => {
    const along = slidingOf(node);
    const [x, w] = [operandOf(node, 0), operandOf(node, 1)];
    // A sum of no products, or no sum at all.
    if ([...x.shape.slice(0, LEADING), w.shape[1]].includes(0)) return out.full(0, node.dtype);
    if (node.dtype !== 'f32') return byWindows(out, node, along);
    return isTransposed(along) ? transposed(out, node, along) : direct(out, node, along);
  },
} as const satisfies Record<string, OnnxRow>;

/** `Conv`: gaps between neighbours are put in beforehand, and what padding takes away is taken away. */
function direct(out: Exporter, node: Node, along: readonly Sliding[]): Value {
  const [x, w] = [operandOf(node, 0), operandOf(node, 1)];
  const spread = dilated(out, x, along);
  const [batch = 1, groups = 1, features = 1, ...space] = spread.shape;
  const [, outputs = 1, , ...window] = w.shape;
  const flat: Merged[] = [[batch], [groups, features], ...space.map((dim) => [dim])];
  const merged = out.extents.merge(spread.value, spread.shape, flat);
  const cut = (padding: number): number => Math.min(0, padding);
  const edge = (name: 'low' | 'high'): number[] => [0, 0, ...along.map((one) => cut(one[name]))];
  const source = padded(out, merged, edge('low'), edge('high'), out.number(0, 'f32'));
  const kernel: Merged[] = [[groups, outputs], [features], ...window.map((dim) => [dim])];
  const weights = out.extents.merge(out.value(w), w.shape, kernel);
  const pads = [...along.map(({ low }) => Math.max(0, low)), ...along.map(({ high }) => Math.max(0, high))];
  const found = out.writer.node('Conv', [source, weights], {
    strides: along.map(({ stride }) => stride),
    dilations: along.map(({ windowDilation }) => windowDilation),
    pads,
    group: extentOf(groups),
    kernel_shape: window.map(extentOf),
  });
  return grouped(out, node, found);
}

/** Whether `ConvTranspose` is the same: gaps between neighbours, every position, and paddings that it has. */
function isTransposed(along: readonly Sliding[]): boolean {
  if (along.every(({ inputDilation }) => inputDilation === 1)) return false;
  return along.every((one) => {
    const [low, high] = trimsOf(one);
    return one.stride === 1 && low >= 0 && high > -one.inputDilation;
  });
}

/** What `ConvTranspose` takes away before and behind all places that its windows reach. */
function trimsOf({ window, windowDilation, low, high }: Sliding): readonly [low: number, high: number] {
  const reach = (window - 1) * windowDilation;
  return [reach - low, reach - high];
}

/** `ConvTranspose`, which places the window, turned around, at each element. */
function transposed(out: Exporter, node: Node, along: readonly Sliding[]): Value {
  const [x, w] = [operandOf(node, 0), operandOf(node, 1)];
  const [batch = 1, groups = 1, features = 1, ...space] = x.shape;
  const [, outputs = 1, , ...window] = w.shape;
  const flat: Merged[] = [[batch], [groups, features], ...space.map((dim) => [dim])];
  const source = out.extents.merge(out.value(x), x.shape, flat);
  const kernel: Merged[] = [[groups, features], [outputs], ...window.map((dim) => [dim])];
  const byFeature = [groups, features, outputs, ...window];
  const weights = out.extents.merge(turned(out, w), byFeature, kernel);
  const trims = along.map(trimsOf);
  const found = out.writer.node('ConvTranspose', [source, weights], {
    strides: along.map(({ inputDilation }) => inputDilation),
    dilations: along.map(({ windowDilation }) => windowDilation),
    pads: [...trims.map(([low]) => low), ...trims.map(([, high]) => Math.max(0, high))],
    output_padding: trims.map(([, high]) => Math.max(0, -high)),
    group: extentOf(groups),
    kernel_shape: window.map(extentOf),
  });
  return grouped(out, node, found);
}

/** Windows `[groups, outputs, features, ...window]` as `[groups, features, outputs, ...]`, turned around in space. */
function turned(out: Exporter, w: Node): Value {
  const space = w.shape.map((_, k) => k).slice(LEADING);
  const swap = [0, 2, 1, ...space];
  // Those of a gradient have been turned already: what is before that is the kernel of the layer.
  const flip = w.op === 'permute' && numbersOf('permute', w.attrs, 'perm').every((k, d) => k === swap[d]);
  const before = flip ? operandOf(w, 0) : undefined;
  if (before?.op === 'flip') {
    const axes = numbersOf('flip', before.attrs, 'axes');
    if (axes.length === space.length && space.every((axis) => axes.includes(axis)))
      return out.operand(before);
  }
  return flipped(out, out.transpose(out.value(w), swap), space);
}

/** Groups and outputs of them apart again. */
function grouped(out: Exporter, node: Node, found: Value): Value {
  const [batch = 1, groups = 1, outputs = 1, ...space] = node.shape;
  const from = [batch, outputs, ...space];
  // Of one group the outputs are a dimension as they are; their number is not looked at.
  return out.extents.merge(
    found,
    from,
    [batch, groups, outputs, ...space].map((dim) => [dim]),
  );
}

/** Integers, for which runtimes have no convolution: windows by gathers, then an equation. */
function byWindows(out: Exporter, node: Node, along: readonly Sliding[]): Value {
  const [x, w] = [operandOf(node, 0), operandOf(node, 1)];
  const axes = along.map((_, d) => d + LEADING);
  const { value, shape } = dilated(out, x, along);
  const plain = along.map((one) => ({
    ...one,
    extent: spanOf(one.extent, one.inputDilation),
    inputDilation: 1,
  }));
  const windows = windowsOf(out, value, shape.length, axes, plain, out.number(0, node.dtype));
  // batch, group, feature, positions, window by group, output, feature, window.
  const [batch, group, feature, output] = [0, 1, 2, 3].map(letter);
  const positions = along.map((_, d) => letter(4 + d));
  const window = along.map((_, d) => letter(4 + along.length + d));
  const left = [batch, group, feature, ...positions, ...window].join('');
  const right = [group, output, feature, ...window].join('');
  const result = [batch, group, output, ...positions].join('');
  const equation = `${left},${right}->${result}`;
  return out.wrapped(out.writer.node('Einsum', [windows, out.value(w)], { equation }), node.dtype);
}

/** Zeros between neighbours in space: an array `[batch, groups, features, ...space]` and its shape. */
function dilated(out: Exporter, x: Node, along: readonly Sliding[]): Spread {
  let { shape } = x;
  let value = out.value(x);
  for (const [d, { extent, inputDilation }] of along.entries()) {
    if (inputDilation === 1) continue;
    const axis = LEADING + d;
    const apart = shape.toSpliced(axis + 1, 0, 1);
    const high = apart.map((_, k) => (k === axis + 1 ? inputDilation - 1 : 0));
    const low = high.map(() => 0);
    const gaps = padded(out, out.extents.reshape(value, shape, apart), low, high, out.number(0, x.dtype));
    const line = shape.with(axis, extent * inputDilation);
    const joined = out.extents.reshape(gaps, apart, line);
    const stop = spanOf(extent, inputDilation);
    value = sliced(out, joined, { axes: [axis], starts: [0], stops: [stop], steps: [1] });
    shape = shape.with(axis, stop);
  }
  return { value, shape };
}

function slidingOf(node: Node): Sliding[] {
  const list = (name: string): readonly number[] => numbersOf('convolve', node.attrs, name);
  const [stride, low, high] = [list('stride'), list('low'), list('high')];
  const [inputDilation, windowDilation] = [list('inputDilation'), list('windowDilation')];
  const [x, w] = [operandOf(node, 0).shape.slice(LEADING), operandOf(node, 1).shape.slice(LEADING)];
  return x.map((dim, d) => ({
    extent: extentOf(dim),
    window: extentOf(w[d] ?? 1),
    stride: stride[d] ?? 1,
    low: low[d] ?? 0,
    high: high[d] ?? 0,
    inputDilation: inputDilation[d] ?? 1,
    windowDilation: windowDilation[d] ?? 1,
  }));
}
