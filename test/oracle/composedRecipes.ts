import type { Tensor } from '../../src/graph/index.ts';
import { type Dim, extentOf } from '../../src/loops/index.ts';
import { type Draft, type Drawn, elements } from './draft.ts';

/** Recipes for operations that are composed of others: what they are made of then meets in random graphs. */
export const composedRecipes = {
  lerp: (draft: Draft): Drawn | undefined => {
    const a = draft.float();
    const b = a && draft.float((d) => sameShape(a.tensor, d.tensor));
    if (a === undefined || b === undefined) return undefined;
    const weight = draft.dice.chance(0.5) ? b.tensor.sigmoid() : draft.dice.between(-1, 5) / 4;
    return { tensor: a.tensor.lerp(b.tensor, weight), bound: 2 * (a.bound + b.bound), exact: false };
  },
  hypot: (draft: Draft): Drawn | undefined => {
    const a = draft.float();
    // Away from (0, 0), where there is no gradient.
    return a && { tensor: a.tensor.hypot(a.tensor.tanh().add(2)), bound: a.bound + 3, exact: false };
  },
  triangle: (draft: Draft): Drawn | undefined => {
    const x = draft.any(({ tensor }) => tensor.shape.length >= 2 && tensor.dtype !== 'u8');
    const diagonal = draft.dice.between(-2, 2);
    if (x === undefined) return undefined;
    return { ...x, tensor: draft.dice.chance(0.5) ? x.tensor.tril(diagonal) : x.tensor.triu(diagonal) };
  },
  /** One index of an axis, or some that lie together. */
  part: along((x, axis, { dice }) => {
    const extent = extentOf(x.shape[axis] ?? 1);
    if (extent === 0) return undefined;
    const count = dice.between(1, extent);
    return dice.oneOf([
      () => x.select(axis, dice.below(extent)),
      () => x.chunk(count, axis)[0],
      () => x.split(count, axis).at(-1),
    ])();
  }),
  /** Axes merged, or at other places. */
  rearranged: (draft: Draft): Drawn | undefined => {
    const x = draft.any();
    if (x === undefined) return undefined;
    const { shape } = x.tensor;
    const isFixed = shape.every((dim) => typeof dim === 'number');
    if (shape.length > 0 && draft.dice.chance(0.5))
      return { ...x, tensor: x.tensor.moveAxis(draft.dice.below(shape.length), 0) };
    if (!isFixed || shape.length < 2)
      return { ...x, tensor: x.tensor.expandDims(0).squeeze(0).expandDims(-1) };
    return { ...x, tensor: x.tensor.flatten(draft.dice.below(shape.length)) };
  },
  outer: (draft: Draft): Drawn | undefined => {
    const a = draft.float(({ tensor }) => tensor.shape.length === 1 && elements(tensor.shape) <= 12);
    const b =
      a && draft.float(({ tensor }) => tensor.shape.length === 1 && typeof tensor.shape[0] === 'number');
    if (a === undefined || b === undefined || elements(b.tensor.shape) > 12) return undefined;
    return { tensor: a.tensor.outer(b.tensor), bound: a.bound * b.bound, exact: false };
  },
  distance: (draft: Draft): Drawn | undefined => {
    const x = draft.float();
    const count = x === undefined ? 0 : Math.max(1, elements(x.tensor.shape));
    return x && { tensor: x.tensor.norm(1), bound: x.bound * count, exact: false };
  },
  likelihood: (draft: Draft): Drawn | undefined => {
    const x = draft.float(({ tensor: { shape } }) => shape.length > 0 && !shape.includes(0));
    return x && { tensor: x.tensor.logSoftmax(), bound: 2 * x.bound + 8, exact: false };
  },
  masked: (draft: Draft): Drawn | undefined => {
    const x = draft.float();
    const mask = x && draft.any(({ tensor }) => tensor.dtype === 'bool' && sameShape(tensor, x.tensor));
    if (x === undefined) return undefined;
    const where = mask?.tensor ?? x.tensor.fullLike(1).isFinite();
    return { tensor: x.tensor.maskedFill(where, 0.5), bound: Math.max(x.bound, 0.5), exact: x.exact };
  },
  roll: along((x, axis, { dice }) => x.roll(dice.between(-9, 9), axis)),
  repeated: along((x, axis, { dice }) => {
    if (elements(x.shape) > 300) return undefined;
    const count = dice.between(1, 3);
    return dice.chance(0.5)
      ? x.repeatInterleave(count, axis)
      : x.tile(x.shape.map((_, k) => (k === axis ? count : 1)));
  }),
  around: along((x, axis, { dice }) => {
    const extent = extentOf(x.shape[axis] ?? 1);
    const mode = dice.oneOf(['reflect', 'replicate'] as const);
    const most = mode === 'reflect' ? extent - 1 : 3;
    const sides = [0, 1].map(() => x.shape.map((_, k) => (k === axis ? Math.min(dice.below(4), most) : 0)));
    return extent === 0 ? undefined : x.pad(sides[0] ?? [], sides[1] ?? [], { mode });
  }),
  indexAdd: (draft: Draft): Drawn | undefined => {
    const x = draft.float(
      ({ tensor: { shape } }) =>
        shape.length > 0 &&
        !shape.includes(0) &&
        elements(shape) < 200 &&
        shape.every((dim) => typeof dim === 'number'),
    );
    const [rows] = x?.tensor.shape ?? [];
    if (x === undefined || typeof rows !== 'number') return undefined;
    const indices = draft.input([rows], 'i32', rows).tensor;
    const added = draft.dice.chance(0.5)
      ? x.tensor.indexAdd(0, indices, x.tensor)
      : x.tensor.segmentSum(indices, rows);
    return { tensor: added, bound: x.bound * (1 + rows), exact: false };
  },
  scatterAdd: (draft: Draft): Drawn | undefined => {
    const x = draft.float(
      ({ tensor: { shape } }) => shape.length > 0 && !shape.includes(0) && elements(shape) < 200,
    );
    if (x === undefined) return undefined;
    const { shape } = x.tensor;
    // An input is bounded along its first axis only, and by a size itself.
    if (shape.some((dim, k) => typeof dim === 'object' && (k > 0 || dim.factor !== 1))) return undefined;
    const axis = draft.dice.below(shape.length);
    const indices = draft.input(shape, 'i32', shape[axis] ?? 1).tensor;
    const scattered = x.tensor.scatterAdd(
      axis,
      draft.dice.chance(0.3) ? indices.mul(2).sub(1) : indices,
      x.tensor,
    );
    return { tensor: scattered, bound: x.bound * (1 + elements(shape)), exact: false };
  },
} satisfies Record<string, (draft: Draft) => Drawn | undefined>;

/** A movement along one axis that is not bounded. */
function along(
  make: (x: Tensor, axis: number, draft: Draft) => Tensor | undefined,
): (draft: Draft) => Drawn | undefined {
  return (draft) => {
    const x = draft.any(({ tensor }) => tensor.shape.length > 0);
    const axis = draft.dice.below(x?.tensor.shape.length ?? 0);
    const dim: Dim | undefined = x?.tensor.shape[axis];
    if (x === undefined || typeof dim !== 'number') return undefined;
    const tensor = make(x.tensor, axis, draft);
    return tensor && { ...x, tensor };
  };
}

function sameShape(a: Tensor, b: Tensor): boolean {
  return (
    a.shape.length === b.shape.length &&
    a.shape.every((dim, k) => typeof dim === 'number' && dim === b.shape[k])
  );
}
