import { basename, dirname } from 'node:path';
import type { Module } from '../graph/index.ts';
import { named } from '../issues.ts';
import { valuesIn } from './statesFile.ts';
import { UsageError } from './usage.ts';

/** What a format is made of. */
export interface ExportRequest {
  readonly module: Module;
  /** The entry that was asked for, if one was. */
  readonly entry: string | undefined;
  /** The path that `--out` names. */
  readonly out: string;
  /** The states of the module as `session.save` writes them: first values, or those that `--weights` names. */
  readonly states: Uint8Array<ArrayBuffer>;
  /** The options that were given about these states: what a format without states refuses. */
  readonly ofStates: readonly string[];
  /** `sinter 0.1.0`. */
  readonly producer: string;
}

/** The files that a format writes: by name, into a folder. */
export interface Exported {
  readonly folder: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** A format that modules are exported to. */
export interface ExportFormat {
  /** What `--out` names, in words. */
  readonly doc: string;
  /** The endings of `--out` that mean it where no format is named. */
  readonly endings: readonly string[];
  /** @throws UsageError for what it cannot do */
  readonly write: (request: ExportRequest) => Promise<Exported>;
}

/** The formats, by name. Each loads what it needs when it is asked for. */
export const exportFormats = {
  stablehlo: {
    doc: 'a folder: a text of StableHLO for each entry, first values, a manifest; or one entry, where --out ends in .mlir',
    endings: ['.mlir'],
    write: async ({ module, entry, out, states, ofStates, producer }) => {
      const { stableHloArtifact, toStableHlo } = await import('../stablehlo/index.ts');
      if (out.endsWith('.mlir')) {
        const [option] = ofStates;
        if (option !== undefined)
          throw new UsageError(
            `${option} has no use: ${out} is a program without values; name a folder to have both`,
          );
        return oneFile(out, toStableHlo(module, onlyEntry(module, entry)));
      }
      const { files } = stableHloArtifact(ofEntry(module, entry), { weights: states, producer });
      return { folder: out, files };
    },
  },
  onnx: {
    doc: 'a file of ONNX: one entry, its states constants, or inputs and outputs where it updates any',
    endings: ['.onnx'],
    write: async ({ module, entry, out, states, producer }) => {
      const { toOnnx } = await import('../onnx/index.ts');
      const name = onlyEntry(module, entry);
      return oneFile(out, toOnnx(module, { entry: name, weights: valuesIn(module, states), producer }));
    },
  },
  safetensors: {
    doc: 'a file of the values of all states, which session.load reads',
    endings: ['.safetensors'],
    write: async ({ entry, out, states }) => {
      if (entry !== undefined)
        throw new UsageError('--entry is of a program: a safetensors file has the states of all entries');
      return oneFile(out, states);
    },
  },
} as const satisfies Record<string, ExportFormat>;

/** The name of a format, as `--format` takes it. */
export type ExportFormatName = keyof typeof exportFormats;

/** The names of all formats. */
export const exportFormatNames = Object.keys(exportFormats) as ExportFormatName[];

/** The format that a path's ending means; undefined where none does. */
export function formatOf(out: string): ExportFormatName | undefined {
  return exportFormatNames.find((name) => exportFormats[name].endings.some((ending) => out.endsWith(ending)));
}

/** One file at the path that `--out` names. */
function oneFile(out: string, content: string | Uint8Array): Exported {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { folder: dirname(out), files: new Map([[basename(out), bytes]]) };
}

/** The name of the entry that was asked for, or of the only one. @throws UsageError where there are several */
function onlyEntry({ entries, name }: Module, asked: string | undefined): string {
  if (asked !== undefined) return asked;
  const [only, ...others] = entries;
  if (only !== undefined && others.length === 0) return only.name;
  const names = entries.map((entry) => JSON.stringify(entry.name)).join(', ');
  throw new UsageError(`${name} has several entries: pick one of ${names} by --entry`);
}

/** A module with one of its entries alone, where one was asked for. @throws UnknownNameError where there is none of that name */
function ofEntry(module: Module, asked: string | undefined): Module {
  if (asked === undefined) return module;
  return { ...module, entries: [named('entry', asked, module.entries)] };
}
