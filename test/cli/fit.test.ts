import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machines, machineWith } from '../../src/machine/index.ts';
import type { Fit } from '../../src/profile/fits.ts';
import { sinter } from './run.ts';

let folder = '';
let model = '';

/** Writes a file. @returns its path */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-fit-'));
  model = file(
    'model.ts',
    `import { defineModule } from '${new URL('../../src/index.ts', import.meta.url).href}';
export const small = defineModule('small', (m) => {
  const x = m.input('x', { shape: [m.size('batch', { max: 16 }), 256] });
  m.entry('run', { y: x.exp().sum(1) });
});
export const large = defineModule('large', (m) => {
  m.entry('run', { total: m.state('weights', { shape: [2 ** 30 + 2 ** 28] }).sum() });
});
`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('sinter fit', () => {
  test('prints what is needed beside what there is, and which batch would fit, and ends with 0', async () => {
    const { code, out, err } = await sinter(['fit', `${model}#small`, '--target', 'wasm', '--threads', '2']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^small for wasm, on machine wasm \(four cores of a laptop\): fits$/m);
    expect(out).toMatch(/^ +what +needed +there is +% of it$/m);
    expect(out).toMatch(/^ +the plan, 2 threads and a batch +[\d.]+ kB +4\.29 GB +0\.0$/m);
    // This computer's own.
    expect(out).toMatch(/^ +memory of the same +[\d.]+ kB +[\d.]+ [GT]B +0\.0$/m);
    expect(out).toMatch(/^batch is at most 16; \d+ would fit, \d+ would not:$/m);
  });

  test('ends with 1 where it does not fit, which compile refuses', async () => {
    const { code, out } = await sinter(['fit', `${model}#large`, '--target', 'wasm', '--json']);
    expect(code).toBe(1);
    const fit: Fit = JSON.parse(out);
    expect(fit).toMatchObject({ module: 'large', fits: false, fault: null, sizes: [] });
    expect(fit.needs[0]).toMatchObject({ limit: 'address space', available: 2 ** 32, fits: false });
    expect(fit.needs[0]?.needed).toBeGreaterThan(4 * (2 ** 30 + 2 ** 28));
    expect((await sinter(['inspect', `${model}#large`, '--target', 'wasm'])).code).toBe(2);
  });

  test('takes machines by name, and from files', async () => {
    const named = await sinter(['fit', `${model}#small`, '--machine', 'webgpu-software', '--json']);
    const software = 'webgpu-software';
    expect(JSON.parse(named.out)).toMatchObject({ target: software, machine: software, fits: true });
    const { description } = machineWith(machines.webgpu, { binding: 8192 });
    const small = file('little.json', JSON.stringify({ ...description, name: 'little' }));
    const { code, out } = await sinter(['fit', `${model}#small`, '--machine', small]);
    expect(code).toBe(1);
    expect(out).toMatch(/^small for webgpu, on machine little \(a large GPU\): DOES NOT FIT$/m);
    expect(out).toMatch(/^ +inputs of a batch .* TOO LARGE$/m);
    expect(out).toMatch(/^batch is at most 16; 7 would fit, 8 would not:$/m);
  });

  test('takes the limits of the adapter at hand', async () => {
    const { code, out } = await sinter(['fit', `${model}#small`, '--target', 'webgpu-software', '--adapter']);
    expect(code).toBe(0);
    expect(out).toMatch(/^small for webgpu-software, on adapter .*swiftshader.*: fits$/im);
  });

  test('explains itself', async () => {
    const { code, out } = await sinter(['fit', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('$ sinter fit model.ts --machine laptop.json');
  });

  test.each([
    ['a missing file', ['missing.ts'], /^sinter: there is no file missing\.ts\n$/],
    [
      'an unknown machine',
      ['examples/model.ts', '--machine', 'abacus'],
      /^sinter: --machine abacus: there is no such machine, nor such a file; machines are "webgpu", /,
    ],
    [
      'a file that is not JSON',
      ['examples/model.ts', '--machine', 'README.md'],
      /^sinter: --machine README\.md: it cannot be read as JSON: /,
    ],
    [
      'a file that describes no machine',
      ['examples/model.ts', '--machine', 'package.json'],
      /^sinter: machine sinter: features is undefined; it must be a list/,
    ],
    [
      'a machine that the target does not suit',
      ['examples/model.ts', '--machine', 'wasm', '--target', 'webgpu'],
      /^sinter: machine wasm: features has tasks, which target webgpu does not run: give target wasm, or none\n$/,
    ],
    [
      'an adapter of WebAssembly',
      ['examples/model.ts', '--adapter', '--target', 'wasm'],
      /^sinter: --adapter: target wasm has no adapter; name --target webgpu or webgpu-software\n$/,
    ],
    [
      'threads of a GPU',
      ['examples/model.ts', '--threads', '2', '--target', 'webgpu'],
      /^sinter: --threads: target webgpu has no threads; --target wasm has\n$/,
    ],
    [
      'a machine and an adapter',
      ['examples/model.ts', '--machine', 'wasm', '--adapter'],
      /'--adapter' cannot be used with option '--machine/,
    ],
  ])('is told in one paragraph what is wrong: %s', async (_, args, message) => {
    const { code, out, err } = await sinter(['fit', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/^ +at /m);
  });
});
