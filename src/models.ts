/** All of `sinter` that declares models, compiles them and looks at them. `index.ts` alone imports this. */
export * as augment from './augment/index.ts';
export { CompiledProgram, type CompileOptions, compile } from './compiled.ts';
export * from './graph/index.ts';
export type { Dependence, Explanation, NodePlace } from './inspect/explain.ts';
export type {
  DispatchReport,
  EntryReport,
  GroupReport,
  KernelReport,
  MachineReport,
  Report,
  StateReport,
  TemporaryReport,
} from './inspect/report.ts';
export { UnknownNameError } from './issues.ts';
export type { Dim, Dtype, Size } from './loops/index.ts';
export {
  type Feature,
  type Machine,
  type MachineDescription,
  MachineError,
  machineOf,
  machines,
  type Quantity,
  type QuantityName,
  type TargetName,
  targetNames,
  type WebGpuTarget,
} from './machine/index.ts';
export * as metrics from './metrics/index.ts';
export * as nn from './nn/index.ts';
export { htmlOf } from './notebook/display.ts';
export * as optim from './optim/index.ts';
export { type OptionalPass, optionalPasses } from './optionalPasses.ts';
export { hessian, hvp, type JacobianOptions, jacobian, jvp } from './passes/derivatives.ts';
export { gradients } from './passes/differentiate.ts';
export {
  type DispatchProfile,
  type Measured,
  type Profile,
  type ProfileOptions,
  profile,
  type TimedCall,
} from './profile/profile.ts';
export { profileText } from './profile/profileText.ts';
export type { Quartiles } from './profile/quartiles.ts';
export type { Roofline } from './profile/roofline.ts';
export {
  type Counted,
  type EntrySummary,
  type LayerSummary,
  type StateSummary,
  type Summary,
  summaryOf,
  type ValueSummary,
} from './profile/summary.ts';
export { summary } from './profile/summaryText.ts';
export { type TraceEvent, type TraceFile, traceOf } from './profile/trace.ts';
export * as random from './random/index.ts';
export { ScheduleError, type ScheduleRule } from './schedule/issues.ts';
