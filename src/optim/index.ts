export { type AdamOptions, adam, adamax, adamw } from './adam.ts';
export { type AdagradOptions, adagrad, type RmspropOptions, rmsprop } from './adaptive.ts';
export { clipByGlobalNorm, globalNorm } from './clip.ts';
export {
  type LazyOptions,
  type MinimizeOptions,
  type Optimizer,
  type OptimizerOptions,
  optimizer,
  type Rule,
  type RuleContext,
} from './optimizer.ts';
export { type SgdOptions, sgd } from './sgd.ts';
