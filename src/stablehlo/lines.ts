import {
  type Element,
  type Line,
  sameType,
  signature,
  type TensorType,
  typeText,
  type Value,
  withElement,
} from './types.ts';

/** Axes or extents as StableHLO writes them, `[0, 2]`. */
function list(numbers: readonly (number | string)[]): string {
  return `[${numbers.join(', ')}]`;
}

/** An operation whose operands and result have one type: `stablehlo.add %a, %b : tensor<4xf32>`. */
export function pointwise(op: string, ...operands: readonly [Value, ...Value[]]): Line {
  const [{ type }] = operands;
  return { text: `stablehlo.${op} ${operands.map(({ name }) => name).join(', ')} : ${typeText(type)}`, type };
}

/** An operation of one operand that StableHLO has not, and its dialect CHLO has. */
export function higher(op: string, x: Value): Line {
  return { text: `chlo.${op} ${x.name} : ${typeText(x.type)} -> ${typeText(x.type)}`, type: x.type };
}

/** How two values are compared. */
export type Direction = 'EQ' | 'NE' | 'LT' | 'LE' | 'GT' | 'GE';

/** Whether a comparison holds, element by element. */
export function compare(direction: Direction, a: Value, b: Value): Line {
  const kind = a.type.element === 'f32' ? 'FLOAT' : a.type.element === 'i32' ? 'SIGNED' : 'UNSIGNED';
  const type = withElement(a.type, 'i1');
  return {
    text: `stablehlo.compare ${direction}, ${a.name}, ${b.name}, ${kind} : ${signature([a, b], type)}`,
    type,
  };
}

/** Whether floats are neither infinite nor NaN. */
export function finite(x: Value): Line {
  const type = withElement(x.type, 'i1');
  return { text: `stablehlo.is_finite ${x.name} : ${signature([x], type)}`, type };
}

/** `a` where the condition holds, else `b`. */
export function select(condition: Value, a: Value, b: Value): Line {
  const types = `${typeText(condition.type)}, ${typeText(a.type)}`;
  return { text: `stablehlo.select ${condition.name}, ${a.name}, ${b.name} : ${types}`, type: a.type };
}

/** The same numbers as another element type; only those that it can hold. */
export function convert(x: Value, element: Element): Line {
  return toType('convert', x, withElement(x.type, element));
}

/** The same bits as another element type. */
export function bitcast(x: Value, element: Element): Line {
  return toType('bitcast_convert', x, withElement(x.type, element));
}

/** The same elements, row-major, in another shape. */
export function reshape(x: Value, shape: readonly number[]): Line {
  return toType('reshape', x, { shape, element: x.type.element });
}

function toType(op: string, x: Value, type: TensorType): Line {
  return { text: `stablehlo.${op} ${x.name} : ${signature([x], type)}`, type };
}

/** Dimension k of the operand is dimension `dims[k]` of the result; what is new, or was 1, repeats. */
export function broadcast(x: Value, dims: readonly number[], shape: readonly number[]): Line {
  const type = { shape, element: x.type.element };
  return {
    text: `stablehlo.broadcast_in_dim ${x.name}, dims = ${list(dims)} : ${signature([x], type)}`,
    type,
  };
}

/** Dimension k of the result is dimension `perm[k]` of the operand. */
export function transpose(x: Value, perm: readonly number[]): Line {
  const type = { shape: perm.map((axis) => x.type.shape[axis] ?? 1), element: x.type.element };
  return { text: `stablehlo.transpose ${x.name}, dims = ${list(perm)} : ${signature([x], type)}`, type };
}

/** Each element is its index along an axis. */
export function iota(axis: number, shape: readonly number[]): Line {
  const type: TensorType = { shape, element: 'i32' };
  return { text: `stablehlo.iota dim = ${axis} : ${typeText(type)}`, type };
}

/** Elements from `starts` on, `steps` apart, below `stops`. */
export function slice(
  x: Value,
  starts: readonly number[],
  stops: readonly number[],
  steps: readonly number[],
): Line {
  const ranges = starts.map((start, k) => {
    const step = steps[k] ?? 1;
    return `${start}:${stops[k] ?? 0}${step === 1 ? '' : `:${step}`}`;
  });
  const shape = starts.map((start, k) => Math.ceil(((stops[k] ?? 0) - start) / (steps[k] ?? 1)));
  const type = { shape, element: x.type.element };
  return { text: `stablehlo.slice ${x.name} ${list(ranges)} : ${signature([x], type)}`, type };
}

/** Elements of a value before and after each axis; negative numbers crop. */
export function pad(x: Value, value: Value, low: readonly number[], high: readonly number[]): Line {
  const shape = x.type.shape.map((extent, k) => extent + (low[k] ?? 0) + (high[k] ?? 0));
  const type = { shape, element: x.type.element };
  const lists = `low = ${list(low)}, high = ${list(high)}, interior = ${list(low.map(() => 0))}`;
  return {
    text: `stablehlo.pad ${x.name}, ${value.name}, ${lists} : ${signature([x, value], type)}`,
    type,
  };
}

/** Backwards along some axes. */
export function reverse(x: Value, axes: readonly number[]): Line {
  return {
    text: `stablehlo.reverse ${x.name}, dims = ${list(axes)} : ${typeText(x.type)}`,
    type: x.type,
  };
}

/** Operands one after another along an axis. */
export function concatenate(operands: readonly Value[], axis: number, type: TensorType): Line {
  const names = operands.map(({ name }) => name).join(', ');
  return { text: `stablehlo.concatenate ${names}, dim = ${axis} : ${signature(operands, type)}`, type };
}

/** All elements along some axes combined by an operation, from an identity on. */
export function reduce(op: string, x: Value, identity: Value, axes: readonly number[]): Line {
  const type = { shape: x.type.shape.filter((_, k) => !axes.includes(k)), element: x.type.element };
  const combine = `applies stablehlo.${op} across dimensions = ${list(axes)}`;
  return {
    text: `stablehlo.reduce(${x.name} init: ${identity.name}) ${combine} : ${signature([x, identity], type)}`,
    type,
  };
}

/** What `dot_general` pairs: dimensions of the first operand with those of the second. */
export interface Pairs {
  readonly batch: readonly [a: readonly number[], b: readonly number[]];
  readonly over: readonly [a: readonly number[], b: readonly number[]];
}

/** Products summed over dimensions. In float32: accelerators round factors to fewer digits if they may. */
export function dotGeneral(a: Value, b: Value, { batch, over }: Pairs, shape: readonly number[]): Line {
  const type = { shape, element: a.type.element };
  const batching = batch[0].length === 0 ? '' : `batching_dims = ${list(batch[0])} x ${list(batch[1])}, `;
  const contracting = `contracting_dims = ${list(over[0])} x ${list(over[1])}`;
  const options = `${batching}${contracting}, precision = [HIGHEST, HIGHEST]`;
  return {
    text: `stablehlo.dot_general ${a.name}, ${b.name}, ${options} : ${signature([a, b], type)}`,
    type,
  };
}

/** How a window slides along the axes of space: a number for each. */
export interface ConvolutionLists {
  readonly stride: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly inputDilation: readonly number[];
  readonly windowDilation: readonly number[];
}

/** `x [batch, groups · in, ...space]` by `w [groups · out, in, ...window]`: `[batch, groups · out, ...positions]`. */
export function convolution(
  x: Value,
  w: Value,
  lists: ConvolutionLists,
  groups: number,
  shape: readonly number[],
): Line {
  const type = { shape, element: x.type.element };
  const space = lists.stride.map((_, d) => d);
  const numbers = `${list(['b', 'f', ...space])}x${list(['o', 'i', ...space])}->${list(['b', 'f', ...space])}`;
  const pads = list(lists.low.map((low, d) => list([low, lists.high[d] ?? 0])));
  const dilations = `lhs_dilate = ${list(lists.inputDilation)}, rhs_dilate = ${list(lists.windowDilation)}`;
  const window = `{stride = ${list(lists.stride)}, pad = ${pads}, ${dilations}}`;
  const precision = '[#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]';
  const attributes = `{batch_group_count = 1 : i64, feature_group_count = ${groups} : i64, precision_config = ${precision}}`;
  const text = `stablehlo.convolution(${x.name}, ${w.name}) dim_numbers = ${numbers}, window = ${window} ${attributes}`;
  return { text: `${text} : ${signature([x, w], type)}`, type };
}

/** What `gather` reads: one element along the `collapsed` axes, all of the others. */
export interface GatherAxes {
  /** Axes of the operand that the indices run along; all but those of a batch. */
  readonly indexed: readonly number[];
  /** Axes of the operand, and of the indices, that go together. */
  readonly batch: readonly number[];
  /** Axes of the result that are axes of the operand. */
  readonly offset: readonly number[];
}

/**
 * Elements of `x` at indices: `indices [..., n]` with n numbers for n indexed axes, or `[...]` where there is one.
 * An index outside reads the nearest element that there is.
 */
export function gather(x: Value, indices: Value, axes: GatherAxes, shape: readonly number[]): Line {
  const { indexed, batch, offset } = axes;
  const type = { shape, element: x.type.element };
  const rank = indices.type.shape.length;
  const numbers = [
    `offset_dims = ${list(offset)}`,
    `collapsed_slice_dims = ${list(indexed)}`,
    ...(batch.length === 0
      ? []
      : [`operand_batching_dims = ${list(batch)}`, `start_indices_batching_dims = ${list(batch)}`]),
    `start_index_map = ${list(indexed)}`,
    `index_vector_dim = ${indexed.length === 1 ? rank : rank - 1}`,
  ].join(', ');
  const sizes = x.type.shape.map((n, k) => (indexed.includes(k) || batch.includes(k) ? 1 : n));
  const attributes = `<{dimension_numbers = #stablehlo.gather<${numbers}>, indices_are_sorted = false, slice_sizes = array<i64: ${sizes.join(', ')}>}>`;
  return {
    text: `"stablehlo.gather"(${x.name}, ${indices.name}) ${attributes} : ${signature([x, indices], type)}`,
    type,
  };
}

/**
 * Rows combined into those of `into [n, ...rest]` by number: `rows [...indices, ...rest]` at `indices [...]`. What lies
 * outside is dropped.
 */
export function scatterRows(op: string, into: Value, indices: Value, rows: Value): Line {
  const { type } = into;
  const rank = indices.type.shape.length;
  const window = type.shape.slice(1).map((_, k) => rank + k);
  const numbers = `update_window_dims = ${list(window)}, inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = ${rank}`;
  const attributes = `<{indices_are_sorted = false, scatter_dimension_numbers = #stablehlo.scatter<${numbers}>, unique_indices = false}>`;
  const one = typeText({ shape: [], element: type.element });
  // In one line: a region of its own names nothing that its function knows.
  const region = `({ ^bb0(%lhs: ${one}, %rhs: ${one}): %both = stablehlo.${op} %lhs, %rhs : ${one} stablehlo.return %both : ${one} })`;
  const operands = [into, indices, rows];
  const names = operands.map(({ name }) => name).join(', ');
  return {
    text: `"stablehlo.scatter"(${names}) ${attributes} ${region} : ${signature(operands, type)}`,
    type,
  };
}

/** What a function of the module gives. @param name with its `@` */
export function call(name: string, operands: readonly Value[], type: TensorType): Line {
  const names = operands.map(({ name: operand }) => operand).join(', ');
  return { text: `call ${name}(${names}) : ${signature(operands, type)}`, type };
}

/** The operand of a line that would change nothing, else the line. */
export function unlessSame(x: Value, line: Line): Line | Value {
  return sameType(x.type, line.type) ? x : line;
}
