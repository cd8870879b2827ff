import type { Compilation, WebGpuCompilation } from '../../compile.ts';
import type { WasmCompilation } from '../../compileToWasm.ts';
import { dispatchesOf } from '../../inspect/explain.ts';
import type { Report } from '../../inspect/report.ts';
import { UnknownNameError } from '../../issues.ts';
import { paged } from '../pager.ts';
import { hasColours } from '../paint.ts';
import type { Terminal } from '../run.ts';
import { listed, UsageError } from '../usage.ts';

/** Kernels as text: all of the shown entries, those of a name, that of a dispatch, or those that compute a node. @throws UsageError where there are none */
export function code(
  compilation: WebGpuCompilation | WasmCompilation,
  report: Report,
  wanted: string | true,
): string {
  const entries = Object.entries(report.entries);
  // Functions of one module read best in it.
  const isWhole = entries.length === compilation.entries.size;
  if (wanted === true && isWhole && 'text' in compilation) return compilation.text;
  const all = entries.flatMap(([, entry]) => entry.kernels);
  const dispatched = entries.flatMap(([, entry]) => entry.dispatches.filter(({ name }) => name === wanted));
  const named = new Set([wanted, ...dispatched.map(({ kernel }) => kernel)]);
  const chosen = wanted === true ? all : all.filter(({ name }) => named.has(name));
  if (wanted !== true && chosen.length === 0) {
    const dispatches = /^\d+$/.test(wanted)
      ? () => new Set([Number(wanted)])
      : dispatchesComputing(compilation, wanted);
    for (const [name, entry] of entries) {
      const kernels = new Set([...dispatches(name)].map((k) => entry.dispatches[k]?.kernel));
      chosen.push(...entry.kernels.filter((kernel) => kernels.has(kernel.name)));
    }
  }
  if (chosen.length === 0) {
    const names = listed([...new Set(all.map(({ name }) => name))]);
    throw new UsageError(
      `--code: there is no kernel ${JSON.stringify(wanted)}; there are ${names}; the name of a node finds the kernel that computes it`,
    );
  }
  return [...new Set(chosen.map((kernel) => kernel.code))]
    .map((text) => text.replace(/\n*$/, '\n'))
    .join('\n');
}

/** For an entry, its dispatches that compute a node: none where there is no such node. */
function dispatchesComputing(compilation: Compilation, node: string): (entry: string) => ReadonlySet<number> {
  try {
    const found = dispatchesOf(compilation, node);
    return (entry) => found.get(entry) ?? new Set();
  } catch (error) {
    if (error instanceof UnknownNameError) return () => new Set();
    throw error;
  }
}

/** Shows kernels page by page on a terminal, in colours where it has them; elsewhere as they are. */
export async function showCode(
  text: string,
  compilation: WebGpuCompilation | WasmCompilation,
  terminal: Terminal,
): Promise<void> {
  if (!hasColours(terminal)) return paged(text, terminal);
  // Only what shows colours loads the grammars.
  const { highlighted } = await import('../highlight.ts');
  return paged(highlighted(text, 'text' in compilation ? 'wat' : 'wgsl'), terminal);
}
