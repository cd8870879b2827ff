import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';

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
 * Whatever is Node's fails, but for what the package leaves out for browsers.
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
    plugins: [asForBrowsers],
  });
  const files = new Map(outputFiles.map(({ path, text }) => [path.slice(`${root}out`.length), text]));
  return { files, sources: sourcesOf(metafile) };
}

function sourcesOf({ outputs }: Metafile): Bundle['sources'] {
  return new Map(
    Object.entries(outputs).map(([path, { inputs }]) => [path.slice('out'.length), Object.keys(inputs)]),
  );
}

/** Does to sources what `browser` in package.json makes bundlers do to the built package. */
export const asForBrowsers: Plugin = {
  name: 'browser',
  setup({ onLoad }) {
    const { browser } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
    for (const [built, instead] of Object.entries(browser)) {
      const contents = typeof instead === 'string' ? `export * from '${sourceOf(instead)}';` : '';
      onLoad({ filter: exactly(sourceOf(built)) }, () => ({ contents, resolveDir: root }));
    }
  },
};

/** The source of a built file that package.json names. */
function sourceOf(built: string): string {
  return built.replace('./dist/', `${root}src/`).replace(/\.js$/, '.ts');
}

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
}
