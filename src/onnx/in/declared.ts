import type { Tensor } from '../../graph/index.ts';
import { shortestFloat } from '../../loops/float32.ts';
import type { Dim } from '../../loops/size.ts';
import type { Calls } from './calls.ts';
import { requireFit } from './fold.ts';
import type { States } from './states.ts';
import { isNumeric, type Known, type Value, type Weight } from './value.ts';

/** Elements of constants that stand in the graph itself; more are a state. */
const MOST_LITERAL = 64;

/** What values are declared with. */
export interface DeclaredWith {
  readonly calls: Calls;
  /** What stands before the names of states. */
  readonly prefix: string;
  /** Where an input has a bounded size: how many samples are live is asked of it. */
  readonly bounded: ReadonlyMap<string, readonly [tensor: Tensor, axis: number]>;
  /** States that were declared before. */
  readonly states: States;
}

/** The values of an import as tensors: each is declared when it is asked for, once. */
export class Declared {
  readonly #with: DeclaredWith;
  readonly #tensors = new Map<Value, Tensor>();
  readonly #known = new Map<Weight, Known>();

  constructor(by: DeclaredWith) {
    this.#with = by;
  }

  /** What a constant or a weight holds; undefined of what a step computes. */
  knownOf(value: Value): Known | undefined {
    switch (value.kind) {
      case 'known':
        return value;
      case 'computed':
        return undefined;
      case 'weight': {
        const before = this.#known.get(value);
        if (before !== undefined) return before;
        const { elem, dtype, shape, name } = value;
        const known: Known = { kind: 'known', elem, dtype, shape, elements: value.values(), name };
        this.#known.set(value, known);
        return known;
      }
      default:
        return value satisfies never;
    }
  }

  /**
   * The tensor of a value.
   *
   * @param isTrainable whether optimizers train it, where it is a weight that nothing has asked for before
   * @throws OnnxError `int64` for a constant that 32 bits do not hold
   */
  tensorOf(value: Value, isTrainable = true): Tensor {
    // Bytes are for storage only.
    if (value.kind === 'computed' && value.tensor.dtype !== 'u8') return value.tensor;
    const before = this.#tensors.get(value);
    if (before !== undefined) return before;
    const tensor = this.#made(value, isTrainable);
    this.#tensors.set(value, tensor);
    return tensor;
  }

  #made(value: Value, isTrainable: boolean): Tensor {
    switch (value.kind) {
      case 'computed':
        return value.tensor.cast('i32');
      case 'weight': {
        const { name, shape, values } = value;
        return this.#state({ name, shape, dtype: 'f32', isTrainable, values });
      }
      case 'known':
        return this.#constant(value);
      default:
        return value satisfies never;
    }
  }

  #constant(value: Known): Tensor {
    const { calls } = this.#with;
    const { elements, dtype, shape, name } = value;
    if (!isNumeric(elements)) return this.#ofSizes(value);
    requireFit(value, elements);
    if (isOneValue(elements)) {
      const first = elements[0] ?? 0;
      return dtype === 'f32'
        ? calls.s.full(calls.where, shape, shortestFloat(first))
        : calls.s.full(calls.where, shape, first, dtype);
    }
    if (elements.length <= MOST_LITERAL)
      return calls.literal(dtype === 'f32' ? Array.from(elements, shortestFloat) : elements, shape, dtype);
    const called = name === '' ? 'constant' : name;
    return this.#state({ name: called, shape, dtype, isTrainable: false, values: () => elements });
  }

  #state(state: Parameters<Calls['state']>[0]): Tensor {
    const { calls, prefix, states } = this.#with;
    return states.of({ ...state, name: `${prefix}${state.name}` }, calls.state);
  }

  /** Numbers and bounded sizes as a tensor: of these, how many elements are live. */
  #ofSizes({ elements, shape, dtype }: Known): Tensor {
    const { calls, bounded } = this.#with;
    const type = dtype === 'f32' ? 'f32' : 'i32';
    const one = (element: Dim): Tensor => {
      if (typeof element === 'number') return calls.s.full(calls.where, [1], element, type);
      const place = bounded.get(element.size.name);
      if (place === undefined) throw new RangeError(`no input has the size ${element.size.name}`);
      const [tensor, axis] = place;
      const count = tensor.liveCount(axis).cast(type).reshape([1]);
      return element.factor === 1 ? count : count.mul(element.factor);
    };
    const parts = Array.from(elements, one);
    const [first] = parts;
    if (first === undefined) throw new RangeError('sizes without elements');
    return (parts.length === 1 ? first : calls.s.concat(parts, 0)).reshape(shape);
  }
}

/** Whether all elements, of which there are some, are the same. */
function isOneValue(elements: ArrayLike<number>): boolean {
  for (let k = 1; k < elements.length; k++) if (!Object.is(elements[k], elements[0])) return false;
  return elements.length > 0;
}
