import type { Tensor } from '../../src/index.ts';
import { draftedCase, LeafDraft } from './leaves.ts';
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
  return draftedCase({ kind: 'reductions', seed, salt: 0x2c1b3c6d }, LeafDraft, (draft) => {
    const { dice, m } = draft;
    const side = dice.oneOf(sides);
    const input = (name: string): Tensor => draft.input([side, side], { name });
    const given = [input('t0'), input('t1'), input('t2')] as const;
    const made: [Tensor, ...Tensor[]] = [given[0].sum([1])];
    for (let k = dice.between(4, 10); k > 0; k--) {
      const [t, v, w] = [dice.oneOf(given), dice.oneOf(made), dice.oneOf(made)];
      const term = termOf(dice.below(5), t, v, w);
      made.push(dice.chance(0.5) ? term.sum([dice.below(2)]) : term.max([dice.below(2)]));
    }
    m.entry('run', Object.fromEntries(made.map((value, k) => [`o${k}`, value])));
  });
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
