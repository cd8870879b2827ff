import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { exportedModules, isModule } from '../graph/exported.ts';
import type { Module } from '../graph/index.ts';
import { firstUserFrame } from '../graph/issues.ts';
import { listed, UsageError } from './usage.ts';

/**
 * The module that `FILE` or `FILE#EXPORT` names.
 *
 * @throws UsageError where the file is missing or cannot be loaded, or exports no such module, or several
 */
export async function loadModel(spec: string): Promise<Module> {
  const { file, name } = partsOf(spec);
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`there is no file ${file}`);
  if (statSync(path).isDirectory())
    throw new UsageError(`${file} is a folder; name a file that exports a module`);
  if (!isCode(path))
    throw new UsageError(`${file} is not JavaScript or TypeScript; name a file that exports a module`);
  const exported = await importFile(path, file);
  const modules = exportedModules(exported);
  const names = [...modules.keys()];
  if (name === undefined) {
    const distinct = [...new Set(modules.values())];
    const [only, ...others] = distinct;
    if (only === undefined)
      throw new UsageError(`${file} exports no module; export what defineModule returns`);
    if (others.length > 0)
      throw new UsageError(
        `${file} exports several modules: pick one of ${listed(names)}, as ${file}#${names[0]}`,
      );
    return only;
  }
  const found = modules.get(name);
  if (found !== undefined) return found;
  if (Object.hasOwn(exported, name))
    throw new UsageError(`${file} exports ${JSON.stringify(name)}, but it is not a module of defineModule`);
  const there = names.length === 0 ? 'it exports no module' : `there are ${listed(names)}`;
  throw new UsageError(`${file} has no export ${JSON.stringify(name)}; ${there}`);
}

/** Whether a file's name is one of code, as far as it says: Node takes names without an ending for JavaScript. */
function isCode(path: string): boolean {
  const ending = extname(path);
  return ending === '' || /^\.[cm]?[jt]sx?$/.test(ending);
}

/** The file that is named, and its export, where one is: a file's own name may hold a '#'. */
export function partsOf(spec: string): { readonly file: string; readonly name?: string } {
  const at = spec.lastIndexOf('#');
  if (at <= 0 || existsSync(resolve(spec))) return { file: spec };
  return { file: spec.slice(0, at), name: spec.slice(at + 1) };
}

async function importFile(path: string, file: string): Promise<Record<string, unknown>> {
  if (/\.[cm]?tsx?$/.test(path) && !readsTypeScript()) await registerTsx(path);
  try {
    const exported = exportsOf(await import(pathToFileURL(path).href));
    // A file that is CommonJS to Node (no `"type": "module"` beside it) may have all that it exports in `default`.
    const { default: all, ...named } = exported;
    return isModule(all) ? exported : { ...exportsOf(all), ...named };
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    // Node adds who imports; where that is this file, it is no news.
    const reason = message.replace(` imported from ${fileURLToPath(import.meta.url)}`, '');
    const place = placeOf(cause);
    throw new UsageError(`${file} cannot be loaded: ${reason}${place === undefined ? '' : `  at ${place}`}`, {
      cause,
    });
  }
}

/** The line of the user's code that threw, `model.ts:12`; undefined where none did, or where the message says its own. */
function placeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || 'source' in cause) return undefined;
  // Packages that the model uses, and what loads it, are not the user's.
  const frames = (cause.stack ?? '').split('\n').filter((frame) => !frame.includes('node_modules'));
  return firstUserFrame(frames.join('\n'));
}

function exportsOf(loaded: unknown): Record<string, unknown> {
  return typeof loaded === 'object' && loaded !== null && !isModule(loaded) ? { ...loaded } : {};
}

/** Whether imports of TypeScript work already: Node strips types itself, or we run under tsx. */
function readsTypeScript(): boolean {
  const strips = 'typescript' in process.features && Boolean(process.features.typescript);
  return strips || import.meta.url.endsWith('.ts');
}

/** Registers tsx, found from the model's project, from here, or from the current folder. */
async function registerTsx(path: string): Promise<void> {
  for (const from of [path, import.meta.url, resolve('package.json')]) {
    const loader = resolveFrom(from);
    if (loader === undefined) continue;
    // Importing it is what `node --import tsx` does: it registers itself.
    await import(loader);
    return;
  }
  throw new UsageError(
    `this Node (${process.version}) reads no TypeScript: install tsx beside the model (npm i -D tsx), or use Node 22.18 or later`,
  );
}

function resolveFrom(from: string): string | undefined {
  try {
    return pathToFileURL(createRequire(from).resolve('tsx')).href;
  } catch {
    // Not there: the next place may have it.
    return undefined;
  }
}
