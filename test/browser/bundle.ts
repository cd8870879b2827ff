import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

/** A page's script and its chunks, as a bundler makes them. */
export interface Bundle {
  /** The text of each file, by its path on the server; `/script.js` is the script. */
  readonly files: ReadonlyMap<string, string>;
  /** The source files in each of them, relative to the repository. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Bundles a page of this folder, in chunks: what is imported where it is needed is in a chunk of its own.
 * Whatever is Node's fails, except what package.json leaves out for browsers (`browser`).
 */
export async function bundle(page: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: { script: `test/browser/${page}` },
    absWorkingDir: root,
    outdir: 'out',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
  });
  const files = new Map(outputFiles.map(({ path, text }) => [path.slice(`${root}out`.length), text]));
  return { files, sources: sourcesOf(metafile) };
}

function sourcesOf({ outputs }: Metafile): Bundle['sources'] {
  return new Map(
    Object.entries(outputs).map(([path, { inputs }]) => [
      path.slice('out'.length),
      // What is left out is there as an empty file.
      Object.keys(inputs).filter((file) => !file.startsWith('(disabled)')),
    ]),
  );
}
