import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const MODULE = 'virtual:editor-types';

/** Doors of the package that a model may import. */
const doors = ['index.d.ts', 'data/index.d.ts', 'weights/index.d.ts'];

/**
 * `virtual:editor-types`, what the playground's editor knows types by: declarations of Sinter and of the language, as a map of paths
 * of a virtual file system to texts. Whatever TypeScript is found from the page's folder is the editor's.
 */
export function editorTypes(): Plugin {
  let made: string | undefined;
  return {
    name: 'editor-types',
    // Packages at the root would find the root's compiler, which is not a library.
    config: () => ({ resolve: { dedupe: ['typescript'] } }),
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load(id) {
      if (id !== `\0${MODULE}`) return undefined;
      made ??= JSON.stringify({ ...declarations(), ...language() });
      // Engines read JSON faster than the same text as a literal.
      return `export default JSON.parse(${JSON.stringify(made)})`;
    },
  };
}

/** What of Sinter's declarations its doors reach: `/sinter/index.d.ts` and so on. */
function declarations(): Record<string, string> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'sinter-declarations-'));
  try {
    execFileSync(
      process.execPath,
      [compiler(root), '-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--noCheck', '--outDir', folder],
      { cwd: root },
    );
    const files: Record<string, string> = {};
    const waiting = [...doors];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (`/sinter/${path}` in files) continue;
      const text = readFileSync(join(folder, path), 'utf8');
      files[`/sinter/${path}`] = text;
      for (const [, to] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)\.ts['"]/g)) {
        waiting.push(posix.join(posix.dirname(path), `${to}.d.ts`));
      }
    }
    return files;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The command of the repository's compiler: it writes declarations in a second. */
function compiler(root: string): string {
  return join(
    dirname(createRequire(join(root, 'package.json')).resolve('typescript/package.json')),
    'bin/tsc',
  );
}

/** The language's own declarations, `/lib.es2023.d.ts` and what it refers to. */
function language(): Record<string, string> {
  const from = createRequire(new URL('../package.json', import.meta.url));
  const folder = join(dirname(from.resolve('typescript/package.json')), 'lib');
  const files: Record<string, string> = {};
  const waiting = ['es2023', 'decorators', 'decorators.legacy'];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (`/lib.${name}.d.ts` in files) continue;
    const text = readFileSync(join(folder, `lib.${name}.d.ts`), 'utf8');
    files[`/lib.${name}.d.ts`] = text;
    for (const [, to] of text.matchAll(/<reference lib="([^"]+)"/g)) if (to !== undefined) waiting.push(to);
  }
  return files;
}
