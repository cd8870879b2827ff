import type { Compilation } from '../compile.ts';
import type { Paint } from '../inspect/paint.ts';
import { table } from '../inspect/reportText.ts';
import type { Timing } from '../trace.ts';

/** Where the time of a compilation went, as data. Milliseconds. */
export interface Timings {
  /** The whole compilation: the sum of its parts, and of the rest. */
  readonly milliseconds: number;
  /** In the order in which they ran. */
  readonly parts: readonly Timing[];
  /** What no part accounts for. */
  readonly rest: number;
}

/** Where the time of a compilation went. */
export function timingsOf({ milliseconds, trace }: Compilation): Timings {
  const { timings } = trace;
  const sum = timings.reduce((ms, part) => ms + part.milliseconds + part.verifying, 0);
  return { milliseconds, parts: timings, rest: milliseconds - sum };
}

/**
 * A table of the passes, those of one name in one line, with their shares of the whole compilation.
 *
 * @param entry only passes of this one, and what is done once for all entries
 */
export function timingsText(compilation: Compilation, entry: string | undefined, paint: Paint): string {
  const { milliseconds, parts, rest } = timingsOf(compilation);
  const rows = new Map<string, { run: number; verify: number }>();
  for (const part of parts) {
    if (entry !== undefined && part.entry !== undefined && part.entry !== entry) continue;
    const row = rows.get(part.name) ?? { run: 0, verify: 0 };
    rows.set(part.name, { run: row.run + part.milliseconds, verify: row.verify + part.verifying });
  }
  rows.set('the rest', { run: rest, verify: 0 });
  const cells = [...rows].map(([name, { run, verify }]) => [
    name,
    run.toFixed(1),
    verify.toFixed(1),
    // Not -0.0, where the parts take all of it.
    ((100 * (run + verify)) / milliseconds).toFixed(1).replace(/^-(0\.0)$/, '$1'),
  ]);
  const { program, entries } = compilation;
  const counted = `${entries.size} ${entries.size === 1 ? 'entry' : 'entries'}`;
  const heading = `${paint.bold(program.name)} for ${program.target}: compiled in ${milliseconds.toFixed(1)} ms, ${counted}`;
  return `${[heading, ...table(['pass', 'ms', 'verifying, ms', '% of all'], cells, paint)].join('\n')}\n`;
}
