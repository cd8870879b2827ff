import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { defineModule, type Module, type Tensor } from '../../src/graph/index.ts';
import { listingOf } from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import { init } from '../../src/nn/index.ts';
import { gradients } from '../../src/passes/differentiate.ts';
import type { Given } from '../../src/reference/index.ts';
import { start } from '../../src/runtime/wasm/index.ts';
import type { Stage } from '../../src/schedule/group.ts';
import { loadAssembler } from '../../src/wasm/assemble.ts';
import { Dice } from '../oracle/dice.ts';
import { randomMachine, randomTasksMachine } from '../oracle/randomMachine.ts';
import { barriers, smallGpu } from './barriers.ts';
import { interpreted } from './interpreted.ts';
import { initialOf, targetSession } from './sessionTarget.ts';
import { reference, type Target } from './targets.ts';
import { wasm } from './wasm.ts';
import { wgsl } from './wgsl.ts';

const targets: readonly Target[] = [wasm(2), wgsl('webgpu-software'), barriers];

const [ROWS, WIDTH, PLACES] = [97, 5, 300];
const DIM = `${ROWS} rows of ${WIDTH}`;

const given = (data: ArrayLike<number>, shape: readonly number[] = [data.length]): Given => ({ shape, data });

const dice = new Dice(7);
/** Small integers: sums of them, and of their products, are exact in float32. */
const whole = (count: number): number[] => Array.from({ length: count }, () => dice.between(-3, 3));

const table = whole(ROWS * WIDTH);
const weights = whole(PLACES * WIDTH);

/** What makes a loss of a table: rows of it, weighted. */
type Lookup = (rows: Tensor, indices: Tensor, weights: Tensor) => Tensor;

/** A module with the gradient of a loss in its table, as its output and as its update. */
function moduleOf(lookup: Lookup): Module {
  return defineModule('lookups', (m) => {
    const rows = m.state('table', { shape: [ROWS, WIDTH], init: init.constant(1) });
    const indices = m.input('indices', { shape: [PLACES], dtype: 'i32' });
    const loss = lookup(rows, indices, m.input('weights', { shape: [PLACES, WIDTH] }));
    const [gradient] = gradients(loss, [rows]);
    if (gradient === undefined) throw new RangeError('there is no gradient');
    m.entry('run', { gradient, updates: [{ state: rows, next: rows.sub(gradient.mul(2)) }] });
  });
}

const plain: Lookup = (rows, indices, weights) => rows.take(indices).mul(weights).sum();

const forms: Readonly<Record<string, Lookup>> = {
  'rows that are looked up': plain,
  'indices that are computed, and out of range': (rows, indices, weights) =>
    rows.take(indices.mul(3).sub(100)).mul(weights).sum(),
  'indices of u32': (rows, indices, weights) => rows.take(indices.cast('u32').cast('i32')).mul(weights).sum(),
  'indices in two dimensions': (rows, indices, weights) =>
    rows
      .take(indices.reshape([PLACES / 5, 5]))
      .mul(weights.reshape([PLACES / 5, 5, WIDTH]))
      .sum(),
  'two lookups of one table': (rows, indices, weights) =>
    rows.take(indices).mul(weights).sum().add(rows.take(indices.flip()).square().sum()),
  'the gradient of a gradient': (rows, indices, weights) => {
    const loss = rows.take(indices).square().mul(weights).sum();
    return (gradients(loss, [rows])[0] ?? loss).square().sum();
  },
  'sums by segment': (rows, indices) => rows.take(indices).segmentSum(indices.flip(), ROWS).mul(rows).sum(),
};

const draws: Readonly<Record<string, readonly number[]>> = {
  'at random': Array.from({ length: PLACES }, () => dice.below(ROWS)),
  'all equal': Array.from({ length: PLACES }, () => 41),
  'few rows': Array.from({ length: PLACES }, () => 3 * dice.below(3)),
  'as distinct as can be': Array.from({ length: PLACES }, (_, k) => (k * 29) % ROWS),
};

describe.each(targets)(`on $name, the gradient of ${DIM}`, (target) => {
  it.each(Object.keys(forms))('is exact for %s', async (name) => {
    const module = moduleOf(forms[name] ?? plain);
    const run = await target.start(module, { table: given(table, [ROWS, WIDTH]) });
    const right = await reference.start(module, { table: given(table, [ROWS, WIDTH]) });
    for (const [draw, indices] of Object.entries(draws)) {
      const inputs = { indices: given(indices), weights: given(weights, [PLACES, WIDTH]) };
      const [found, expected] = [await run.step('run', { inputs }), await right.step('run', { inputs })];
      expect(Array.from(found.gradient?.data ?? []), draw).toEqual(Array.from(expected.gradient?.data ?? []));
      if (name.includes('gradient of')) continue;
      const [after, state] = [await run.read('table'), await right.read('table')];
      expect(Array.from(after.data), draw).toEqual(Array.from(state.data));
    }
    await run.dispose();
  });
});

/** A machine by its number, and what runs the programs that are made for it. */
const anywhere = (seed: number): Target =>
  seed % 2 === 0
    ? interpreted('webgpu', randomMachine(seed))
    : {
        ...wasm(1),
        start: async (module, states = {}) => {
          const machine = randomTasksMachine(seed);
          const { program } = compileToWasm(module, await loadAssembler(), new Set(), machine);
          return targetSession(program, await start(program, { threads: 2, initial: initialOf(states) }));
        },
      };

it.each(Array.from({ length: 10 }, (_, seed) => seed))(
  'tables and indices at random, on a machine at random: %i',
  async (seed) => {
    const own = new Dice(seed ^ 0x7461626c);
    const [rows, width, places] = [own.between(2, 60), own.oneOf([1, 3, 4, 16]), own.between(1, 80)];
    const most = own.between(1, rows);
    const module = defineModule('random', (m) => {
      const shape = width === 1 ? [rows] : [rows, width];
      const table = m.state('table', { shape, init: init.constant(1) });
      const indices = m.input('indices', { shape: [places], dtype: 'i32' });
      const taken = table.take(own.chance(0.5) ? indices.mul(2).sub(3) : indices);
      const loss = taken.mul(m.input('weights', { shape: taken.shape.map(Number) })).sum();
      const [gradient = table] = gradients(loss, [table]);
      m.entry('run', { gradient, updates: [{ state: table, next: table.sub(gradient) }] });
    });
    const numbers = (count: number): number[] => Array.from({ length: count }, () => own.between(-3, 3));
    const inputs = {
      indices: given(Array.from({ length: places }, () => own.below(most))),
      weights: given(numbers(places * width), width === 1 ? [places] : [places, width]),
    };
    const states = { table: given(numbers(rows * width), width === 1 ? [rows] : [rows, width]) };
    const [run, right] = [await anywhere(seed).start(module, states), await reference.start(module, states)];
    for (let k = 0; k < 2; k++) {
      const [found, expected] = [await run.step('run', { inputs }), await right.step('run', { inputs })];
      expect(Array.from(found.gradient?.data ?? [])).toEqual(Array.from(expected.gradient?.data ?? []));
    }
    expect(Array.from((await run.read('table')).data)).toEqual(Array.from((await right.read('table')).data));
    await run.dispose();
  },
);

/** A batch of which some is live, and words of a sentence each. */
const bounded = defineModule('bounded', (m) => {
  const batch = m.size('batch', { max: 60 });
  const rows = m.state('table', { shape: [ROWS, WIDTH], init: init.constant(1) });
  const one = m.input('one', { shape: [batch], dtype: 'i32' });
  const five = m.input('five', { shape: [batch, 5], dtype: 'u8' });
  const weight = m.input('weight', { shape: [batch, WIDTH] });
  const near = rows.take(one).mul(weight).sum();
  const far = rows.take(five.cast('i32')).mul(weight.expandDims(1)).sum();
  const [gradient] = gradients(near.add(far), [rows]);
  m.entry('run', gradient === undefined ? {} : { gradient });
});

describe.each([...targets, wgsl('webgpu', undefined, smallGpu)])(
  'on $name, a batch of up to 60',
  (target) => {
    // Sessions refuse a batch of no rows; on the interpreter nothing is looked up then.
    const batches = target === barriers ? [0, 1, 7, 60] : [1, 7, 60];
    it('looks up what is live', async () => {
      const [run, right] = [await target.start(bounded), await reference.start(bounded)];
      for (const batch of batches) {
        const feeds = {
          inputs: {
            one: given(draws['at random']?.slice(0, batch) ?? []),
            five: given(draws['few rows']?.slice(0, 5 * batch) ?? [], [batch, 5]),
            weight: given(weights.slice(0, batch * WIDTH), [batch, WIDTH]),
          },
          live: { batch },
        };
        const [found, expected] = [await run.step('run', feeds), await right.step('run', feeds)];
        expect(Array.from(found.gradient?.data ?? []), `of ${batch}`).toEqual(
          Array.from(expected.gradient?.data ?? []),
        );
      }
      await run.dispose();
    });
  },
);

it.each([wasm(1), wgsl('webgpu-software')])(
  'on $name, adds a long list up with few rounding errors',
  async (target) => {
    const count = 30_000;
    const module = defineModule('long', (m) => {
      const values = m.input('values', { shape: [count] });
      m.entry('run', { sums: values.segmentSum(m.input('rows', { shape: [count], dtype: 'i32' }), ROWS) });
    });
    const session = await target.start(module);
    const inputs = {
      values: given(Array.from({ length: count }, () => 0.1)),
      rows: given(Array.from({ length: count }, () => 41)),
    };
    const { sums } = await session.step('run', { inputs });
    const exact = count * Math.fround(0.1);
    // One after the other they are wrong by 2e-4.
    expect(Math.abs((sums?.data[41] ?? 0) / exact - 1)).toBeLessThan(1e-6);
    expect(Array.from(sums?.data ?? []).filter((sum) => sum !== 0)).toHaveLength(1);
    await session.dispose();
  },
);

it('has the same bits from run to run, and with any number of threads', async () => {
  const inputs = {
    indices: given(draws['few rows'] ?? []),
    weights: given(
      Array.from({ length: PLACES * WIDTH }, () => dice.unit() - 0.5),
      [PLACES, WIDTH],
    ),
  };
  const found = new Set<string>();
  for (const threads of [1, 2, 3]) {
    const run = await wasm(threads).start(moduleOf(plain));
    for (let k = 0; k < 3; k++) found.add(String((await run.step('run', { inputs })).gradient?.data));
    await run.dispose();
  }
  expect(found.size).toBe(1);
});

it('makes lists wherever these tests run, once for each tensor of indices', () => {
  const listings = (stages: readonly Stage[]): number =>
    stages.flatMap(({ groups }) => groups.flatMap(({ loops }) => loops)).filter((l) => listingOf(l) !== null)
      .length;
  for (const [name, lookup] of Object.entries(forms).filter((_, k) => k % 2 === 0)) {
    const count = name.startsWith('sums') ? 2 : 1;
    const module = moduleOf(lookup);
    const stages = [
      compileModule(module, smallGpu),
      compileModule(module, machines['webgpu-software']),
      compileToWasm(module, () => new Uint8Array()),
    ].map(({ entries }) => entries.get('run')?.stages ?? []);
    expect(stages.map(listings), name).toEqual([count, count, count]);
  }
});
