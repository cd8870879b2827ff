import { requireFlag, requireOption, requireOptions } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import { type Initializer, ShapeError, type Tensor } from '../graph/index.ts';
import { dimAt, sameShape } from '../graph/shape.ts';
import { requireTensor } from '../graph/tensor/value.ts';
import { type Dim, sameDim, shapeText } from '../loops/index.ts';
import { affine } from './affine.ts';
import { dropoutWithin } from './dropout.ts';
import { sizes } from './embedding.ts';
import { withinFanIn } from './fanIn.ts';
import { glorotUniform, uniform, zeros } from './init.ts';
import {
  type EitherForm,
  inEitherForm,
  type Layer,
  type LayerOptions,
  layerOf,
  requireLayerOptions,
} from './layer.ts';
import { type RotaryOptions, rotated } from './rotary.ts';
import { Weights } from './weights.ts';

/** Options of {@link multiHeadAttention}. */
export interface AttentionOptions extends LayerOptions {
  /** Whether a query sees only the keys up to its own place. */
  readonly causal?: boolean;
  /**
   * Which keys a query sees (bool), in whatever broadcasts to `[batch, heads, queries, keys]`: padding of `x: [batch, tokens]` is
   * left out by `x.ne(0).reshape([batch, 1, 1, tokens])`. For a query that sees none zeros are projected: the result is the
   * projection's bias, and 0 without one.
   */
  readonly mask?: Tensor;
  /** Heads of keys and values, which divide those of queries and are shared by them (Ainslie et al. 2023); as many where it is left out. */
  readonly keyValueHeads?: number;
  /** Whether queries and keys are turned by their places (Su et al. 2021), and how. */
  readonly rotary?: boolean | RotaryOptions;
  /** The rate of `nn.dropout` of what each key counts; 0 where it is left out. */
  readonly dropout?: number;
  /** Whether the projections have biases; they do where it is left out. */
  readonly bias?: boolean;
  /** The width of what keys and values are made of, where it has another one than the queries: for attention between two sequences. */
  readonly kvWidth?: number;
}

/** Attention of several heads, of a sequence to itself or to another one. */
export interface MultiHeadAttention extends Layer<[queries: Tensor, keysAndValues?: Tensor]> {
  clone(options?: LayerOptions): MultiHeadAttention;
}

type AttentionArgs = [width: number, heads: number, options?: AttentionOptions | undefined];

/**
 * Attention of several heads (Vaswani et al. 2017), `softmax(Q Kᵀ / sqrt(d)) V` over keys, with PyTorch's first values. As a
 * layer, or applied to `x` at once; a layer that is given a second tensor takes keys and values of it.
 *
 * Its weights are `NAME.qkv` `[width, width + 2 · kv]`, queries first, with kv the width of all heads of keys; where `kvWidth` is
 * given, `NAME.query` and `NAME.keyValue`; and `NAME.projection`.
 *
 * ```ts
 * const attention = nn.multiHeadAttention(128, 4, { causal: true });
 * const h = attention(x);
 * const cross = nn.multiHeadAttention(128, 4, { kvWidth: 64 })(x, encoded);
 * ```
 *
 * @param x `[batch, tokens, width]`, f32; only the batch may be bounded
 * @returns `[batch, tokens, width]`; without keys, as where a mask leaves none
 * @throws ShapeError where heads do not divide the width, or `x`, the second tensor or the mask has another shape or type
 */
export function multiHeadAttention(
  width: number,
  heads: number,
  options?: AttentionOptions,
): MultiHeadAttention;
export function multiHeadAttention(
  x: Tensor,
  width: number,
  heads: number,
  options?: AttentionOptions,
): Tensor<'f32'>;
export function multiHeadAttention(...args: EitherForm<AttentionArgs>): MultiHeadAttention | Tensor<'f32'> {
  const op = 'multiHeadAttention';
  return inEitherForm<AttentionArgs, MultiHeadAttention>(op, 2, args, attentionLayer);
}

/** Names of the options of attention besides those of every layer. */
export const attentionOptions: readonly (keyof AttentionOptions)[] = [
  'causal',
  'mask',
  'keyValueHeads',
  'rotary',
  'dropout',
  'bias',
  'kvWidth',
];

function attentionLayer(width: number, heads: number, options: AttentionOptions = {}): MultiHeadAttention {
  const op = 'multiHeadAttention';
  requireLayerOptions(op, options, attentionOptions);
  const { causal = false, mask, rotary = false, keyValueHeads = heads, bias = true, kvWidth } = options;
  sizes(op, { width, heads, keyValueHeads, kvWidth: kvWidth ?? width });
  requireFlag(op, 'causal', causal);
  requireFlag(op, 'bias', bias);
  if (mask !== undefined) requireMask(op, mask);
  if (width % heads !== 0)
    throw new ShapeError('groups', op, `${heads} heads do not divide a width of ${width}`);
  if (heads % keyValueHeads !== 0)
    throw new ShapeError('groups', op, `${keyValueHeads} heads of keys do not divide ${heads} of queries`);
  const each = width / heads;
  const turn = rotationOf(op, rotary, each);
  const dropped = dropoutWithin(op, options.dropout);
  const kv = keyValueHeads * each;

  const apply = (own: Weights, x: Tensor, other?: Tensor): Tensor<'f32'> => {
    requireSequence(op, x, width);
    if (other !== undefined) requireSequence(op, other, kvWidth ?? width);
    else if (kvWidth !== undefined) requireSequence(op, x, kvWidth);
    if (other !== undefined) requireBatch(op, x, other);
    if (mask !== undefined)
      requireBroadcast(op, mask, [
        ...x.shape.slice(0, 1),
        heads,
        dimAt(x.shape, 1),
        dimAt((other ?? x).shape, 1),
      ]);
    const name = own.at(x).label();
    const [queries, keys, values] = projected(own, x, other);
    /** Heads of keys, each as often as heads of queries share it. */
    const shared = (t: Tensor): Tensor => {
      if (keyValueHeads === heads) return t;
      const [batch = 0, , tokens = 0] = t.shape;
      const copies = t.expandDims(2).broadcastTo([batch, keyValueHeads, heads / keyValueHeads, tokens, each]);
      return copies.reshape([batch, heads, tokens, each]);
    };
    const k = shared(turn(keys));
    const scores = turn(queries).matmul(k.transpose()).div(Math.sqrt(each));
    const mixed = dropped(own, weightsOf(scores))
      .matmul(shared(values))
      .permute([0, 2, 1, 3])
      .reshape(x.shape);
    return affine(mixed, ...declared(own, 'projection', [width, width], withinFanIn(width))).named(name);
  };

  /** The weights of a projection, `[in, out]`, and its bias. */
  const declared = (
    own: Weights,
    what: string,
    shape: readonly number[],
    init: Initializer,
  ): [weight: Tensor<'f32'>, bias: Tensor<'f32'> | undefined] => {
    const weight = own.weight(`${what}.weight`, { shape, init, kernel: 'dense' });
    const units = shape.slice(1);
    return [weight, bias ? own.weight(`${what}.bias`, { shape: units, init: zeros() }) : undefined];
  };

  /** What each key counts for each query: `[batch, heads, queries, keys]`, whose rows add up to 1, or to 0 where no key is seen. */
  const weightsOf = (scores: Tensor): Tensor => {
    const isBefore = causal ? scores.iotaLike(-1).le(scores.iotaLike(-2)) : undefined;
    if (mask === undefined) return (isBefore?.where(scores, -Infinity) ?? scores).softmax();
    const isSeen = isBefore === undefined ? mask : isBefore.and(mask);
    // The least number, and not an infinity: a row of them would be NaN. What is not seen counts nothing in such a row, either.
    return isSeen.where(isSeen.where(scores, LEAST).softmax(), 0);
  };

  /** Queries, keys and values by heads: `[batch, heads, tokens, each]`. */
  const projected = (own: Weights, x: Tensor, other: Tensor | undefined): [Tensor, Tensor, Tensor] => {
    /** Some of the sets of heads that lie side by side, each of as many heads as keys have. */
    const part = (of: Tensor, from: number, to: number): Tensor => {
      const [batch = 0, tokens = 0, all] = of.shape;
      const sets = of.reshape([batch, tokens, Number(all) / kv, keyValueHeads, each]);
      const own = sets.slice([0, 0, from], [undefined, undefined, to]);
      return own.reshape([batch, tokens, (to - from) * keyValueHeads, each]).permute([0, 2, 1, 3]);
    };
    const queryEnd = heads / keyValueHeads;
    if (kvWidth !== undefined) {
      const [query, queryBias] = declared(own, 'query', [width, width], glorotUniform());
      // Glorot's bound for keys and for values, each by itself.
      const bound = Math.sqrt(6 / (kvWidth + kv));
      const [keyValue, keyValueBias] = declared(own, 'keyValue', [kvWidth, 2 * kv], uniform(-bound, bound));
      const both = affine(other ?? x, keyValue, keyValueBias);
      return [part(affine(x, query, queryBias), 0, queryEnd), part(both, 0, 1), part(both, 1, 2)];
    }
    const [qkv, qkvBias] = declared(own, 'qkv', [width, width + 2 * kv], glorotUniform());
    if (other === undefined) {
      const all = affine(x, qkv, qkvBias);
      return [
        part(all, 0, queryEnd),
        part(all, queryEnd, queryEnd + 1),
        part(all, queryEnd + 1, queryEnd + 2),
      ];
    }
    const columns = (from: number, to: number): [Tensor<'f32'>, Tensor<'f32'> | undefined] => [
      qkv.slice([0, from], [undefined, to]),
      qkvBias?.slice([from], [to]),
    ];
    const both = affine(other, ...columns(width, width + 2 * kv));
    return [part(affine(x, ...columns(0, width)), 0, queryEnd), part(both, 0, 1), part(both, 1, 2)];
  };
  return layerOf<[queries: Tensor, keysAndValues?: Tensor], Tensor<'f32'>, object>(
    new Weights(op, options),
    apply,
    () => ({}),
  );
}

/** The least finite float32: its exponential is 0 beside that of any score. */
const LEAST = -3.4028234663852886e38;

function rotationOf(op: string, rotary: boolean | RotaryOptions, each: number): (x: Tensor) => Tensor {
  if (rotary === false) return (x) => x;
  const options = rotary === true ? {} : rotary;
  requireOptions(`${op}: rotary`, options, ['base']);
  const { base = 10_000 } = options;
  requireOption(`${op}: rotary`, 'base', base, base > 0 && Number.isFinite(base), 'a finite number above 0');
  if (each % 2 !== 0)
    throw new ShapeError('groups', op, `rotary takes heads of an even width, not of ${each}`);
  return (x) => rotated(op, x, base);
}

function requireMask(op: string, mask: Tensor): void {
  requireTensor(op, mask);
  if (mask.dtype === 'bool') return;
  const text = `mask is ${mask.dtype}${shapeText(mask.shape)}: it must be bool, such as tokens.ne(0)`;
  throw new ShapeError('dtype', op, text);
}

/** Requires a mask that broadcasts to scores, `[batch, heads, queries, keys]`. @throws ShapeError where it does not */
function requireBroadcast(op: string, mask: Tensor, scores: readonly Dim[]): void {
  const before = scores.length - mask.shape.length;
  const fits = (dim: Dim, k: number): boolean => dim === 1 || sameDim(dim, dimAt(scores, before + k));
  if (before >= 0 && mask.shape.every(fits)) return;
  const text = `mask is ${shapeText(mask.shape)}: it must broadcast to [batch, heads, queries, keys], ${shapeText(scores)}`;
  throw new ShapeError('broadcast', op, text);
}

/** Requires keys and values of as many samples as queries, or of one for all. @throws ShapeError where there are others */
function requireBatch(op: string, queries: Tensor, keysAndValues: Tensor): void {
  const [own, other] = [queries, keysAndValues].map(({ shape }) => shape.slice(0, 1));
  if (own === undefined || other === undefined || sameShape(own, other) || other[0] === 1) return;
  const text = `queries are ${shapeText(queries.shape)}, keys and values ${shapeText(keysAndValues.shape)}: they must be of one batch`;
  throw new ShapeError('layer', op, text);
}

/** Requires `[batch, tokens, width]`, f32. @throws ShapeError where a tensor has another shape or type */
function requireSequence(op: string, x: Tensor, width: number): void {
  requireTensor(op, x);
  requireFloat(op, x.node);
  const [, tokens, last] = x.shape;
  if (x.shape.length === 3 && typeof tokens === 'number' && last === width) return;
  throw new ShapeError('layer', op, `takes [batch, tokens, ${width}], not ${shapeText(x.shape)}`);
}
