import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SafeTensor, writeSafetensors } from '../../src/weights/index.ts';
import { sinter } from './run.ts';

let folder = '';
let model = '';
/** As little as can be measured. */
const BRIEF = ['--steps', '2', '--warmup', '0', '--target', 'wasm', '--threads', '1'];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-profile-'));
  model = join(folder, 'model.ts');
  writeFileSync(
    model,
    `import { defineModule, nn, optim } from '${new URL('../../src/index.ts', import.meta.url).href}';
export const small = defineModule('small', (m) => {
  const x = m.input('x', { shape: [8, 4] });
  const y = nn.dense(x, 3, { name: 'output' });
  const loss = y.square().mean();
  m.entry('predict', { y });
  m.entry('train', { loss, updates: optim.sgd({ lr: 0.1 }).minimize(loss) });
});
`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('sinter profile', () => {
  test('prints times beside those of the model, rates beside the roofline, and a time line, in 80 columns', async () => {
    const { code, out, err } = await sinter(['profile', model, ...BRIEF]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^small for wasm on 1 thread: 2 steps of train, one a call$/m);
    expect(out).toMatch(/^a step takes [\d.]+ µs \([\d.]+ to [\d.]+\) on the host, [\d.]+ µs predicted;$/m);
    expect(out).toMatch(/^its kernels [\d.]+ µs .* by the clock of the threads$/m);
    expect(out).toMatch(/^ +# +name +kind +µs +25 % +75 % +predicted +ratio +% of all$/m);
    expect(out).toMatch(/^ +# +name +FLOPs +bytes +GFLOP\/s +GB\/s +% of roofline +by$/m);
    expect(out).toMatch(/^ +0 +\w+ +(map|rows|packed|contract|reduce)( +[\d.]+){6}$/m);
    expect(out).toMatch(/^ +0 +\w+ +[█▏]+$/m);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('writes a trace, and prints all figures as JSON', async () => {
    const trace = join(folder, 'trace.json');
    const { code, out } = await sinter(['profile', `${model}#small`, ...BRIEF, '--json', '--trace', trace]);
    expect(code).toBe(0);
    const found = JSON.parse(out);
    expect(found).toMatchObject({ module: 'small', entry: 'train', threads: 1, steps: 2 });
    expect(found).not.toHaveProperty('calls');
    const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8'));
    const steps = traceEvents.filter(({ cat }: { cat?: string }) => cat === 'step');
    // Two that were measured, and two as predicted.
    expect(steps).toHaveLength(4);
  });

  test('says before it runs where no trace can be written, and leaves no empty one', async () => {
    const absent = join(folder, 'absent', 'trace.json');
    const refused = await sinter(['profile', `${model}#small`, ...BRIEF, '--trace', absent]);
    expect([refused.code, refused.out]).toEqual([2, '']);
    expect(refused.err).toContain(`--trace ${absent}: it cannot be written`);
    const trace = join(folder, 'none.json');
    expect((await sinter(['profile', `${model}#small`, '--data', absent, '--trace', trace])).code).toBe(2);
    expect(existsSync(trace)).toBe(false);
  });

  test('takes inputs out of a file, and says what of it does not fit', async () => {
    const floats = (elements: number): SafeTensor => {
      return { dtype: 'F32', shape: [elements], data: new Uint8Array(4 * elements).fill(1) };
    };
    const written = (name: string, tensors: Readonly<Record<string, SafeTensor>>): string => {
      const path = join(folder, name);
      writeFileSync(path, writeSafetensors(new Map(Object.entries(tensors))));
      return path;
    };
    const right = written('right.safetensors', { x: floats(32) });
    expect(await sinter(['profile', `${model}#small`, ...BRIEF, '--data', right])).toMatchObject({
      code: 0,
      err: '',
    });
    for (const [file, message] of [
      [written('short.safetensors', { x: floats(31) }), /^sinter: x: expected 32 elements, found 31\n$/],
      [
        written('other.safetensors', { z: floats(32) }),
        /^sinter: --data .*: it has "z", and none of the inputs "x"\n/,
      ],
      [
        written('more.safetensors', { x: floats(32), z: floats(1) }),
        /^sinter: z: no such input; there are x\n/,
      ],
      [model, /^sinter: --data .*: expected arrays as \.npz or \.safetensors, by the names of inputs\n/],
      ['nowhere.npz', /^sinter: --data nowhere\.npz: there is no such file\n/],
    ] as const) {
      const { code, err } = await sinter(['profile', `${model}#small`, ...BRIEF, '--data', file]);
      expect(err).toMatch(message);
      expect(code).toBe(2);
    }
  });

  test('explains itself', async () => {
    const { code, out } = await sinter(['profile', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('$ sinter profile model.ts --steps 20 --trace step.json');
  });

  test.each([
    ['a missing file', ['missing.ts'], /^sinter: there is no file missing\.ts\n$/],
    [
      'an unknown entry',
      ['examples/model.ts', '--entry', 'dream'],
      /^sinter: there is no entry "dream"; there are "train" and "predict"\n$/,
    ],
    [
      'no steps',
      ['examples/model.ts', '--steps', '0'],
      /^sinter: --steps 0: it must be a whole number from 1 on\n$/,
    ],
    [
      'too many threads',
      ['examples/model.ts', '--threads', '65'],
      /^sinter: --threads 65: it must be a whole number from 1 to 64\n$/,
    ],
    [
      'threads of a GPU',
      ['examples/model.ts', '--threads', '2', '--target', 'webgpu'],
      /^sinter: --threads: target webgpu has no threads; --target wasm has\n$/,
    ],
  ])('is told in one paragraph what is wrong: %s', async (_, args, message) => {
    const { code, out, err } = await sinter(['profile', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });
});
