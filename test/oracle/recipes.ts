import { concat, customGradient, full, type Tensor, whileTraining } from '../../src/graph/index.ts';
import { type Dim, extentOf, sameDim } from '../../src/loops/index.ts';
import * as nn from '../../src/nn/index.ts';
import { integers, uniform } from '../../src/random/index.ts';
import { threefry } from '../../src/random/threefry.ts';
import { axisRecipes, discreteAxisRecipes } from './axisRecipes.ts';
import { composedRecipes } from './composedRecipes.ts';
import { type Draft, type Drawn, elements, moderate } from './draft.ts';
import { convolved, folded, windowsOf } from './sliding.ts';

/** How a random graph gets an operation: the tensor that it gives, or undefined where nothing fits. */
export type Recipe = (draft: Draft) => Drawn | undefined;

/** Float functions of one operand, with the bound of their results; arguments are made to suit them. */
const smooth = {
  neg: unary((x) => x.neg(), { keepsExact: true }),
  abs: unary((x) => x.abs(), { keepsExact: true }),
  relu: unary((x) => x.relu(), { keepsExact: true }),
  exp: unary((x) => x.exp(), { bound: (b) => Math.exp(b), within: 3 }),
  log: unary((x) => x.abs().add(0.5).log(), { bound: (b) => 1 + Math.log(b + 1) }),
  log1p: unary((x) => x.abs().sub(0.5).log1p(), { bound: (b) => 1 + Math.log(b + 1) }),
  expm1: unary((x) => x.expm1(), { bound: (b) => Math.exp(b), within: 3 }),
  sqrt: unary((x) => x.abs().add(0.5).sqrt(), { bound: (b) => b + 1 }),
  rsqrt: unary((x) => x.abs().add(0.5).rsqrt(), { bound: () => 2 }),
  clamp: unary((x) => x.clamp(-0.7, 0.9), { bound: () => 1 }),
  tanh: unary((x) => x.tanh(), { bound: () => 1 }),
  sigmoid: unary((x) => x.sigmoid(), { bound: () => 1 }),
  erf: unary((x) => x.erf(), { bound: () => 1 }),
  sin: unary((x) => x.sin(), { bound: () => 1 }),
  cos: unary((x) => x.cos(), { bound: () => 1 }),
  tan: unary((x) => x.tan(), { bound: () => 2, within: 1 }),
  asin: unary((x) => x.asin(), { bound: () => 2, within: 0.9 }),
  acos: unary((x) => x.acos(), { bound: () => 4, within: 0.9 }),
  atan: unary((x) => x.atan(), { bound: () => 2 }),
  atan2: binary((a, b) => a.atan2(b.abs().add(0.5)), { bound: () => 2 }),
  sinh: unary((x) => x.sinh(), { bound: (b) => Math.exp(b), within: 3 }),
  cosh: unary((x) => x.cosh(), { bound: (b) => Math.exp(b), within: 3 }),
  asinh: unary((x) => x.asinh(), { bound: (b) => 1 + Math.log(b + 1) }),
  acosh: unary((x) => x.abs().add(1.5).acosh(), { bound: (b) => 2 + Math.log(b + 1) }),
  atanh: unary((x) => x.atanh(), { bound: () => 2, within: 0.9 }),
  exp2: unary((x) => x.exp2(), { bound: (b) => 2 ** b, within: 4 }),
  log2: unary((x) => x.abs().add(0.5).log2(), { bound: (b) => 1 + Math.log2(b + 1) }),
  log10: unary((x) => x.abs().add(0.5).log10(), { bound: (b) => 1 + Math.log10(b + 1) }),
  pow: binary((a, b) => a.sigmoid().add(0.5).pow(b.tanh().mul(3)), { bound: () => 8 }),
  cbrt: unary((x) => x.abs().add(0.5).cbrt(), { bound: (b) => b + 1 }),
  erfinv: unary((x) => x.erfinv(), { bound: () => 2, within: 0.9 }),
  lgamma: unary((x) => x.abs().add(0.5).lgamma(), { bound: (b) => 1 + b * Math.log(b + 2) }),
  digamma: unary((x) => x.abs().add(0.5).digamma(), { bound: (b) => 2 + Math.log(b + 1) }),
  trigamma: unary((x) => x.abs().add(0.5).polygamma(1), { bound: () => 5 }),
  // Of a dividend that is smaller: a remainder has steps.
  fmod: binary((a, b) => a.tanh().fmod(b.abs().add(1.5)), { bound: () => 1 }),
  add: binary((a, b) => a.add(b), { bound: (a, b) => a + b }),
  sub: binary((a, b) => a.sub(b), { bound: (a, b) => a + b }),
  mul: binary((a, b) => a.mul(b), { bound: (a, b) => a * b }),
  div: binary((a, b) => a.div(b.abs().add(0.5)), { bound: (a) => 2 * a }),
  min: binary((a, b) => a.minimum(b), { bound: Math.max, keepsExact: true }),
  max: binary((a, b) => a.maximum(b), { bound: Math.max, keepsExact: true }),
  where: choice,
  reshape: moved(reshaped),
  permute: moved((x, { dice }) => x.permute(dice.shuffled(x.shape.map((_, k) => k)))),
  expand: moved(expanded),
  slice: moved(sliced),
  pad: moved((x, { dice }) => {
    const low = x.shape.map((dim) => (typeof dim === 'number' ? dice.below(3) : 0));
    const high = x.shape.map((dim) => (typeof dim === 'number' ? dice.below(3) : 0));
    return x.pad(low, high, dice.chance(0.5) || x.dtype === 'bool' || x.dtype === 'u8' ? 0 : 2);
  }),
  flip: moved((x, { dice }) => {
    const axes = x.shape.flatMap((dim, k) => (typeof dim === 'number' && dice.chance(0.7) ? [k] : []));
    return axes.length === 0 ? undefined : x.flip(axes);
  }),
  concat: joined,
  sum: reduced((x, axes) => x.sum(axes), { bound: (b, n) => b * n }),
  mean: reduced((x, axes) => x.mean(axes), { bound: (b) => b, needsElements: true }),
  prod: reduced((x, axes) => x.prod(axes), { bound: (b, n) => Math.max(1, b) ** n }),
  reduceMax: reduced((x, axes) => x.max(axes), { bound: (b) => b, needsElements: true, keepsExact: true }),
  reduceMin: reduced((x, axes) => x.min(axes), { bound: (b) => b, needsElements: true, keepsExact: true }),
  logSumExp: reduced((x, axes) => x.logSumExp(axes), {
    bound: (b, n) => b + Math.log(n),
    needsElements: true,
  }),
  variance: reduced((x, axes) => x.variance(axes), { bound: (b) => b * b, needsElements: true }),
  softmax: unary((x) => (hasElements(x.shape.slice(-1)) && x.shape.length > 0 ? x.softmax() : x), {
    bound: (b) => b + 1,
  }),
  dropout: unary((x) => nn.dropout(x, 0.25), { bound: (b) => 2 * b }),
  softplus: unary((x) => nn.softplus(x), { bound: (b) => b + 1 }),
  custom: unary(
    customGradient(
      (x) => x.tanh(),
      ({ output, cotangent }) => cotangent.mul(output.square().neg().add(1)),
    ),
    { bound: () => 1 },
  ),
  bceWithLogits: binary((a, b) => nn.bceWithLogits(a, b.sigmoid(), { reduction: 'none' }), {
    bound: (a) => a + 1,
  }),
  remainder: binary((a, b) => a.tanh().sub(2.5).mod(b.abs().add(4)), { bound: (_, b) => b + 4 }),
  matmul: product,
  contract: contracted,
  convolve: convolved,
  windows: moved((x, draft) => {
    const options = windowsOf(x, draft);
    const padded = x.dtype !== 'bool' && x.dtype !== 'u8' && draft.dice.chance(0.5);
    return options && x.windows({ ...options, value: padded ? 2 : 0 });
  }),
  foldWindows: folded,
  training: binary((a, b) => (sameType(a, b) ? whileTraining(a, b) : a), {
    bound: Math.max,
    keepsExact: true,
  }),
  take: taken,
  pick: picked,
  literal: (draft) => {
    const shape = [draft.dice.between(1, 4), draft.dice.between(1, 5)];
    const values = Array.from({ length: elements(shape) }, () => draft.dice.unit() * 2 - 1);
    return { tensor: draft.m.literal(values, { shape }), bound: 1, exact: true };
  },
  ...composedRecipes,
  ...axisRecipes,
} satisfies Record<string, Recipe>;

/** Operations with a zero gradient or none: steps, comparisons, integers, what is held constant. */
const discrete = {
  sign: steps((x) => x.sign()),
  floor: steps((x) => x.floor()),
  ceil: steps((x) => x.ceil()),
  trunc: steps((x) => x.trunc()),
  round: steps((x) => x.mul(2).round()),
  lt: compared((a, b) => a.lt(b)),
  le: compared((a, b) => a.le(b)),
  eq: compared((a, b) => a.eq(b)),
  ne: compared((a, b) => a.ne(b)),
  tetragamma: (draft) => {
    const x = draft.float();
    // Held constant, since its derivative is not built.
    return x && { tensor: x.tensor.abs().add(0.5).polygamma(2).detach(), bound: 17, exact: false };
  },
  ge: compared((a, b) => a.ge(b)),
  xor: logic((a, b) => a.xor(b)),
  isFinite: (draft) => truth(draft.float()?.tensor.isFinite()),
  isInf: (draft) => truth(draft.float()?.tensor.isInf()),
  all: reduced((x, axes) => x.all(axes), { bound: () => 1, ofExact: true }),
  countNonzero: reduced((x, axes) => x.countNonzero(axes), { bound: (_, n) => n, ofExact: true }),
  copysign: steps((x) => x.add(1).copysign(x.neg())),
  oneHot: (draft) => {
    const x = draft.any((d) => d.tensor.dtype === 'i32' && elements(d.tensor.shape) < 60);
    return x && truth(x.tensor.oneHot(draft.dice.between(1, 4)));
  },
  bincount: (draft) => {
    const x = draft.any((d) => d.tensor.dtype === 'i32' && elements(d.tensor.shape) < 60);
    if (x === undefined) return undefined;
    const n = draft.dice.between(1, 4);
    return { tensor: x.tensor.mod(n).bincount(n), bound: elements(x.tensor.shape), exact: true };
  },
  spread: (draft) => {
    const x = draft.float(({ tensor: { shape } }) => shape.length > 0 && !shape.includes(0));
    return x && { tensor: x.tensor.std(-1).add(1).reciprocal().detach(), bound: 1, exact: false };
  },
  not: (draft) => truth(draft.any((d) => d.tensor.dtype === 'bool')?.tensor.not()),
  isNan: (draft) => truth(draft.float()?.tensor.isNaN()),
  any: reduced((x, axes) => x.any(axes), { bound: () => 1, ofExact: true }),
  and: logic((a, b) => a.and(b)),
  or: logic((a, b) => a.or(b)),
  argmax: reduced((x, axes) => x.argmax(axes), { bound: (_, n) => n, needsElements: true, ofExact: true }),
  argmin: reduced((x, axes) => x.argmin(axes), { bound: (_, n) => n, needsElements: true, ofExact: true }),
  toFloat: (draft) => {
    const from = draft.any((d) => d.tensor.dtype !== 'f32');
    if (from === undefined) return undefined;
    return { tensor: from.tensor.cast('f32'), bound: from.bound, exact: from.exact && from.bound < 2 ** 24 };
  },
  toInteger: (draft) => {
    const from = draft.any((d) => d.exact);
    if (from === undefined) return undefined;
    return {
      tensor: from.tensor.cast(draft.dice.oneOf(['i32', 'u32', 'bool'])),
      bound: from.bound,
      exact: true,
    };
  },
  integers: (draft) => {
    const a = draft.any((d) => d.tensor.dtype === 'i32' || d.tensor.dtype === 'u32');
    if (a === undefined) return undefined;
    const b = draft.any((d) => d.tensor.dtype === a.tensor.dtype && broadcasts(a.tensor, d.tensor));
    const other = b?.tensor ?? draft.dice.between(1, 5);
    const [x, bound] = [a.tensor, 2 ** 32];
    const made = draft.dice.oneOf([
      () => x.add(other),
      () => x.sub(other),
      () => x.mul(other),
      () => x.minimum(other),
      () => x.maximum(other),
      () => x.relu(),
      () => x.sum(),
      () => (x.dtype === 'i32' ? x.neg().abs() : x.prod()),
    ])();
    return { tensor: made, bound, exact: true };
  },
  quotients: ofIntegers((x, y) => x.floorDiv(y).sub(x.mod(y))),
  shifts: ofIntegers((x, y) => x.shiftLeft(y).bitXor(x.shiftRight(y))),
  bits: ofIntegers((x, y) => x.bitAnd(y).bitXor(x.bitNot().bitOr(y))),
  threefry: (draft) => {
    const a = draft.any((d) => d.tensor.dtype === 'u32');
    const b = a && draft.any((d) => d.tensor.dtype === 'u32' && broadcasts(a.tensor, d.tensor));
    if (a === undefined || b === undefined) return undefined;
    const zero = full(draft.m, [], 0, 'u32');
    return { tensor: threefry(zero, a.tensor, b.tensor, zero), bound: 2 ** 32, exact: true };
  },
  random: (draft) => {
    const shape = draft.shape();
    if (draft.dice.chance(0.5)) return { tensor: uniform(draft.m, shape), bound: 1, exact: true };
    const whole = draft.dice.between(2, 9);
    return { tensor: integers(draft.m, -1, whole, shape), bound: whole, exact: true };
  },
  iota: (draft) => {
    const shape = draft.shape();
    if (shape.length === 0) return undefined;
    const axis = draft.dice.below(shape.length);
    const sample = full(draft.m, [], 0);
    return { tensor: sample.iota(shape, axis), bound: extentOf(shape[axis] ?? 1), exact: true };
  },
  place: (draft) => {
    const x = draft.any((d) => d.tensor.shape.length > 0)?.tensor;
    const axis = draft.dice.below(x?.shape.length ?? 1);
    return x && { tensor: x.iotaLike(axis), bound: extentOf(x.shape[axis] ?? 1), exact: true };
  },
  extent: (draft) => {
    const x = draft.any((d) => d.tensor.shape.length > 0)?.tensor;
    return x === undefined ? undefined : { tensor: x.liveCount(), bound: elements(x.shape), exact: true };
  },
  ...discreteAxisRecipes,
} satisfies Record<string, Recipe>;

/** The recipes by name: `smooth` ones have a gradient almost everywhere. */
export const recipes: { readonly smooth: Record<string, Recipe>; readonly discrete: Record<string, Recipe> } =
  {
    smooth,
    discrete,
  };

interface UnaryOptions {
  readonly bound?: (of: number) => number;
  /** Scales the operand into this range first. */
  readonly within?: number;
  readonly keepsExact?: true;
}

function unary(make: (x: Tensor) => Tensor, { bound = (b) => b, within, keepsExact }: UnaryOptions): Recipe {
  return (draft) => {
    const drawn = draft.float();
    if (drawn === undefined) return undefined;
    const x = within === undefined ? drawn : moderate(drawn, within);
    return { tensor: make(x.tensor), bound: bound(x.bound), exact: keepsExact === true && x.exact };
  };
}

interface BinaryOptions {
  readonly bound: (a: number, b: number) => number;
  readonly keepsExact?: true;
}

function binary(make: (a: Tensor, b: Tensor) => Tensor, { bound, keepsExact }: BinaryOptions): Recipe {
  return (draft) => {
    const a = draft.float();
    const b = a && partner(draft, a);
    if (a === undefined || b === undefined) return undefined;
    return {
      tensor: make(a.tensor, b.tensor),
      bound: bound(a.bound, b.bound),
      exact: keepsExact === true && a.exact && b.exact,
    };
  };
}

/** A float that broadcasts with another one, of the pool or a constant. */
function partner(draft: Draft, a: Drawn): Drawn {
  const found = draft.float((d) => broadcasts(a.tensor, d.tensor));
  if (found !== undefined && draft.dice.chance(0.9)) return found;
  const value = draft.dice.between(-8, 8) / 4;
  return { tensor: full(draft.m, [], value), bound: Math.abs(value), exact: true };
}

function choice(draft: Draft): Drawn | undefined {
  const condition = draft.any((d) => d.tensor.dtype === 'bool') ?? half(draft);
  const a = condition && draft.float((d) => broadcasts(condition.tensor, d.tensor));
  if (condition === undefined || a === undefined) return undefined;
  const b = partner(draft, a);
  if (!broadcasts(condition.tensor, b.tensor)) return undefined;
  return {
    tensor: condition.tensor.where(a.tensor, b.tensor),
    bound: Math.max(a.bound, b.bound),
    exact: a.exact && b.exact,
  };
}

/** A condition that holds for about half of the elements of an input. */
function half(draft: Draft): Drawn | undefined {
  return truth(draft.any((d) => d.exact && d.tensor.dtype === 'f32')?.tensor.gt(0.1));
}

function steps(make: (x: Tensor) => Tensor): Recipe {
  return (draft) => {
    const x = draft.any((d) => d.tensor.dtype === 'f32' && d.exact && d.bound < 2 ** 20);
    return x === undefined ? undefined : { tensor: make(x.tensor), bound: 2 * x.bound + 1, exact: true };
  };
}

function compared(make: (a: Tensor, b: Tensor | number) => Tensor): Recipe {
  return (draft) => {
    const a = draft.any((d) => d.exact && d.tensor.dtype !== 'u8' && d.tensor.dtype !== 'bool');
    if (a === undefined) return undefined;
    const b = draft.any(
      (d) => d.exact && d.tensor.dtype === a.tensor.dtype && broadcasts(a.tensor, d.tensor),
    );
    return truth(make(a.tensor, b === undefined || b === a ? draft.dice.below(3) : b.tensor));
  };
}

/** Of an integer, and another one of its type or a small number. */
function ofIntegers(make: (x: Tensor, other: Tensor | number) => Tensor): Recipe {
  return (draft) => {
    const a = draft.any((d) => d.tensor.dtype === 'i32' || d.tensor.dtype === 'u32');
    if (a === undefined) return undefined;
    const { dtype } = a.tensor;
    const b = draft.any((d) => d.tensor.dtype === dtype && broadcasts(a.tensor, d.tensor));
    const isKnown = b === undefined || draft.dice.chance(0.4);
    const other = isKnown ? draft.dice.between(dtype === 'i32' ? -3 : 0, 34) : b.tensor;
    return { tensor: make(a.tensor, other), bound: 2 ** 32, exact: true };
  };
}

function logic(make: (a: Tensor, b: Tensor) => Tensor): Recipe {
  return (draft) => {
    const a = draft.any((d) => d.tensor.dtype === 'bool');
    const b = a && draft.any((d) => d.tensor.dtype === 'bool' && broadcasts(a.tensor, d.tensor));
    return a === undefined || b === undefined ? undefined : truth(make(a.tensor, b.tensor));
  };
}

function truth(tensor: Tensor | undefined): Drawn | undefined {
  return tensor === undefined ? undefined : { tensor, bound: 1, exact: true };
}

function moved(make: (x: Tensor, draft: Draft) => Tensor | undefined): Recipe {
  return (draft) => {
    const x = draft.any();
    const tensor = x && make(x.tensor, draft);
    if (x === undefined || tensor === undefined) return undefined;
    return { tensor, bound: Math.max(x.bound, 2), exact: x.exact };
  };
}

/** Two neighbours merged, one dimension split, or a dimension of one element put in. */
function reshaped(x: Tensor, { dice }: Draft): Tensor | undefined {
  const { shape } = x;
  const axis = dice.below(shape.length);
  const [dim, next] = [shape[axis], shape[axis + 1]];
  if (dim === undefined || dice.chance(0.2)) return x.expandDims(dice.below(shape.length + 1));
  if (typeof next === 'number' && next > 0 && dice.chance(0.6)) {
    const merged: Dim = typeof dim === 'number' ? dim * next : { size: dim.size, factor: dim.factor * next };
    return x.reshape(shape.toSpliced(axis, 2, merged));
  }
  const count = typeof dim === 'number' ? dim : dim.factor;
  const inner = [2, 3, 5, 7].find((n) => count % n === 0 && count > 0);
  if (inner === undefined) return undefined;
  const outer: Dim = typeof dim === 'number' ? dim / inner : { size: dim.size, factor: dim.factor / inner };
  return x.reshape(shape.toSpliced(axis, 1, outer, inner));
}

function expanded(x: Tensor, draft: Draft): Tensor | undefined {
  const spread = x.shape.map(
    (dim): Dim => (dim === 1 && draft.dice.chance(0.7) ? draft.dice.between(1, 4) : dim),
  );
  const to = draft.dice.chance(0.5) ? [draft.dice.between(1, 3), ...spread] : spread;
  return elements(to) > 800 ? undefined : x.broadcastTo(to);
}

function sliced(x: Tensor, { dice }: Draft): Tensor | undefined {
  if (x.shape.length === 0) return undefined;
  const ranges = x.shape.map((dim) => {
    if (typeof dim !== 'number' || dim === 0 || dice.chance(0.3))
      return { start: 0, stop: extentOf(dim), step: 1 };
    const start = dice.below(dim);
    return { start, stop: dice.between(start + (dice.chance(0.05) ? 0 : 1), dim), step: dice.between(1, 3) };
  });
  return x.slice(
    ranges.map(({ start }) => start),
    ranges.map(({ stop }) => stop),
    ranges.map(({ step }) => step),
  );
}

function joined(draft: Draft): Drawn | undefined {
  const a = draft.any((d) => d.tensor.shape.length > 0);
  if (a === undefined) return undefined;
  const { shape, dtype } = a.tensor;
  const axis = draft.dice.below(shape.length);
  if (typeof shape[axis] !== 'number' || elements(shape) > 300) return undefined;
  const fits = ({ tensor }: Drawn): boolean =>
    tensor.dtype === dtype &&
    tensor.shape.length === shape.length &&
    tensor.shape.every((dim, k) => (k === axis ? typeof dim === 'number' : sameDim(dim, shape[k] ?? 0)));
  const parts = [a, draft.any(fits) ?? a, ...(draft.dice.chance(0.3) ? [draft.any(fits) ?? a] : [])];
  return {
    tensor: concat(
      parts.map(({ tensor }) => tensor),
      axis,
    ),
    bound: Math.max(...parts.map(({ bound }) => bound)),
    exact: parts.every(({ exact }) => exact),
  };
}

interface ReduceOptions {
  readonly bound: (of: number, count: number) => number;
  /** There is no value of none, or none that one could go on with. */
  readonly needsElements?: true;
  readonly keepsExact?: true;
  readonly ofExact?: true;
}

function reduced(make: (x: Tensor, axes: number[]) => Tensor, options: ReduceOptions): Recipe {
  const { bound, needsElements, keepsExact, ofExact } = options;
  return (draft) => {
    const x = ofExact
      ? draft.any((d) => d.exact && (d.tensor.dtype === 'f32' || d.tensor.dtype === 'i32'))
      : draft.float();
    if (x === undefined || x.tensor.shape.length === 0) return undefined;
    const drawn = x.tensor.shape.flatMap((_, k) => (draft.dice.chance(0.5) ? [k] : []));
    const axes = drawn.length > 0 ? drawn : [draft.dice.below(x.tensor.shape.length)];
    const along = axes.map((axis) => x.tensor.shape[axis] ?? 1);
    const count = elements(along);
    if (needsElements && !hasElements(along)) return undefined;
    const limit = bound(x.bound, Math.max(count, 1));
    if (limit > 1e4 && !ofExact) return undefined;
    return {
      tensor: make(x.tensor, axes),
      bound: limit,
      exact: ofExact === true || (keepsExact === true && x.exact),
    };
  };
}

function product(draft: Draft): Drawn | undefined {
  const a = draft.float((d) => d.tensor.shape.length >= 2 || d.tensor.shape.length === 1);
  if (a === undefined) return undefined;
  const x = a.tensor;
  const [inner, rows] = [x.shape.at(-1), x.shape.at(-2)];
  if (inner === undefined) return undefined;
  const limit = (b: number, k: Dim): number => a.bound * b * Math.max(1, extentOf(k));
  if (rows !== undefined && draft.dice.chance(0.3))
    return { tensor: x.matmul(x.transpose()), bound: limit(a.bound, inner), exact: false };
  if (rows !== undefined && draft.dice.chance(0.4))
    return { tensor: x.transpose().matmul(x), bound: limit(a.bound, rows), exact: false };
  if (typeof inner !== 'number') return undefined;
  const found = draft.float(
    ({ tensor }) =>
      tensor.shape.length === 2 && tensor.shape[0] === inner && extentOf(tensor.shape[1] ?? 0) < 40,
  );
  const lead =
    x.shape.length === 3 && draft.dice.chance(0.5) && typeof x.shape[0] === 'number' ? [x.shape[0]] : [];
  const b = found ?? draft.input([...lead, inner, draft.dice.oneOf([1, 2, 3, 5, 9])]);
  if (elements(x.shape) * extentOf(b.tensor.shape.at(-1) ?? 1) > 6000) return undefined;
  return { tensor: x.matmul(b.tensor), bound: limit(b.bound, inner), exact: false };
}

/** A contraction with a new operand: each axis is of a batch, summed over, or one of rows. */
function contracted(draft: Draft): Drawn | undefined {
  const { dice } = draft;
  const a = draft.float((d) => elements(d.tensor.shape) < 200);
  if (a === undefined) return undefined;
  const { shape } = a.tensor;
  const kinds = shape.map(() => dice.oneOf(['batch', 'over', 'over', 'rows']));
  const axesOf = (kind: string): number[] => shape.flatMap((_, d) => (kinds[d] === kind ? [d] : []));
  const [batch, over] = [axesOf('batch'), axesOf('over')];
  const paired = [...batch, ...over];
  const isBounded = (d: number): boolean => typeof shape[d] === 'object';
  // What is bounded comes first: the new operand is an input, which is stored so.
  if (paired.filter(isBounded).length > 1) return undefined;
  const order = dice.shuffled(paired).sort((d, e) => Number(isBounded(e)) - Number(isBounded(d)));
  const dims = order.map((d) => shape[d] ?? 1);
  const b = draft.input([...dims, ...(dice.chance(0.6) ? [dice.between(1, 4)] : [])]);
  const places = (axes: readonly number[]): number[] => axes.map((d) => order.indexOf(d));
  const tensor = a.tensor.contract(b.tensor, { batch: [batch, places(batch)], over: [over, places(over)] });
  const terms = over.reduce((n, d) => n * Math.max(1, extentOf(shape[d] ?? 1)), 1);
  return { tensor, bound: a.bound * b.bound * terms, exact: false };
}

function sameType(a: Tensor, b: Tensor): boolean {
  return (
    a.dtype === b.dtype &&
    a.shape.length === b.shape.length &&
    a.shape.every((dim, k) => sameDim(dim, b.shape[k] ?? 0))
  );
}

function taken(draft: Draft): Drawn | undefined {
  const x = draft.any(
    (d) => d.tensor.shape.length > 0 && d.tensor.dtype !== 'u8' && elements(d.tensor.shape) < 300,
  );
  const rows = x?.tensor.shape[0];
  if (x === undefined || rows === undefined || rows === 0) return undefined;
  const at = indices(draft, draft.shape(draft.dice.below(3)), rows);
  if (elements(at.shape) * elements(x.tensor.shape.slice(1)) > 800) return undefined;
  return { ...x, tensor: x.tensor.take(at) };
}

function picked(draft: Draft): Drawn | undefined {
  const x = draft.any((d) => d.tensor.shape.length > 0 && d.tensor.dtype !== 'u8');
  const last = x?.tensor.shape.at(-1);
  if (x === undefined || last === undefined || last === 0) return undefined;
  const rows = x.tensor.shape.slice(0, -1);
  if (rows.slice(1).some((dim) => typeof dim === 'object')) return undefined;
  if (rows.some((dim) => typeof dim === 'object' && dim.factor !== 1)) return undefined;
  return { ...x, tensor: x.tensor.pick(indices(draft, rows, last)) };
}

/** Indices out of an input, which are in range, or computed ones, which are clamped. */
function indices(draft: Draft, shape: readonly Dim[], of: Dim): Tensor {
  const at = draft.input(shape, 'i32', of).tensor;
  return draft.dice.chance(0.3) ? at.mul(2).sub(1) : at;
}

/** Whether two tensors have a common shape, as in NumPy, of a moderate number of elements. */
function broadcasts(a: Tensor, b: Tensor): boolean {
  const rank = Math.max(a.shape.length, b.shape.length);
  let count = 1;
  for (let k = 1; k <= rank; k++) {
    const [m, n] = [a.shape.at(-k) ?? 1, b.shape.at(-k) ?? 1];
    if (m !== 1 && n !== 1 && !sameDim(m, n)) return false;
    count *= m === 1 ? extentOf(n) : extentOf(m);
  }
  return count <= 1500;
}

function hasElements(shape: readonly Dim[]): boolean {
  return !shape.includes(0);
}
