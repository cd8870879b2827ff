import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { w1 } from '../../bench/workloads.ts';
import { compile } from '../../src/index.ts';
import type { Report } from '../../src/inspect/report.ts';
import { machines } from '../../src/machine/index.ts';
import type { Timing } from '../../src/trace.ts';
import { type Run, sinter } from './run.ts';

const W1 = 'bench/workloads.ts#w1';

/** What is inspected for WebGPU, whatever is at hand. */
function inspectW1(...args: readonly string[]): Promise<Run> {
  return sinter(['inspect', W1, '--target', 'webgpu', ...args]);
}

describe('sinter inspect', () => {
  test('prints on one screen of 80 columns what each dispatch computes, in the user’s words', async () => {
    const { code, out, err } = await inspectW1();
    expect([code, err]).toEqual([0, '']);
    const lines = out.split('\n');
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(80);
    expect(lines.length).toBeLessThanOrEqual(40);
    for (const formula of [
      'hidden = relu(x/255 · hidden.weight + hidden.bias)',
      'output = hidden · output.weight + output.bias',
      'd output = softmax(output)/batch + where(index = y, −1/batch, 0)',
      'd hidden = where(hidden > 0, d output · output.weightᵀ, 0)',
      "output.bias' = output.bias − lr·Σ d output  so hidden.bias'",
      "hidden.weight' = hidden.weight − lr·((x/255)ᵀ · d hidden)",
      'label = argmax(contract_13 + output.bias)',
    ])
      expect(lines).toContain(`     ${formula}`);
    expect(out).toMatch(/^ {2}0 {2}hidden +F·· [█▏▎▍▌▋▊▉]+ +[\d.]+ µs +\d+ % +\d+ % {2}arithmetic$/m);
    expect(out).toMatch(/^ +x\[batch, 784\].* → hidden\[batch, 128\] +workloads\.ts:\d+,\d+$/m);
    expect(out).toMatch(/ again: d output, x\/255 /);
  });

  test('prints nothing where it is to be quiet, except what fails', async () => {
    expect(await inspectW1('--quiet', '--expect', 'train.dispatches<=3')).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    const failed = await inspectW1('-q', '--expect', 'train.dispatches<=1', '--expect', 'peakBytes>0');
    expect([failed.code, failed.out]).toEqual([1, '']);
    expect(failed.err).toMatch(/train\.dispatches/);
    expect(failed.err).not.toMatch(/peakBytes/);
  });

  test('has bars of plain letters on a terminal that has no others, and colours that add nothing', async () => {
    const listing = await inspectW1();
    const dumb = await sinter(['inspect', W1, '--target', 'webgpu'], { TERM: 'dumb' });
    expect(dumb.out).not.toMatch(/[█▏▎▍▌▋▊▉]/);
    expect(dumb.out).toMatch(/ F·· #+\.+ /);
    const painted = await sinter(['inspect', W1, '--target', 'webgpu'], { FORCE_COLOR: '1' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are written in such
    expect(painted.out.replaceAll(/\u001b\[\d+m/g, '')).toBe(listing.out);
    expect(painted.out).not.toBe(listing.out);
  });

  test('prints dispatches, nodes with their lines, the buffer plan and totals', async () => {
    const { code, out } = await inspectW1('--verbose');
    expect(out).toMatch(/^ {2}group hidden: contract: tiles of \d+ × \d+ by \d+ invocations/m);
    expect(out).not.toMatch(/[{}]/);
    expect(code).toBe(0);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(out).toMatch(/^train: 3 dispatches a step, .*, [\d.]+ µs\n {2}predicted$/m);
    expect(out).toMatch(/^ {2}reads x u8\[batch<=128, 784\], hidden\.weight f32\[784, 128\]/m);
    expect(out).toMatch(/^ {2}writes hidden f32\[batch<=128, 128\]$/m);
    expect(out).toMatch(/^ +0 +hidden .* (arithmetic|cache|memory|latency) /m);
    expect(out).toMatch(/^ +# +name +kind +grid +µs +limited by +FLOPs +bytes$/m);
    expect(out).toMatch(/^ +hidden = relu\(%\d+\) {2}at workloads\.ts:\d+$/m);
    expect(out).toMatch(
      /^ +not proven in range: 1 load of data at rows whose number is known at run time\n {4}only$/m,
    );
    expect(out).toMatch(/^ +runs ⌈batch \/ 8⌉ · 8 workgroups \(128 at most\) of 256 invocations and /m);
    expect(out).toMatch(/^ +hidden +f32\[128, 128\] +65\.5 kB +temps +\d+ +0\.\.2$/m);
    expect(out).toMatch(/^ +hidden\.weight +f32\[784, 128\] +401 kB +state +0$/m);
    expect(out).toMatch(
      /^memory: peak .*\n? .* times\s+the lower bound .*;\s+datasets\s+apart,\s+and 102 kB\s+for a batch of\s+inputs from the first run on$/m,
    );
  });

  test('takes the target that compile takes, and says which and how to have another', async () => {
    const { target } = await compile(w1);
    const listing = await sinter(['inspect', W1]);
    expect([listing.code, listing.err]).toEqual([0, '']);
    expect(listing.out).toMatch(
      new RegExp(
        `^target ${target}, as compile\\(\\) takes here: (no|a) GPU is at hand; --target names another`,
      ),
    );
    expect(listing.out).toContain(`\nw1 for ${target}: `);
    expect(await sinter(['inspect', W1, '--target', 'auto'])).toEqual(listing);
    const named = await sinter(['inspect', W1, '--target', target]);
    expect(listing.out.endsWith(`\n\n${named.out}`)).toBe(true);
    expect(JSON.parse((await sinter(['inspect', W1, '--json'])).out).target).toBe(target);
  });

  test('prints JSON with target, dispatches and bytes', async () => {
    const { code, out, err } = await sinter(['inspect', W1, '--json', '--target', 'webgpu-software']);
    expect([code, err]).toEqual([0, '']);
    const report: Report = JSON.parse(out);
    expect(report.target).toBe('webgpu-software');
    expect(Object.keys(report.entries)).toEqual(['train', 'predict']);
    expect(report.entries.train?.dispatches).toHaveLength(6);
    // What a step takes by the model is its kernels and a dispatch for each.
    const { dispatches = [], predictedMicros } = report.entries.train ?? {};
    const kernels = dispatches.reduce((sum, { predicted }) => sum + predicted.micros, 0);
    const { dispatch } = machines['webgpu-software'];
    expect(predictedMicros).toBeCloseTo(kernels + dispatches.length * dispatch, 6);
    expect(dispatches.every(({ predicted }) => predicted.micros > 0)).toBe(true);
    // The pixels are decoded in one dispatch, and labels are read in others.
    expect(
      report.entries.train?.dispatches.filter(({ rowLoads = 0 }) => rowLoads > 0).length,
    ).toBeGreaterThan(1);
    expect(report.peakBytes).toBeGreaterThanOrEqual(report.lowerBoundBytes);
    expect(report.lowerBoundBytes).toBeGreaterThan(4 * (784 * 128 + 128 + 128 * 10 + 10));
  });

  test('says where the time of a compilation went: a line for each pass, whose milliseconds add up', async () => {
    const { code, out } = await inspectW1('--timings');
    expect(code).toBe(0);
    expect(out).toMatch(/^w1 for webgpu: compiled in [\d.]+ ms, 2 entries$/m);
    expect(out).toMatch(/^ +pass +ms +verifying, ms +% of all$/m);
    for (const name of ['lower', 'partition', 'orderEvaluation', 'planBuffers', 'print', 'the rest'])
      expect(out).toMatch(new RegExp(`^ +${name}( +[\\d.]+){3}$`, 'm'));
    const { milliseconds, parts, rest } = JSON.parse((await inspectW1('--timings', '--json')).out);
    const sum = parts.reduce((ms: number, part: Timing) => ms + part.milliseconds + part.verifying, 0);
    expect(sum + rest).toBeCloseTo(milliseconds, 6);
  });

  test('prints the kernels, one of them by its name, or that of a dispatch by its number', async () => {
    const all = await inspectW1('--code', '--entry', 'train');
    expect(all.out.match(/@compute/g)).toHaveLength(3);
    const byName = await inspectW1('--entry', 'train', '--code', 'hidden');
    const byNumber = await inspectW1('--entry', 'train', '--code', '0');
    expect(byName.out).toBe(byNumber.out);
    expect(all.out.startsWith(byName.out)).toBe(true);
    const missing = await inspectW1('--code', 'nothing');
    expect(missing.code).toBe(2);
    expect(missing.err).toMatch(/^sinter: --code: there is no kernel "nothing"; there are "hidden", /);
    const beyond = await inspectW1('--entry', 'train', '--code', '3');
    expect([beyond.code, beyond.out]).toEqual([2, '']);
  });

  test('prints tasks and packed operands for WebAssembly, its module, or the functions of an entry alone', async () => {
    const wasm = async (...args: string[]): Promise<string> =>
      (await sinter(['inspect', W1, '--target', 'wasm', ...args])).out;
    const listing = await wasm('--verbose');
    expect(listing).toMatch(/^ +# +name +kind +tasks +µs +limited by +FLOPs +bytes$/m);
    expect(listing).toMatch(
      /^ +runs ⌈batch \/ \d+⌉ tasks \(\d+ at most\); packs [\d.]+ kB of operands before,/m,
    );
    const module = await wasm('--code');
    expect(module).toMatch(/^\(module\n/);
    expect(module).toContain('(export "play")');
    const train = await wasm('--code', '--entry', 'train');
    expect(train).toMatch(/^(;; .*\n)*\(func \$hidden/);
    expect(train).not.toContain('label');
    expect(train.startsWith(await wasm('--code', 'hidden', '--entry', 'train'))).toBe(true);
    expect(await wasm('--ir', 'functions', '--entry', 'predict')).toContain('(func $hidden_to_label');
  });

  test("prints the kernel that computes a node, by its label, its update's state, or as kernels spell it", async () => {
    const train = async (name: string): Promise<string> =>
      (await inspectW1('--entry', 'train', '--code', name)).out;
    const [second, third] = [await train('1'), await train('2')];
    expect(second).toContain('@compute');
    expect(await train('output')).toBe(second);
    for (const name of ['d hidden.weight', 'd_hidden_weight', 'hidden.weight', 'hidden_weight', 'loss'])
      expect([name, await train(name)]).toEqual([name, third]);
    const elsewhere = await inspectW1('--entry', 'predict', '--code', 'loss');
    expect([elsewhere.code, elsewhere.out]).toEqual([2, '']);
    const group = JSON.parse((await inspectW1('--json')).out).entries.train.dispatches[1].groups[0];
    expect(await train(group.name)).toBe(second);
  });

  test.each(['graph', 'loops', 'groups', 'stages', 'kernels'])('prints the level %s', async (level) => {
    const { code, out } = await inspectW1('--ir', level);
    expect(code).toBe(0);
    expect(out).toContain('hidden');
    expect(out.split('\n').length).toBeGreaterThan(8);
  });

  test('prints what a pass made, and lists the passes where there is none of the name', async () => {
    const lowered = await inspectW1('--entry', 'train', '--after', 'lower');
    const fused = await inspectW1('--entry', 'train', '--after', 'fusePointwise');
    expect(lowered.out).toMatch(/^# train, after lower$/m);
    expect(fused.out.match(/^loop /gm)?.length).toBeLessThan(lowered.out.match(/^loop /gm)?.length ?? 0);
    const missing = await inspectW1('--after', 'nothing');
    expect(missing.code).toBe(2);
    expect(missing.err).toContain('there are "lower", "alignAxes"');
  });

  test('explains why two nodes share a dispatch, or why not', async () => {
    const apart = await inspectW1('--entry', 'train', '--explain', 'hidden', 'output');
    expect(apart.out).toMatch(/^train: hidden and output share no dispatch$/m);
    expect(apart.out).toMatch(/^ {2}rows hidden → output: refused, .*/m);
    expect(apart.out).toMatch(/reads hidden, which hidden writes$/m);
    const packed = await inspectW1('--explain', 'hidden.weight', 'output.weight');
    expect(packed.out).toMatch(/^train: hidden\.weight and output\.weight share a dispatch/m);
    const spelled = await inspectW1('--explain', 'hidden_weight', 'output_weight');
    expect(spelled.out).toBe(
      packed.out.replaceAll(/\b(hidden|output)\.weight(?= (and|is in|share)\b)/g, '$1_weight'),
    );
    const unknown = await inspectW1('--explain', 'hidden', 'nobody');
    expect(unknown.code).toBe(2);
    expect(unknown.err).toMatch(/there is no node "nobody"; there are "hidden", /);
  });

  test('keeps a budget: the exit code is 1 where one does not hold, and the figure is said', async () => {
    const kept = await inspectW1('--expect', 'train.dispatches<=3', '--expect', 'peakRatio<1.2');
    expect(kept.code).toBe(0);
    const broken = await inspectW1('--expect', 'train.dispatches <= 3', '--expect', 'train.dispatches<3');
    expect(broken.code).toBe(1);
    expect(broken.err).toContain('holds: train.dispatches <= 3 (train.dispatches is 3)');
    expect(broken.err).toContain('FAILS: train.dispatches<3 (train.dispatches is 3)');
  });

  test('leaves out passes, which then cost dispatches', async () => {
    const { out } = await inspectW1('--without', 'packStages', '--json');
    const report: Report = JSON.parse(out);
    expect(report.entries.train?.dispatches.length).toBeGreaterThan(3);
  });

  test('colours only where it is told to when its output is no terminal', async () => {
    const plain = await inspectW1();
    const forced = await sinter(['inspect', W1], { FORCE_COLOR: '1' });
    expect(plain.out).not.toContain('\u001b[');
    expect(forced.out).toContain('\u001b[');
  });
});

describe('wrong usage of sinter', () => {
  test.each([
    ['an unknown command', ['bake'], /unknown command 'bake'/],
    ['no file', ['inspect'], /missing required argument 'file'/],
    ['a missing file', ['inspect', 'missing.ts'], /^sinter: there is no file missing\.ts\n$/],
    [
      'an unknown target',
      ['inspect', W1, '--target', 'abacus'],
      /Allowed choices are auto, webgpu, webgpu-software/,
    ],
    [
      'an unknown entry',
      ['inspect', W1, '--entry', 'dream'],
      /no entry "dream"; there are "train" and "predict"/,
    ],
    ['an unknown export', ['inspect', 'bench/workloads.ts#w0'], /no export "w0"; there are "w1", "w2"/],
    ['several modules', ['inspect', 'bench/workloads.ts'], /several modules: pick one of "w1", "w2"/],
    ['a wrong expectation', ['inspect', W1, '--expect', 'fast'], /--expect "fast": write a figure/],
    ['an unknown figure', ['inspect', W1, '--expect', 'joy>1'], /the program has "kernels", "peakBytes"/],
    [
      'one name to explain',
      ['inspect', W1, '--explain', 'hidden'],
      /--explain takes two names, as in --explain hidden loss; the second is missing after "hidden"\n$/,
    ],
    [
      'three names to explain',
      ['inspect', W1, '--explain', 'hidden', 'loss', 'output'],
      /takes two names, .*; "hidden", "loss" and "output" are more\n$/,
    ],
    [
      'JSON and a level',
      ['inspect', W1, '--json', '--ir', 'loops'],
      /'--json' cannot be used with option '--ir/,
    ],
    ['JSON and kernels', ['inspect', W1, '--code', '--json'], /'--json' cannot be used with option '--code/],
    [
      'JSON and reasons',
      ['inspect', W1, '--json', '--explain', 'hidden', 'loss'],
      /'--json' cannot be used with option '--explain/,
    ],
    ['kernels and a level', ['inspect', W1, '--code', '--ir', 'loops'], /cannot be used with option '--ir/],
    [
      'a file of data',
      ['inspect', 'package.json'],
      /^sinter: package\.json is not JavaScript or TypeScript; name a file that exports a module\n$/,
    ],
    [
      'a file of prose',
      ['inspect', 'README.md#mnist'],
      /^sinter: README\.md is not JavaScript or TypeScript; /,
    ],
    ['a folder', ['inspect', '.'], /^sinter: \. is a folder; name a file that exports a module\n$/],
  ])('is told in one paragraph and ends with 2: %s', async (_, args, message) => {
    const { code, out, err } = await sinter(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/^ +at /m);
  });

  test('help and version end with 0', async () => {
    const help = await sinter(['inspect', '--help']);
    expect(help.code).toBe(0);
    expect(help.out).toContain('--expect <budget>');
    const version = await sinter(['--version']);
    expect([version.code, version.out]).toEqual([0, '0.1.0\n']);
  });
});

describe('models', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sinter-models-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('that do not build are shown with their line', async () => {
    const file = join(folder, 'broken.ts');
    const library = new URL('../../src/index.ts', import.meta.url).href;
    writeFileSync(
      file,
      `import { defineModule } from '${library}';
export const broken = defineModule('broken', (m) => {
  const x = m.input('x', { shape: [2, 3] });
  m.entry('run', { y: x.matmul(x) });
});
`,
    );
    const { code, err } = await sinter(['inspect', file]);
    expect(code).toBe(2);
    expect(err).toMatch(/cannot be loaded: matmul: .*\[2, 3\].* {2}at broken\.ts:4\n$/);
  });

  test('that throw are shown with the line that did, in whichever file of theirs, below whatever they call', async () => {
    const library = new URL('../../src/index.ts', import.meta.url).href;
    writeFileSync(
      join(folder, 'layers.ts'),
      `export interface Options {
  readonly weight: number;
}

export const scaled = (x, options: Options) => x.mul(options.weight);
`,
    );
    const calls = {
      own: ['x.mul(undefined.weight)', 'throwing-own.ts:5'],
      imported: ['scaled(x)', 'layers.ts:5'],
      called: ['[x].map((one) => JSON.parse(one))[0]', 'throwing-called.ts:5'],
    };
    for (const [name, [call, place]] of Object.entries(calls)) {
      const file = join(folder, `throwing-${name}.ts`);
      writeFileSync(
        file,
        `import { defineModule } from '${library}';
import { scaled } from './layers.ts';
export const throwing = defineModule('throwing', (m) => {
  const x = m.input('x', { shape: [2, 3] });
  m.entry('run', { y: ${call}, z: scaled(x, { weight: 2 }) });
});
`,
      );
      const { code, err } = await sinter(['inspect', file]);
      expect(code).toBe(2);
      expect(err).toContain('cannot be loaded: ');
      expect(err.endsWith(`  at ${place}\n`), err).toBe(true);
    }
  });

  test('that are too large for WebAssembly are refused with the bytes that their plan needs', async () => {
    const file = join(folder, 'large.ts');
    const library = new URL('../../src/index.ts', import.meta.url).href;
    writeFileSync(
      file,
      `import { defineModule, nn } from '${library}';
export const large = defineModule('large', (m) => {
  const weights = m.state('weights', { shape: [2 ** 30 + 2 ** 28], init: nn.init.zeros() });
  m.entry('run', { total: weights.sum() });
});
`,
    );
    const { code, err } = await sinter(['inspect', file, '--target', 'wasm']);
    expect(code).toBe(2);
    expect(err).toMatch(/^sinter: the plan of large needs \d+ bytes at its peak; .*\n$/);
  });

  test('that a file does not export are missed', async () => {
    const file = join(folder, 'empty.mjs');
    writeFileSync(file, 'export const seven = 7;\n');
    const any = await sinter(['inspect', file]);
    expect(any.err).toMatch(/exports no module; export what defineModule returns\n$/);
    const named = await sinter(['inspect', `${file}#seven`]);
    expect(named.err).toMatch(/exports "seven", but it is not a module of defineModule\n$/);
    expect([any.code, named.code]).toEqual([2, 2]);
  });
});
