import type { Compilation } from '../../compile.ts';
import { printModule } from '../../graph/index.ts';
import { listed, UsageError } from '../usage.ts';
import type { InspectOptions } from './options.ts';

/** The program at a level, or after a pass, for each entry. @throws UsageError where there is no such level or pass */
export function levelText({ module, trace }: Compilation, { ir, after, entry }: InspectOptions): string {
  // The graph is one for all entries, and no pass of an entry makes it.
  if (ir === 'graph' && after === undefined) return printModule(module);
  const passes = trace.passes.filter(
    (p) =>
      (entry === undefined || p.entry === entry) &&
      (ir === undefined || p.level === ir) &&
      (after === undefined || p.pass === after),
  );
  if (passes.length === 0 && after === undefined) {
    const levels = [...new Set(['graph', ...trace.passes.map((p) => p.level)])];
    throw new UsageError(`--ir: this target has no level ${JSON.stringify(ir)}; there are ${listed(levels)}`);
  }
  if (passes.length === 0) {
    const names = [...new Set(trace.passes.map((p) => p.pass))];
    throw new UsageError(
      `--after: no pass ${JSON.stringify(after)}${ir === undefined ? '' : ` gives ${ir}`}; there are ${listed(names)}`,
    );
  }
  const last = new Map(passes.map((p) => [p.entry, p]));
  return [...last.values()]
    .map((p) => `# ${p.entry}, after ${p.pass}${p.unchanged() ? ' (unchanged)' : ''}\n${p.text()}`)
    .join('\n');
}
