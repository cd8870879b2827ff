import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { highlighted } from '../../src/cli/highlight.ts';
import { run } from '../../src/cli/run.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-pager-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Prints a kernel on a terminal. @returns what was written to the terminal itself, past any pager */
async function shown(target: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  let out = '';
  const write = (text: string): void => {
    out += text;
  };
  const args = ['inspect', 'examples/model.ts', '--target', target, '--code', '0'];
  const code = await run(args, { stdout: { isTTY: true, write }, stderr: { write }, env });
  expect(code).toBe(0);
  return out;
}

/** A pager that keeps what it is shown. */
function pager(lines: string): { readonly command: string; readonly seen: () => string } {
  const file = join(folder, `pager-${lines.length}`);
  writeFileSync(file, lines.replace('OUT', `${file}.out`), { mode: 0o755 });
  return { command: `sh ${file}`, seen: () => readFileSync(`${file}.out`, 'utf8') };
}

test.each([
  ['webgpu', '\u001b[35mfn'],
  ['wasm', '\u001b[35mfunc'],
])(
  'kernels for %s go through the pager on a terminal, in colours that change no character',
  async (target, keyword) => {
    const { command, seen } = pager(`cat > "OUT" # ${target}`);
    const plain = await shown(target, { PAGER: '', NO_COLOR: '1' });
    expect(await shown(target, { PAGER: command, PATH: process.env.PATH })).toBe('');
    expect(seen()).toContain(keyword);
    expect(stripVTControlCharacters(seen())).toBe(plain);
  },
);

test('a pager that is left early, and one that is not there, end nothing', async () => {
  const { command, seen } = pager('head -n 1 > "OUT"');
  expect(await shown('webgpu', { PAGER: command, PATH: process.env.PATH, NO_COLOR: '1' })).toBe('');
  expect(seen().split('\n')).toHaveLength(2);
  const out = await shown('webgpu', { PAGER: 'no-such-pager-here 2>&-', PATH: process.env.PATH });
  expect(out).toContain('workgroup_size');
});

test('colours change no text, whatever it is', () => {
  for (const language of ['wgsl', 'wat'] as const)
    for (const text of ['', '\n\n', '/* open', '"open', 'fn f() -> f32 { return 1.5e-3f; }', '(;; $x'])
      expect(stripVTControlCharacters(highlighted(text, language))).toBe(text);
});
