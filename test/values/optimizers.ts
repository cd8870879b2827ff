import * as optim from '../../src/optim/index.ts';
import type { FixtureAttrs } from '../fixtures/load.ts';

/** The optimizers by the names of the fixtures. */
export const optimizersByName: Readonly<Record<string, (attrs: FixtureAttrs) => optim.Optimizer>> = {
  sgd: (attrs) => optim.sgd({ lr: of(attrs, 'lr') }),
  momentum: (attrs) => optim.sgd({ lr: of(attrs, 'lr'), momentum: of(attrs, 'momentum') }),
  nesterov: (attrs) => optim.sgd({ lr: of(attrs, 'lr'), momentum: of(attrs, 'momentum'), nesterov: true }),
  sgd_weight_decay: (attrs) => optim.sgd({ lr: of(attrs, 'lr'), weightDecay: of(attrs, 'weight_decay') }),
  adam: (attrs) => optim.adam(moments(attrs)),
  adamw: (attrs) => optim.adamw({ ...moments(attrs), weightDecay: of(attrs, 'weight_decay') }),
  adamax: (attrs) => optim.adamax(moments(attrs)),
  rmsprop: (attrs) =>
    optim.rmsprop({ lr: of(attrs, 'lr'), alpha: of(attrs, 'alpha'), eps: of(attrs, 'eps') }),
  adagrad: (attrs) => optim.adagrad({ lr: of(attrs, 'lr'), eps: of(attrs, 'eps') }),
};

function moments(attrs: FixtureAttrs): optim.AdamOptions {
  return { lr: of(attrs, 'lr'), b1: of(attrs, 'b1'), b2: of(attrs, 'b2'), eps: of(attrs, 'eps') };
}

function of(attrs: FixtureAttrs, name: string): number {
  const value = attrs[name];
  if (typeof value !== 'number') throw new TypeError(`the optimizer's ${name} is missing`);
  return value;
}
