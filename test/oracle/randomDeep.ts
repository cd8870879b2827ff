import { defineModule, nn, optim, type Tensor } from '../../src/index.ts';
import type { Size } from '../../src/loops/index.ts';
import { Dice } from './dice.ts';
import { caseOf, type Leaf } from './leaves.ts';
import type { RandomCase } from './randomGraph.ts';

/**
 * A random network that trains: three to six layers of any widths, each with an activation, some with a norm, a gate or a
 * residual, on a bounded batch or not; a residual may be a part of what is kept, or lie in a wider one. What the forward pass makes is kept long for the backward pass.
 *
 * It is the same for one seed.
 */
export function randomDeep(seed: number): RandomCase {
  const name = `deep-${seed}`;
  const dice = new Dice(seed ^ 0x51ed270b);
  const [inputs, states]: [Leaf[], Leaf[]] = [[], []];
  const rows = dice.between(30, 60);
  let size: Size | undefined;
  const module = defineModule(name, (m) =>
    m.graph.withSource(name, () => {
      if (dice.chance(0.3)) size = m.size('rows', { max: rows });
      const batch = size === undefined ? rows : { size, factor: 1 };
      const input: Leaf = { name: 'x', shape: [batch, dice.between(2, 12)], dtype: 'f32', below: 0 };
      inputs.push(input);
      let h = m.input('x', { shape: input.shape });
      for (let layer = dice.between(3, 6); layer > 0; layer--) {
        const wide = h.shape[1];
        const width = dice.between(2, 16);
        const shape = [typeof wide === 'number' ? wide : 1, width];
        const weight: Leaf = { name: `w${layer}`, shape, dtype: 'f32', below: 0 };
        states.push(weight);
        const before = h;
        h = activated(h.matmul(m.state(weight.name, { shape })), dice);
        if (dice.chance(0.4)) h = nn.standardize(h, -1);
        if (before.shape[1] === width && dice.chance(0.7)) h = h.add(before);
        else if (typeof wide === 'number' && wide > width && dice.chance(0.5))
          h = h.add(
            before
              .slice([0, dice.below(wide - width)], [undefined, undefined])
              .slice([0, 0], [undefined, width]),
          );
        else if (typeof wide === 'number' && wide < width && dice.chance(0.5))
          h = h.add(before.pad([0, 0], [0, width - wide]));
      }
      const loss = h.square().mean();
      m.entry('run', { loss, updates: optim.sgd({ lr: 0.01 }).minimize(loss) });
    }),
  );
  return caseOf(seed, module, { inputs, states, size });
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
