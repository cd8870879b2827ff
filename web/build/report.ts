import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, version } from 'esbuild';
import { noticesOf } from './notices.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = 'web/report/page.html';

/** What a build gave, and what it was made of: files by their paths from the root, with their hashes. */
interface Built {
  readonly inputs: Readonly<Record<string, string>>;
  readonly html: string;
}

/**
 * The page of a report without its looks: one text, with its scripts and styles in it. `<!--sinter:title-->` and
 * `<!--sinter:looks-->` stand where these come (`src/cli/html/page.ts`).
 */
export async function buildReport(): Promise<string> {
  return (await built()).html;
}

/**
 * The same, built only where something that it is made of has changed: kept in a folder of `node_modules`, which
 * git does not see.
 */
export async function cachedReport(): Promise<string> {
  const file = join(root, 'node_modules/.cache/sinter/report.json');
  const known = kept(file);
  if (known !== undefined) return known;
  const made = await built();
  // Several processes may write it at once: each its own, and the last one stays, whole.
  const own = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(own, JSON.stringify(made));
    renameSync(own, file);
  } catch {
    // It is only slower where nothing can be kept, as in a folder that is read only.
    rmSync(own, { force: true });
  }
  return made.html;
}

/** What was kept, if all that it was made of is as it was. */
function kept(file: string): string | undefined {
  try {
    const { inputs, html }: Built = JSON.parse(readFileSync(file, 'utf8'));
    return Object.entries(inputs).every(([path, hash]) => hashOf(path) === hash) ? html : undefined;
  } catch {
    // Not there, or not whole, or one of its files is gone.
    return undefined;
  }
}

async function built(): Promise<Built> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, 'web/report/main.tsx')],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    outdir: join(root, 'dist'),
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'dataurl', '.woff2': 'dataurl' },
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    logLevel: 'silent',
  });
  const part = (ending: string): string =>
    outputFiles.find(({ path }) => path.endsWith(ending))?.text.trim() ?? '';
  const parts: Readonly<Record<string, string>> = {
    notices: `<!--\n${noticesOf(packagesOf(metafile))}\n-->`,
    style: `<style>${requireInline(part('.css'))}</style>`,
    script: `<script type="module">${requireInline(part('.js'))}</script>`,
  };
  const html = readFileSync(join(root, PAGE), 'utf8').replaceAll(
    /<!--sinter:(\w+)-->/g,
    (place, name: string) => parts[name] ?? place,
  );
  const builders = ['report.ts', 'notices.ts'].map((file) => `web/build/${file}`);
  const inputs = [...Object.keys(metafile.inputs), PAGE, ...builders, 'package-lock.json'];
  return { inputs: Object.fromEntries(inputs.map((path) => [path, hashOf(path)])), html };
}

/** A text that ends no element. @throws Error where it would: esbuild writes what ends one in another way */
function requireInline(text: string): string {
  const found = /<\/(?:script|style)|<!--/i.exec(text)?.[0];
  if (found !== undefined) throw new Error(`the page of reports cannot hold ${found} in a script or a style`);
  return text;
}

/** The hash of a file, and of what builds. */
function hashOf(path: string): string {
  return createHash('sha256')
    .update(version)
    .update(readFileSync(join(root, path)))
    .digest('hex');
}

/** Folders of the packages that a build holds. */
function packagesOf({ inputs }: Metafile): string[] {
  const folders = Object.keys(inputs).flatMap(
    (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  return [...new Set(folders)].sort().map((folder) => relative(root, join(root, folder)));
}
