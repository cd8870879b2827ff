import { shown } from '../graph/arguments.ts';
import { GraphError, Tensor } from '../graph/index.ts';
import type { Dtype } from '../loops/index.ts';
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

/** The state of an {@link lstm}: `[batch, width]`, or `[layers · directions, batch, width]` of several. */
export interface LstmState<D extends Dtype = 'f32'> {
  readonly hidden: Tensor<D>;
  readonly cell: Tensor<D>;
}

/** What an {@link lstm} makes of a sequence. */
export interface LstmResult {
  /** `[batch, steps, directions · width]` */
  readonly output: Tensor<'f32'>;
  /** After the last live step. */
  readonly state: LstmState;
}

/** A layer of long short-term memory. */
export interface Lstm extends Layer<[x: Tensor, options?: SequenceOptions<LstmState<Dtype>>], LstmResult> {
  clone(options?: LayerOptions): Lstm;
}

type LstmArgs = [width: number, options?: RecurrentOptions | undefined];

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997), by PyTorch's formulas and its order of gates, unrolled over the steps.
 * As a layer, or applied to `x` at once.
 *
 * ```
 * i, f, o = sigmoid(x Wi + h Ui + bi), …    g = tanh(x Wg + h Ug + bg)
 * cell = f · cell + i · g    hidden = o · tanh(cell)
 * ```
 *
 * Its weights are `NAME.input.weight` `[in, 4 · width]`, of i, f, g, o side by side, `NAME.recurrent.weight` `[width, 4 · width]` and
 * `NAME.input.bias` `[4 · width]`, which is the sum of PyTorch's two; behind `NAME.0.` with several layers, and `forward.` or
 * `backward.` with two directions.
 *
 * ```ts
 * const lstm = nn.lstm(128, { name: 'lstm' });
 * const { output, state } = lstm(x, { lengths });
 * ```
 *
 * @param x `[batch, steps, features]`, f32; only the batch may be bounded
 * @throws ShapeError where `x`, the first state or the lengths have other shapes or types, or there is no step
 */
export function lstm(width: number, options?: RecurrentOptions): Lstm;
export function lstm(x: Tensor, width: number, options?: RecurrentOptions): LstmResult;
export function lstm(...args: EitherForm<LstmArgs>): Lstm | LstmResult {
  return inEitherForm<LstmArgs, Lstm, LstmResult>('lstm', 1, args, lstmLayer);
}

function lstmLayer(width: number, options: RecurrentOptions = {}): Lstm {
  const op = 'lstm';
  const described = recurrence(op, width, options);
  const gates = 4 * width;
  const cell: Cell = {
    parts: 2,
    gates,
    next: (declare) => {
      const recurrent = declare('recurrent.weight', [width, gates]);
      return (inputs, [hidden, before]) => {
        if (hidden === undefined || before === undefined) throw new RangeError('its state has two parts');
        const all = inputs.add(hidden.matmul(recurrent));
        const part = (k: number): Tensor<'f32'> => all.slice([0, k * width], [undefined, (k + 1) * width]);
        const [input, forget, candidate, output] = [part(0), part(1), part(2), part(3)];
        const after = forget.sigmoid().mul(before).add(input.sigmoid().mul(candidate.tanh()));
        return [output.sigmoid().mul(after.tanh()), after];
      };
    },
  };
  const apply = (own: Weights, x: Tensor, given: SequenceOptions<LstmState<Dtype>> = {}): LstmResult => {
    requireSequenceOptions(op, given);
    const { state: first, lengths } = given;
    const before = first === undefined ? undefined : partsOf(op, first);
    const { output, state } = run(described, cell, own.at(x), x, before, lengths);
    const [hidden, memory] = state;
    if (hidden === undefined || memory === undefined) throw new RangeError('its state has two parts');
    return { output: output.named(own.label()), state: { hidden, cell: memory } };
  };
  return layerOf<[x: Tensor, options?: SequenceOptions<LstmState<Dtype>>], LstmResult, object>(
    new Weights(op, options),
    apply,
    () => ({}),
  );
}

/** The two tensors of a state. @throws GraphError `operands` where it has others */
function partsOf(op: string, state: LstmState<Dtype>): [hidden: Tensor, cell: Tensor] {
  const given: unknown = state;
  const isState =
    typeof given === 'object' &&
    given !== null &&
    'hidden' in given &&
    'cell' in given &&
    [given.hidden, given.cell].every((part) => part instanceof Tensor);
  if (isState) return [state.hidden, state.cell];
  throw new GraphError(
    'operands',
    op,
    `state is ${shown(given)}: it must be { hidden, cell } of two tensors`,
  );
}
