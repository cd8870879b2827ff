import type { Compilation } from '../compile.ts';
import { neededBy } from '../graph/index.ts';
import type { KernelSpan } from '../kernels/spans.ts';
import type { Profile } from '../profile/profile.ts';
import { formulaContextOf } from './formulaContext.ts';
import type { Look, LookEntry, LookKernel, SourceFile } from './look.ts';
import { lookDecision } from './lookDecisions.ts';
import { lookDispatches } from './lookDispatches.ts';
import { lookNodes } from './lookNodes.ts';
import { lookPasses } from './lookPasses.ts';
import { type Report, reportOf } from './report.ts';

/** What a look has that no compilation knows. */
export interface LookOptions {
  /** Texts of the user's files, by the names that nodes have for them; others than those are left out. */
  readonly files?: readonly SourceFile[];
  /** What its tables show, where that is known already: each kernel is verified for it. */
  readonly report?: Report;
  /** What steps took, where they were measured: by entry. */
  readonly profiles?: Readonly<Record<string, Profile>>;
  /** Characters of the texts of passes that are kept, in all; by default eight million. */
  readonly mostText?: number;
  /** Is told what is being done. */
  readonly onProgress?: (doing: string) => void;
}

/** Characters that a page opens with in a second or two. */
const MOST_TEXT = 8_000_000;

/** Everything that the page of a report shows of a compilation: plain data. Needs neither a device nor Node. */
export function lookOf(compilation: Compilation, options: LookOptions = {}): Look {
  const { files = [], profiles = {}, mostText = MOST_TEXT, onProgress = () => {} } = options;
  const { module, machine, trace, milliseconds } = compilation;
  onProgress('nodes and dispatches');
  const { report = reportOf(compilation) } = options;
  const context = formulaContextOf(module);
  const nodes = lookNodes(module, context.roles);
  const named = new Set(nodes.flatMap(({ source }) => (source === undefined ? [] : [source.file])));
  const states = new Map(module.states.map(({ node, name }) => [node.id, name]));
  const entries: Record<string, LookEntry> = {};
  for (const { name, outputs, updates } of module.entries) {
    const compiled = compilation.entries.get(name);
    if (compiled === undefined) throw new RangeError(`entry ${name} was not compiled`);
    const roots = [
      ...outputs.map(({ node }) => node),
      ...updates.flatMap(({ state, next }) => [state, next]),
    ];
    entries[name] = {
      nodes: neededBy(roots).map(({ id }) => id),
      outputs: Object.fromEntries(outputs.map((output) => [output.name, output.node.id])),
      updates: Object.fromEntries(updates.map(({ state, next }) => [stateName(states, state.id), next.id])),
      dispatches: lookDispatches(compilation, name, report, context),
      decisions: compiled.decisions.all.map(lookDecision),
    };
  }
  return {
    format: 'sinter-look',
    version: 1,
    report,
    quantities: machine.description.numbers,
    files: files.filter((file) => named.has(file.name)),
    nodes,
    entries,
    kernels: kernelsOf(compilation, report),
    passes: lookPasses(trace, mostText, onProgress),
    profiles,
    milliseconds,
  };
}

function stateName(states: ReadonlyMap<number, string>, id: number): string {
  const name = states.get(id);
  if (name === undefined) throw new RangeError(`node ${id} is updated, and is not a state`);
  return name;
}

/** The spans of each kernel that an entry runs. */
function kernelsOf({ program, spans }: Compilation, report: Report): Record<string, LookKernel> {
  const byName = new Map(
    program.kernels.map(({ name }, k): [string, readonly KernelSpan[]] => [name, spans[k] ?? []]),
  );
  const shown = Object.values(report.entries).flatMap(({ kernels }) => kernels);
  return Object.fromEntries(shown.map(({ name }) => [name, { spans: byName.get(name) ?? [] }]));
}
