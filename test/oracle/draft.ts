import type { ModuleBuilder, Tensor } from '../../src/graph/index.ts';
import { type Dim, type Dtype, extentOf, type Size } from '../../src/loops/index.ts';
import type { Given } from '../../src/reference/index.ts';
import { Dice } from './dice.ts';

/** A tensor of a random graph, with what keeps its comparison across precisions fair. */
export interface Drawn {
  readonly tensor: Tensor;
  /** No element is larger in absolute value. */
  readonly bound: number;
  /**
   * Its elements are the same in float32 and float64, so that what is discontinuous (comparisons, rounding,
   * arguments of extrema) may be computed of it.
   */
  readonly exact: boolean;
}

/** What an input or a state may be given: floats in [-2, 2), or whole numbers in [low, high). */
export interface Declared {
  readonly name: string;
  readonly shape: readonly Dim[];
  readonly dtype: Dtype;
  readonly low: number;
  readonly high: number;
  /** Values are multiples of a half, so that many are equal. */
  readonly ties: boolean;
  /** The values index a bounded dimension: they stay below its live extent times its factor. */
  readonly indexes?: Dim;
}

// The largest absolute value that a random graph computes on with: float32 keeps absolute errors small there.
const BOUND = 32;

/** A random graph in the making: the pool of tensors that its next operation may take. */
export class Draft {
  readonly m: ModuleBuilder;
  readonly dice: Dice;
  readonly pool: Drawn[] = [];
  readonly inputs: Declared[] = [];
  readonly states: (Declared & { readonly tensor: Tensor })[] = [];
  readonly size: Size | undefined;
  readonly #ties: boolean;

  /** @param ties whether inputs with many equal values are drawn */
  constructor(m: ModuleBuilder, seed: number, ties: boolean) {
    this.m = m;
    this.dice = new Dice(seed);
    this.size = this.dice.chance(0.4) ? m.size('rows', { max: this.dice.between(1, 6) }) : undefined;
    this.#ties = ties;
  }

  /** An input, not put into the pool. */
  input(shape: readonly Dim[], dtype: Dtype = 'f32', indexes?: Dim): Drawn {
    const name = `x${this.inputs.length}`;
    const range = indexes === undefined ? rangeOf(dtype) : { low: 0, high: extentOf(indexes) };
    const ties = this.#ties && this.dice.chance(0.3);
    this.inputs.push({ name, shape, dtype, ...range, ties, ...(indexes === undefined ? {} : { indexes }) });
    const bound = Math.max(Math.abs(range.low), Math.abs(range.high));
    return { tensor: this.m.input(name, { shape, dtype }), bound, exact: true };
  }

  /** A state, not put into the pool. */
  state(shape: readonly number[], dtype: 'f32' | 'i32'): Drawn {
    const name = `s${this.states.length}`;
    const tensor = this.m.state(name, { shape, dtype });
    const declared = { name, shape, dtype, ...rangeOf(dtype), ties: false };
    this.states.push({ ...declared, tensor });
    return { tensor, bound: dtype === 'f32' ? 2 : 2 ** 31, exact: true };
  }

  /** A shape of few elements: odd extents, ones, rarely a zero; its first dimension may be bounded. */
  shape(rank = this.dice.oneOf([0, 1, 1, 2, 2, 2, 3, 3, 4])): Dim[] {
    const dims: Dim[] = [];
    for (let k = 0; k < rank; k++) {
      const room = Math.floor(400 / Math.max(1, elements(dims)));
      const extents = [
        1,
        1,
        2,
        2,
        3,
        3,
        4,
        5,
        7,
        ...(rank <= 2 ? [8, 17, 33] : []),
        ...(this.dice.chance(0.1) ? [0] : []),
      ];
      dims.push(Math.min(this.dice.maybeOneOf(extents) ?? 1, Math.max(room, 1)));
    }
    if (this.size !== undefined && rank > 0 && this.dice.chance(0.5))
      dims[0] = { size: this.size, factor: 1 };
    return dims;
  }

  /** One of the pool that passes a test; later ones more often, so that graphs grow deep. */
  any(test: (drawn: Drawn) => boolean = () => true): Drawn | undefined {
    const fit = this.pool.filter(test);
    return this.dice.chance(0.5) ? this.dice.maybeOneOf(fit.slice(-3)) : this.dice.maybeOneOf(fit);
  }

  /** A float of the pool, scaled down where it may be large. */
  float(test: (drawn: Drawn) => boolean = () => true): Drawn | undefined {
    const drawn = this.any((d) => d.tensor.dtype === 'f32' && test(d));
    return drawn === undefined ? undefined : moderate(drawn);
  }

  /** Values for what was declared, at live extents. */
  values(declared: Declared, live: Readonly<Record<string, number>>, dice: Dice): Given {
    const cut = (dim: Dim): number =>
      typeof dim === 'number' ? dim : (live[dim.size.name] ?? dim.size.max) * dim.factor;
    const shape = declared.shape.map(cut);
    const high = declared.indexes === undefined ? declared.high : cut(declared.indexes);
    const data = Array.from({ length: elements(shape) }, () => {
      const value = declared.low + (high - declared.low) * dice.unit();
      if (declared.dtype !== 'f32') return Math.floor(value);
      return declared.ties ? Math.round(value * 2) / 2 : value;
    });
    return { shape, data };
  }
}

/** A float that is not too large, by a factor if need be. */
export function moderate(drawn: Drawn, bound = BOUND): Drawn {
  if (drawn.bound <= bound) return drawn;
  return { tensor: drawn.tensor.mul(bound / 4 / drawn.bound), bound: bound / 4, exact: false };
}

/** Number of elements of a shape, bounded dimensions at their maximum. */
export function elements(shape: readonly Dim[]): number {
  return shape.reduce<number>((n, dim) => n * extentOf(dim), 1);
}

function rangeOf(dtype: Dtype): { low: number; high: number } {
  switch (dtype) {
    case 'f32':
      return { low: -2, high: 2 };
    case 'i32':
      return { low: -9, high: 10 };
    case 'u32':
      return { low: 0, high: 12 };
    case 'u8':
      return { low: 0, high: 256 };
    case 'bool':
      return { low: 0, high: 2 };
    default:
      return dtype satisfies never;
  }
}
