import { apply, type Dim, type Expr, sameDim, shapeText } from '../../loops/index.ts';
import { numbersOf } from '../attributes.ts';
import { ShapeError } from '../issues.ts';
import type { Attrs, ValueTypeOf } from '../node.ts';
import { dimAt, unequal } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import {
  indexAt,
  NUMBERS,
  type OpDef,
  operand,
  REDUCTION,
  requireDtype,
  requireSameDtype,
  type VjpContext,
} from './definition.ts';

/**
 * Which dimensions of two operands belong together: `batchA[i]` with `batchB[i]`, `overA[i]` with `overB[i]`.
 * Dimensions in no list are the operand's *rows*.
 */
export interface Pairing {
  readonly batchA: readonly number[];
  readonly batchB: readonly number[];
  readonly overA: readonly number[];
  readonly overB: readonly number[];
}

/** Sums of products of two tensors over dimensions that both have. */
export const contractionOps = {
  // XLA's dot_general. Rows of `a` stand before those of `b`, so that a matrix product is itself, whatever number of
  // dimensions its rows have, and the innermost dimension is one along which `b` has neighbours.
  contract: {
    ...REDUCTION,
    doc: 'products summed over the dimensions overA and overB: [batch, rows of a, rows of b]',
    arity: 2,
    type: (inputs, attrs) => {
      const [a, b] = [operand(inputs, 0), operand(inputs, 1)];
      const pairing = pairingOf(attrs);
      const shape = contractedShape(inputs, pairing);
      if (pairing.overA.length > 0) return { shape, dtype: a.dtype };
      const text = `${shapesText(a, b)} are summed over no axis: that is a product element by element`;
      throw new ShapeError('axis', 'contract', text);
    },
    vjp: gradient,
    lower: {
      kind: 'reduce',
      over: ({ inputs, attrs }) => pairingOf(attrs).overA.map((d) => dimAt(operand(inputs, 0).shape, d)),
      reductions: ({ node, read }, at, r) => {
        const { batchA, batchB, overA, overB } = pairingOf(node.attrs);
        const [a, b] = [operand(node.inputs, 0), operand(node.inputs, 1)];
        const ends = batchA.length + rowsOf(a, batchA, overA).length;
        const [batch, ofA, ofB] = [at.slice(0, batchA.length), at.slice(batchA.length, ends), at.slice(ends)];
        const place = (
          { shape }: ValueTypeOf,
          paired: readonly number[],
          over: readonly number[],
          rows: readonly Expr[],
        ): Expr[] => {
          const own = rowsOf({ shape }, paired, over);
          return shape.map((_, d) => {
            if (paired.includes(d)) return indexAt(batch, paired.indexOf(d));
            return over.includes(d) ? indexAt(r, over.indexOf(d)) : indexAt(rows, own.indexOf(d));
          });
        };
        const [x, y] = [read(0, place(a, batchA, overA, ofA)), read(1, place(b, batchB, overB, ofB))];
        return [{ monoid: 'sum', body: apply('mul', x, y) }];
      },
      value: (_ctx, _at, [parts = []]) => indexAt(parts, 0),
    },
  },
} satisfies Record<string, OpDef>;

/**
 * The shape of a contraction, `[batch, rows of a, rows of b]`.
 *
 * @throws ShapeError where element types are not numbers of one type, an axis does not exist or stands twice, or paired
 *   dimensions differ
 */
export function contractedShape(inputs: readonly ValueTypeOf[], pairing: Pairing): readonly Dim[] {
  const [a, b] = [operand(inputs, 0), operand(inputs, 1)];
  requireSameDtype('contract', inputs);
  requireDtype('contract', a.dtype, NUMBERS);
  const { batchA, batchB, overA, overB } = pairing;
  requireAxes(a, batchA, overA);
  requireAxes(b, batchB, overB);
  requireEqual('over', a, overA, b, overB);
  requireEqual('batch', a, batchA, b, batchB);
  return [...batchA, ...rowsOf(a, batchA, overA)]
    .map((d) => dimAt(a.shape, d))
    .concat(rowsOf(b, batchB, overB).map((d) => dimAt(b.shape, d)));
}

/** The dimensions of an operand in neither list, in order. */
export function rowsOf(
  { shape }: Pick<ValueTypeOf, 'shape'>,
  batch: readonly number[],
  over: readonly number[],
): number[] {
  return shape.flatMap((_, d) => (batch.includes(d) || over.includes(d) ? [] : [d]));
}

function pairingOf(attrs: Attrs): Pairing {
  const list = (name: string): readonly number[] => numbersOf('contract', attrs, name);
  return { batchA: list('batchA'), batchB: list('batchB'), overA: list('overA'), overB: list('overB') };
}

/**
 * The cotangent contracted with the other operand over all of that one's rows: `dA[batch, rows of a, over]`, and
 * `dB[batch, over, rows of b]`. Its dimensions are put in the operand's order, which is an index map.
 */
function gradient({ node, inputs, cotangent }: VjpContext, k: number): Tensor {
  const { batchA, batchB, overA, overB } = pairingOf(node.attrs);
  const [a, b] = [operand(inputs, 0), operand(inputs, 1)];
  const [rowsA, rowsB] = [rowsOf(a, batchA, overA), rowsOf(b, batchB, overB)];
  // In the cotangent, numbered as in the result.
  const batch = batchA.map((_, i) => i);
  const ofA = rowsA.map((_, i) => batch.length + i);
  const ofB = rowsB.map((_, i) => batch.length + rowsA.length + i);
  // What was summed over are the other operand's rows now: in its order.
  const summed = (own: readonly number[], other: readonly number[]): number[] =>
    own
      .map((_, i) => i)
      .sort((i, j) => (other[i] ?? 0) - (other[j] ?? 0))
      .map((i) => own[i] ?? 0);
  const [product, order] =
    k === 0
      ? [
          cotangent.contract(b, { batch: [batch, batchB], over: [ofB, rowsB] }),
          [...batchA, ...rowsA, ...summed(overA, overB)],
        ]
      : [
          a.contract(cotangent, { batch: [batchA, batch], over: [rowsA, ofA] }),
          [...batchB, ...summed(overB, overA), ...rowsB],
        ];
  return product.permute(order.map((_, d) => order.indexOf(d)));
}

function requireAxes({ shape }: ValueTypeOf, batch: readonly number[], over: readonly number[]): void {
  for (const [name, axes] of Object.entries({ batch, over })) {
    const wrong = axes.find((axis) => shape[axis] === undefined);
    if (wrong === undefined) continue;
    const text = `axis ${wrong} in ${name} is not one of the ${shape.length} of ${shapeText(shape)}`;
    throw new ShapeError('axis', 'contract', text);
  }
  const axes = [...batch, ...over];
  const twice = axes.find((axis, k) => axes.indexOf(axis) < k);
  if (twice === undefined) return;
  const text = `axis ${twice} of ${shapeText(shape)} stands twice: an axis is in batch or in over, once`;
  throw new ShapeError('axis', 'contract', text);
}

function requireEqual(
  name: 'batch' | 'over',
  a: ValueTypeOf,
  ofA: readonly number[],
  b: ValueTypeOf,
  ofB: readonly number[],
): void {
  if (ofA.length !== ofB.length) {
    const text = `${name} must pair axes: it has ${ofA.length} of ${shapeText(a.shape)} and ${ofB.length} of ${shapeText(b.shape)}`;
    throw new ShapeError('axis', 'contract', text);
  }
  for (const [i, d] of ofA.entries()) {
    const e = ofB[i] ?? 0;
    const [x, y] = [dimAt(a.shape, d), dimAt(b.shape, e)];
    if (sameDim(x, y)) continue;
    const text = `axes ${d} and ${e} in ${name} differ: ${shapesText(a, b)} (${unequal(x, y)})`;
    throw new ShapeError(name === 'over' ? 'inner-sizes' : 'shape-mismatch', 'contract', text);
  }
}

function shapesText(a: ValueTypeOf, b: ValueTypeOf): string {
  return `${shapeText(a.shape)} · ${shapeText(b.shape)}`;
}
