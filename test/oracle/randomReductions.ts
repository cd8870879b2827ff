import { defineModule, type Tensor } from '../../src/index.ts';
import { Dice } from './dice.ts';
import { caseOf, type Leaf } from './leaves.ts';
import type { RandomCase } from './randomGraph.ts';

/**
 * A random module of reductions over a few square inputs, along both of their axes, each of terms that other reductions are
 * factors of: so siblings, row programs and dependences meet.
 *
 * It is the same for one seed.
 *
 * @param sides the lengths that the inputs may have, of which it has one
 */
export function randomReductions(seed: number, sides: readonly [number, ...number[]]): RandomCase {
  const name = `reductions-${seed}`;
  const dice = new Dice(seed ^ 0x2c1b3c6d);
  const side = dice.oneOf(sides);
  const inputs = [0, 1, 2].map((k): Leaf => ({ name: `t${k}`, shape: [side, side], dtype: 'f32', below: 0 }));
  const module = defineModule(name, (m) =>
    m.graph.withSource(name, () => {
      const input = (k: number): Tensor => m.input(`t${k}`, { shape: [side, side] });
      const given = [input(0), input(1), input(2)] as const;
      const made: [Tensor, ...Tensor[]] = [given[0].sum([1])];
      for (let k = dice.between(4, 10); k > 0; k--) {
        const [t, v, w] = [dice.oneOf(given), dice.oneOf(made), dice.oneOf(made)];
        const term = termOf(dice.below(5), t, v, w);
        made.push(dice.chance(0.5) ? term.sum([dice.below(2)]) : term.max([dice.below(2)]));
      }
      m.entry('run', Object.fromEntries(made.map((value, k) => [`o${k}`, value])));
    }),
  );
  return caseOf(seed, module, { inputs, states: [], size: undefined });
}

/** A term of a reduction of `t`, with `v` and `w` for its rows or its columns. */
function termOf(kind: number, t: Tensor, v: Tensor, w: Tensor): Tensor {
  const [rows, columns] = [
    (x: Tensor): Tensor => x.reshape([-1, 1]),
    (x: Tensor): Tensor => x.reshape([1, -1]),
  ];
  switch (kind) {
    case 0:
      return t.mul(rows(v));
    case 1:
      return t.mul(columns(v));
    case 2:
      return t.sub(rows(v)).mul(columns(w));
    case 3:
      return t.add(rows(w)).square();
    default:
      return t;
  }
}
