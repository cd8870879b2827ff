export { type Group, groupName, type Partial, type Stage, tensorsWritten } from '../schedule/group.ts';
export { type Decision, Decisions, type Move } from './decisions.ts';
export { fusePointwise } from './pointwise.ts';
export { groupRows } from './rows.ts';
export { mergeSiblings } from './siblings.ts';
export { cutReductions, splitReductions } from './split.ts';
export { assignStages } from './stages.ts';
