import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { defineModule, GraphError, type Module } from '../../src/graph/index.ts';
import { changedWhere } from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import { init } from '../../src/nn/index.ts';
import { adagrad, type Optimizer, sgd } from '../../src/optim/index.ts';
import { Dice } from '../oracle/dice.ts';
import { barriers } from '../values/barriers.ts';
import { reference, type Target } from '../values/targets.ts';
import { wasm } from '../values/wasm.ts';

const [ROWS, WIDTH, PLACES] = [90, 5, 60];

/** A table that is looked up twice, and a matrix that is not, with the gradients clipped. */
function moduleOf(optimizer: Optimizer, clipGlobalNorm: number): Module {
  return defineModule('tables', (m) => {
    const table = m.state('table', { shape: [ROWS, WIDTH], init: init.constant(0.5) });
    const matrix = m.state('matrix', { shape: [WIDTH, 3], init: init.constant(0.25) });
    const [i, j] = ['i', 'j'].map((name) => table.take(m.input(name, { shape: [PLACES], dtype: 'i32' })));
    if (i === undefined || j === undefined) throw new RangeError('no rows');
    const loss = i.mul(j).add(i).matmul(matrix).tanh().sum();
    m.entry('train', { loss, updates: optimizer.minimize(loss, { clipGlobalNorm }) });
  });
}

const dice = new Dice(3);
const draw = (): number[] => Array.from({ length: PLACES }, () => 3 * dice.below(ROWS / 3));
const batches = Array.from({ length: 3 }, () => ({ i: draw(), j: draw() }));

const optimizers: Readonly<Record<string, (lazy: boolean) => Optimizer>> = {
  sgd: (lazy) => sgd({ lr: 0.1, lazy }),
  adagrad: (lazy) => adagrad({ lr: 0.1, lazy }),
};

const values = Float64Array.from({ length: ROWS * WIDTH }, (_, k) => Math.fround(Math.sin(k)));

async function statesAfter(target: Target, module: Module): Promise<readonly number[][]> {
  const session = await target.start(module, { table: { shape: [ROWS, WIDTH], data: values } });
  for (const { i, j } of batches) {
    const given = (data: number[]) => ({ shape: [PLACES], data });
    await session.step('train', { inputs: { i: given(i), j: given(j) } });
  }
  const states = await Promise.all(module.states.map(({ name }) => session.read(name)));
  await session.dispose();
  return states.map(({ data }) => Array.from(data));
}

describe.each(Object.keys(optimizers))('lazy %s', (name) => {
  const make = optimizers[name] ?? optimizers.sgd;
  if (make === undefined) throw new RangeError(name);

  it.each([reference, wasm(2), barriers])('has the bits of the whole update on $name', async (target) => {
    const [lazy, whole] = [moduleOf(make(true), 5), moduleOf(make(false), 5)];
    expect(await statesAfter(target, lazy)).toEqual(await statesAfter(target, whole));
  });

  it('touches rows that were looked up alone, on both targets', () => {
    const module = moduleOf(make(true), 5);
    for (const { entries } of [
      compileToWasm(module, () => new Uint8Array()),
      compileModule(module, machines.webgpu),
    ]) {
      const stages = entries.get('train')?.stages ?? [];
      const loops = stages.flatMap(({ groups }) => groups.flatMap((group) => group.loops));
      const updates = loops.filter((loop) => loop.outs.some(({ tensor }) => tensor.name.startsWith('table')));
      expect(updates.map((loop) => changedWhere(loop) !== null)).toEqual(updates.map(() => true));
      expect(updates.length).toBeGreaterThan(0);
    }
  });
});

it('lazy sgd is refused with what changes every row', () => {
  expect(() => sgd({ lr: 0.1, momentum: 0.9, lazy: true })).toThrow(GraphError);
  expect(() => sgd({ lr: 0.1, momentum: 0.9, lazy: true })).toThrow(
    'momentum is 0.9: it must be 0 with lazy: it changes rows that have no gradient too',
  );
  expect(() => sgd({ lr: 0.1, weightDecay: 0.01, lazy: true })).toThrow('weightDecay is 0.01');
  for (const eps of [0, 1e-46, 1e-40])
    expect(() => adagrad({ lr: 0.1, eps, lazy: true })).toThrow('it must be at least 2^-126 with lazy');
});

it('plain sgd leaves rows alone by itself, unless the rate is no number that leaves zero alone', async () => {
  const plain = (lr: number): Module =>
    defineModule('plain', (m) => {
      const table = m.state('table', { shape: [ROWS, WIDTH], init: init.constant(0.5) });
      const loss = table
        .take(m.input('i', { shape: [PLACES], dtype: 'i32' }))
        .square()
        .sum();
      m.entry('train', { loss, updates: sgd({ lr }).minimize(loss) });
    });
  const { entries } = compileToWasm(plain(0.1), () => new Uint8Array());
  const loops = (entries.get('train')?.stages ?? []).flatMap(({ groups }) => groups.flatMap((g) => g.loops));
  expect(loops.filter((loop) => changedWhere(loop) !== null)).toHaveLength(1);

  const session = await wasm(1).start(plain(0.1), { table: { shape: [ROWS, WIDTH], data: values } });
  const inputs = { i: { shape: [PLACES], data: batches[0]?.i ?? [] } };
  await session.step('train', { inputs, params: { lr: Number.POSITIVE_INFINITY } });
  const untouched = Array.from((await session.read('table')).data).slice(WIDTH, 2 * WIDTH);
  expect(untouched).toEqual(untouched.map(() => Number.NaN));
  await session.dispose();
});
