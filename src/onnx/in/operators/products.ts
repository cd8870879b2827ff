import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext } from '../context.ts';
import { elem } from '../elementTypes.ts';
import { perChannel } from './channels.ts';
import { integerOf, numberOr } from './elementwise.ts';
import type { Operators } from './operator.ts';

/** Products of matrices. */
export const products = {
  MatMul: {
    since: 1,
    unfolded: true,
    import: (ctx) => {
      const [a, b] = [ctx.tensor(0), ctx.tensor(1)];
      return a.dtype === 'f32' ? a.matmul(b) : integers(a, b);
    },
  },
  Gemm: {
    since: 7,
    unfolded: true,
    import: (ctx) => {
      const [a, b] = [ctx.tensor(0), ctx.tensor(1)];
      const [alpha, beta] = [ctx.float('alpha', 1), ctx.float('beta', 1)];
      const left = ctx.flag('transA') ? a.transpose() : a;
      const product = left.matmul(ctx.flag('transB') ? b.transpose() : b);
      const scaled = alpha === 1 ? product : product.mul(alpha);
      if (!ctx.has(2) || beta === 0) return scaled;
      return scaled.add(beta === 1 ? numberOr(ctx, 2, 0) : ctx.tensor(2).mul(beta));
    },
  },
  Einsum: {
    since: 12,
    unfolded: true,
    import: (ctx) => ctx.s.einsum(ctx.text('equation').replaceAll(' ', ''), ...ctx.tensors()),
  },
  MatMulInteger: {
    since: 10,
    unfolded: true,
    import: (ctx) => {
      const a = centred(ctx, 0, 2, 'rows');
      const b = centred(ctx, 1, 3, 'columns');
      return ctx.typed(integers(a, b), elem.int32);
    },
  },
  RotaryEmbedding: { since: 23, import: (ctx) => rotaryEmbedding(ctx) },
  Attention: { since: 23, unfolded: true, import: (ctx) => attention(ctx) },
} satisfies Operators;

/** A product of integers: exact where sums are below 2²⁴, since it is one of floats. */
function integers(a: Tensor, b: Tensor): Tensor {
  return a.cast('f32').matmul(b.cast('f32')).cast(integerOf(a));
}

/** Integers less their zero point, one for all or one for each row or column. */
function centred(ctx: NodeContext, k: number, zero: number, by: 'rows' | 'columns'): Tensor {
  const x = ctx.tensor(k);
  if (!ctx.has(zero)) return x;
  const point = numberOr(ctx, zero, k);
  if (typeof point === 'number' || point.shape.length !== 1 || by === 'columns') return x.sub(point);
  return x.sub(point.shape[0] === 1 ? point : perChannel(point, 1));
}

/** Scaled dot-product attention of several heads (ONNX's operator, from version 23 on). */
function attention(ctx: NodeContext): readonly (Tensor | undefined)[] {
  const isFlat = ctx.shape(0).length === 3;
  const heads = (k: number, attribute: string): Tensor => {
    const x = ctx.tensor(k);
    if (x.shape.length === 4) return x;
    const [batch = 1, tokens = 1] = x.shape;
    const count = ctx.int(attribute);
    return x.reshape([batch, tokens, count, ctx.extent(k, 2) / count]).permute([0, 2, 1, 3]);
  };
  const queries = heads(0, 'q_num_heads');
  const joined = (k: number): Tensor => {
    const own = heads(k, 'kv_num_heads');
    return ctx.has(3 + k) ? ctx.s.concat([ctx.tensor(3 + k), own], 2) : own;
  };
  const [present, presentValues] = [joined(1), joined(2)];
  const [groups, shared] = [ctx.fixed(queries, 1), ctx.fixed(present, 1)];
  if (groups % shared !== 0) return ctx.fail(`${shared} heads of keys do not divide ${groups} of queries`);
  const each = (x: Tensor): Tensor => (groups === shared ? x : x.repeatInterleave(groups / shared, 1));
  const scale = ctx.attribute('scale', 'float')?.value ?? 1 / Math.sqrt(ctx.fixed(queries, 3));
  const product = queries.matmul(each(present).transpose()).mul(scale);
  const cap = ctx.float('softcap', 0);
  const capped = cap === 0 ? product : product.div(cap).tanh().mul(cap);
  const seen = masked(ctx, capped, ctx.fixed(present, 2) - ctx.fixed(heads(1, 'kv_num_heads'), 2));
  const weights = isMasked(ctx) ? softmaxOfSome(seen) : seen.softmax(-1);
  const result = weights.matmul(each(presentValues));
  const [batch = 1, , tokens = 1] = result.shape;
  const output = isFlat
    ? result.permute([0, 2, 1, 3]).reshape([batch, tokens, ctx.fixed(result, 1) * ctx.fixed(result, 3)])
    : result;
  const scores = [product, capped, seen, weights][ctx.int('qk_matmul_output_mode', 0)];
  return [output, present, presentValues, scores];
}

/** Whether a query may see no key at all. */
function isMasked(ctx: NodeContext): boolean {
  return (
    ctx.has(3) || ctx.has(6) || ctx.int('left_window_size', -1) >= 0 || ctx.int('right_window_size', -1) >= 0
  );
}

/** A softmax that is 0 where nothing is seen. */
function softmaxOfSome(scores: Tensor): Tensor {
  const isNothing = scores.max(-1, { keepDims: true }).eq(-Infinity);
  return isNothing.where(0, isNothing.where(0, scores).softmax(-1));
}

/** Scores, and -∞ where a query does not see a key. @param past how many keys were there before */
function masked(ctx: NodeContext, scores: Tensor, past: number): Tensor {
  const [queryCount, keyCount] = [ctx.fixed(scores, 2), ctx.fixed(scores, 3)];
  const [keys, places] = [scores.iotaLike(-1), scores.iotaLike(-2)];
  const lengths = ctx.optional(6)?.reshape([-1, 1, 1, 1]);
  // Where the first query stands among the keys.
  const queries =
    lengths !== undefined ? places.add(lengths.sub(queryCount)) : past === 0 ? places : places.add(past);
  const conditions: Tensor[] = [];
  if (ctx.flag('is_causal')) conditions.push(keys.le(queries));
  const [left, right] = [ctx.int('left_window_size', -1), ctx.int('right_window_size', -1)];
  if (left >= 0) conditions.push(queries.sub(keys).le(left));
  if (right >= 0) conditions.push(keys.sub(queries).le(right));
  if (lengths !== undefined) conditions.push(keys.lt(lengths));
  const mask = ctx.has(3) ? lengthened(ctx, ctx.tensor(3), keyCount) : undefined;
  if (mask?.dtype === 'bool') conditions.push(mask.broadcastTo(scores.shape));
  const biased = mask === undefined || mask.dtype === 'bool' ? scores : scores.add(mask);
  const [first, ...rest] = conditions;
  if (first === undefined) return biased;
  return rest.reduce((a, b) => a.and(b), first).where(biased, -Infinity);
}

/** A mask as long as the keys: what it lacks is not seen. */
function lengthened(ctx: NodeContext, mask: Tensor, keys: number): Tensor {
  const rank = mask.shape.length;
  const missing = keys - ctx.fixed(mask, rank - 1);
  if (missing <= 0) return mask;
  const none = mask.shape.map(() => 0);
  const after = none.with(rank - 1, missing);
  return mask.dtype === 'bool'
    ? mask.cast('i32').pad(none, after).cast('bool')
    : mask.pad(none, after, -Infinity);
}

/** Pairs of features turned by angles of their places (Su et al. 2021). */
function rotaryEmbedding(ctx: NodeContext): Tensor {
  const given = ctx.tensor(0);
  const isFlat = given.shape.length === 3;
  const [batch = 1, tokens = 1] = given.shape;
  const heads = ctx.int('num_heads', 0);
  if (isFlat && heads < 1) return ctx.fail('num_heads is missing');
  // [batch, tokens, heads, width]
  const x = isFlat
    ? given.reshape([batch, tokens, heads, ctx.extent(0, 2) / heads])
    : given.permute([0, 2, 1, 3]);
  const width = ctx.fixed(x, 3);
  const turned = ctx.int('rotary_embedding_dim', 0) || width;
  const angles = (k: number): Tensor => {
    const cache = ctx.tensor(k);
    return (ctx.has(3) ? cache.take(ctx.tensor(3)) : cache).expandDims(2);
  };
  const [cosine, sine] = [angles(1), angles(2)];
  const [part, rest] = turned === width ? [x, undefined] : x.split([turned, width - turned], -1);
  if (part === undefined) return ctx.fail('nothing is turned');
  const isInterleaved = ctx.flag('interleaved');
  const pairs = isInterleaved ? part.reshape([...part.shape.slice(0, 3), turned / 2, 2]) : part;
  const [a, b] = isInterleaved ? [pairs.select(-1, 0), pairs.select(-1, 1)] : part.split(turned / 2, -1);
  if (a === undefined || b === undefined) return ctx.fail('features do not make pairs');
  const [real, imaginary] = [cosine.mul(a).sub(sine.mul(b)), sine.mul(a).add(cosine.mul(b))];
  const both = isInterleaved
    ? ctx.s.concat([real.expandDims(-1), imaginary.expandDims(-1)], -1).reshape(part.shape)
    : ctx.s.concat([real, imaginary], -1);
  const whole = rest === undefined ? both : ctx.s.concat([both, rest], -1);
  return isFlat ? whole.reshape(given.shape) : whole.permute([0, 2, 1, 3]);
}
