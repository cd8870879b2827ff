import { defineModule, type Module, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import type { Dim, Size } from '../../src/loops/index.ts';
import type { Given } from '../../src/reference/index.ts';
import { Dice } from './dice.ts';
import type { RandomCase } from './randomGraph.ts';

/** An input or a state that is given random values: floats in [-2, 2), bytes, truth values, or integers in [0, below). */
export interface Leaf {
  readonly name: string;
  readonly shape: readonly Dim[];
  readonly dtype: 'f32' | 'u8' | 'i32' | 'bool';
  readonly below: number;
}

/** A random module in the making, and the leaves that it has declared. */
export class LeafDraft {
  readonly m: ModuleBuilder;
  readonly dice: Dice;
  readonly inputs: Leaf[] = [];
  readonly states: Leaf[] = [];
  size: Size | undefined;

  constructor(m: ModuleBuilder, dice: Dice) {
    this.m = m;
    this.dice = dice;
  }

  input(
    shape: readonly Dim[],
    { name = `x${this.inputs.length}`, dtype = 'f32', below = 0 }: Partial<Omit<Leaf, 'shape'>> = {},
  ): Tensor {
    this.inputs.push({ name, shape, dtype, below });
    return this.m.input(name, { shape, dtype });
  }

  state(shape: readonly number[]): Tensor {
    const name = `s${this.states.length}`;
    this.states.push({ name, shape, dtype: 'f32', below: 0 });
    return this.m.state(name, { shape });
  }
}

/**
 * A random module of a kind, which a draft declares. It is the same for one seed.
 *
 * @param salt by which kinds of one seed have other dice
 */
export function draftedCase<D extends LeafDraft>(
  { kind, seed, salt }: { readonly kind: string; readonly seed: number; readonly salt: number },
  Draft: new (m: ModuleBuilder, dice: Dice) => D,
  declare: (draft: D) => void,
): RandomCase {
  const name = `${kind}-${seed}`;
  const found: { draft?: D } = {};
  const module = defineModule(name, (m) =>
    m.graph.withSource(name, () => {
      found.draft = new Draft(m, new Dice(seed ^ salt));
      declare(found.draft);
    }),
  );
  if (found.draft === undefined) throw new Error('defineModule did not call back');
  return caseOf(seed, module, found.draft);
}

/** A module with values for its leaves; the rows of its bounded size, where it has one, are others at each step. */
export function caseOf(
  seed: number,
  module: Module,
  { inputs, states, size }: { inputs: readonly Leaf[]; states: readonly Leaf[]; size: Size | undefined },
): RandomCase {
  return {
    seed,
    module,
    gradients: [],
    states: Object.fromEntries(
      states.map((leaf) => [leaf.name, valuesOf(leaf, {}, new Dice(seed ^ 0x51a7e5))]),
    ),
    step: (k) => {
      const dice = new Dice(seed ^ Math.imul(k + 1, 0x9e3779b1));
      const rows = size && (dice.chance(0.2) ? size.max : dice.between(1, size.max));
      const live = size === undefined || rows === undefined ? {} : { [size.name]: rows };
      const given = inputs.map((leaf) => [leaf.name, valuesOf(leaf, live, dice)] as const);
      return { live, inputs: Object.fromEntries(given), params: {} };
    },
  };
}

function valuesOf(leaf: Leaf, live: Readonly<Record<string, number>>, dice: Dice): Given {
  const shape = leaf.shape.map((dim) =>
    typeof dim === 'number' ? dim : (live[dim.size.name] ?? dim.size.max) * dim.factor,
  );
  const count = shape.reduce((n, extent) => n * extent, 1);
  const below = leaf.dtype === 'u8' ? 256 : leaf.dtype === 'bool' ? 2 : leaf.below;
  const data = Array.from({ length: count }, () =>
    leaf.dtype === 'f32' ? 4 * dice.unit() - 2 : dice.below(below),
  );
  return { shape, data };
}
