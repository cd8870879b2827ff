import { type Dim, type Dtype, sameDim, shapeText } from '../../loops/index.ts';
import { listed } from '../../runtime/clipped.ts';
import { shown } from '../arguments.ts';
import { GraphError, ShapeError } from '../issues.ts';
import { NUMBERS, requireDtype, requireSameDtype } from '../ops/definition.ts';
import { dimAt, unequal } from '../shape.ts';
import { requireTensors, typed } from '../tensor/value.ts';
import type { Tensor } from '../tensor.ts';
import { diagonal } from './diagonal.ts';
import { counted, ELLIPSIS, type Equation, nameOf, parseEquation } from './equation.ts';

/** A tensor whose axes have labels: letters of the equation, each once, and numbers of those of an ellipsis. */
interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/**
 * Sums of products whose axes are named by letters (PyTorch's `einsum`): the operands are multiplied, and summed over
 * the letters that the result has not. A letter that stands twice in one operand is its diagonal, `...` stands for all
 * axes that have no letter, aligned from the right. Axes of one element broadcast. Without `->` the result has what
 * `...` stands for, and then the letters that stand once, in the order of the alphabet, capitals first.
 *
 * Operands are multiplied from left to right, each product as one contraction.
 *
 * ```ts
 * einsum('bqhd,bkhd->bhqk', queries, keys);
 * einsum('...ij,...jk->...ik', a, b); // matmul
 * einsum('ii', x); // the trace
 * ```
 *
 * @throws GraphError `equation` where the equation cannot be read or does not fit the operands, ShapeError where extents
 *   of one letter differ
 */
export function einsum<D extends Dtype>(equation: string, ...operands: readonly Tensor<D>[]): Tensor<D> {
  if (typeof equation !== 'string')
    throw new GraphError(
      'equation',
      'einsum',
      `the equation must be a text such as "ij,jk->ik", not ${shown(equation)}`,
    );
  requireTensors('einsum', operands);
  const read = parseEquation(equation, operands.length);
  requireSameDtype('einsum', operands);
  for (const { dtype } of operands) requireDtype('einsum', dtype, NUMBERS);
  const named = operands.map((x, k) => ({ x, labels: labelsOf(read, k, x) }));
  const apart = named.map(({ x, labels }, k) => diagonals(k, x, labels));
  const dims = commonDims(apart);
  const [first, ...others] = apart.map((operand) => withoutOnes(operand, dims));
  const [dtype] = operands.map((operand) => operand.dtype);
  if (first === undefined || dtype === undefined)
    throw new GraphError('operands', 'einsum', 'needs at least one tensor');
  const result = resultOf(read, named);
  const product = others.reduce(
    (left, right, k) =>
      multiplied(left, right, new Set([...result, ...others.slice(k + 1).flatMap(({ labels }) => labels)])),
    first,
  );
  const { x, labels } = summed(product, (label) => result.includes(label));
  return typed(x.permute(result.map((label) => labels.indexOf(label))), dtype);
}

/** The labels of an operand's axes. @throws ShapeError where there are not as many letters as axes */
function labelsOf({ terms }: Equation, k: number, { shape }: Tensor): string[] {
  const term = terms[k] ?? [];
  const letters = term.filter((label) => label !== ELLIPSIS).length;
  const others = shape.length - letters;
  if (term.length === letters ? others !== 0 : others < 0) {
    const text = `operand ${k}, ${shapeText(shape)}, has ${counted(shape.length, 'axis', 'axes')}, and ${counted(letters, 'letter')} in the equation`;
    throw new ShapeError('rank', 'einsum', text);
  }
  return term.flatMap((label) => (label === ELLIPSIS ? ellipsisOf(others) : [label]));
}

/** The labels of the axes of an ellipsis: numbers counted from the right, by which they broadcast. */
function ellipsisOf(count: number): string[] {
  return Array.from({ length: count }, (_, k) => String(count - 1 - k));
}

function resultOf({ result }: Equation, operands: readonly Labelled[]): readonly string[] {
  const labels = operands.flatMap((operand) => operand.labels);
  const others = ellipsisOf(new Set(labels.filter((label) => /\d/.test(label))).size);
  if (result !== undefined) return result.flatMap((label) => (label === ELLIPSIS ? others : [label]));
  const once = labels.filter(
    (label) => !/\d/.test(label) && labels.indexOf(label) === labels.lastIndexOf(label),
  );
  return [...others, ...once.sort()];
}

/** Each label once: of axes with the same one, the diagonal. */
function diagonals(k: number, x: Tensor, labels: readonly string[]): Labelled {
  const second = labels.findIndex((label, axis) => labels.indexOf(label) < axis);
  const label = labels[second];
  if (label === undefined) return { x, labels };
  const first = labels.indexOf(label);
  const [a, b] = [dimAt(x.shape, first), dimAt(x.shape, second)];
  if (!sameDim(a, b)) {
    const text = `${nameOf(label)} stands twice in operand ${k}, ${shapeText(x.shape)}, for axes that differ (${unequal(a, b)})`;
    throw new ShapeError('shape-mismatch', 'einsum', text);
  }
  return diagonals(k, diagonal(x, first, second), labels.toSpliced(second, 1));
}

/** The extent of each label. @throws ShapeError where operands differ, other than by one element */
function commonDims(operands: readonly Labelled[]): ReadonlyMap<string, Dim> {
  const dims = new Map<string, Dim>();
  for (const { x, labels } of operands) {
    for (const [axis, label] of labels.entries()) {
      const [dim, common = 1] = [dimAt(x.shape, axis), dims.get(label)];
      if (common !== 1 && dim !== 1 && !sameDim(dim, common)) {
        const shapes = listed(operands.map((operand) => shapeText(operand.x.shape)));
        const text = `${nameOf(label)} is of axes that differ: ${shapes} (${unequal(common, dim)})`;
        throw new ShapeError('broadcast', 'einsum', text);
      }
      if (common === 1) dims.set(label, dim);
    }
  }
  return dims;
}

/** Without axes of one element that broadcast: they are there for every element of the others. */
function withoutOnes({ x, labels }: Labelled, dims: ReadonlyMap<string, Dim>): Labelled {
  const ones = labels.flatMap((label, axis) => (x.shape[axis] === 1 && dims.get(label) !== 1 ? [axis] : []));
  if (ones.length === 0) return { x, labels };
  return { x: x.squeeze(ones), labels: labels.filter((_, axis) => !ones.includes(axis)) };
}

/** The product of two, summed over what neither the result nor a later operand has. */
function multiplied(left: Labelled, right: Labelled, needed: ReadonlySet<string>): Labelled {
  const a = summed(left, (label) => needed.has(label) || right.labels.includes(label));
  const b = summed(right, (label) => needed.has(label) || left.labels.includes(label));
  const both = a.labels.filter((label) => b.labels.includes(label));
  const batch = both.filter((label) => needed.has(label));
  const over = both.filter((label) => !needed.has(label));
  const axes = ({ labels }: Labelled, some: readonly string[]): number[] =>
    some.map((label) => labels.indexOf(label));
  const rows = ({ labels }: Labelled): string[] => labels.filter((label) => !both.includes(label));
  const x = a.x.contract(b.x, {
    batch: [axes(a, batch), axes(b, batch)],
    over: [axes(a, over), axes(b, over)],
  });
  return { x, labels: [...batch, ...rows(a), ...rows(b)] };
}

function summed({ x, labels }: Labelled, isKept: (label: string) => boolean): Labelled {
  const gone = labels.flatMap((label, axis) => (isKept(label) ? [] : [axis]));
  return { x: x.sum(gone), labels: labels.filter(isKept) };
}
