import { requireFlag, requireOneOf } from '../graph/arguments.ts';
import type { Tensor } from '../graph/index.ts';
import { floats } from '../graph/tensor/value.ts';
import { type Activation, activations } from './activations.ts';
import {
  type AttentionOptions,
  attentionOptions,
  type MultiHeadAttention,
  multiHeadAttention,
} from './attention.ts';
import { type Composite, composedOf } from './compose.ts';
import { type Dense, dense } from './dense.ts';
import { dropoutWithin } from './dropout.ts';
import { sizes } from './embedding.ts';
import { type EitherForm, type Inner, inEitherForm, requireLayerOptions } from './layer.ts';
import { layerNorm, rmsNorm } from './layerNorm.ts';
import { type BiaslessNorm, epsOf, type Norm } from './normalize.ts';

/** Options of {@link transformerBlock}: those of its attention, except `kvWidth`, and some more. */
export interface TransformerBlockOptions extends Omit<AttentionOptions, 'kvWidth'> {
  /** Units between the two dense layers; four times the width where it is left out. */
  readonly hidden?: number;
  /** Whether norms come before attention and before the dense layers, not after what they make was added; they do where it is left out. */
  readonly normFirst?: boolean;
  /** Between the two dense layers; `gelu` where it is left out. */
  readonly activation?: Activation;
  /** The rate of dropout, where PyTorch's block has it: in attention, after it, after the activation and at the end; 0 where it is left out. */
  readonly dropout?: number;
  /** The kind of its norms: `layer` where it is left out. */
  readonly norm?: 'layer' | 'rms';
  /** That of its norms. */
  readonly eps?: number;
}

/** A block of a transformer; its parts are reachable by their names. */
export type TransformerBlock = Composite<
  {
    readonly norm1: Norm | BiaslessNorm;
    readonly attention: MultiHeadAttention;
    readonly norm2: Norm | BiaslessNorm;
    readonly up: Dense;
    readonly down: Dense;
  },
  [x: Tensor],
  Tensor<'f32'>
>;

type BlockArgs = [width: number, heads: number, options?: TransformerBlockOptions | undefined];

/**
 * A block of a transformer (Vaswani et al. 2017): attention of a sequence to itself, and two dense layers, each added to what it
 * reads. By PyTorch's `TransformerEncoderLayer`, with `normFirst` or without. As a layer, or applied to `x` at once.
 *
 * ```ts
 * const block = nn.transformerBlock(128, 4, { causal: true, name: 'block' }); // block.attention.qkv.weight, block.up.weight, …
 * const h = block(x);
 * ```
 *
 * @param x `[batch, tokens, width]`, f32; only the batch may be bounded
 * @returns `[batch, tokens, width]`
 * @throws ShapeError where heads do not divide the width, or `x` has another shape
 */
export function transformerBlock(
  width: number,
  heads: number,
  options?: TransformerBlockOptions,
): TransformerBlock;
export function transformerBlock(
  x: Tensor,
  width: number,
  heads: number,
  options?: TransformerBlockOptions,
): Tensor<'f32'>;
export function transformerBlock(...args: EitherForm<BlockArgs>): TransformerBlock | Tensor<'f32'> {
  return inEitherForm<BlockArgs, TransformerBlock>('transformerBlock', 2, args, blockLayer);
}

function blockLayer(width: number, heads: number, options: TransformerBlockOptions = {}): TransformerBlock {
  const op = 'transformerBlock';
  const own = ['hidden', 'normFirst', 'activation', 'norm', 'eps'];
  requireLayerOptions(op, options, [...attentionOptions.filter((name) => name !== 'kvWidth'), ...own]);
  const { hidden = 4 * width, normFirst = true, activation = 'gelu', norm = 'layer', ...rest } = options;
  const { eps, name, trainable, ...attention } = rest;
  sizes(op, { width, heads, hidden });
  requireFlag(op, 'normFirst', normFirst);
  requireOneOf(op, 'activation', activation, Object.keys(activations));
  requireOneOf(op, 'norm', norm, ['layer', 'rms']);
  const { bias = true } = attention;
  const dropout = dropoutWithin(op, attention.dropout);
  const normal = (): Norm | BiaslessNorm => {
    const added = eps === undefined ? {} : { eps: epsOf(op, eps) };
    return norm === 'layer' ? layerNorm({ ...added, bias }) : rmsNorm(added);
  };
  const parts = {
    norm1: normal(),
    attention: multiHeadAttention(width, heads, attention),
    norm2: normal(),
    up: dense(hidden, { activation, bias }),
    down: dense(width, { bias }),
  };
  const body = (
    own: Inner,
    { norm1, attention: attend, norm2, up, down }: typeof parts,
    given: Tensor,
  ): Tensor<'f32'> => {
    const x = floats(op, given);
    const dropped = (of: Tensor): Tensor<'f32'> => dropout(own, of);
    if (normFirst) {
      const h = x.add(dropped(attend(norm1(x))));
      return h.add(dropped(down(dropped(up(norm2(h))))));
    }
    const h = norm1(x.add(dropped(attend(x))));
    return norm2(h.add(dropped(down(dropped(up(h))))));
  };
  return composedOf<typeof parts, [x: Tensor], Tensor<'f32'>>(
    op,
    parts,
    (own) =>
      (...of) =>
        body(own, ...of),
    {
      ...(name === undefined ? {} : { name }),
      ...(trainable === undefined ? {} : { trainable }),
    },
  );
}
