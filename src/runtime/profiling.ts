import { checkOption } from './options.ts';

/** What is timed: nothing, whole chunks of steps, or every dispatch on its own. */
export type Profiling = 'none' | 'steps' | 'dispatches';

/** Samples in columns, by entry. */
export type Timings = ReadonlyMap<string, readonly (readonly number[])[]>;

/** What an option says is timed; nothing by default. @throws InputError `range` for another word */
export function takeProfile(profile: Profiling = 'none'): Profiling {
  checkOption('profile', profile, ['none', 'steps', 'dispatches']);
  return profile;
}

/** Adds samples to the columns of an entry: in each `count` of them. */
export function noteTimes(
  timings: Map<string, number[][]>,
  entry: string,
  columns: number,
  count: number,
  took: (i: number, column: number) => number,
): void {
  const table = timings.get(entry) ?? Array.from({ length: columns }, (): number[] => []);
  timings.set(entry, table);
  for (const [column, samples] of table.entries())
    for (let i = 0; i < count; i++) samples.push(took(i, column));
}
