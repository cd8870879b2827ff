import { afterAll, describe, expect, test } from 'vitest';
import { w1, w3, w5, w5Dropout } from '../../bench/workloads.ts';
import { drawInputs } from '../../src/check/draws.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { defineModule, type Module } from '../../src/graph/index.ts';
import { loadMnist } from '../../src/node/index.ts';
import * as random from '../../src/random/index.ts';
import { type Given, referenceSession, type StepFeeds } from '../../src/reference/index.ts';
import { loadAssembler } from '../../src/wasm/assemble.ts';
import { expectClose } from '../values/closeness.ts';
import { wasm } from '../values/wasm.ts';
import { OnnxRuntime, onnxTarget } from './onnxRuntime.ts';

const runtime = new OnnxRuntime();
afterAll(() => runtime.close());
const target = onnxTarget(runtime);

/** Of a text of W5. */
const TOKENS = 64;
/** What ONNX Runtime may be off, relative to the largest value: of losses, that of the steps so far. */
const TOLERANCE = 1e-5;
/** Processors that are busy with other tests take their time. */
const PATIENCE = 900_000;

/** What each step is given: digits and their labels, or characters drawn; another number of rows at every fifth step. */
async function feedsOf(module: Module): Promise<(entry: string, k: number) => StepFeeds> {
  const { program } = compileToWasm(module, await loadAssembler());
  const { train } = await loadMnist();
  return (entry, k) => {
    const drawn = drawInputs(module, entry, program.inputs, 7, k);
    const live = Object.fromEntries(
      module.sizes.map(({ name, max }) => [name, k % 5 === 4 ? Math.max(1, max - k) : max]),
    );
    const inputs = Object.entries(drawn).map(([name, value]): [string, Given] => {
      const dim = module.inputs.find((node) => node.attrs.name === name)?.shape[0];
      const { shape, data } = value;
      const [rows = 0] = shape;
      const digits = name === 'x' ? train.images : train.labels;
      const first = k * data.length;
      const given = shape[1] === TOKENS ? data : digits.subarray(first, first + data.length);
      const count = typeof dim === 'object' ? (live[dim.size.name] ?? rows) : rows;
      return [name, firstRows({ shape, data: given }, count)];
    });
    return { inputs: Object.fromEntries(inputs), live };
  };
}

function firstRows({ shape, data }: Given, rows: number): Given {
  const [all = 1, ...rest] = shape;
  return { shape: [rows, ...rest], data: Array.from(data).slice(0, (rows * data.length) / all) };
}

describe('a whole training step in ONNX Runtime', () => {
  test.each([
    ['w1', 50, w1],
    ['w3', 20, w3],
    ['w5', 10, w5],
    ['w5 with dropout', 5, w5Dropout],
  ])(
    'the training of %s, %i steps, has the losses of a session, and predicts what it does',
    async (_, steps, module) => {
      const feeds = await feedsOf(module);
      const [theirs, ours] = [await target.start(module), await wasm(1).start(module)];
      let largest = 0;
      for (let k = 0; k < steps; k++) {
        const found = await theirs.step('train', feeds('train', k));
        const wanted = await ours.step('train', feeds('train', k));
        const [loss, expected] = [found.loss?.data[0] ?? Number.NaN, wanted.loss?.data[0] ?? Number.NaN];
        largest = Math.max(largest, expected);
        const what = `loss ${loss} of step ${k}, not ${expected}`;
        expect(Math.abs(loss - expected), what).toBeLessThan(TOLERANCE * largest);
      }
      for (const { name, outputs } of module.entries.filter((entry) => entry.updates.length === 0)) {
        const [found, wanted] = [
          await theirs.step(name, feeds(name, 0)),
          await ours.step(name, feeds(name, 0)),
        ];
        for (const { name: output } of outputs) {
          const value = wanted[output];
          if (value !== undefined) expectClose(found[output], value, TOLERANCE, `${output} of ${name}`);
        }
      }
      await theirs.dispose();
      await ours.dispose();
    },
    PATIENCE,
  );
});

test('random masks, numbers and words have the same bits', async () => {
  const module = defineModule('random', (m) => {
    const rows = m.size('rows', { max: 40 });
    const mask = random.bernoulli(m, 0.3, [rows, 7]);
    const fraction = random.uniform(m, [5, 11]);
    const whole = random.integers(m, -3, 12, [100]);
    m.entry('draw', { mask, fraction, whole });
  });
  const [session, reference] = [await target.start(module), referenceSession(module)];
  for (const live of [40, 1, 13]) {
    const found = await session.step('draw', { live: { rows: live } });
    const wanted = reference.step('draw', { live: { rows: live } });
    for (const [name, { shape, data }] of Object.entries(wanted)) {
      expect(found[name]?.shape, name).toEqual(shape);
      expect(Array.from(found[name]?.data ?? []), name).toEqual(Array.from(data));
    }
  }
  await session.dispose();
});
