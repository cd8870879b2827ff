import type { Excess } from './resources.ts';

/** A schedule that does not suit its group or its machine, or a group that no schedule suits. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
  readonly code: 'limit' | 'schedule';
  /** The group. */
  readonly group: string;
  /** The limit that even the smallest schedule exceeds. */
  readonly excess?: Excess;

  constructor(code: 'limit' | 'schedule', group: string, text: string, excess?: Excess) {
    super(`${group}: ${text}`);
    this.code = code;
    this.group = group;
    if (excess !== undefined) this.excess = excess;
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
