import {
  type Axis,
  childrenOf,
  constant,
  type Expr,
  int,
  type Load,
  subexpressions,
  type Tensor,
} from './expr.ts';
import type { Loop } from './loop.ts';
import { monoidDef } from './monoid.ts';
import { applyScalar } from './scalar.ts';
import { extentOf } from './size.ts';

/** What a run of loops is given besides its memory. */
export interface InterpretOptions {
  /** Live extents by the name of the size; its maximum where none is given. */
  readonly live?: Readonly<Record<string, number>>;
  /** Run-time scalars by name; their initial value where none is given. */
  readonly params?: Readonly<Record<string, number>>;
  /** Round every float to float32; else floats are float64. */
  readonly float32?: boolean;
}

/** A load or a run of loops that cannot be: out of range, or of a tensor without memory. */
export class InterpretError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InterpretError';
  }
}

/**
 * Runs loops in order, plainly: the oracle for what they mean. `memory` holds each tensor's elements in
 * row-major order (bounded dimensions at their maximum; the first extent of a `data` tensor is whatever its
 * array holds); outputs are added to it. Axes with a live extent run to it, parallel ones too: elements
 * beyond are NaN, so that whoever reads them shows. A `next` tensor is an array apart from its state.
 *
 * Throws InterpretError where a load that is evaluated leaves its tensor; of a `select` only the chosen
 * operand is evaluated. The index of a reduction's element counts its axes at their full extents.
 */
export function interpretLoops(
  loops: readonly Loop[],
  memory: Map<Tensor, Float64Array>,
  options: InterpretOptions = {},
): void {
  for (const loop of loops) runLoop(loop, memory, options);
}

function runLoop(loop: Loop, memory: Map<Tensor, Float64Array>, options: InterpretOptions): void {
  const machine = new Machine(loop, memory, options);
  const arrays = loop.outs.map((out) => {
    const array = new Float64Array(out.tensor.shape.reduce<number>((n, dim) => n * extentOf(dim), 1)).fill(
      NaN,
    );
    return { out, array };
  });
  const write = (): void => {
    for (const { out, array } of arrays) {
      const at = offsetOf(
        out.at.map((axis) => machine.axisValue(axis)),
        out.tensor.shape.map(extentOf),
      );
      array[at] = machine.evaluate(out.value);
    }
  };
  machine.each(loop.axes, () => {
    machine.startReductions();
    if (loop.reductions.length > 0) machine.each(loop.reduceAxes, () => machine.reduceElement());
    write();
  });
  for (const { out, array } of arrays) memory.set(out.tensor, array);
}

/** The state of one loop's run: axis values, accumulators, and values of shared expressions at this point. */
class Machine {
  readonly #loop: Loop;
  readonly #memory: ReadonlyMap<Tensor, Float64Array>;
  readonly #options: InterpretOptions;
  readonly #axes = new Map<Axis, number>();
  readonly #uses = new Map<Expr, number>();
  #accumulators: number[][] = [];
  #values = new Map<Expr, number>();

  constructor(loop: Loop, memory: ReadonlyMap<Tensor, Float64Array>, options: InterpretOptions) {
    this.#loop = loop;
    this.#memory = memory;
    this.#options = options;
    for (const expr of subexpressions(
      ...loop.reductions.map((r) => r.body),
      ...loop.outs.map((out) => out.value),
    )) {
      for (const child of childrenOf(expr)) {
        this.#uses.set(child, (this.#uses.get(child) ?? 0) + 1);
      }
    }
  }

  axisValue(axis: Axis): number {
    const value = this.#axes.get(axis);
    if (value === undefined) throw new InterpretError(`loop ${this.#loop.name}: no axis ${axis.name}`);
    return value;
  }

  /** Runs `body` at every point of the axes, in row-major order. */
  each(axes: readonly Axis[], body: () => void): void {
    const [axis, ...rest] = axes;
    if (axis === undefined) {
      this.#values = new Map();
      body();
      return;
    }
    const live = axis.live === undefined ? axis.extent : axis.live.factor * this.#live(axis.live.size);
    for (let n = 0; n < Math.min(axis.extent, live); n++) {
      this.#axes.set(axis, n);
      this.each(rest, body);
    }
    this.#values = new Map();
  }

  startReductions(): void {
    this.#accumulators = this.#loop.reductions.map((r) =>
      monoidDef(r.monoid)
        .identity(r.body.dtype)
        .map((e) => this.evaluate(e)),
    );
  }

  reduceElement(): void {
    const { reduceAxes, reductions } = this.#loop;
    const index = offsetOf(
      reduceAxes.map((axis) => this.axisValue(axis)),
      reduceAxes.map((axis) => axis.extent),
    );
    this.#accumulators = reductions.map((r, k) => {
      const def = monoidDef(r.monoid);
      const parts = def.parts(r.body.dtype);
      const constants = (values: readonly number[]): Expr[] =>
        values.map((value, p) => constant(value, parts[p] ?? r.body.dtype));
      const element =
        r.body.kind === 'parts'
          ? constants(r.body.items.map((item) => this.evaluate(item)))
          : def.lift(constant(this.evaluate(r.body), r.body.dtype), int(index));
      const combined = def.combine(constants(this.#accumulators[k] ?? []), element);
      return combined.map((e) => this.evaluate(e));
    });
    this.#values = new Map();
  }

  evaluate(expr: Expr): number {
    const shared = (this.#uses.get(expr) ?? 0) > 1;
    if (shared) {
      const known = this.#values.get(expr);
      if (known !== undefined) return known;
    }
    const value = this.#compute(expr);
    if (shared) this.#values.set(expr, value);
    return value;
  }

  #compute(expr: Expr): number {
    const float32 = this.#options.float32 ?? false;
    const rounded = (x: number): number => (float32 && expr.dtype === 'f32' ? Math.fround(x) : x);
    switch (expr.kind) {
      case 'const':
        return rounded(expr.value);
      case 'axis':
        return this.axisValue(expr.axis);
      case 'live':
        return this.#live(expr.size);
      case 'param':
        return rounded(this.#options.params?.[expr.param.name] ?? expr.param.initial);
      case 'acc': {
        const value = this.#accumulators[expr.reduction]?.[expr.part];
        if (value === undefined) throw new InterpretError(`no accumulator r${expr.reduction}.${expr.part}`);
        return value;
      }
      case 'var':
        throw new InterpretError(`loop ${this.#loop.name}: ${expr.name} is a variable of a kernel`);
      case 'parts':
        throw new InterpretError(`loop ${this.#loop.name}: the parts of a reduction stand for no value`);
      case 'load':
        return rounded(this.#load(expr));
      case 'apply': {
        const [condition, yes, no] = expr.args;
        if (expr.op === 'select' && condition && yes && no) {
          return this.evaluate(this.evaluate(condition) !== 0 ? yes : no);
        }
        return applyScalar(
          expr.op,
          expr.args.map((arg) => this.evaluate(arg)),
          expr.dtype,
          float32,
        );
      }
      default:
        return expr satisfies never;
    }
  }

  #live(size: { readonly name: string; readonly max: number }): number {
    return this.#options.live?.[size.name] ?? size.max;
  }

  #load({ tensor, at }: Load): number {
    const array = this.#memory.get(tensor);
    if (array === undefined) throw new InterpretError(`${tensor.name} has no memory`);
    const shape = tensor.shape.map(extentOf);
    if (tensor.role === 'data') {
      const row = shape.slice(1).reduce((n, extent) => n * extent, 1);
      shape[0] = row === 0 ? 0 : array.length / row;
    }
    const indices = at.map((e) => this.evaluate(e));
    for (const [d, index] of indices.entries()) {
      if (!(index >= 0 && index < (shape[d] ?? 0))) {
        const where = [...this.#axes].map(([axis, n]) => `${axis.name} = ${n}`).join(', ');
        throw new InterpretError(
          `loop ${this.#loop.name}: ${tensor.name}[${indices.join(', ')}] is out of [${shape.join(', ')}] at ${where}`,
        );
      }
    }
    const value = array[offsetOf(indices, shape)];
    if (value === undefined)
      throw new InterpretError(`${tensor.name} has ${array.length} elements, needs more`);
    return value;
  }
}

/** Row-major position of an index in a shape. */
function offsetOf(index: readonly number[], shape: readonly number[]): number {
  return index.reduce((offset, n, d) => offset * (shape[d] ?? 1) + n, 0);
}
