import { nn, optim, type Tensor } from '../../src/index.ts';
import type { Dice } from './dice.ts';
import { draftedCase, LeafDraft } from './leaves.ts';
import type { RandomCase } from './randomGraph.ts';

/**
 * A random network that trains: three to six layers of any widths, each with an activation, some with a norm, a gate or a
 * residual, on a bounded batch or not; a residual may be a part of what is kept, or lie in a wider one. What the forward pass
 * makes is kept long for the backward pass.
 *
 * It is the same for one seed.
 */
export function randomDeep(seed: number): RandomCase {
  return draftedCase({ kind: 'deep', seed, salt: 0x51ed270b }, LeafDraft, (draft) => {
    const { dice, m } = draft;
    const rows = dice.between(30, 60);
    if (dice.chance(0.3)) draft.size = m.size('rows', { max: rows });
    const batch = draft.size === undefined ? rows : { size: draft.size, factor: 1 };
    let h = draft.input([batch, dice.between(2, 12)]);
    for (let layer = dice.between(3, 6); layer > 0; layer--) h = layerAfter(h, draft);
    const loss = h.square().mean();
    m.entry('run', { loss, updates: optim.sgd({ lr: 0.01 }).minimize(loss) });
  });
}

/** A product with an activation, sometimes a norm, and sometimes all or a part of what it is made of beside it. */
function layerAfter(x: Tensor, draft: LeafDraft): Tensor {
  const { dice } = draft;
  const width = dice.between(2, 16);
  const [, wide] = x.shape;
  if (typeof wide !== 'number') throw new RangeError('a layer of a bounded width');
  const product = activated(x.matmul(draft.state([wide, width])), dice);
  const h = dice.chance(0.4) ? nn.standardize(product, -1) : product;
  if (wide === width) return dice.chance(0.7) ? h.add(x) : h;
  if (!dice.chance(0.5)) return h;
  if (wide < width) return h.add(x.pad([0, 0], [0, width - wide]));
  const from = dice.below(wide - width);
  return h.add(x.slice([0, from], [undefined, from + width]));
}

function activated(x: Tensor, dice: Dice): Tensor {
  switch (dice.below(6)) {
    case 0:
      return x.tanh();
    case 1:
      return x.relu();
    case 2:
      return nn.gelu(x);
    case 3:
      return x.clamp(-20, 20).exp().add(1).log();
    case 4:
      return x.mul(0.5).tanh().mul(x.square()).add(1);
    default:
      return nn.silu(x);
  }
}
