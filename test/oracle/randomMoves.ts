import { defineModule, type ModuleBuilder, type Tensor } from '../../src/graph/index.ts';
import { type Dim, extentOf, type Size } from '../../src/loops/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import { Dice } from './dice.ts';
import { caseOf, type Leaf } from './leaves.ts';
import type { RandomCase } from './randomGraph.ts';

/**
 * A random module of products, sums and pointwise steps between chains of movements: neighbours merged, dimensions split
 * and turned, slices at multiples of their length; with rows of a bounded size or not, gradients, and a state updated
 * through a reshape. All extents are powers of two, so that any two splits of one dimension refine each other.
 *
 * It is the same for one seed. Odd ones have slices, even ones move whole tensors alone.
 */
export function randomMoves(seed: number): RandomCase {
  const name = `moves-${seed}`;
  const draft = new Draft(new Dice(seed ^ 0x3c91d7), seed % 2 === 1);
  const module = defineModule(name, (m) => m.graph.withSource(name, () => build(draft, m)));
  return caseOf(seed, module, draft);
}

class Draft {
  readonly dice: Dice;
  readonly inputs: Leaf[] = [];
  readonly states: Leaf[] = [];
  readonly weighed: Tensor[] = [];
  size: Size | undefined;

  readonly slices: boolean;

  constructor(dice: Dice, slices: boolean) {
    this.dice = dice;
    this.slices = slices;
  }

  input(m: ModuleBuilder, shape: readonly Dim[]): Tensor {
    const name = `x${this.inputs.length}`;
    this.inputs.push({ name, shape, dtype: 'f32', below: 0 });
    return m.input(name, { shape });
  }

  weights(m: ModuleBuilder, shape: readonly number[]): Tensor {
    const name = `w${this.states.length}`;
    this.states.push({ name, shape, dtype: 'f32', below: 0 });
    const state = m.state(name, { shape });
    this.weighed.push(state);
    return state;
  }
}

function build(draft: Draft, m: ModuleBuilder): void {
  const { dice } = draft;
  let rows: Dim = dice.oneOf([1, 2, 4]);
  if (dice.chance(0.5)) {
    draft.size = m.size('rows', { max: rows });
    rows = { size: draft.size, factor: 1 };
  }
  let x = draft.input(m, [rows, ...[0, 1, 2].map(() => dice.oneOf([2, 2, 4]))]);
  for (let count = dice.between(2, 5); count > 0; count--) {
    for (let moves = dice.between(0, 3); moves > 0; moves--) x = moved(x, draft);
    x = computed(x, draft, m);
  }
  const loss = x.square().mean();
  const slopes = gradients(loss, draft.weighed);
  const updates = draft.weighed.map((state, k) => ({ state, next: state.sub(slopes[k] ?? state) }));
  m.entry('run', { x: dice.chance(0.5) ? moved(x, draft) : x, loss, updates });
}

/** A movement; the first dimension stays where it is while it is bounded. */
function moved(x: Tensor, { dice, slices }: Draft): Tensor {
  const { shape } = x;
  const first = typeof shape[0] === 'number' ? 0 : 1;
  const axis = dice.below(shape.length);
  const [dim, next] = [shape[axis] ?? 1, shape[axis + 1]];
  switch (dice.below(slices ? 4 : 3)) {
    case 0: {
      if (typeof next !== 'number') return x;
      return x.reshape(shape.toSpliced(axis, 2, times(dim, next)));
    }
    case 1: {
      const count = typeof dim === 'number' ? dim : dim.factor;
      return count < 2 ? x : x.reshape(shape.toSpliced(axis, 1, times(dim, 1 / 2), 2));
    }
    case 2:
      return x.permute(
        [...shape.keys()].slice(0, first).concat(dice.shuffled([...shape.keys()].slice(first))),
      );
    default: {
      if (typeof dim !== 'number' || dim < 4) return x;
      const half = dice.below(2) * (dim / 2);
      return x.slice(
        shape.map((_, k) => (k === axis ? half : 0)),
        shape.map((_, k) => (k === axis ? half + dim / 2 : undefined)),
      );
    }
  }
}

function times(dim: Dim, by: number): Dim {
  return typeof dim === 'number' ? dim * by : { size: dim.size, factor: dim.factor * by };
}

function computed(x: Tensor, draft: Draft, m: ModuleBuilder): Tensor {
  const { dice } = draft;
  const last = x.shape.at(-1) ?? 1;
  const wide = x.shape.flatMap((dim, k) => (k > 0 && extentOf(dim) > 1 ? [k] : []));
  switch (dice.below(5)) {
    case 0:
      return x.tanh();
    case 1:
      return x.shape.length < 2 ? x.relu() : x.div(x.abs().sum(-1, { keepDims: true }).add(1));
    case 2:
      return typeof last === 'number' ? x.add(draft.weights(m, [last])) : x.tanh();
    case 3: {
      const axis = dice.maybeOneOf(wide);
      return axis === undefined ? x.tanh() : x.sub(x.mean(axis, { keepDims: true }));
    }
    default: {
      if (typeof last !== 'number' || x.shape.length < 2) return x.tanh();
      return x.matmul(draft.weights(m, [last, dice.oneOf([2, 4, 8])])).tanh();
    }
  }
}
