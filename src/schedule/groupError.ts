import type { Tensor } from '../loops/index.ts';
import { type Group, groupName } from './group.ts';

/** A rule of groups and stages. */
export type GroupRule = 'rows' | 'locals' | 'prologue' | 'partials' | 'outputs' | 'order' | 'in place';

/** Groups or stages that break a rule: an error of the compiler, not of its user. */
export class GroupError extends Error {
  /** The group's name. */
  readonly group: string;
  readonly rule: GroupRule;
  /** The name of the tensor that the rule is broken for, where there is one. */
  readonly tensor: string | undefined;

  constructor(group: Group, rule: GroupRule, tensor: Tensor | undefined, message: string) {
    const source = group.loops.flatMap((loop) => loop.origin).find((origin) => origin.source !== undefined);
    const at = source === undefined ? '' : `  at ${source.source}`;
    super(`group ${groupName(group)}: ${message} (${rule})${at}`);
    this.name = 'GroupError';
    this.group = groupName(group);
    this.rule = rule;
    this.tensor = tensor?.name;
  }
}
