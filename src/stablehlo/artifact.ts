import { requireOption, requireOptions } from '../graph/arguments.ts';
import type { Module } from '../graph/index.ts';
import { firstFile, firstWords, stateSlots } from '../program/firstStates.ts';
import { isWhole } from '../runtime/issues.ts';
import { decodeSnapshot } from '../runtime/saved.ts';
import { functionOf } from './entry.ts';
import { type Manifest, manifestOf } from './manifest.ts';
import { identifier, Names } from './names.ts';
import { printed } from './print.ts';

/** A module with its first values, as files of a folder. */
export interface StableHloArtifact {
  readonly manifest: Manifest;
  /** `manifest.json`, a file `ENTRY.mlir` for each entry, `weights.safetensors`. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** Options of {@link stableHloArtifact}. */
export interface ArtifactOptions {
  /** Of the draws of first values, 0 where it is left out: a session that starts with the same seed has the same. */
  readonly seed?: number;
  /** What `session.save` gave, in place of first values. */
  readonly weights?: Uint8Array<ArrayBuffer>;
  /** Who wrote it, with a version. */
  readonly producer?: string;
}

const OPTIONS = ['seed', 'weights', 'producer'] as const satisfies readonly (keyof ArtifactOptions)[];

const MANIFEST = 'manifest.json';
const WEIGHTS = 'weights.safetensors';

/**
 * All entries of a module in the text of StableHLO ({@link toStableHlo}), the first values of its states, and a manifest that says
 * what they take and return: what `sinter export --format stablehlo` writes.
 *
 * @throws GraphError `option` for options that there are not; FormatError where `weights` are not what `session.save` gives, or of
 *   another module
 */
export function stableHloArtifact(module: Module, options: ArtifactOptions = {}): StableHloArtifact {
  requireOptions('stableHloArtifact', options, OPTIONS);
  const { seed = 0, producer = 'sinter' } = options;
  requireOption(
    'stableHloArtifact',
    'seed',
    seed,
    isWhole(seed, 0, 2 ** 32 - 1),
    'a whole number of 32 bits',
  );
  const states = stateSlots(module);
  if (options.weights !== undefined) decodeSnapshot({ state: states }, options.weights);
  const weights = options.weights ?? firstFile(states, firstWords(states, seed), seed);
  const names = new Names();
  const entries = module.entries.map((entry) => ({
    file: fileFor(entry.name, names),
    entry: functionOf(module, entry),
  }));
  const manifest = manifestOf(module, producer, entries, WEIGHTS);
  const encoded = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
  return {
    manifest,
    files: new Map([
      [MANIFEST, encoded(`${JSON.stringify(manifest, null, 2)}\n`)],
      ...entries.map(({ file, entry }) => [file, encoded(printed(module, entry))] as const),
      [WEIGHTS, weights],
    ]),
  };
}

/** Characters of an entry's name that its file has at most: file systems have limits. */
const MOST_CHARACTERS = 120;

/** The file of an entry. Some file systems do not tell capitals apart. */
function fileFor(entry: string, names: Names): string {
  const wish = identifier(entry).slice(0, MOST_CHARACTERS);
  return `${wish}${names.fresh(wish.toLowerCase()).slice(wish.length)}.mlir`;
}
