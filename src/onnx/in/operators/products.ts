import type { Tensor } from '../../../graph/index.ts';
import type { NodeContext } from '../context.ts';
import { elem } from '../elementTypes.ts';
import { perChannel } from './channels.ts';
import { numberOr } from './elementwise.ts';
import type { Operators } from './operator.ts';

/** Products of matrices. */
export const products = {
  MatMul: {
    since: 1,
    unfolded: true,
    import: (ctx) => {
      const [a, b] = [ctx.tensor(0), ctx.tensor(1)];
      return a.dtype === 'f32' ? a.matmul(b) : integers(a, b, a.dtype);
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
      return ctx.typed(integers(a, b, 'i32'), elem.int32);
    },
  },
  Attention: { since: 23, unfolded: true, import: (ctx) => attention(ctx) },
} satisfies Operators;

/** A product of integers: exact where sums are below 2²⁴, since it is one of floats. */
function integers(a: Tensor, b: Tensor, dtype: Tensor['dtype']): Tensor {
  return a
    .cast('f32')
    .matmul(b.cast('f32'))
    .cast(dtype === 'u32' ? 'u32' : 'i32');
}

/** Integers less their zero point, one for all or one for each row or column. */
function centred(ctx: NodeContext, k: number, zero: number, by: 'rows' | 'columns'): Tensor {
  const x = ctx.tensor(k);
  if (!ctx.has(zero)) return x;
  const point = numberOr(ctx, zero, k);
  if (typeof point === 'number' || point.shape.length !== 1 || by === 'columns') return x.sub(point);
  return x.sub(point.shape[0] === 1 ? point : perChannel(point, 1));
}

/** Scaled dot-product attention of several heads (ONNX's operator of version 23). */
function attention(ctx: NodeContext): readonly (Tensor | undefined)[] {
  if (ctx.has(6)) return ctx.refuse('lengths of keys that are not padding');
  const isFlat = ctx.shape(0).length === 3;
  const heads = (k: number, attribute: string): Tensor => {
    const x = ctx.tensor(k);
    if (x.shape.length === 4) return x;
    const [batch = 1, tokens = 1] = x.shape;
    const count = ctx.int(attribute);
    return x.reshape([batch, tokens, count, ctx.extent(k, 2) / count]).permute([0, 2, 1, 3]);
  };
  const queries = heads(0, 'q_num_heads');
  const own = [heads(1, 'kv_num_heads'), heads(2, 'kv_num_heads')];
  const joined = own.map((x, k) => (ctx.has(4 + k) ? ctx.s.concat([ctx.tensor(4 + k), x], 2) : x));
  const [present, presentValues] = joined;
  if (present === undefined || presentValues === undefined) return ctx.fail('keys are missing');
  const [groups, shared] = [Number(queries.shape[1]), Number(present.shape[1])];
  const each = (x: Tensor): Tensor => (groups === shared ? x : x.repeatInterleave(groups / shared, 1));
  const [keys, values] = [each(present), each(presentValues)];
  const scale = ctx.attribute('scale', 'float')?.value ?? 1 / Math.sqrt(Number(queries.shape.at(-1)));
  const product = queries.matmul(keys.transpose()).mul(scale);
  const mask = ctx.optional(3);
  const total = Number(product.shape.at(-1));
  const short = mask !== undefined && Number(mask.shape.at(-1)) < total;
  const whole =
    mask === undefined || !short
      ? mask
      : mask.pad(
          mask.shape.map(() => 0),
          mask.shape.map((dim, k) => (k === mask.shape.length - 1 ? total - Number(dim) : 0)),
          mask.dtype === 'bool' ? 0 : -Infinity,
        );
  const seen = ctx.flag('is_causal') ? causal(product, total - Number(product.shape.at(-2)), ctx.has(4)) : product;
  const masked =
    whole === undefined ? seen : whole.dtype === 'bool' ? whole.where(seen, -Infinity) : seen.add(whole);
  const cap = ctx.float('softcap', 0);
  const capped = cap === 0 ? masked : masked.div(cap).tanh().mul(cap);
  const weights = capped.softmax(-1);
  const result = weights.matmul(values);
  const [batch = 1, count = 1, tokens = 1, width = 1] = result.shape;
  const output = isFlat
    ? result.permute([0, 2, 1, 3]).reshape([batch, tokens, Number(count) * Number(width)])
    : result;
  const scores = [product, masked, capped, weights][ctx.int('qk_matmul_output_mode', 0)];
  return [output, present, presentValues, scores];
}

/** Scores of what a query may see: keys up to its own, after those that were there before. */
function causal(scores: Tensor, before: number, hasPast: boolean): Tensor {
  const queries = scores.iotaLike(-2);
  return scores
    .iotaLike(-1)
    .le(hasPast ? queries.add(before) : queries)
    .where(scores, -Infinity);
}
