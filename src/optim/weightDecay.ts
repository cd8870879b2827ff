import type { Tensor } from '../graph/index.ts';
import type { RuleContext } from './optimizer.ts';

/** Coupled weight decay: a gradient with that of `weightDecay / 2 · |w|²`, which moments then see too. */
export function penalised({ parameter, gradient, weightDecay }: RuleContext): Tensor {
  return weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
}

/** Decoupled weight decay (Loshchilov and Hutter 2019): `w (1 - lr weightDecay)`, of which the step is then taken. */
export function shrunk({ parameter, lr, weightDecay }: RuleContext): Tensor {
  return weightDecay === 0 ? parameter : parameter.mul(lr.mul(-weightDecay).add(1));
}
