import { requireFlag, requireOption, requireOptions } from '../graph/arguments.ts';
import { requireFloat } from '../graph/build.ts';
import { concat, ShapeError, stack, type Tensor, zeros } from '../graph/index.ts';
import { dimAt, sameShape } from '../graph/shape.ts';
import { floats, requireTensor, typed } from '../graph/tensor/value.ts';
import { type Dim, shapeText } from '../loops/index.ts';
import { affine } from './affine.ts';
import { dropoutWithin } from './dropout.ts';
import { sizes } from './embedding.ts';
import { withinFanIn } from './fanIn.ts';
import { type LayerOptions, requireLayerOptions } from './layer.ts';
import type { Weights } from './weights.ts';

/** Options of recurrent layers. */
export interface RecurrentOptions extends LayerOptions {
  /** How many of them, each over the outputs of the one before; 1 where it is left out. */
  readonly layers?: number;
  /** Whether a second one goes from the last step to the first; its outputs come behind those of the other. */
  readonly bidirectional?: boolean;
  /** The rate of `nn.dropout` of the outputs of each layer except the last one; 0 where it is left out. */
  readonly dropout?: number;
  /** Whether there are biases; there are where it is left out. */
  readonly bias?: boolean;
}

/** What a recurrent layer is given besides the sequence. */
export interface SequenceOptions<State> {
  /** The state before the first step, of the shape of that after the last one; zeros where it is left out. */
  readonly state?: State;
  /**
   * How many steps of each row are alive, `[batch]`, i32; all where it is left out. At others the output is 0, and the state stays:
   * a row without any keeps its first one. Less than 0 counts as 0, more than there are steps as all.
   */
  readonly lengths?: Tensor;
}

/** A cell: how a state follows from the one before. */
export interface Cell {
  /** How many tensors a state has; the first one is the output. */
  readonly parts: number;
  /** Width of what is computed of the inputs of all steps at once: of all gates, side by side. */
  readonly gates: number;
  /** The next state, by what was computed of the inputs of its step, `[batch, gates]`, and the one before. */
  readonly next: (
    declare: Declare,
  ) => (inputs: Tensor<'f32'>, before: readonly Tensor<'f32'>[]) => Tensor<'f32'>[];
}

/** Finds or declares a weight of one layer and direction. */
export type Declare = (name: string, shape: readonly number[]) => Tensor<'f32'>;

/** A recurrent layer as its options describe it. */
export interface Recurrence {
  readonly op: string;
  readonly width: number;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly bias: boolean;
  /** What is between two layers. */
  readonly dropped: ReturnType<typeof dropoutWithin>;
}

/** A description out of options. @throws GraphError and ShapeError where one is unknown or out of range */
export function recurrence(op: string, width: number, options: RecurrentOptions): Recurrence {
  requireLayerOptions(op, options, ['layers', 'bidirectional', 'dropout', 'bias']);
  const { layers = 1, bidirectional = false, bias = true } = options;
  sizes(op, { width });
  const holds = Number.isSafeInteger(layers) && layers >= 1;
  requireOption(op, 'layers', layers, holds, 'a whole number from 1 on');
  requireFlag(op, 'bidirectional', bidirectional);
  requireFlag(op, 'bias', bias);
  return { op, width, layers, bidirectional, bias, dropped: dropoutWithin(op, options.dropout) };
}

/**
 * Runs a cell over the steps of a sequence, in all layers and directions. One layer of one direction has states
 * `[batch, width]`; several have them one after the other, `[layers · directions, batch, width]`, as PyTorch.
 *
 * @param x     `[batch, steps, features]`
 * @param first the parts of the first state; zeros where there are none
 */
export function run(
  { op, width, layers, bidirectional, bias, dropped }: Recurrence,
  cell: Cell,
  own: Weights,
  x: Tensor,
  first: readonly Tensor[] | undefined,
  lengths: Tensor | undefined,
): { readonly output: Tensor<'f32'>; readonly state: readonly Tensor<'f32'>[] } {
  const batch = sequenceOf(op, x);
  const directions = bidirectional ? 2 : 1;
  const count = layers * directions;
  const shape = count === 1 ? [batch, width] : [count, batch, width];
  const begin = first?.map((state) => requireFirst(op, state, shape));
  const alive = lengths === undefined ? undefined : aliveAt(op, lengths, x);
  const before = (k: number): Tensor<'f32'>[] =>
    begin?.map((state) => (count === 1 ? state : state.select(0, k))) ??
    Array.from({ length: cell.parts }, () => zeros(x, [batch, width]));
  const last: (readonly Tensor<'f32'>[])[] = [];
  let sequence = floats(op, x);
  for (let layer = 0; layer < layers; layer++) {
    const outputs = Array.from({ length: directions }, (_, d) => {
      const prefix = `${layers > 1 ? `${layer}.` : ''}${bidirectional ? `${d === 0 ? 'forward' : 'backward'}.` : ''}`;
      const made = unrolled(
        cell,
        bias,
        (name, shape) => own.weight(`${prefix}${name}`, { shape, init: withinFanIn(width), kernel: 'dense' }),
        sequence,
        before(last.length),
        alive,
        d === 1,
      );
      last.push(made.state);
      return made.output;
    });
    const joined = concat(outputs, -1);
    sequence = layer + 1 < layers ? dropped(own, joined) : joined;
  }
  const state = Array.from({ length: cell.parts }, (_, k) => {
    const all = last.flatMap((parts) => parts.slice(k, k + 1));
    return count === 1 ? concat(all) : stack(all);
  });
  return { output: sequence, state };
}

function unrolled(
  cell: Cell,
  bias: boolean,
  declare: Declare,
  x: Tensor<'f32'>,
  first: readonly Tensor<'f32'>[],
  alive: ((step: number) => Tensor) | undefined,
  isBackward: boolean,
): { readonly output: Tensor<'f32'>; readonly state: readonly Tensor<'f32'>[] } {
  // Products with inputs do not wait for one another: they are one product.
  const weight = declare('input.weight', [Number(dimAt(x.shape, 2)), cell.gates]);
  const inputs = affine(x, weight, bias ? declare('input.bias', [cell.gates]) : undefined);
  const next = cell.next(declare);
  const steps = Number(dimAt(x.shape, 1));
  const outputs: Tensor<'f32'>[] = [];
  let state = first;
  for (let k = 0; k < steps; k++) {
    const step = isBackward ? steps - 1 - k : k;
    const after = next(inputs.slice([0, step], [undefined, step + 1]).squeeze(1), state);
    const isAlive = alive?.(step);
    state = isAlive === undefined ? after : after.map((one, n) => isAlive.where(one, state[n] ?? one));
    const [made] = after;
    if (made === undefined) throw new RangeError('a state has at least one part');
    outputs.push(isAlive === undefined ? made : isAlive.where(made, 0));
  }
  return { output: stack(isBackward ? outputs.reverse() : outputs, 1), state };
}

/** The batch of a sequence. @throws ShapeError where it is not `[batch, steps, features]`, f32, of a step at least */
function sequenceOf(op: string, x: Tensor): Dim {
  requireTensor(op, x);
  const [batch, steps, features] = x.shape;
  requireFloat(op, x.node);
  if (steps === 0) throw new ShapeError('empty', op, `takes a step at least: ${shapeText(x.shape)} has none`);
  if (
    x.shape.length === 3 &&
    batch !== undefined &&
    typeof features === 'number' &&
    typeof steps === 'number'
  )
    return batch;
  throw new ShapeError('layer', op, `takes [batch, steps, features], not ${shapeText(x.shape)}`);
}

/** Which rows are alive at a step, `[batch, 1]`. @throws ShapeError where lengths are not `[batch]`, i32 */
function aliveAt(op: string, lengths: Tensor, x: Tensor): (step: number) => Tensor {
  requireTensor(op, lengths);
  const [batch = 0] = x.shape;
  if (lengths.dtype !== 'i32' || !sameShape(lengths.shape, [batch])) {
    const text = `lengths is ${lengths.dtype}${shapeText(lengths.shape)}: it must be i32${shapeText([batch])}`;
    throw new ShapeError('layer', op, text);
  }
  return (step) => lengths.gt(step).expandDims(1);
}

function requireFirst(op: string, state: Tensor, shape: readonly Dim[]): Tensor<'f32'> {
  requireTensor(op, state);
  if (state.dtype === 'f32' && sameShape(state.shape, shape)) return typed(state, 'f32');
  const text = `the first state is ${state.dtype}${shapeText(state.shape)}: it must be f32${shapeText(shape)}`;
  throw new ShapeError('layer', op, text);
}

/** Requires options of an application. @throws GraphError where one is unknown or out of range */
export function requireSequenceOptions(op: string, options: unknown): void {
  requireOptions(op, options, ['state', 'lengths']);
}
