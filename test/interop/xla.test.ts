import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { characters } from '../../bench/workloads/characters.ts';
import { digits } from '../../bench/workloads/digitRows.ts';
import { gpt } from '../../bench/workloads/gpt.ts';
import { w1, w2, w3, w5 } from '../../bench/workloads.ts';
import { compile, defineModule, type Module, nn, optim, random, type Session } from '../../src/index.ts';
import { readSafetensors } from '../../src/weights/index.ts';
import { DEVICES, numbersOf, type Rows, runXla, sinterXla, writeArtifact, writeData } from './xlaPackage.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sinter-interop-xla-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** JAX's start and XLA's compilations take minutes where other tests take the processor. */
const MINUTES = 900_000;

const STEPS = 50;

/** Of the transformer fewer: eight devices share the cores of one machine. */
const FEW = 10;

test("sinter_xla's own tests pass", { timeout: MINUTES }, () => {
  const { status, stderr } = runXla(['-m', 'unittest']);
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/Ran \d{2,} tests.*\n\nOK\n$/s);
});

async function startOf(module: Module): Promise<Session> {
  return (await compile(module, { target: 'wasm' })).start({ threads: 2 });
}

/** Losses of steps of a session in the order of rows, and what it saved before every so many steps. */
async function trained(
  module: Module,
  rows: Readonly<Record<string, Rows>>,
  { steps = STEPS, every = STEPS } = {},
): Promise<{ readonly losses: readonly number[]; readonly saved: readonly Uint8Array[] }> {
  const session = await startOf(module);
  const losses: number[] = [];
  const saved: Uint8Array[] = [];
  for (let k = 0; k < steps; k++) {
    if (k % every === 0) saved.push(await session.save());
    const batch = Object.entries(rows).map(([name, values]) => {
      const each = values.length / steps;
      return [name, values.subarray(k * each, (k + 1) * each)] as const;
    });
    const { loss } = await session.run('train', Object.fromEntries(batch));
    losses.push(loss?.data[0] ?? Number.NaN);
  }
  session.dispose();
  return { losses, saved };
}

/** What `xlaLosses.py` is asked for. */
interface Job {
  readonly artifact: string;
  readonly data: string;
  readonly mesh: Readonly<Record<string, number>>;
  readonly steps: number;
  readonly resume: readonly string[];
}

function lossesByXla(jobs: readonly Job[]): readonly (readonly number[])[] {
  const script = fileURLToPath(new URL('xlaLosses.py', import.meta.url));
  const { status, stdout, stderr } = runXla([script], { input: JSON.stringify(jobs) });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** The largest difference of losses, in relation to those of the session. */
function apart(found: readonly number[], expected: readonly number[]): number {
  expect(found.length).toBe(expected.length);
  return found.reduce((most, loss, k) => Math.max(most, Math.abs(loss / (expected[k] ?? 0) - 1)), 0);
}

const rowsOf = (data: Readonly<Record<string, ArrayLike<number>>>): Readonly<Record<string, Rows>> =>
  Object.fromEntries(
    Object.entries(data).map(([name, values]) => [
      name,
      values instanceof Uint8Array ? values : Int32Array.from(values),
    ]),
  );

/** W5, rows over four devices, and the perceptrons of its blocks over two: columns of the first matrix, rows of the second. */
const w5Spread = defineModule('w5-spread', (m) => {
  m.mesh({ data: 4, model: 2 });
  const batch = m.size('batch', { max: 16 });
  const x = m.shard(m.input('x', { shape: [batch, 64], dtype: 'i32' }), ['data', null]);
  const y = m.shard(m.input('y', { shape: [batch, 64], dtype: 'i32' }), ['data', null]);
  const loss = nn.crossEntropy(gpt(m, x), y);
  for (const block of ['block1', 'block2']) {
    m.shard(`${block}.up.weight`, [null, 'model']);
    m.shard(`${block}.up.bias`, ['model']);
    m.shard(`${block}.down.weight`, ['model', null]);
  }
  m.entry('train', { loss, updates: optim.adamw({ lr: 1e-3 }).minimize(loss) });
});

describe('losses over steps are those of a session on WebAssembly to 1e-5, on one device and on eight', () => {
  const one = { data: 1 };
  const eight = { data: DEVICES };

  test.each([
    ['w1', w1],
    ['w2', w2],
  ] as const)('%s, fifty steps', { timeout: MINUTES }, async (name, module) => {
    const rows = rowsOf((await digits())(STEPS * (module.sizes[0]?.max ?? 0)));
    const artifact = writeArtifact(module, join(folder, name));
    const data = writeData(module, join(folder, `${name}.safetensors`), rows);
    const { losses } = await trained(module, rows);
    const jobs = [one, eight].map((mesh): Job => ({ artifact, data, mesh, steps: STEPS, resume: [] }));
    for (const found of lossesByXla(jobs)) expect(apart(found, losses)).toBeLessThan(1e-5);
  });

  // A rounding decides which element of a window is the largest, and Adam's first steps make much of it: a session whose
  // first bias is one ulp away has other losses, by 4e-4, after 44 steps. So it goes on from the session's states.
  test('w3, fifty steps, ten at a time', { timeout: MINUTES }, async () => {
    const rows = rowsOf((await digits())(STEPS * 64));
    const artifact = writeArtifact(w3, join(folder, 'w3'));
    const { losses, saved } = await trained(w3, rows, { every: 10 });
    const resume = saved.map((bytes, k) => {
      const path = join(folder, `w3-${k}.safetensors`);
      writeFileSync(path, bytes);
      return path;
    });
    const data = writeData(w3, join(folder, 'w3.safetensors'), rows);
    const jobs = [one, eight].map((mesh): Job => ({ artifact, data, mesh, steps: 10, resume }));
    for (const found of lossesByXla(jobs)) expect(apart(found, losses)).toBeLessThan(1e-5);
  });

  test('w5, ten steps, also with its perceptrons over two devices', { timeout: MINUTES }, async () => {
    const rows = rowsOf(characters(65, 64)(FEW * 16));
    const artifact = writeArtifact(w5, join(folder, 'w5'));
    const spread = writeArtifact(w5Spread, join(folder, 'w5-spread'));
    // The same first values.
    expect(readFileSync(join(spread, 'weights.safetensors'))).toEqual(
      readFileSync(join(artifact, 'weights.safetensors')),
    );
    const data = writeData(w5, join(folder, 'w5.safetensors'), rows);
    const { losses } = await trained(w5Spread, rows, { steps: FEW });
    const jobs = [
      { artifact, mesh: one },
      { artifact, mesh: eight },
      { artifact: spread, mesh: {} },
    ].map((job): Job => ({ ...job, data, steps: FEW, resume: [] }));
    for (const found of lossesByXla(jobs)) expect(apart(found, losses)).toBeLessThan(1e-5);
  });
});

/** A classifier with dropout, moments, and batches of which the last has fewer rows. */
const small = defineModule('small', (m) => {
  const batch = m.size('batch', { max: 16 });
  const x = m.input('x', { shape: [batch, 6] });
  const y = m.input('y', { shape: [batch], dtype: 'i32' });
  const rate = m.param('rate', { initial: 0.01 });
  const hidden = nn.dropout(nn.dense(x, 24, { activation: 'tanh', name: 'hidden' }), 0.3);
  const logits = nn.dense(hidden, 3, { name: 'output' });
  const loss = nn.crossEntropy(logits, y);
  const hits = logits.argmax(1).eq(y).cast('i32').sum();
  m.entry('train', { loss, hits, updates: optim.adam({ lr: rate }).minimize(loss) });
  m.entry('predict', { label: logits.argmax(1), mask: random.bernoulli(m, 0.4, [batch, 5]).cast('i32') });
});

const ROWS = 152;
const smallRows = {
  x: Float32Array.from({ length: 6 * ROWS }, (_, k) => Math.sin(12.9 * k) * 1.5),
  y: Int32Array.from({ length: ROWS }, (_, k) => (Math.sin(12.9 * 6 * k) > 0.3 ? 2 : k % 2)),
};

describe('a training goes on exactly where the other stopped', () => {
  let artifact = '';
  let data = '';
  beforeAll(() => {
    artifact = writeArtifact(small, join(folder, 'small'), { seed: 5 });
    data = writeData(small, join(folder, 'small.safetensors'), smallRows);
  });
  const options = { data: smallRows, shuffle: true, params: { rate: 0.02 } };
  const start = async (): Promise<Session> => (await compile(small, { target: 'wasm' })).start({ seed: 5 });

  test('ten steps here, ten by XLA and ten here are thirty here', { timeout: MINUTES }, async () => {
    const whole = await start();
    const wanted = await whole.train({ ...options, epochs: 3 });
    const session = await start();
    const [first] = await session.train({ ...options, epochs: 1 });
    const [saved, again] = ['saved', 'again'].map((name) => join(folder, `${name}.safetensors`));
    if (saved === undefined || again === undefined) throw new RangeError('two names');
    writeFileSync(saved, await session.save());
    const lines = sinterXla(
      ...['train', artifact, '--data', data, '--resume', saved, '--checkpoint', again],
      ...['--epochs', '2', '--set', 'rate=0.02', '--mesh', `data=${DEVICES}`],
    );
    await session.load(readFileSync(again));
    const [third] = await session.train({ ...options, epochs: 3, resume: true });
    const losses = [first?.loss, ...numbersOf(lines, 'epoch'), third?.loss].map(Number);
    expect(
      apart(
        losses,
        wanted.map((epoch) => epoch.loss),
      ),
    ).toBeLessThan(1e-5);
    expect(numbersOf(lines, 'epoch', 'hits')).toEqual([wanted[1]?.scalars.hits]);
    for (const { name, shape } of session.program.state) {
      const [found, expected] = [await session.read(name), await whole.read(name)];
      expect(found.shape).toEqual(shape);
      found.data.forEach((value, k) => {
        expect(value, name).toBeCloseTo(expected.data[k] ?? Number.NaN, 4);
      });
    }
    whole.dispose();
    session.dispose();
  });

  test('in the middle of an epoch too', { timeout: MINUTES }, async () => {
    const whole = await start();
    const wanted = await whole.train({ ...options, epochs: 2 });
    whole.dispose();
    const file = join(folder, 'middle.safetensors');
    const steps = sinterXla(
      ...['train', artifact, '--data', data, '--steps', '14', '--set', 'rate=0.02', '--checkpoint', file],
    );
    expect(apart(numbersOf(steps, 'epoch'), [wanted[0]?.loss ?? 0])).toBeLessThan(1e-5);
    const session = await start();
    await session.load(readFileSync(file));
    const [second] = await session.train({ ...options, epochs: 2, resume: true });
    session.dispose();
    // Its mean has the steps that XLA did.
    expect(apart([second?.loss ?? 0], [wanted[1]?.loss ?? 0])).toBeLessThan(1e-5);
    expect(second?.scalars.hits).toBe(wanted[1]?.scalars.hits);
  });

  test('evaluation gives the labels of a session, and the same random bits on eight devices', {
    timeout: MINUTES,
  }, async () => {
    const session = await start();
    const { samples, outputs } = await session.evaluate('predict', { data: smallRows });
    session.dispose();
    expect(samples).toBe(ROWS);
    for (const devices of [1, DEVICES]) {
      const out = join(folder, `out-${devices}.safetensors`);
      const lines = sinterXla(
        ...['evaluate', artifact, '--data', data, '--mesh', `data=${devices}`, '--out', out],
      );
      expect(lines).toEqual([`samples=${ROWS}`, `label: int32[${ROWS}]`, `mask: int32[${ROWS}, 5]`]);
      const { tensors } = readSafetensors(readFileSync(out));
      for (const name of ['label', 'mask']) {
        const bytes = new Uint8Array(tensors.get(name)?.data ?? []);
        expect([...new Int32Array(bytes.buffer)], name).toEqual([...(outputs[name]?.data ?? [])]);
      }
    }
  });

  test('a checkpoint of another model is refused with what differs', { timeout: MINUTES }, async () => {
    const session = await startOf(w1);
    const file = join(folder, 'other.safetensors');
    writeFileSync(file, await session.save());
    session.dispose();
    const { status, stderr } = runXla([
      '-m',
      'sinter_xla',
      'train',
      artifact,
      '--data',
      data,
      '--resume',
      file,
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^error: .*other\.safetensors is of another model than small: missing: .*hidden\.weight\.m.*; different: hidden\.weight \(f32\[6, 24\], in the file float32\[784, 128\]\)/,
    );
  });
});
