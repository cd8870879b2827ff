/** The reference evaluator: what a graph means, in plain loops. */
export { type Live, type NDArray, padded, trimmed } from './array.ts';
export { evaluate, evaluateAll, evaluateNode, evaluation, type OnNode } from './evaluate.ts';
export { firstValues } from './firstValues.ts';
export type { Feeds, Given } from './leaves.ts';
export type { Precision } from './precision.ts';
export {
  entryOf,
  feedsOf,
  type ReferenceSession,
  type ReferenceStep,
  referenceSession,
  referenceStep,
  rootsOf,
  type Situation,
  type StepFeeds,
} from './session.ts';
