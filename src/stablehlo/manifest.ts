import { numberOf, textOf } from '../graph/attributes.ts';
import type { Mesh, Module, Node, Sharding } from '../graph/index.ts';
import { type Dim, type Dtype, extentOf } from '../loops/index.ts';
import { indexRange } from '../program/indexRange.ts';
import type { Argument, EntryFunction } from './entry.ts';
import { shardingField } from './sharding.ts';

/** The version of the format: who reads it refuses others. */
export const MANIFEST_VERSION = 1;

/** A dimension: a number, or a bounded size by its name, times a factor. */
export type ManifestDim = number | { readonly size: string; readonly factor?: number };

/** What a folder of StableHLO files says of itself: `manifest.json`. */
export interface Manifest {
  readonly format: 'sinter-stablehlo';
  readonly version: typeof MANIFEST_VERSION;
  /** `sinter 0.1.0`. */
  readonly producer: string;
  /** Its name. */
  readonly module: string;
  readonly sizes: readonly { readonly name: string; readonly max: number }[];
  /** How it is spread over devices, if it says. */
  readonly mesh: Mesh | null;
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: readonly ManifestDim[];
    readonly dtype: Dtype;
    /** Where it chooses elements, labels and tokens: its values are from 0 on, and below this. */
    readonly below?: number;
    readonly sharding?: Sharding;
  }[];
  readonly states: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly dtype: Dtype;
    readonly trainable: boolean;
    readonly sharding?: Sharding;
  }[];
  /** Run-time scalars. `step` is the number of the entry's step, from 1. */
  readonly params: readonly { readonly name: string; readonly dtype: Dtype; readonly initial: number }[];
  readonly entries: readonly ManifestEntry[];
  /** The file of first values, which is one that `session.save` could have written before the first step. */
  readonly weights: string;
}

/** One entry: its file, and what its `@main` takes and returns, in that order. */
export interface ManifestEntry {
  readonly name: string;
  readonly file: string;
  readonly arguments: readonly {
    readonly kind: Argument['kind'];
    readonly name: string;
    /** That the next value of this state may take its place. */
    readonly donated?: true;
  }[];
  readonly results: readonly {
    readonly kind: 'state' | 'output';
    readonly name: string;
    readonly shape: readonly ManifestDim[];
    readonly dtype: Dtype;
  }[];
}

/**
 * The manifest of a module.
 *
 * @param entries all of them, each with the file of its text
 * @param weights the file of first values
 */
export function manifestOf(
  module: Module,
  producer: string,
  entries: readonly { readonly file: string; readonly entry: EntryFunction }[],
  weights: string,
): Manifest {
  return {
    format: 'sinter-stablehlo',
    version: MANIFEST_VERSION,
    producer,
    module: module.name,
    sizes: module.sizes.map(({ name, max }) => ({ name, max })),
    mesh: module.mesh ?? null,
    inputs: module.inputs.map((node) => ({
      name: textOf(node.op, node.attrs, 'name'),
      shape: node.shape.map(dimOf),
      dtype: node.dtype,
      ...belowField(module, node),
      ...shardingField(module, node),
    })),
    states: module.states.map(({ name, node, trainable }) => ({
      name,
      shape: node.shape.map(extentOf),
      dtype: node.dtype,
      trainable,
      ...shardingField(module, node),
    })),
    params: module.params.map((node) => ({
      name: textOf(node.op, node.attrs, 'name'),
      dtype: node.dtype,
      initial: numberOf(node.op, node.attrs, 'initial'),
    })),
    entries: entries.map(({ file, entry }) => entryOf(entry, file)),
    weights,
  };
}

function belowField(module: Module, input: Node): { readonly below?: number } {
  const range = indexRange(module, input);
  return range === undefined ? {} : { below: range[1] };
}

function entryOf(entry: EntryFunction, file: string): ManifestEntry {
  return {
    name: entry.name,
    file,
    arguments: entry.arguments.map((argument) => ({
      kind: argument.kind,
      name: argument.name,
      ...(argument.kind === 'state' && argument.donatedTo !== undefined ? { donated: true } : {}),
    })),
    results: entry.results.map(({ kind, name, node }) => ({
      kind,
      name,
      shape: node.shape.map(dimOf),
      dtype: node.dtype,
    })),
  };
}

function dimOf(dim: Dim): ManifestDim {
  if (typeof dim === 'number') return dim;
  return dim.factor === 1 ? { size: dim.size.name } : { size: dim.size.name, factor: dim.factor };
}
