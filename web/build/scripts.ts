import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { transform } from 'esbuild';
import { type GetModuleInfo, type OutputOptions, type RollupBuild, rollup } from 'rollup';

/** A script for pages, and the module of the package that it holds. */
interface Script {
  readonly module: string;
  readonly options: OutputOptions;
  /** Whether what is loaded later stands in files of its own. */
  readonly isInParts?: boolean;
}

/**
 * Writes the scripts that a page loads without any bundler, beside the modules that `tsc` has made.
 *
 * `sinter.min.js` holds all that people call. What compiles, and what runs WebAssembly, are files beside it, which it loads
 * when a module is compiled or a program started; they take what they share from it. `sinter.global.min.js` has all of it in
 * one file, as a classic script, whose global is `sinter`.
 *
 * @param dist the folder of the modules
 */
export async function writeScripts(dist: string): Promise<void> {
  const index = join(dist, 'index.js');
  const scripts: readonly Script[] = [
    { module: index, options: { format: 'es', entryFileNames: 'sinter.min.js' }, isInParts: true },
    { module: index, options: { ...whole('iife'), entryFileNames: 'sinter.global.min.js' } },
    {
      module: join(dist, 'runtime/index.js'),
      options: { ...whole('es'), entryFileNames: 'sinter.runtime.min.js' },
    },
    {
      module: join(dist, 'runtime/wasm/index.js'),
      options: { ...whole('es'), entryFileNames: 'sinter.runtime.wasm.min.js' },
    },
  ];
  mkdirSync(dist, { recursive: true });
  for (const { module, options, isInParts = false } of scripts) {
    const bundle = await rollup({
      input: module,
      // Files beside the first one take from it what they share; its own exports keep their names.
      preserveEntrySignatures: 'allow-extension',
      plugins: [nodeResolve({ browser: true })],
      onwarn: (warning) => {
        throw new Error(`${module} does not bundle: ${warning.message}`);
      },
    });
    await write(bundle, dist, isInParts ? { ...options, ...(await parts(bundle, dist)) } : options);
    await bundle.close();
  }
}

async function write(bundle: RollupBuild, folder: string, options: OutputOptions): Promise<void> {
  const { output } = await bundle.generate(options);
  for (const file of output) {
    if (file.type !== 'chunk') throw new RangeError(`${file.fileName} is not a script`);
    const isGlobal = options.format === 'iife';
    const { code } = await transform(file.code, {
      minify: true,
      target: 'es2022',
      ...(isGlobal ? {} : { format: 'esm' }),
    });
    writeFileSync(join(folder, file.fileName), inAscii(withoutLikenesses(code)));
  }
}

/**
 * A script in which texts that end with `from` or `import` do not look like imports of packages, of which it has none: a search
 * for these finds nothing. The letter is the same, written by its number.
 */
function withoutLikenesses(code: string): string {
  return code.replaceAll(/(fro|impor)(?:m|t)(?= *["'][^."'/])/g, (_, start: string) =>
    start === 'fro' ? 'fro\\x6d' : 'impor\\x74',
  );
}

/**
 * A script that is the same in any encoding: a page that does not say which one it has is read as Latin-1, and its classic scripts too.
 * What is left of other letters stands in regular expressions and tagged templates, which know the same escapes.
 */
function inAscii(code: string): string {
  return code.replaceAll(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** One file, whatever it would load later. */
function whole(format: 'es' | 'iife'): OutputOptions {
  return { format, name: 'sinter', inlineDynamicImports: true, exports: 'named' };
}

/** What is loaded later, by the part that it belongs to. */
async function parts(bundle: RollupBuild, dist: string): Promise<OutputOptions> {
  // Barrels name more than a file holds: what the first file has of them is seen once it is made.
  const { output } = await bundle.generate({ format: 'es' });
  const first = new Set(Object.keys(output[0].modules));
  let known: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  return {
    chunkFileNames: 'sinter.[name].min.js',
    hoistTransitiveImports: false,
    onlyExplicitManualChunks: true,
    manualChunks: (id, { getModuleInfo, getModuleIds }) => {
      if (first.has(id)) return undefined;
      known ??= new Map(
        roots.map(([part, paths]) => {
          const from = [...getModuleIds()].filter((one) =>
            paths.some((path) => one === join(dist, path) || one.endsWith(`/node_modules/${path}`)),
          );
          return [part, closure(getModuleInfo, from)];
        }),
      );
      const holders = [...known].flatMap(([part, ids]) => (ids.has(id) ? [part] : []));
      return holders.length > 1 ? 'compiler' : (holders[0] ?? 'check');
    },
  };
}

/** The parts, with the modules at which each begins. What two of them need is in `compiler`, what none does in `check`. */
const roots: readonly (readonly [part: string, paths: readonly string[]])[] = [
  ['webgpu', ['compile.js', 'runtime/timestamps.js']],
  ['wasm', ['compileToWasm.js', 'runtime/wasm/index.js', 'watr/src/compile.js', 'watr/src/parse.js']],
  ['compiler', ['inspect/inspection.js', 'debug.js']],
  [
    'notebook',
    ['notebook/valuesHtml.js', 'graph/shownHtml.js', 'inspect/compiledHtml.js', 'train/historyHtml.js'],
  ],
];

/** All that modules import, and what that imports, without what is loaded later. */
function closure(info: GetModuleInfo, from: readonly string[]): ReadonlySet<string> {
  const found = new Set(from);
  // A set gives what is added while it is walked.
  for (const id of found) for (const next of info(id)?.importedIds ?? []) found.add(next);
  return found;
}
