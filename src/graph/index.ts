export { einsum } from './composed/einsum.ts';
export type { PadMode } from './composed/pad.ts';
export type { VarianceOptions } from './composed/reductions.ts';
export * from './construct.ts';
export type { AxisPairs, ContractOptions } from './contract.ts';
export {
  type CustomContext,
  type CustomGradientOptions,
  customGradient,
  type GradientRule,
} from './customGradient.ts';
export { digraphOf, dotOf } from './dot.ts';
export { evaluation, substitute, whileTraining } from './evaluation.ts';
export { type Differentiation, describe, Graph } from './graph.ts';
export type {
  EntryHandle,
  InputTensor,
  NamedSize,
  ParamTensor,
  SignatureOf,
  StateTensor,
} from './handles.ts';
export * from './issues.ts';
export type { Mesh, MeshAxis, Sharding, Shardings } from './mesh.ts';
export {
  type Declarations,
  declarationsOf,
  defineModule,
  type EntryOptions,
  type Initializer,
  type InputOptions,
  type Module,
  type ModuleBuilder,
  type ModuleEntry,
  type ParamDtype,
  type ParamOptions,
  type State,
  type StateOptions,
  type Update,
  type ValueDtype,
} from './module.ts';
export type { Attr, Attrs, LowerContext, Lowering, Node, ValueTypeOf } from './node.ts';
export { sourceOf } from './ops/indices.ts';
export { definitionOf, type Op, ops } from './ops/table.ts';
export { neededBy } from './order.ts';
export { parseModule } from './parse.ts';
export type { DimLike } from './shape.ts';
export type { ConvolveOptions, WindowsOptions } from './sliding.ts';
export type { Axes } from './tensor/value.ts';
export { Tensor } from './tensor.ts';
export { printModule, printNodes } from './text.ts';
export { verifyModule } from './verify.ts';
export { type Values, valuesOf, wordCount, wordsOf } from './words.ts';
