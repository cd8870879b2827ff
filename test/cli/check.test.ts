import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SideBySide } from '../../src/check/sideBySide.ts';
import { type Target, targets } from '../../src/check/targets.ts';
import { checkCommand } from '../../src/cli/check.ts';
import { DeviceError } from '../../src/runtime/index.ts';
import { evaluatorRunner, withElement } from '../check/evaluatorRunner.ts';
import { softwareGpu } from '../softwareAdapter.ts';
import { type Run, sinter } from './run.ts';

const library = new URL('../../src/index.ts', import.meta.url).href;
const SOFTWARE = ['--target', 'webgpu-software'];
let folder = '';

/** Writes a file that exports modules. @returns its path */
function model(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, `import { customGradient, defineModule, nn, optim } from '${library}';\n${text}`);
  return file;
}

/** Runs the command with these targets; its errors are thrown. */
async function checkedOn(isTTY: boolean, known: readonly Target[], ...args: string[]): Promise<Run> {
  const printed = { code: -1, out: '', err: '' };
  const terminal = {
    stdout: {
      write: (text: string): void => {
        printed.out += text;
      },
    },
    stderr: {
      isTTY,
      write: (text: string): void => {
        printed.err += text;
      },
    },
    env: {},
  };
  const command = checkCommand(
    terminal,
    (code) => {
      printed.code = code;
    },
    known,
  );
  await command.parseAsync(args, { from: 'user' });
  return printed;
}

function checked(known: readonly Target[], ...args: string[]): Promise<Run> {
  return checkedOn(false, known, ...args);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-check-'));
  await softwareGpu();
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('sinter check', () => {
  test('prints a row for each target beside the reference, and ends with 0 where all agree', async () => {
    const file = model(
      'classifier.ts',
      `export const classifier = defineModule('classifier', (m) => {
  const batch = m.size('batch', { max: 16 });
  const x = m.input('x', { shape: [batch, 12], dtype: 'u8' });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const logits = nn.dense(x.cast('f32').div(255), 3, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  m.entry('train', { loss, updates: optim.adam({ lr: 0.01 }).minimize(loss) });
  m.entry('predict', { label: logits.argmax(1) });
});
`,
    );
    const { code, out, err } = await sinter(['check', file, ...SOFTWARE, '--seed', '1']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^classifier: 3 steps of train, predict each, seed 1, tolerance 1e-5$/m);
    expect(out).toMatch(/^ +target +on +steps +of allowed +where +result$/m);
    expect(out).toMatch(/^ +reference +plain loops, float64 +6$/m);
    expect(out).toMatch(
      /^ +webgpu-software +.*swiftshader.* 6 +\S+ +(state|output) .+ in step \d of \w+ +ok$/im,
    );
    expect(out).not.toContain('\u001b[');
    const one = await sinter(['check', file, ...SOFTWARE, '--entry', 'predict', '--steps', '1', '--json']);
    expect(one.code).toBe(0);
    const found: SideBySide = JSON.parse(one.out);
    expect(found).toMatchObject({ module: 'classifier', entries: ['predict'], steps: 1, nonFinite: null });
    expect(found.targets).toHaveLength(1);
    expect(found.targets[0]).toMatchObject({ name: 'webgpu-software', status: 'agrees', steps: 1 });
  });

  test('gives the reference the random numbers of the targets', async () => {
    const file = model(
      'dropout.ts',
      `export const dropout = defineModule('dropout', (m) => {
  const x = m.input('x', { shape: [8, 6] });
  const loss = nn.dropout(nn.dense(x, 16, { name: 'hidden' }), 0.5).square().mean();
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
});
`,
    );
    const { code, out } = await sinter(['check', file, '--target', 'wasm', '--seed', '7']);
    expect(out).toMatch(/^ +wasm .* ok$/m);
    expect(code).toBe(0);
  });

  test('ends with 1 and says at which node and line a NaN begins, though all targets agree on it', async () => {
    const file = model(
      'nan.ts',
      `export const nan = defineModule('nan', (m) => {
  const x = m.input('x', { shape: [8, 4] });
  const scores = x.log();
  m.entry('run', { loss: scores.mean() });
});
`,
    );
    const { code, out } = await sinter(['check', file, ...SOFTWARE]);
    expect(code).toBe(1);
    expect((await sinter(['check', file, ...SOFTWARE, '--allow-non-finite'])).code).toBe(0);
    expect(out).toMatch(/^NaN in output loss in step 1 of run, by the reference too; first at$/m);
    expect(out).toMatch(/^ {2}%\d+ = log\(x\) {2}at nan\.ts:4$/m);
    expect(out).toMatch(/^ {2}element \[\d, \d\], NaN, is log\(-\d\.\d+\)$/m);
    const { nonFinite } = JSON.parse((await sinter(['check', file, ...SOFTWARE, '--json'])).out);
    expect(nonFinite.origin).toMatchObject({ value: 'NaN', node: { op: 'log', source: 'nan.ts:4' } });
  });

  test('ends with 1 where a target differs, and names node, line, element, values and kernel', async () => {
    const file = model(
      'wrong.ts',
      `export const wrong = defineModule('wrong', (m) => {
  const x = m.input('x', { shape: [4, 5] });
  m.entry('run', { y: x.mul(2).tanh().sum() });
});
`,
    );
    const wrong = evaluatorRunner((node, value) =>
      node.op === 'tanh' ? withElement(value, 7, () => Number.NaN) : value,
    );
    const { code, out } = await checked([{ name: 'spoiled', open: async () => wrong }], file);
    expect(code).toBe(1);
    expect(out).toMatch(/^ {2}spoiled .* DIFFERS$/m);
    expect(out).toMatch(/^spoiled differs in step 1 of run; the first node that is wrong/m);
    expect(out).toMatch(/^ {2}%\d+ = tanh\(%\d+\) {2}at wrong\.ts:4$/m);
    expect(out).toMatch(/^ {2}element \[1, 2\] is NaN, the reference has \S+; they may be \S+ apart$/m);
    expect(out).toMatch(/^ {2}it is computed by dispatch 0 \(\w+\)$/m);
  });

  test("ends with 1 where a gradient of one's own is not the derivative, and names where it was applied", async () => {
    const file = model(
      'gradient.ts',
      `const doubled = customGradient((x) => x.mul(2), ({ cotangent }) => cotangent);
export const custom = defineModule('custom', (m) => {
  const x = m.input('x', { shape: [4] });
  m.entry('run', { y: doubled(x).sum() });
});
`,
    );
    const there = { name: 'there', open: async () => evaluatorRunner((_, value) => value) };
    const { code, out } = await checked([there], file);
    expect(code).toBe(1);
    expect(out).toMatch(/^gradient of one's own in input 0 is not the derivative, in step 1 of run, of$/m);
    expect(out).toMatch(/^ {2}%\d+ = custom\(%\d+, x\) {2}at gradient\.ts:5$/m);
    expect(out).toMatch(/^ {2}along a direction it gives -?\d.*, differences of the function give -?\d/m);
  });

  test('goes on without targets that are not at hand, unless they are asked for or there is no other', async () => {
    const file = model(
      'small.ts',
      `export const small = defineModule('small', (m) => {
  m.entry('run', { y: m.input('x', { shape: [4] }).add(1) });
});
`,
    );
    const there = { name: 'there', open: async () => evaluatorRunner((_, value) => value) };
    const absent = {
      name: 'absent',
      open: async () => {
        throw new DeviceError('no-adapter', 'no such device');
      },
    };
    const both = await checked([absent, there], file);
    expect([both.code, both.err]).toEqual([0, '']);
    const message = 'not at hand: absent (no such device)';
    expect(both.out.endsWith(`\n\n${message}\n`)).toBe(true);
    const { missing } = JSON.parse((await checked([absent, there], file, '--json')).out);
    expect(missing).toEqual([{ name: 'absent', reason: 'no such device' }]);
    await expect(checked([absent], file)).rejects.toThrow(message);
    await expect(checked([absent, there], file, '--target', 'absent', 'there')).rejects.toThrow(message);
  });

  test('shows on a terminal what it is doing, and leaves nothing of it', async () => {
    const file = model(
      'seen.ts',
      `export const seen = defineModule('seen', (m) => {
  m.entry('run', { y: m.input('x', { shape: [4] }).add(1) });
});
`,
    );
    const there = { name: 'there', open: async () => evaluatorRunner((_, value) => value) };
    const { err } = await checked([there], file, '--steps', '2');
    expect(err).toBe('');
    const seen = await checkedOn(true, [there], file, '--steps', '2');
    expect(seen.err).toContain('there: opening');
    expect(seen.err.endsWith('\r\u001b[K')).toBe(true);
  });

  test('explains itself', async () => {
    const { code, out } = await sinter(['check', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('|a - b| <= tolerance');
    expect(out).toContain('$ sinter check model.ts');
    for (const { name } of targets) expect(out).toContain(JSON.stringify(name));
  });
});

describe('wrong usage of sinter check', () => {
  test.each([
    ['no file', [], /missing required argument 'file'/],
    ['a missing file', ['missing.ts'], /^sinter: there is no file missing\.ts\n$/],
    [
      'an unknown entry',
      ['bench/workloads.ts#w1', '--entry', 'dream'],
      /^sinter: there is no entry "dream"; there are "train" and "predict"\n$/,
    ],
    [
      'no steps',
      ['bench/workloads.ts#w1', '--steps', '0'],
      /^sinter: --steps 0: it must be a whole number from 1 on\n$/,
    ],
    ['half a step', ['bench/workloads.ts#w1', '--steps', '1.5'], /^sinter: --steps 1\.5: it must be a whole/],
    [
      'a seed below 0',
      ['bench/workloads.ts#w1', '--seed=-1'],
      /^sinter: --seed -1: it must be a whole number/,
    ],
    [
      'a tolerance in words',
      ['bench/workloads.ts#w1', '--tolerance', 'some'],
      /^sinter: --tolerance some: it must be a number from 0 on, as in 1e-5\n$/,
    ],
    ['an unknown target', ['bench/workloads.ts#w1', '--target', 'abacus'], /Allowed choices are webgpu, /],
  ])('is told in one paragraph and ends with 2: %s', async (_, args, message) => {
    const { code, out, err } = await sinter(['check', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/^ +at /m);
  });

  test('a module without entries has nothing to run', async () => {
    const file = join(folder, 'idle.mjs');
    writeFileSync(
      file,
      "export const idle = { name: 'idle', graph: {}, entries: [], states: [], inputs: [] };\n",
    );
    const { code, err } = await sinter(['check', file]);
    expect([code, err]).toEqual([2, 'sinter: module "idle" has no entries to run\n']);
  });
});
