export * from './construct.ts';
export { describe, Graph } from './graph.ts';
export * from './issues.ts';
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
  type ParamOptions,
  type State,
  type StateOptions,
  type Update,
} from './module.ts';
export type { Attr, Attrs, LowerContext, Lowering, Node, ValueTypeOf } from './node.ts';
export { definitionOf, type Op, ops } from './ops/table.ts';
export type { DimLike } from './shape.ts';
export { type Axes, Tensor } from './tensor.ts';
export { type Values, valuesOf, wordsOf } from './words.ts';
