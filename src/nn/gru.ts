import type { Tensor } from '../graph/index.ts';
import { affine } from './affine.ts';
import { type EitherForm, inEitherForm, type Layer, type LayerOptions, layerOf } from './layer.ts';
import {
  type Cell,
  type RecurrentOptions,
  recurrence,
  requireSequenceOptions,
  run,
  type SequenceOptions,
} from './recurrent.ts';
import { Weights } from './weights.ts';

/** What a {@link gru} makes of a sequence. */
export interface GruResult {
  /** `[batch, steps, directions · width]` */
  readonly output: Tensor<'f32'>;
  /** After the last live step: `[batch, width]`, or `[layers · directions, batch, width]` of several. */
  readonly state: Tensor<'f32'>;
}

/** A layer of gated recurrent units. */
export interface Gru extends Layer<[x: Tensor, options?: SequenceOptions<Tensor>], GruResult> {
  clone(options?: LayerOptions): Gru;
}

type GruArgs = [width: number, options?: RecurrentOptions | undefined];

/**
 * Gated recurrent units (Cho et al. 2014), by PyTorch's formulas and its order of gates, unrolled over the steps. As a layer, or
 * applied to `x` at once.
 *
 * ```
 * r, z = sigmoid(x Wr + br + h Ur + cr), …    n = tanh(x Wn + bn + r · (h Un + cn))
 * h = (1 - z) · n + z · h
 * ```
 *
 * Its weights are `NAME.input.weight` `[in, 3 · width]`, of r, z, n side by side, `NAME.recurrent.weight` `[width, 3 · width]`, and
 * `NAME.input.bias` and `NAME.recurrent.bias` `[3 · width]`; behind `NAME.0.` with several layers, and `forward.` or `backward.`
 * with two directions.
 *
 * ```ts
 * const { output, state } = nn.gru(128)(x);
 * ```
 *
 * @param x `[batch, steps, features]`, f32; only the batch may be bounded
 * @throws ShapeError where `x`, the first state or the lengths have other shapes or types, or there is no step
 */
export function gru(width: number, options?: RecurrentOptions): Gru;
export function gru(x: Tensor, width: number, options?: RecurrentOptions): GruResult;
export function gru(...args: EitherForm<GruArgs>): Gru | GruResult {
  return inEitherForm<GruArgs, Gru, GruResult>('gru', 1, args, gruLayer);
}

function gruLayer(width: number, options: RecurrentOptions = {}): Gru {
  const op = 'gru';
  const described = recurrence(op, width, options);
  const { bias } = described;
  const gates = 3 * width;
  const part = (all: Tensor<'f32'>, k: number): Tensor<'f32'> =>
    all.slice([0, k * width], [undefined, (k + 1) * width]);
  const cell: Cell = {
    parts: 1,
    gates,
    next: (declare) => {
      const recurrent = declare('recurrent.weight', [width, gates]);
      const addend = bias ? declare('recurrent.bias', [gates]) : undefined;
      return (inputs, [hidden]) => {
        if (hidden === undefined) throw new RangeError('its state has one part');
        const own = affine(hidden, recurrent, addend);
        const gate = (k: number): Tensor<'f32'> => part(inputs, k).add(part(own, k)).sigmoid();
        const [reset, update] = [gate(0), gate(1)];
        const candidate = part(inputs, 2)
          .add(reset.mul(part(own, 2)))
          .tanh();
        return [candidate.add(update.mul(hidden.sub(candidate)))];
      };
    },
  };
  const apply = (own: Weights, x: Tensor, given: SequenceOptions<Tensor> = {}): GruResult => {
    requireSequenceOptions(op, given);
    const { state: first, lengths } = given;
    const before = first === undefined ? undefined : [first];
    const { output, state } = run(described, cell, own.at(x), x, before, lengths);
    const [hidden] = state;
    if (hidden === undefined) throw new RangeError('its state has one part');
    return { output: output.named(own.label()), state: hidden };
  };
  return layerOf<[x: Tensor, options?: SequenceOptions<Tensor>], GruResult, object>(
    new Weights(op, options),
    apply,
    () => ({}),
  );
}
