import { type Group, groupName } from './group.ts';
import type { Excess } from './resources.ts';

/** What is wrong with a schedule: a part of it that does not suit its group or its machine, or a limit of the machine. */
export type ScheduleRule =
  | 'kind'
  | 'workgroups'
  | 'threads'
  | 'split'
  | 'depth'
  | 'tile'
  | 'block'
  | 'phases'
  | 'partials'
  | Excess['limit'];

/** One thing that is wrong with a schedule: in words, and, where it is a number, what is needed and what there is. */
export interface ScheduleFault {
  readonly what: ScheduleRule;
  readonly text: string;
  readonly needed?: number;
  readonly available?: number;
}

/** A schedule that does not suit its group or its machine, or a group that no schedule suits. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
  /** `limit` where every schedule exceeds the machine, `schedule` where a schedule is wrong. */
  readonly code: 'limit' | 'schedule';
  /** The group. */
  readonly group: string;
  readonly what: ScheduleRule;
  readonly needed?: number;
  readonly available?: number;

  constructor(code: 'limit' | 'schedule', group: Group, { what, text, needed, available }: ScheduleFault) {
    const name = groupName(group);
    const source = group.loops.flatMap((loop) => loop.origin).find((origin) => origin.source !== undefined);
    super(`${name}: ${text}${source === undefined ? '' : `  at ${source.source}`}`);
    this.code = code;
    this.group = name;
    this.what = what;
    if (needed !== undefined) this.needed = needed;
    if (available !== undefined) this.available = available;
  }
}

const units = {
  workgroupMemory: 'bytes of workgroup memory',
  privateMemory: "bytes of an invocation's own memory",
  sums: 'sums in registers',
} as const satisfies Record<Excess['limit'], string>;

/** What exceeds a limit, in words: needed and available. */
export function excessText({ limit, needed, available }: Excess): string {
  return `it needs ${needed} ${units[limit]}, and there are ${available}`;
}
