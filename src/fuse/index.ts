export {
  type Group,
  groupName,
  type Partial,
  type Stage,
  tensorsReadBy,
  tensorsWritten,
} from '../schedule/group.ts';
export { type Decision, Decisions, type Move, type Reason, reasonText } from './decisions.ts';
export { fillMachine } from './fill.ts';
export { partition } from './partition.ts';
export { fusePointwise } from './pointwise.ts';
export { timeOfStages } from './price.ts';
export { rematerialize } from './rematerialize.ts';
export { mergeCounters } from './siblings.ts';
export { cutReductions, splitReductions } from './split.ts';
export { assignStages } from './stages.ts';
