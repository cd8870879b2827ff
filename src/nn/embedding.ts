import { requireOption, shown } from '../graph/arguments.ts';
import { type Initializer, ShapeError, type Tensor } from '../graph/index.ts';
import { floats, requireTensor } from '../graph/tensor/value.ts';
import { shapeText } from '../loops/index.ts';
import { affine } from './affine.ts';
import { normal } from './init.ts';
import {
  type EitherForm,
  inEitherForm,
  type Layer,
  type LayerOptions,
  layerOf,
  requireLayerOptions,
} from './layer.ts';
import { Weights } from './weights.ts';

/** Options of {@link embedding}. */
export interface EmbeddingOptions extends LayerOptions {
  /** First rows `[vocabulary, width]`; normally distributed, N(0, 1), where it is left out, as PyTorch's. */
  readonly init?: Initializer;
  /** The number of the row that stands for nothing: it is read as zeros, and has no gradient. */
  readonly paddingIndex?: number;
}

/** A table of rows that are looked up. */
export interface Embedding extends Layer<[indices: Tensor]> {
  /** `[vocabulary, width]` */
  readonly weight: Tensor<'f32'>;
  /** Scores of all rows, `h · Eᵀ`: `[..., width]` to `[..., vocabulary]`; that of the padding is 0. It counts as an application. */
  attend(h: Tensor): Tensor<'f32'>;
  clone(options?: LayerOptions): Embedding;
}

type EmbeddingArgs = [vocabulary: number, width: number, options?: EmbeddingOptions | undefined];

/**
 * A table of rows, `NAME.weight`, that are looked up by number: as a layer, or applied to `indices` at once.
 *
 * ```ts
 * const words = nn.embedding(10_000, 128, { name: 'words' });
 * const logits = words.attend(model(words(x))); // weights tied (Press and Wolf 2017)
 * ```
 *
 * @param indices `[...]`, i32; out of range as those of `take`
 * @returns `[..., width]`
 * @throws ShapeError where a size is not a whole number from 1 on, GraphError where an option is unknown or out of range
 */
export function embedding(vocabulary: number, width: number, options?: EmbeddingOptions): Embedding;
export function embedding(
  indices: Tensor,
  vocabulary: number,
  width: number,
  options?: EmbeddingOptions,
): Tensor<'f32'>;
export function embedding(...args: EitherForm<EmbeddingArgs>): Embedding | Tensor<'f32'> {
  return inEitherForm<EmbeddingArgs, Embedding>('embedding', 2, args, embeddingLayer);
}

function embeddingLayer(vocabulary: number, width: number, options: EmbeddingOptions = {}): Embedding {
  const op = 'embedding';
  requireLayerOptions(op, options, ['init', 'paddingIndex']);
  const shape = sizes(op, { vocabulary, width });
  const { init = normal(), paddingIndex: padding } = options;
  if (padding !== undefined) {
    const holds = Number.isSafeInteger(padding) && padding >= 0 && padding < vocabulary;
    requireOption(op, 'paddingIndex', padding, holds, `a whole number from 0 to ${vocabulary - 1}`);
  }
  const table = (own: Weights, x: Tensor): Tensor<'f32'> => own.at(x).weight('weight', { shape, init });
  const apply = (own: Weights, indices: Tensor): Tensor<'f32'> => {
    requireTensor(op, indices);
    const rows = table(own, indices).take(indices);
    const read = padding === undefined ? rows : indices.eq(padding).expandDims(-1).where(0, rows);
    return read.named(own.label());
  };
  const attend = (own: Weights, h: Tensor): Tensor<'f32'> => {
    requireTensor(`${op}.attend`, h);
    const rows = table(own, h);
    const isPadding = rows.iota([vocabulary, 1], 0).eq(padding ?? -1);
    return affine(h, (padding === undefined ? rows : isPadding.where(0, rows)).transpose(), undefined);
  };
  return layerOf(new Weights(op, options), apply, (own) => ({
    weight: { get: () => own.of('weight') },
    attend: { value: (h: Tensor) => attend(own, h) },
  }));
}

/** Options of {@link positions}. */
export interface PositionsOptions extends LayerOptions {
  /** First rows `[tokens, width]`; as those of an embedding where it is left out. */
  readonly init?: Initializer;
}

/** Rows that are added by place. */
export interface Positions extends Layer {
  /** `[tokens, width]` */
  readonly weight: Tensor<'f32'>;
  clone(options?: LayerOptions): Positions;
}

type PositionsArgs = [tokens: number, width: number, options?: PositionsOptions | undefined];

/**
 * Learned positions: to the token at place t row t of `NAME.weight` is added. As a layer, or applied to `x` at once.
 *
 * ```ts
 * nn.sequential([nn.embedding(65, 128), nn.positions(64, 128)])(x);
 * ```
 *
 * @param x `[..., t, width]`, f32, of `tokens` at most
 * @throws ShapeError where `x` has more tokens, or another width
 */
export function positions(tokens: number, width: number, options?: PositionsOptions): Positions;
export function positions(
  x: Tensor,
  tokens: number,
  width: number,
  options?: PositionsOptions,
): Tensor<'f32'>;
export function positions(...args: EitherForm<PositionsArgs>): Positions | Tensor<'f32'> {
  return inEitherForm<PositionsArgs, Positions>('positions', 2, args, positionsLayer);
}

function positionsLayer(tokens: number, width: number, options: PositionsOptions = {}): Positions {
  const op = 'positions';
  requireLayerOptions(op, options, ['init']);
  const shape = sizes(op, { tokens, width });
  const { init = normal() } = options;
  const apply = (own: Weights, x: Tensor): Tensor<'f32'> => {
    requireTensor(op, x);
    const [count, last] = x.shape.slice(-2);
    if (typeof count !== 'number' || count > tokens || last !== width) {
      const text = `${shapeText(x.shape)} does not fit: it must be [..., tokens, ${width}], with ${tokens} tokens at most`;
      throw new ShapeError('layer', op, text);
    }
    const rows = own.at(x).weight('weight', { shape, init });
    return floats(op, x.add(rows.slice([0], [count]))).named(own.label());
  };
  return layerOf(new Weights(op, options), apply, (own) => ({
    weight: { get: () => own.of('weight') },
  }));
}

/** Sizes of a layer's weights, in order. @throws ShapeError naming the one that is not a whole number from 1 on */
export function sizes(op: string, named: Readonly<Record<string, number>>): number[] {
  return Object.entries(named).map(([name, size]) => {
    if (Number.isSafeInteger(size) && size >= 1) return size;
    throw new ShapeError('dimension', op, `${name} must be a whole number from 1 on, not ${shown(size)}`);
  });
}
