import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Whose work a page holds, as a comment of it may say: a line for each package, with its licence and its copyright.
 *
 * @param folders of packages, from the root
 */
export function noticesOf(folders: readonly string[]): string {
  const lines = folders.map((folder) => {
    const { name, version, license }: Record<string, unknown> = JSON.parse(
      readFileSync(join(root, folder, 'package.json'), 'utf8'),
    );
    const copyright = copyrightOf(join(root, folder));
    return `${String(name)} ${String(version)}, ${String(license)}${copyright === '' ? '' : `: ${copyright}`}`;
  });
  return ['This page holds the work of others:', ...lines].join('\n').replaceAll('--', '- -');
}

/** The line of a licence that says whose it is. */
function copyrightOf(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined || !existsSync(join(folder, file))) return '';
  const text = readFileSync(join(folder, file), 'utf8');
  return /^\s*(copyright .*)$/im.exec(text)?.[1]?.trim() ?? '';
}
