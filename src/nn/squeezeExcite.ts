import { requireOption } from '../graph/arguments.ts';
import { GraphError, type Tensor } from '../graph/index.ts';
import { floats } from '../graph/tensor/value.ts';
import { affine } from './affine.ts';
import { sizes } from './embedding.ts';
import { withinFanIn } from './fanIn.ts';
import {
  type EitherForm,
  inEitherForm,
  type Layer,
  type LayerOptions,
  layerOf,
  requireLayerOptions,
} from './layer.ts';
import { type Layout, spaceOf } from './space.ts';
import { Weights } from './weights.ts';

/** Options of {@link squeezeExcite}. */
export interface SqueezeExciteOptions extends LayerOptions {
  /** How many times as many channels there are as inside; 16 where it is left out, and one inside at least. */
  readonly ratio?: number;
  /** How many there are inside, in place of a ratio. */
  readonly channels?: number;
  /** `nchw` (`ncw`) where it is left out. */
  readonly layout?: Layout;
}

/** Channels scaled by what all of space says of them. */
export interface SqueezeExcite extends Layer {
  clone(options?: LayerOptions): SqueezeExcite;
}

type SqueezeExciteArgs = [options?: SqueezeExciteOptions | undefined];

/**
 * Squeeze and excitation (Hu, Shen and Sun 2018): each channel times `sigmoid(relu(means · W + b) · V + c)`, with the means of all
 * channels over space. Its weights are `NAME.squeeze` and `NAME.excite`, as dense layers have them. As a layer, or applied to `x`
 * at once.
 *
 * ```ts
 * nn.squeezeExcite({ ratio: 8 })(x);
 * ```
 *
 * @param x `[batch, channels, ...space]`, f32, or the channels last; only the batch may be bounded
 * @throws ShapeError where `x` has another shape, GraphError where an option is unknown or out of range
 */
export function squeezeExcite(options?: SqueezeExciteOptions): SqueezeExcite;
export function squeezeExcite(x: Tensor, options?: SqueezeExciteOptions): Tensor<'f32'>;
export function squeezeExcite(...args: EitherForm<SqueezeExciteArgs>): SqueezeExcite | Tensor<'f32'> {
  return inEitherForm<SqueezeExciteArgs, SqueezeExcite>('squeezeExcite', 0, args, squeezeExciteLayer);
}

function squeezeExciteLayer(options: SqueezeExciteOptions = {}): SqueezeExcite {
  const op = 'squeezeExcite';
  requireLayerOptions(op, options, ['ratio', 'channels', 'layout']);
  const { ratio = 16, channels: count, layout } = options;
  if (count !== undefined && options.ratio !== undefined)
    throw new GraphError('option', op, 'takes a ratio or channels, not both');
  requireOption(op, 'ratio', ratio, ratio >= 1 && Number.isFinite(ratio), 'a finite number from 1 on');
  if (count !== undefined) sizes(op, { channels: count });
  const apply = (own: Weights, given: Tensor): Tensor<'f32'> => {
    const space = spaceOf(op, given, layout);
    const x = floats(op, given);
    const name = own.at(x).label();
    const { channels } = space;
    const inside = count ?? Math.max(1, Math.round(channels / ratio));
    const dense = (of: Tensor, what: string, from: number, to: number): Tensor<'f32'> => {
      const init = withinFanIn(from);
      const weight = own.weight(`${what}.weight`, { shape: [from, to], init, kernel: 'dense' });
      return affine(of, weight, own.weight(`${what}.bias`, { shape: [to], init }));
    };
    const squeezed = dense(x.mean(space.axes), 'squeeze', channels, inside).relu();
    const scale = dense(squeezed, 'excite', inside, channels).sigmoid();
    return x.mul(perSample(scale)).named(name);

    /** `[batch, channels]`, to broadcast over space. */
    function perSample(of: Tensor<'f32'>): Tensor<'f32'> {
      const [batch = 0] = of.shape;
      if (space.isLast) return of.reshape([batch, ...space.axes.map(() => 1), channels]);
      return of.reshape([batch, channels, ...space.axes.map(() => 1)]);
    }
  };
  return layerOf<[x: Tensor], Tensor<'f32'>, object>(new Weights(op, options), apply, () => ({}));
}
