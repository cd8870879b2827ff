import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { defineModule } from '../../src/index.ts';
import { isolation, visit } from '../browser/chromium.ts';
import { userFolder } from './install.ts';
import { blocks, type Command, commands, examples, isShown, readme } from './readmeBlocks.ts';
import { bin, run } from './run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const installed = inject('installed');

/** What the page of README.md tells a test besides: the answer, and some of the weights that it has loaded. */
const TOLD = `
const told = { label: [...label.data], bias: [...(await session.read('output.bias')).data] };
await fetch('/result', { method: 'POST', body: JSON.stringify(told) });
`;

/** What prints the weights of that name that export.ts left behind. */
const BIAS = `
import { readFileSync } from 'node:fs';
import { start } from 'sinter';
const session = await start(JSON.parse(readFileSync('public/model.program.json', 'utf8')));
await session.load(readFileSync('public/model.weights.safetensors'));
console.log(JSON.stringify([...(await session.read('output.bias')).data]));
session.dispose();
`;

describe('the examples of README.md, beside the installed package', () => {
  const folder = userFolder(installed, 'readme', ['tsx', '@types/node']);

  const builds = ({ command }: Command): boolean => command.includes('sinter build');

  /** What a line of a shell prints as it stands, with the commands of what is installed; else why it fails. */
  const shell = async (line: string): Promise<string> => {
    const path = `${join(installed.folder, 'node_modules', '.bin')}:${join(root, 'node_modules', '.bin')}`;
    const script = `PATH=${JSON.stringify(path)}:$PATH; npx() { "$@"; }; ${line}`;
    return run(folder, 'bash', '-c', script).then(
      ({ stdout }) => stdout,
      ({ stderr }) => `it fails: ${stderr}`,
    );
  };

  beforeAll(async () => {
    const compilerOptions = {
      module: 'nodenext',
      lib: ['es2023', 'dom'],
      types: ['node'],
      strict: true,
      allowImportingTsExtensions: true,
      noEmit: true,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    for (const [file, text] of examples) writeFileSync(join(folder, file), text);
    // Examples import the types that it writes.
    for (const { command } of commands.filter(builds))
      expect(await shell(command)).toMatch(/^mnist-mlp for wasm\n/);
  });

  test('all type-check as they stand, by the options that it names', async () => {
    expect([...examples.keys()]).toEqual(
      expect.arrayContaining(['model.ts', 'train.ts', 'export.ts', 'page.ts']),
    );
    const printed = await run(folder, bin('tsc'), '-p', '.').then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    );
    expect(printed).toBe('');
  });

  test.each(commands.filter((shown) => !builds(shown)))(
    '`$command` prints what stands there',
    async ({ command, printed }) => {
      const output = await shell(command);
      if (printed === undefined) expect(output).not.toMatch(/^(it fails|$)/);
      else if (!isShown(printed, output)) expect(output).toBe(printed.join('\n'));
    },
  );

  const alone = [...examples.keys()].filter(
    (file) => file !== 'page.ts' && !commands.some(({ command }) => command.includes(file)),
  );
  test.each(alone)('%s runs', async (file) => {
    await run(folder, bin('tsx'), file);
  });

  test('what export.ts leaves behind runs in the page, by the strictest policy that it names', async ({
    signal,
  }) => {
    const { outputFiles } = await build({
      stdin: { contents: `${examples.get('page.ts')}${TOLD}`, resolveDir: folder, loader: 'ts' },
      bundle: true,
      format: 'esm',
      write: false,
    });
    const files = new Map<string, string | Uint8Array>([['/script.js', outputFiles[0]?.text ?? '']]);
    for (const file of ['model.program.json', 'model.weights.safetensors'])
      files.set(`/${file}`, readFileSync(join(folder, 'public', file)));
    const policy = /`(script-src [^`]*)`[^`]*`(worker-src [^`]*)`/.exec(readme)?.slice(1).join('; ');
    const headers = {
      ...isolation,
      'Content-Security-Policy': `default-src 'none'; connect-src 'self'; ${policy}`,
    };
    const { result } = await visit({ files, headers, webgpu: false }, signal);
    writeFileSync(join(folder, 'bias.ts'), BIAS);
    const { stdout } = await run(folder, bin('tsx'), 'bias.ts');
    expect(result).toEqual({ label: [expect.any(Number)], bias: JSON.parse(stdout) });
  });
});

describe('what README.md promises', () => {
  test('every block is an example, commands with what they print, or one that is known', () => {
    const others = blocks.filter(({ language }) => language !== 'ts' && language !== 'console');
    expect(others.map(({ text }) => text.trim())).toEqual([
      'npm ci && npm run mnist',
      // The page of a script tag: scripts.test.ts opens it.
      expect.stringMatching(/^<!doctype html>/),
      expect.stringMatching(/^matmul: /),
    ]);
  });

  test('the error that it shows is what is thrown', () => {
    const shown = blocks.find(({ text }) => text.startsWith('matmul: '))?.text.trim() ?? '';
    const [message = ''] = shown.split('  at ');
    expect(() =>
      defineModule('shown', (m) => {
        const product = m.input('a', { shape: [128, 784] }).matmul(m.input('b', { shape: [512, 10] }));
        m.entry('run', { product });
      }),
    ).toThrow(message);
  });

  test('every script of npm that it names exists', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const named = [...readme.matchAll(/npm (?:run (?:-s )?)(\w+)|npm (test)/g)].map(
      ([, script, own]) => script ?? own ?? '',
    );
    expect(named).toEqual(expect.arrayContaining(['mnist', 'sinter', 'test']));
    for (const script of named) expect(scripts).toHaveProperty(script);
  });

  test('every file that it links to exists', () => {
    const links = [...readme.matchAll(/\]\(([\w./]+)\)/g)].map(([, file = '']) => file);
    expect(links.length).toBeGreaterThan(2);
    for (const file of links) expect(readFileSync(join(root, file), 'utf8').length).toBeGreaterThan(100);
  });
});
