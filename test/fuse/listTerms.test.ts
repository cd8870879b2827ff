import { describe, expect, it } from 'vitest';
import { type Compilation, compileModule } from '../../src/compile.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { timeOfStages } from '../../src/fuse/price.ts';
import { defineModule, type Module } from '../../src/graph/index.ts';
import { listingOf, walkOf } from '../../src/loops/index.ts';
import { machines } from '../../src/machine/index.ts';
import { init } from '../../src/nn/index.ts';
import { sgd } from '../../src/optim/index.ts';
import { loopFlops } from '../../src/passes/flops.ts';
import { touchedBytes } from '../../src/schedule/touched.ts';

const WIDTH = 32;

/** A step of a table of so many rows that is looked up so many times. */
function lookup(rows: number, places: number): Module {
  return defineModule('lookup', (m) => {
    const table = m.state('table', { shape: [rows, WIDTH], init: init.constant(1) });
    const indices = m.input('indices', { shape: [places], dtype: 'i32' });
    const loss = table
      .take(indices)
      .mul(m.input('weights', { shape: [places, WIDTH] }))
      .tanh()
      .sum();
    m.entry('train', { loss, updates: sgd({ lr: 0.1 }).minimize(loss) });
  });
}

const compilers: Readonly<Record<string, (module: Module) => Compilation>> = {
  webgpu: (module) => compileModule(module, machines.webgpu),
  'webgpu-software': (module) => compileModule(module, machines['webgpu-software']),
  wasm: (module) => compileToWasm(module, () => new Uint8Array()),
};

interface Cost {
  /** Float operations of a step. */
  readonly flops: number;
  /** Bytes that the model counts of what is updated. */
  readonly bytes: number;
  /** Microseconds of the model, without those of dispatches. */
  readonly micros: number;
}

function costOf(compile: (module: Module) => Compilation, rows: number, places: number): Cost {
  const { entries, machine } = compile(lookup(rows, places));
  const stages = entries.get('train')?.stages ?? [];
  const loops = stages.flatMap(({ groups }) => groups.flatMap((group) => group.loops));
  return {
    flops: loops.reduce((n, loop) => n + loopFlops(loop), 0),
    bytes: loops.reduce((n, loop) => n + touchedBytes(loop, [], () => false), 0),
    micros: timeOfStages(stages, machine) - stages.length * machine.dispatch,
  };
}

const [ROWS, PLACES] = [4_000, 1_000];

describe.each(Object.keys(compilers))('on %s, the work of looking a table up', (name) => {
  const compile = compilers[name];
  if (compile === undefined) throw new RangeError(name);

  it('grows with rows and lookups, and not with their product', () => {
    const once = costOf(compile, ROWS, PLACES);
    const twice = costOf(compile, 2 * ROWS, 2 * PLACES);
    expect(twice.flops / once.flops).toBeLessThan(2.05);
    expect(twice.micros / once.micros).toBeLessThan(2.2);
    // A few operations an element that is looked up.
    expect(once.flops).toBeLessThan(20 * WIDTH * PLACES);
  });

  it('is that of its elements where each has an index of its own, whatever reads the sums', () => {
    const module = defineModule('scatter', (m) => {
      const table = m.input('table', { shape: [ROWS, 4] });
      const indices = m.input('indices', { shape: [PLACES, 4], dtype: 'i32' });
      const added = table.scatterAdd(0, indices, m.input('source', { shape: [PLACES, 4] }));
      m.entry('train', { added: added.tanh() });
    });
    const stages = compile(module).entries.get('train')?.stages ?? [];
    const loops = stages.flatMap(({ groups }) => groups.flatMap((group) => group.loops));
    expect(loops.reduce((n, loop) => n + loopFlops(loop), 0)).toBeLessThan(20 * 4 * (ROWS + PLACES));
  });

  it('does not grow with rows that are not looked up, except for a pass over their counts', () => {
    const [small, large] = [costOf(compile, ROWS, PLACES), costOf(compile, 10 * ROWS, PLACES)];
    expect(large.flops).toBe(small.flops);
    const whole = costOf(compile, 10 * ROWS, 10 * PLACES);
    expect(large.bytes).toBeLessThan(whole.bytes / 2);
  });
});

it('leaves a small table to a loop that looks at every position, where the model says that this is sooner', () => {
  const loopsOf = (rows: number, places: number) =>
    (compileModule(lookup(rows, places), machines.webgpu).entries.get('train')?.stages ?? []).flatMap(
      ({ groups }) => groups.flatMap((group) => group.loops),
    );
  const isListed = (rows: number, places: number): boolean =>
    loopsOf(rows, places).some((loop) => listingOf(loop) !== null || walkOf(loop) !== null);
  expect([isListed(8, 8), isListed(ROWS, PLACES)]).toEqual([false, true]);
});

it('makes the lists of one tensor of indices once, for all tables that it looks up', () => {
  const module = defineModule('tables', (m) => {
    const indices = m.input('indices', { shape: [PLACES], dtype: 'i32' });
    const rows = ['a', 'b', 'c'].map((name) =>
      m.state(name, { shape: [ROWS, WIDTH], init: init.constant(1) }).take(indices),
    );
    const loss = rows.reduce((x, y) => x.mul(y)).sum();
    m.entry('train', { loss, updates: sgd({ lr: 0.1 }).minimize(loss) });
  });
  for (const compile of Object.values(compilers)) {
    const stages = compile(module).entries.get('train')?.stages ?? [];
    const loops = stages.flatMap(({ groups }) => groups.flatMap((group) => group.loops));
    expect(loops.filter((loop) => listingOf(loop) !== null)).toHaveLength(1);
    expect(loops.filter((loop) => walkOf(loop) !== null)).toHaveLength(3);
    // Two tables wait for rows of one another: those are stored rather than the tables copied.
    expect(loops.filter(({ name }) => name.startsWith('copy_'))).toEqual([]);
  }
});

it.each(Object.keys(compilers))(
  'stores rows rather than copy tables that wait for one another, on %s',
  (name) => {
    const module = defineModule('pair', (m) => {
      const [a, b] = ['a', 'b'].map((table) =>
        m
          .state(table, { shape: [10_000, 128], init: init.constant(1) })
          .take(m.input(`${table}_rows`, { shape: [768], dtype: 'i32' })),
      );
      if (a === undefined || b === undefined) throw new RangeError('two tables');
      const loss = a.mul(b).sum(1).tanh().mean();
      m.entry('train', { loss, updates: sgd({ lr: 0.1 }).minimize(loss) });
    });
    const stages = compilers[name]?.(module).entries.get('train')?.stages ?? [];
    const names = stages.flatMap(({ groups }) =>
      groups.flatMap(({ loops }) => loops.map((loop) => loop.name)),
    );
    expect(names.filter((loop) => loop.startsWith('copy_'))).toEqual([]);
    expect(names.length).toBeGreaterThan(0);
  },
);

it('knows no operation: a mask by hand that compares positions with rows walks lists too', () => {
  const module = defineModule('byHand', (m) => {
    const indices = m.input('indices', { shape: [PLACES], dtype: 'i32' });
    const values = m.input('values', { shape: [PLACES] });
    const isOfRow = indices.expandDims(0).eq(values.iota([ROWS, PLACES], 0));
    m.entry('run', { sums: isOfRow.where(values.expandDims(0), 0).sum(1) });
  });
  const { entries } = compileModule(module, machines['webgpu-software']);
  const loops = (entries.get('run')?.stages ?? []).flatMap(({ groups }) => groups.flatMap((g) => g.loops));
  expect(loops.filter((loop) => walkOf(loop) !== null)).toHaveLength(1);
});
