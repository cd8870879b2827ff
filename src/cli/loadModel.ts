import { existsSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { exportedModules, isModule } from '../graph/exported.ts';
import type { Module } from '../graph/index.ts';
import { importModel } from './importModel.ts';
import type { ModelOptions } from './modelCommand.ts';
import { listed, UsageError } from './usage.ts';

/**
 * The module that `FILE` or `FILE#EXPORT` names.
 *
 * @throws UsageError where the file is missing or cannot be loaded, or exports no such module, or several
 */
export async function loadModel(spec: string, { loadTimeout }: ModelOptions): Promise<Module> {
  const { file, name } = partsOf(spec);
  if (file === '') throw new UsageError('the name of the file is empty; name a file that exports a module');
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`there is no file ${file}`);
  if (statSync(path).isDirectory())
    throw new UsageError(`${file} is a folder; name a file that exports a module`);
  // Node takes names without an ending for JavaScript.
  if (!isCode(path) && extname(path) !== '')
    throw new UsageError(`${file} is not JavaScript or TypeScript; name a file that exports a module`);
  const exported = await importFile(path, file, loadTimeout);
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

/** Whether a file's name ends as those of code do. */
export function isCode(path: string): boolean {
  return /^\.[cm]?[jt]sx?$/.test(extname(path));
}

/** The file that is named, and its export, where one is: a file's own name may hold a '#'. */
export function partsOf(spec: string): { readonly file: string; readonly name?: string } {
  const at = spec.lastIndexOf('#');
  if (at <= 0 || existsSync(resolve(spec))) return { file: spec };
  return { file: spec.slice(0, at), name: spec.slice(at + 1) };
}

async function importFile(path: string, file: string, seconds: number): Promise<Record<string, unknown>> {
  const exported = exportsOf(await importModel(path, file, seconds));
  // A file that is CommonJS to Node (no `"type": "module"` beside it) may have all that it exports in `default`.
  const { default: all, ...named } = exported;
  return isModule(all) ? exported : { ...exportsOf(all), ...named };
}

function exportsOf(loaded: unknown): Record<string, unknown> {
  return typeof loaded === 'object' && loaded !== null && !isModule(loaded) ? { ...loaded } : {};
}
