export { type AccumulateOptions, accumulate } from './accumulate.ts';
export { type AdafactorOptions, adafactor } from './adafactor.ts';
export { type AdamOptions, adam, adamax, adamw, type MomentOptions } from './adam.ts';
export { type AdagradOptions, adagrad, type RmspropOptions, rmsprop } from './adaptive.ts';
export { clipByGlobalNorm, globalNorm } from './clip.ts';
export { type Ema, type EmaOptions, ema } from './ema.ts';
export type { ParameterGroup } from './groups.ts';
export { type LionOptions, lion } from './lion.ts';
export type { HasStates, Match } from './match.ts';
export { type MuonOptions, muon } from './muon.ts';
export {
  type LazyOptions,
  type MinimizeOptions,
  type Optimizer,
  type OptimizerOptions,
  optimizer,
  type Rule,
  type RuleContext,
} from './optimizer.ts';
export type { Rate } from './rate.ts';
export type { Schedule } from './schedule.ts';
export * as schedule from './schedule.ts';
export { type SgdOptions, sgd } from './sgd.ts';
