import type { Compilation } from '../compile.ts';
import type { Module } from '../graph/index.ts';
import { shapeText } from '../loops/index.ts';
import type { Formula, Role } from './look.ts';

export function rolesOf(module: Module): Role[] {
  return module.graph.nodes.map((node) =>
    node.inputs.length === 0 ? 'data' : (node.label ?? '').startsWith('d ') ? 'backward' : 'forward',
  );
}

export function layersOf(module: Module, _roles: readonly Role[]): string[][] {
  return module.graph.nodes.map(({ label }) => label?.split('.').slice(0, -1) ?? []);
}

export function formulasOf(compilation: Compilation, entry: string): Formula[][] {
  return (compilation.entries.get(entry)?.stages ?? []).map(({ groups }) =>
    groups.flatMap((group) =>
      [...group.prologue, ...group.loops].map((loop): Formula => {
        const [out] = loop.outs;
        return {
          name: loop.name,
          text: loop.origin.at(-1)?.node ?? loop.name,
          role: 'forward',
          type: out === undefined ? '' : `${out.tensor.dtype}${shapeText(out.tensor.shape)}`,
          nodes: loop.origin.flatMap(({ id }) => id ?? []),
        };
      }),
    ),
  );
}
