import { type Dim, type Dtype, elementCount, shapeText } from '../loops/index.ts';
import { requireList, requireOption, requireOptions, requirePrintable, shown } from './arguments.ts';
import { dtypeFrom } from './attributes.ts';
import {
  choice,
  expanded,
  filled,
  liveCount,
  permuted,
  pointwise,
  type ReduceOptions,
  reduced,
  requireFloat,
  reshaped,
  sliced,
  taken,
} from './build.ts';
import { type ContractOptions, contracted, multiplied } from './contract.ts';
import { describe, type Graph } from './graph.ts';
import { GraphError, ShapeError } from './issues.ts';
import type { Node } from './node.ts';
import { requireDtype } from './ops/definition.ts';
import { overlap } from './ops/windows.ts';
import { type DimLike, dimAt, normalAxes, normalAxis, toDim, toShape } from './shape.ts';
import { showAs, tensorLine } from './shown.ts';
import { type ConvolveOptions, convolveAttrs, type WindowsOptions, windowsAttrs } from './sliding.ts';

/** Axes of a reduction: one, several, or (left out) all; negative ones count from the end. */
export type Axes = number | readonly number[];

/**
 * A value of a graph, to write expressions with. It holds no numbers: every method builds a node, or gives
 * the one that exists. Numbers among operands become constants; shapes broadcast as in NumPy; element types
 * are never cast by themselves.
 *
 * Every method throws a ShapeError, with the caller's line, where shapes or element types do not fit.
 */
export class Tensor {
  readonly graph: Graph;
  readonly node: Node;

  constructor(graph: Graph, node: Node) {
    this.graph = graph;
    this.node = node;
  }

  get shape(): readonly Dim[] {
    return this.node.shape;
  }

  get dtype(): Dtype {
    return this.node.dtype;
  }

  /** Names the value for people, in listings and in kernels; the first name stays. */
  named(label: string): Tensor {
    requirePrintable('named', 'a tensor', String(label));
    this.graph.label(this.node, label);
    return this;
  }

  toString(): string {
    return describe(this.node);
  }

  // Arithmetic

  add(other: Tensor | number): Tensor {
    return this.#pointwise('add', other);
  }
  sub(other: Tensor | number): Tensor {
    return this.#pointwise('sub', other);
  }
  mul(other: Tensor | number): Tensor {
    return this.#pointwise('mul', other);
  }
  /** Quotient of floats. */
  div(other: Tensor | number): Tensor {
    return this.#pointwise('div', other);
  }
  /** The smaller of two, element by element; see {@link min} for the smallest along axes. */
  minimum(other: Tensor | number): Tensor {
    return this.#pointwise('min', other);
  }
  /** The larger of two, element by element; see {@link max} for the largest along axes. */
  maximum(other: Tensor | number): Tensor {
    return this.#pointwise('max', other);
  }
  neg(): Tensor {
    return this.#pointwise('neg');
  }
  abs(): Tensor {
    return this.#pointwise('abs');
  }
  sign(): Tensor {
    return this.#pointwise('sign');
  }
  square(): Tensor {
    return this.mul(this);
  }
  sqrt(): Tensor {
    return this.#pointwise('sqrt');
  }
  rsqrt(): Tensor {
    return this.sqrt().reciprocal();
  }
  reciprocal(): Tensor {
    return this.#wrap(
      pointwise(this.graph, 'div', [filled(this.graph, 1, this.dtype, this.shape), this.node]),
    );
  }
  exp(): Tensor {
    return this.#pointwise('exp');
  }
  log(): Tensor {
    return this.#pointwise('log');
  }
  /** `log(1 + x)`, to the last digits near 0 too; -∞ at -1, NaN below. */
  log1p(): Tensor {
    return this.#pointwise('log1p');
  }
  /** `exp(x) - 1`, to the last digits near 0 too. */
  expm1(): Tensor {
    return this.#pointwise('expm1');
  }
  tanh(): Tensor {
    return this.#pointwise('tanh');
  }
  sigmoid(): Tensor {
    return this.#pointwise('sigmoid');
  }
  erf(): Tensor {
    return this.#pointwise('erf');
  }
  relu(): Tensor {
    return this.#pointwise('relu');
  }
  floor(): Tensor {
    return this.#pointwise('floor');
  }
  ceil(): Tensor {
    return this.#pointwise('ceil');
  }
  trunc(): Tensor {
    return this.#pointwise('trunc');
  }
  /** To the nearest integer, halves to even. */
  round(): Tensor {
    return this.#pointwise('round');
  }
  /**
   * Cut to a range; the gradient passes where the value was not cut, bounds included. A NaN stays.
   *
   * @throws GraphError where a bound is NaN, or the lower one is above the upper one
   */
  clamp(min: number, max: number): Tensor {
    for (const [name, bound] of Object.entries({ min, max })) {
      operandOf('clamp', bound);
      requireOption('clamp', name, bound, !Number.isNaN(bound), 'a number other than NaN');
    }
    requireOption('clamp', 'min', min, min <= max, `at most max, which is ${max}`);
    return this.lt(min).where(min, this.gt(max).where(max, this));
  }

  // Comparison and logic

  lt(other: Tensor | number): Tensor {
    return this.#pointwise('lt', other);
  }
  le(other: Tensor | number): Tensor {
    return this.#pointwise('le', other);
  }
  gt(other: Tensor | number): Tensor {
    return this.#wrap(pointwise(this.graph, 'lt', [operandOf('gt', other), this.node]));
  }
  ge(other: Tensor | number): Tensor {
    return this.#wrap(pointwise(this.graph, 'le', [operandOf('ge', other), this.node]));
  }
  eq(other: Tensor | number): Tensor {
    return this.#pointwise('eq', other);
  }
  ne(other: Tensor | number): Tensor {
    return this.#pointwise('ne', other);
  }
  and(other: Tensor): Tensor {
    return this.#pointwise('and', other);
  }
  or(other: Tensor): Tensor {
    return this.#pointwise('or', other);
  }
  not(): Tensor {
    return this.#pointwise('not');
  }
  /** `a` where this condition holds, else `b`. */
  where(a: Tensor | number, b: Tensor | number): Tensor {
    return this.#wrap(choice(this.graph, this.node, operandOf('where', a), operandOf('where', b)));
  }

  /**
   * To another element type; itself if it is of that type. To integers towards zero, saturating, NaN to 0; to
   * bool by `x ≠ 0`.
   */
  cast(dtype: Exclude<Dtype, 'u8'>): Tensor {
    if (dtype === this.dtype) return this;
    return this.#wrap(this.graph.build('cast', [this.node], { dtype: dtypeFrom('cast', dtype) }));
  }

  // Reductions: they see the live elements of bounded dimensions only

  sum(axes?: Axes, options?: ReduceOptions): Tensor {
    if (Array.isArray(axes) && axes.length === 0) return this;
    return this.#reduce('sum', axes, options);
  }
  /** Mean of floats; bounded dimensions count their live elements. NaN of none, as in NumPy (0 / 0). */
  mean(axes?: Axes, options?: ReduceOptions): Tensor {
    requireFloat('mean', this.node);
    if (options !== undefined) requireOptions('mean', options, ['keepDims']);
    const normal = normalAxes('mean', this.shape.length, axes);
    return this.sum(normal, options).div(this.liveCount(normal));
  }
  prod(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.#reduce('prod', axes, options);
  }
  /** The largest along axes, which must have elements; its gradient goes to the first one. */
  max(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.#reduce('reduceMax', axes, options);
  }
  /** The smallest along axes, which must have elements; its gradient goes to the first one. */
  min(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.#reduce('reduceMin', axes, options);
  }
  /** Index of the first maximum (i32), row-major over the axes. */
  argmax(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.#reduce('argmax', axes, options);
  }
  /** Index of the first minimum (i32), row-major over the axes. */
  argmin(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.#reduce('argmin', axes, options);
  }
  /** `log(sum(exp(x)))` without overflow. */
  logSumExp(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.#reduce('logSumExp', axes, options);
  }
  /** Mean squared distance from the mean, divided by n. */
  variance(axes?: Axes, options?: ReduceOptions): Tensor {
    return this.#reduce('variance', axes, options);
  }
  /** How many elements are live along axes, as a float scalar: the divisor of a mean. */
  liveCount(axes?: Axes): Tensor {
    return this.#wrap(liveCount(this.graph, this.node, normalAxes('extent', this.shape.length, axes)));
  }

  // Softmax

  /** The same values, as a constant to gradients. */
  detach(): Tensor {
    return this.#wrap(this.graph.build('detach', [this.node]));
  }
  /**
   * Logarithm of the softmax along an axis, `(x - max) - log(sum(exp(x - max)))` as PyTorch's: with large x, the
   * logarithm must not be added to the maximum, where it would be rounded away.
   */
  logSoftmax(axis = -1): Tensor {
    const at = normalAxis('logSoftmax', this.shape.length, axis);
    if (elementCount([dimAt(this.shape, at)]) === 0) return this;
    // The maximum drops out of the value, so also of the gradient.
    const shifted = this.sub(this.max(at, { keepDims: true }).detach());
    return shifted.sub(shifted.logSumExp(at, { keepDims: true }));
  }
  /** `exp(x) / sum(exp(x))` along an axis, without overflow. */
  softmax(axis = -1): Tensor {
    const value = this.logSoftmax(axis).exp();
    const at = normalAxis('softmax', this.shape.length, axis);
    return this.#wrap(this.graph.build('softmax', [value.node, this.node], { axis: at }));
  }

  // Products

  /** Product of matrices as NumPy's `matmul`: `[..., m, k] · [..., k, n]`, vectors allowed. */
  matmul(other: Tensor): Tensor {
    return this.#wrap(multiplied(this.graph, this.node, nodeOf('matmul', other)));
  }

  /**
   * Products of two tensors, summed over axes that both have, the primitive of all matrix products (XLA's
   * `dot_general`). Axes that `options` does not name are rows.
   *
   * ```ts
   * x.contract(weight, { over: [[2], [0]] }); // [batch, tokens, in] · [in, units]: [batch, tokens, units]
   * x.contract(y, { over: [[0, 1], [0, 1]] }); // over batch and tokens: [in, units]
   * queries.contract(keys, { batch: [[0, 1], [0, 1]], over: [[-1], [-1]] }); // of each head: [batch, heads, q, k]
   * ```
   *
   * @returns `[...batch, ...rows of this, ...rows of other]`, axes of the batch as they are listed, rows in their order
   */
  contract(other: Tensor, options: ContractOptions): Tensor {
    return this.#wrap(contracted(this.graph, this.node, nodeOf('contract', other), options));
  }

  /**
   * Sums of products of a window at its positions, the primitive of all convolutions: this is
   * `[batch, groups, in, ...space]`, the window `[groups, out, in, ...window]`; lists have a number for each axis of
   * space. The window is not turned around.
   *
   * Padding is zeros that the window multiplies: by an infinity or a NaN in it they are NaN. Between dilated neighbours
   * there is nothing.
   *
   * @returns `[batch, groups, out, ...positions]`
   */
  convolve(window: Tensor, options: ConvolveOptions = {}): Tensor {
    const node = nodeOf('convolve', window);
    return this.#wrap(this.graph.build('convolve', [this.node, node], convolveAttrs(this.node, options)));
  }

  // Movement

  /** Windows along axes: positions come in the place of each axis, the windows' elements behind all axes. */
  windows(options: WindowsOptions): Tensor {
    const { value = 0, ...slides } = windowsAttrs('windows', options);
    return this.#wrap(this.graph.build('windows', [this.node], { ...slides, value }));
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
    return this.#wrap(this.graph.build(op, [this.node], { ...slides, extents: [...extents] }));
  }
  /** Dimension `k` of the result is dimension `perm[k]` of this. */
  permute(perm: readonly number[]): Tensor {
    return this.#wrap(permuted(this.graph, this.node, perm));
  }
  /** Two axes exchanged; the last two by default. */
  transpose(a = -2, b = -1): Tensor {
    const rank = this.shape.length;
    const [from, to] = [normalAxis('transpose', rank, a), normalAxis('transpose', rank, b)];
    return this.permute(this.shape.map((_, k) => (k === from ? to : k === to ? from : k)));
  }
  /** The same elements in another shape; one dimension may be -1. */
  reshape(shape: readonly DimLike[]): Tensor {
    return this.#wrap(reshaped(this.graph, this.node, shape));
  }
  broadcastTo(shape: readonly DimLike[]): Tensor {
    return this.#wrap(expanded(this.graph, this.node, toShape('broadcastTo', shape)));
  }
  /** A new axis of one element, which becomes axis `axis` of the result. */
  expandDims(axis: number): Tensor {
    const at = normalAxis('expandDims', this.shape.length + 1, axis);
    return this.reshape(this.shape.toSpliced(at, 0, 1));
  }
  /** Without axes of one element: those that are named, or all. */
  squeeze(axes?: Axes): Tensor {
    const ones = this.shape.flatMap((dim, k) => (dim === 1 ? [k] : []));
    const gone = axes === undefined ? ones : normalAxes('squeeze', this.shape.length, axes);
    const wrong = gone.find((axis) => !ones.includes(axis));
    if (wrong !== undefined) {
      throw new ShapeError(
        'axis',
        'squeeze',
        `axis ${wrong} of ${shapeText(this.shape)} has not one element`,
      );
    }
    return this.reshape(this.shape.filter((_, k) => !gone.includes(k)));
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
    return this.#wrap(sliced(this.graph, this.node, starts, stops, steps));
  }
  /** `low[k]` elements of `value` before axis k, `high[k]` after it. */
  pad(low: readonly number[], high: readonly number[], value = 0): Tensor {
    for (const [name, list] of Object.entries({ low, high })) requireList('range', 'pad', name, list);
    if (low.length === this.shape.length && [...low, ...high].every((n) => n === 0)) return this;
    return this.#wrap(this.graph.build('pad', [this.node], { low: [...low], high: [...high], value }));
  }
  /** Backwards along axes; all by default. */
  flip(axes?: Axes): Tensor {
    const normal = normalAxes('flip', this.shape.length, axes);
    return normal.length === 0 ? this : this.#wrap(this.graph.build('flip', [this.node], { axes: normal }));
  }

  // Indices

  /**
   * Elements of an axis by number: the dimensions of `indices` (i32) come in the axis's place.
   *
   * An index out of range reads the nearest element that there is, whose gradient it then gets, on every target. Where
   * `indices` are given, such values are refused: those of an input, in whatever shape, as they come in (InputError
   * `range`), those of a literal or constant here (ShapeError `index`). -1 is not the last element.
   */
  take(indices: Tensor, axis = 0): Tensor {
    return this.#wrap(taken(this.graph, this.node, nodeOf('take', indices), axis));
  }
  /**
   * One element of each row of the last axis: `[..., n]` at `indices` (i32) `[...]`, which may be out of range as
   * those of {@link take}.
   */
  pick(indices: Tensor): Tensor {
    return this.#wrap(this.graph.build('pick', [this.node, nodeOf('pick', indices)]));
  }
  /**
   * NumPy's `take_along_axis`: `indices` (i32) has this shape, except for any extent along the axis; out of range as
   * those of {@link take}.
   */
  takeAlongAxis(indices: Tensor, axis = -1): Tensor {
    requireTensor('takeAlongAxis', indices);
    const at = normalAxis('takeAlongAxis', this.shape.length, axis);
    const rows = this.transpose(at, -1).expandDims(-2);
    const chosen = indices.transpose(at, -1);
    const shape = [...chosen.shape, dimAt(this.shape, at)];
    return rows.broadcastTo(shape).pick(chosen).transpose(at, -1);
  }
  /**
   * Rows summed by number (JAX's `segment_sum`): of `[...indices, ...rest]`, those with the number `r` in `indices` (i32)
   * make row `r` of `[n, ...rest]`, in the order of their places; a row without any is 0. Out of range as those of
   * {@link take}, whose gradient this is: a row goes to the nearest that there is.
   */
  segmentSum(indices: Tensor, n: DimLike): Tensor {
    const rows = [toDim('segmentSum', n)];
    return this.#wrap(this.graph.build('segmentSum', [this.node, nodeOf('segmentSum', indices)], { rows }));
  }
  /**
   * 1 at each index (i32) along a new last axis of `n` elements, 0 elsewhere; f32. An index out of range has no place:
   * its elements are all 0.
   */
  oneHot(n: number): Tensor {
    toDim('oneHot', n);
    requireDtype('oneHot', this.dtype, ['i32']);
    return this.iota([...this.shape, n], this.shape.length)
      .eq(this.expandDims(-1))
      .cast('f32');
  }
  /** In this graph, a tensor whose elements are their own indices along an axis (i32). */
  iota(shape: readonly DimLike[], axis: number): Tensor {
    const dims = toShape('iota', shape);
    const at = normalAxis('iota', dims.length, axis);
    return this.#wrap(this.graph.build('iota', [], { shape: dims, axis: at }));
  }
  /** Of this shape, each element its own index along an axis (i32). */
  iotaLike(axis: number): Tensor {
    return this.shape.length === 0 ? this.fullLike(0, 'i32') : this.iota(this.shape, axis);
  }
  /** Of this shape, one value everywhere. */
  fullLike(value: number, dtype: Dtype = this.dtype): Tensor {
    return this.#wrap(filled(this.graph, value, dtype, this.shape));
  }

  #pointwise(op: string, ...others: readonly (Tensor | number)[]): Tensor {
    return this.#wrap(pointwise(this.graph, op, [this.node, ...others.map((other) => operandOf(op, other))]));
  }

  #reduce(op: string, axes: Axes | undefined, options: ReduceOptions | undefined): Tensor {
    return this.#wrap(reduced(this.graph, op, this.node, axes, options));
  }

  #wrap(node: Node): Tensor {
    return node === this.node ? this : new Tensor(this.graph, node);
  }
}

showAs(Tensor.prototype, ({ node }) => tensorLine(node));

/** Requires a tensor. @throws GraphError saying what was given in its place */
export function requireTensor(op: string, value: unknown): asserts value is Tensor {
  if (value instanceof Tensor) return;
  throw new GraphError('operands', op, `takes a tensor, not ${shown(value)}`);
}

/** Requires a list of tensors. @throws GraphError saying what was given in its place */
export function requireTensors(op: string, values: unknown): asserts values is readonly Tensor[] {
  if (!Array.isArray(values))
    throw new GraphError('operands', op, `takes a list of tensors, not ${shown(values)}`);
  for (const value of values) requireTensor(op, value);
}

function operandOf(op: string, operand: Tensor | number): Node | number {
  if (typeof operand === 'number') return operand;
  if (operand instanceof Tensor) return operand.node;
  throw new GraphError('operands', op, `takes a tensor or a number, not ${shown(operand)}`);
}

function nodeOf(op: string, operand: Tensor): Node {
  requireTensor(op, operand);
  return operand.node;
}
