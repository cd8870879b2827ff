import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { buildReport } from './report.ts';
import { writeScripts } from './scripts.ts';

/*
 * What the package has beside what the type checker writes: the page of reports, and the grammars that kernels are shown with, in
 * the place of an import that the package does not have; and the scripts that pages load without a bundler. `npx tsx web/build/package.ts dist`.
 */
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: web/build/package.ts FOLDER');
writeFileSync(join(folder, 'report.html'), await buildReport());
const grammars = join(folder, 'cli/grammars.js');
await build({
  entryPoints: [grammars],
  outfile: grammars,
  allowOverwrite: true,
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
});
await writeScripts(resolve(folder));
