import { customGradient, einsum, stack, substitute, type Tensor } from '../../src/graph/index.ts';
import { hessian, hvp, jacobian, jvp } from '../../src/passes/derivatives.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { at, made, type Plain, sumOfProducts, zipped } from './plain.ts';

/** An operation, and what it gives by its definition in loops. */
export interface ComposedCase {
  /** Shapes of its operands, floats. */
  readonly shapes: readonly (readonly number[])[];
  readonly build: (...operands: Tensor[]) => Tensor;
  readonly expected: (...operands: Plain[]) => Plain;
}

const given = <T>(value: T | undefined): T => {
  if (value === undefined) throw new RangeError('an operand is missing');
  return value;
};

/** An operation of one operand. */
function of(
  shape: readonly number[],
  build: (x: Tensor) => Tensor,
  result: readonly number[],
  element: (x: Plain, ...index: number[]) => number,
): ComposedCase {
  return {
    shapes: [shape],
    build: (x) => build(given(x)),
    expected: (x) => made(result, (...index) => element(given(x), ...index)),
  };
}

/** An einsum, and the equation with a letter for every axis that says the same. */
function sums(equation: string, shapes: readonly (readonly number[])[], same = equation): ComposedCase {
  return {
    shapes,
    build: (...operands) => einsum(equation, ...operands),
    expected: (...operands) => sumOfProducts(same, ...operands),
  };
}

/** Constant indices in the graph of a tensor. */
const listed = (x: Tensor, list: readonly number[]): Tensor =>
  stack(list.map((index) => x.iota([1], 0).add(index).reshape([])));

const mirrored = (i: number, n: number): number => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i);
const nearest = (i: number, n: number): number => Math.min(Math.max(i, 0), n - 1);

export const movements: Readonly<Record<string, ComposedCase>> = {
  'split by a size': of(
    [2, 7],
    (x) => given(x.split(3, 1)[2]).add(given(x.split(3, -1)[1]).select(1, 0).expandDims(1)),
    [2, 1],
    (x, i) => at(x, i, 6) + at(x, i, 3),
  ),
  'split by sizes': of(
    [6, 2],
    (x) => given(x.split([1, 3, 2])[1]),
    [3, 2],
    (x, i, j) => at(x, i + 1, j),
  ),
  chunk: of(
    [6],
    (x) => stack(x.chunk(5)),
    [3, 2],
    (x, i, j) => at(x, 2 * i + j),
  ),
  tile: of(
    [2, 3],
    (x) => x.tile([2, 1, 3]),
    [2, 2, 9],
    (x, _, j, k) => at(x, j, k % 3),
  ),
  'tile of fewer numbers': of(
    [2, 3],
    (x) => x.tile([2]),
    [2, 6],
    (x, i, j) => at(x, i, j % 3),
  ),
  'repeatInterleave along an axis': of(
    [2, 3],
    (x) => x.repeatInterleave(2, 1),
    [2, 6],
    (x, i, j) => at(x, i, j >> 1),
  ),
  'repeatInterleave of all': of(
    [2, 2],
    (x) => x.repeatInterleave(3),
    [12],
    (x, i) => at(x, i >= 6 ? 1 : 0, Math.floor(i / 3) % 2),
  ),
  'repeatInterleave by numbers': of(
    [3, 2],
    (x) => x.repeatInterleave([2, 0, 1], 0),
    [3, 2],
    (x, i, j) => at(x, i < 2 ? 0 : 2, j),
  ),
  flatten: of(
    [2, 3, 2, 2],
    (x) => x.flatten(1, -2),
    [2, 6, 2],
    (x, i, j, k) => at(x, i, j >> 1, j % 2, k),
  ),
  'flatten of a scalar': of(
    [],
    (x) => x.flatten(),
    [1],
    (x) => at(x),
  ),
  select: of(
    [2, 3, 4],
    (x) => x.select(1, -1),
    [2, 4],
    (x, i, j) => at(x, i, 2, j),
  ),
  'roll along axes': of(
    [3, 5],
    (x) => x.roll([1, -7], [0, 1]),
    [3, 5],
    (x, i, j) => at(x, (i + 2) % 3, (j + 7) % 5),
  ),
  'roll of all': of(
    [2, 3],
    (x) => x.roll(2),
    [2, 3],
    (x, i, j) => {
      const from = (3 * i + j + 4) % 6;
      return at(x, from < 3 ? 0 : 1, from % 3);
    },
  ),
  tril: of(
    [2, 3, 4],
    (x) => x.tril(1),
    [2, 3, 4],
    (x, b, i, j) => (j <= i + 1 ? at(x, b, i, j) : 0),
  ),
  triu: of(
    [4, 3],
    (x) => x.triu(-1),
    [4, 3],
    (x, i, j) => (j >= i - 1 ? at(x, i, j) : 0),
  ),
  moveAxis: of(
    [2, 3, 4],
    (x) => x.moveAxis([0, 1], [-1, 0]),
    [3, 4, 2],
    (x, i, j, k) => at(x, k, i, j),
  ),
  'pad by reflection': of(
    [3, 4],
    (x) => x.pad([1, 3], [2, 0], { mode: 'reflect' }),
    [6, 7],
    (x, i, j) => at(x, mirrored(i - 1, 3), mirrored(j - 3, 4)),
  ),
  'pad by replication': of(
    [1, 3],
    (x) => x.pad([2, 4], [0, 1], { mode: 'replicate' }),
    [3, 8],
    (x, _, j) => at(x, 0, nearest(j - 4, 3)),
  ),
  maskedFill: of(
    [2, 3],
    (x) => x.maskedFill(x.iotaLike(1).eq(1), 7),
    [2, 3],
    (x, i, j) => (j === 1 ? 7 : at(x, i, j)),
  ),
  outer: {
    shapes: [[2], [3]],
    build: (x, y) => given(x).outer(given(y)),
    expected: (x, y) => sumOfProducts('i,j->ij', given(x), given(y)),
  },
  indexAdd: {
    shapes: [
      [2, 4],
      [2, 3],
    ],
    build: (x, y) => given(x).indexAdd(1, listed(given(x), [2, 0, 2]), given(y)),
    expected: (x, y) =>
      made(
        [2, 4],
        (i, j) =>
          at(given(x), i, j) +
          (j === 0 ? at(given(y), i, 1) : j === 2 ? at(given(y), i, 0) + at(given(y), i, 2) : 0),
      ),
  },
  'scatterAdd of a part': {
    shapes: [
      [3, 4],
      [4, 5],
    ],
    build: (x, y) => given(x).scatterAdd(0, listed(given(x), [2, 0, 2, 1, 2, 2]).reshape([2, 3]), given(y)),
    expected: (x, y) => {
      const rows = [
        [2, 0, 2],
        [1, 2, 2],
      ];
      return made([3, 4], (i, j) =>
        rows.reduce((sum, row, k) => (row[j] === i ? sum + at(given(y), k, j) : sum), at(given(x), i, j)),
      );
    },
  },
};

const mean = (x: Plain, i: number): number => [0, 1, 2].reduce((sum, j) => sum + at(x, i, j) / 3, 0);
const squares = (x: Plain, i: number): number =>
  [0, 1, 2].reduce((sum, j) => sum + (at(x, i, j) - mean(x, i)) ** 2, 0);
const magnitudes = (x: Plain, i: number): number[] => [0, 1, 2].map((j) => Math.abs(at(x, i, j)));

export const reductions: Readonly<Record<string, ComposedCase>> = {
  'variance with a correction': of(
    [2, 3],
    (x) => x.variance(1, { correction: 1 }),
    [2],
    (x, i) => squares(x, i) / 2,
  ),
  'variance without': of(
    [2, 3],
    (x) => x.variance(1),
    [2],
    (x, i) => squares(x, i) / 3,
  ),
  std: of(
    [2, 3],
    (x) => x.std(-1, { correction: 1, keepDims: true }),
    [2, 1],
    (x, i) => Math.sqrt(squares(x, i) / 2),
  ),
  'norm 2': of(
    [2, 3],
    (x) => x.norm(2, 1),
    [2],
    (x, i) => Math.hypot(...magnitudes(x, i)),
  ),
  'norm 1': of(
    [2, 3],
    (x) => x.norm(1, 1, { keepDims: true }),
    [2, 1],
    (x, i) => magnitudes(x, i).reduce((a, b) => a + b),
  ),
  'norm 3': of(
    [2, 3],
    (x) => x.norm(3, 1),
    [2],
    (x, i) => Math.cbrt(magnitudes(x, i).reduce((sum, a) => sum + a ** 3, 0)),
  ),
  'norm 1.5': of(
    [2, 3],
    (x) => x.norm(1.5, 1),
    [2],
    (x, i) => magnitudes(x, i).reduce((sum, a) => sum + a ** 1.5, 0) ** (2 / 3),
  ),
  'norm of the largest': of(
    [2, 3],
    (x) => x.norm(Infinity, 1),
    [2],
    (x, i) => Math.max(...magnitudes(x, i)),
  ),
  'norm of the smallest': of(
    [2, 3],
    (x) => x.norm(-Infinity, 1),
    [2],
    (x, i) => Math.min(...magnitudes(x, i)),
  ),
};

/** Operations of two operands of one shape. */
function both(
  build: (x: Tensor, y: Tensor) => Tensor,
  element: (x: number, y: number) => number,
): ComposedCase {
  return {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    build: (x, y) => build(given(x), given(y)),
    expected: (x, y) => zipped(given(x), given(y), element),
  };
}

export const pointwise: Readonly<Record<string, ComposedCase>> = {
  'lerp by numbers': both(
    (x, y) => x.lerp(y, 0.25).add(y.lerp(2, 0.75)),
    (x, y) => x + (y - x) / 4 + y + (2 - y) * 0.75,
  ),
  'lerp by a tensor': both(
    (x, y) => x.lerp(y, y),
    (x, y) => x + (y - x) * y,
  ),
  hypot: both(
    (x, y) => x.hypot(y),
    (x, y) => Math.hypot(x, y),
  ),
  copysign: both(
    (x, y) => x.copysign(y).add(x.copysign(-2)),
    (x, y) => Math.abs(x) * (y < 0 ? -1 : 1) - Math.abs(x),
  ),
};

export const equations: Readonly<Record<string, ComposedCase>> = {
  'a product of matrices': sums('ij,jk->ik', [
    [2, 3],
    [3, 4],
  ]),
  'letters in any order, and spaces': sums(
    ' bij , bkj -> kib ',
    [
      [2, 3, 4],
      [2, 2, 4],
    ],
    'bij,bkj->kib',
  ),
  'without a result, letters in the order of the alphabet': sums(
    'bA,cb',
    [
      [2, 3],
      [4, 2],
    ],
    'bA,cb->Ac',
  ),
  'a trace': sums('ii', [[3, 3]], 'ii->'),
  'a diagonal': sums('iji->ji', [[3, 2, 3]]),
  'a diagonal of three axes, times a vector': sums('iii,ij->j', [
    [2, 2, 2],
    [2, 3],
  ]),
  'a sum over one operand alone': sums('ijk,k->k', [[2, 3, 2], [2]]),
  'products that nothing is summed over': sums('i,j->ji', [[2], [3]]),
  'four operands': sums('ij,jk,kl,il->jl', [
    [2, 3],
    [3, 2],
    [2, 4],
    [2, 4],
  ]),
  'an ellipsis': sums(
    '...ij,...jk->...ik',
    [
      [2, 1, 2, 3],
      [2, 3, 2],
    ],
    'abij,bjk->abik',
  ),
  'an ellipsis without a result': sums('i...,...', [[2, 3], [3]], 'ia,a->ai'),
  'an ellipsis that is summed over': sums('...i,i->i', [[2, 3], [3]], 'ai,i->i'),
  'axes of one element': sums('ij,jk->ik', [
    [2, 1],
    [3, 2],
  ]),
};

/** Each element of a vector by itself and by the next one, around: a map whose Jacobian is neither diagonal nor full. */
const twisted = (x: Tensor): Tensor => x.mul(x.roll(-1)).add(x.tanh());
const next = (i: number): number => (i + 1) % 3;
const slope = (x: number): number => 1 - Math.tanh(x) ** 2;
/** The derivative of element `i` of {@link twisted} in element `j`. */
const twist = (x: Plain, i: number, j: number): number =>
  (j === i ? at(x, next(i)) + slope(at(x, i)) : 0) + (j === next(i) ? at(x, i) : 0);
/** The second derivative of the sum of {@link twisted} in elements `i` and `j`. */
const bend = (x: Plain, i: number, j: number): number =>
  i === j ? -2 * Math.tanh(at(x, i)) * slope(at(x, i)) : 1;
const sumOver = (n: number, term: (i: number) => number): number =>
  Array.from({ length: n }, (_, i) => term(i)).reduce((a, b) => a + b, 0);

/** Cubes, by a rule that says so. */
const cube = customGradient(
  (x: Tensor) => x.mul(x).mul(x),
  ({ inputs: [x], cotangent }) => [x?.square().mul(cotangent).mul(3)],
);

export const derivatives: Readonly<Record<string, ComposedCase>> = {
  'a Jacobian by rows': of([3], (x) => jacobian(twisted(x), x, { mode: 'reverse' }), [3, 3], twist),
  'a Jacobian by columns': of([3], (x) => jacobian(twisted(x), x, { mode: 'forward' }), [3, 3], twist),
  'a Jacobian of a vector in a matrix': {
    shapes: [[2, 3], [3]],
    build: (a, b) => jacobian(given(a).matmul(given(b)), given(a)),
    expected: (_, b) => made([2, 2, 3], (i, j, k) => (i === j ? at(given(b), k) : 0)),
  },
  'a product with a Jacobian': {
    shapes: [[3], [3]],
    build: (x, v) => jvp(twisted(given(x)), [given(x)], [given(v)]),
    expected: (x, v) => made([3], (i) => sumOver(3, (j) => twist(given(x), i, j) * at(given(v), j))),
  },
  'a product of a Jacobian with a vector': {
    shapes: [[3], [3]],
    build: (x, v) => given(gradients([twisted(given(x)), given(x)], [given(x)], [given(v), given(x)])[0]),
    expected: (x, v) =>
      made([3], (j) => sumOver(3, (i) => twist(given(x), i, j) * at(given(v), i)) + at(given(x), j)),
  },
  'a Hessian': of([3], (x) => hessian(twisted(x).sum(), x), [3, 3], bend),
  'a product with a Hessian': {
    shapes: [[3], [3]],
    build: (x, v) => given(hvp(twisted(given(x)).sum(), [given(x)], [given(v)])[0]),
    expected: (x, v) => made([3], (i) => sumOver(3, (j) => bend(given(x), i, j) * at(given(v), j))),
  },
  'a function with a gradient of its own': of([3], cube, [3], (x, i) => at(x, i) ** 3),
  'weights that were stepped': {
    shapes: [[3], [3]],
    build: (w, x) => {
      const loss = given(w).mul(given(x)).square().sum();
      const [g = loss] = gradients(loss, [given(w)]);
      return substitute(loss, [[given(w), given(w).sub(g.mul(0.1))]]).expandDims(0);
    },
    expected: (w, x) =>
      made([1], () =>
        sumOver(3, (i) => {
          const [a, b] = [at(given(w), i), at(given(x), i)];
          return ((a - 0.2 * a * b * b) * b) ** 2;
        }),
      ),
  },
};
