import type { Tensor } from '../../src/graph/index.ts';
import type { Dice } from './dice.ts';
import { type Draft, type Drawn, elements, moderate } from './draft.ts';

/** Recipes for what goes along an axis, whose gradients exist almost everywhere. */
export const axisRecipes = {
  scan: (draft: Draft): Drawn | undefined => {
    const found = alongAxis(draft, draft.float());
    if (found === undefined) return undefined;
    const { x, axis, count } = found;
    const options = scanOptions(draft.dice);
    return draft.dice.oneOf([
      () => ({ tensor: x.tensor.cumsum(axis, options), bound: x.bound * count, exact: false }),
      () => {
        // Products of many factors stay small, whatever these are.
        const small = x.tensor.tanh().mul(1.25);
        return { tensor: small.cumprod(axis, options), bound: 1.25 ** count, exact: false };
      },
      () => {
        const tensor = x.tensor.logCumSumExp(axis, { ...options, exclusive: false });
        return { tensor, bound: x.bound + Math.log(count), exact: false };
      },
    ])();
  },
  runningExtremum: (draft: Draft): Drawn | undefined => {
    const found = alongAxis(draft, draft.float());
    if (found === undefined) return undefined;
    const { x, axis } = found;
    const reverse = draft.dice.chance(0.5);
    const { tensor } = x;
    return {
      ...x,
      tensor: draft.dice.chance(0.5) ? tensor.cummax(axis, { reverse }) : tensor.cummin(axis, { reverse }),
    };
  },
  sorted: (draft: Draft): Drawn | undefined => {
    const found = alongAxis(
      draft,
      draft.any(({ tensor, exact: isExact }) => tensor.dtype === 'f32' && isExact),
    );
    if (found === undefined || found.x.bound > 8) return undefined;
    const { x, axis, count } = found;
    if (elements(x.tensor.shape) * count > 3000) return undefined;
    const { dice } = draft;
    const isBounded = typeof x.tensor.shape[axis] === 'object';
    const make = dice.oneOf<(y: Tensor) => Tensor>([
      (y) => y.sort(axis, { descending: dice.chance(0.5) }).values,
      (y) => {
        // Beyond the live elements there is nothing to choose.
        const most = isBounded ? 0 : elements(y.shape.slice(axis, axis + 1));
        return isBounded ? y.median(axis) : y.topK(dice.between(0, most), axis).values;
      },
      (y) => (elements(y.shape) === 0 ? y : y.median(axis, { keepDims: dice.chance(0.5) })),
    ]);
    return { ...x, tensor: make(x.tensor) };
  },
  written: (draft: Draft): Drawn | undefined => {
    const found = alongAxis(draft, draft.float());
    if (found === undefined) return undefined;
    const { x, axis } = found;
    const { shape } = x.tensor;
    const { dice } = draft;
    // An input is bounded along its first axis only, and by a size itself.
    if (shape.some((dim, k) => typeof dim === 'object' && (k > 0 || dim.factor !== 1))) return undefined;
    if (shape.includes(0) || elements(shape) > 200) return undefined;
    const along = shape[axis] ?? 1;
    const listed = draft.input([along], 'i32', along).tensor;
    const indices = draft.input(shape, 'i32', along).tensor;
    const source = x.tensor.flip(shape.flatMap((dim, k) => (typeof dim === 'number' ? [k] : []))).mul(0.75);
    const make = dice.oneOf<(y: Tensor) => Tensor>([
      (y) => y.scatter(axis, dice.chance(0.3) ? indices.mul(2).sub(1) : indices, source),
      (y) => y.indexCopy(axis, listed, source),
      (y) => y.scatterReduce(axis, indices, source, 'max'),
    ]);
    return { ...x, tensor: make(x.tensor), exact: false };
  },
  wide: (draft: Draft): Drawn | undefined => {
    const { dice } = draft;
    const count = dice.between(257, 300);
    const x = draft.input([count]);
    const indices = draft.input([dice.between(17, 30)], 'i32', count).tensor;
    const taken = x.tensor.takeAlongAxis(indices, 0);
    const tensor = dice.chance(0.5) ? taken : x.tensor.scatter(0, indices.flip(), taken.mul(0.5)).slice([7]);
    return { ...x, tensor, exact: false };
  },
} satisfies Record<string, (draft: Draft) => Drawn | undefined>;

/** Recipes for numbers of elements along an axis, and integers. */
export const discreteAxisRecipes = {
  runningIndex: (draft: Draft): Drawn | undefined => {
    const found = alongAxis(draft, exact(draft));
    if (found === undefined) return undefined;
    const { x, axis, count } = found;
    const reverse = draft.dice.chance(0.5);
    const tensor = draft.dice.chance(0.5)
      ? x.tensor.cumargmax(axis, { reverse })
      : x.tensor.cumargmin(axis, { reverse });
    return { tensor, bound: count, exact: true };
  },
  order: (draft: Draft): Drawn | undefined => {
    const found = alongAxis(draft, exact(draft));
    if (found === undefined || elements(found.x.tensor.shape) * found.count > 3000) return undefined;
    const { x, axis, count } = found;
    const descending = draft.dice.chance(0.5);
    const isFixed = x.tensor.shape.every((dim) => typeof dim === 'number');
    const tensor =
      isFixed && draft.dice.chance(0.3)
        ? x.tensor.moveAxis(axis, -1).sort(-1).values.searchSorted(x.tensor.moveAxis(axis, -1))
        : x.tensor.argsort(axis, { descending });
    return { tensor, bound: count, exact: true };
  },
  scanOfIntegers: (draft: Draft): Drawn | undefined => {
    const found = alongAxis(
      draft,
      draft.any(({ tensor: { dtype } }) => dtype === 'i32' || dtype === 'u32'),
    );
    if (found === undefined) return undefined;
    const { x, axis } = found;
    const options = scanOptions(draft.dice);
    const make = draft.dice.oneOf<(y: Tensor) => Tensor>([
      (y) => y.cumsum(axis, options),
      (y) => y.cumprod(axis, options),
      (y) => y.cummin(axis),
    ]);
    return { tensor: make(x.tensor), bound: 2 ** 32, exact: true };
  },
} satisfies Record<string, (draft: Draft) => Drawn | undefined>;

/** A tensor of moderate values with one of its axes, and how many elements that has. */
function alongAxis(
  { dice }: Draft,
  drawn: Drawn | undefined,
): { readonly x: Drawn; readonly axis: number; readonly count: number } | undefined {
  const shape = drawn?.tensor.shape ?? [];
  if (drawn === undefined || shape.length === 0) return undefined;
  const axis = dice.below(shape.length);
  const count = Math.max(1, elements(shape.slice(axis, axis + 1)));
  return { x: drawn.tensor.dtype === 'f32' ? moderate(drawn, 8) : drawn, axis, count };
}

function exact(draft: Draft): Drawn | undefined {
  return draft.any((d) => d.exact && (d.tensor.dtype === 'f32' || d.tensor.dtype === 'i32') && d.bound <= 8);
}

function scanOptions(dice: Dice): { exclusive: boolean; reverse: boolean } {
  return { exclusive: dice.chance(0.3), reverse: dice.chance(0.5) };
}
