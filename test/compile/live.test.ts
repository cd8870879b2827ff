import { expect, test } from 'vitest';
import { compileModule, type WebGpuCompilation } from '../../src/compile.ts';
import { compileToWasm } from '../../src/compileToWasm.ts';
import { defineModule, type Module, type Tensor } from '../../src/graph/index.ts';
import { nn } from '../../src/index.ts';
import type { EvaluatedKernel } from '../../src/kernels/kernel.ts';
import { printKernel } from '../../src/kernels/text.ts';
import { type Machine, machines } from '../../src/machine/index.ts';
import { type NDArray, referenceSession } from '../../src/reference/index.ts';
import { liveWorkgroups } from '../../src/schedule/liveGrid.ts';
import { slowMemory } from '../oracle/randomStatistics.ts';
import { firstDifference } from './agreement.ts';
import { assemble, assembleBackwards, bareSession } from './bareWasm.ts';
import { interpretedSession } from './interpreted.ts';
import { extents, type LiveModule, liveModules } from './liveModules.ts';

/** What steps of a module come to: outputs of each, then its states. */
interface Stepping {
  step(entry: string, feeds: ReturnType<LiveModule['feeds']>): Record<string, NDArray>;
  read(state: string): ArrayLike<number>;
}

/** Steps with all extents, one after the other, and the states behind them: what differs from the reference. */
function differences({ module, states, feeds }: LiveModule, session: Stepping, tolerance: number): string[] {
  const reference = referenceSession(module, states);
  const found: string[] = [];
  const compare = (place: string, actual: ArrayLike<number>, expected: NDArray): void => {
    const difference = firstDifference(actual, expected, expected.dtype === 'f32' ? tolerance : 0);
    if (difference !== null) found.push(`${place}${difference}`);
  };
  for (const live of extents) {
    const outputs = session.step('run', feeds(live));
    for (const [name, expected] of Object.entries(reference.step('run', feeds(live))))
      compare(`${name} of ${JSON.stringify(live)}`, outputs[name]?.data ?? [], expected);
  }
  for (const { name } of module.states) compare(name, session.read(name), reference.read(name));
  return found;
}

/** The same compilation, whose steps run all workgroups whatever is alive. */
function whole(compilation: WebGpuCompilation): WebGpuCompilation {
  const entries = [...compilation.entries].map(([name, entry]) => {
    const kernels = entry.kernels.map(({ live: _, ...kernel }) => kernel);
    return [name, { ...entry, kernels }] as const;
  });
  return { ...compilation, entries: new Map(entries) };
}

/** The rows of outputs that are made of one row each, a list for each row. */
function rowsOf({ byRow }: LiveModule, outputs: Record<string, NDArray>, rows: number): number[][] {
  return Array.from({ length: rows }, (_, row) =>
    byRow.flatMap((name) => {
      const { data, shape } = outputs[name] ?? { data: [], shape: [] };
      const each = data.length / (shape[0] ?? 1);
      return [...data.slice(row * each, (row + 1) * each)];
    }),
  );
}

/** A machine whose workgroups meet, and are small: there are many of them. */
const barriers: Machine = { ...machines.webgpu, workgroup: 32 };

for (const own of liveModules) {
  const { name } = own.module;

  for (const machine of [barriers, machines['webgpu-software']]) {
    test(`${name} on ${machine.name} has the bits that it has if all workgroups run, and the reference's values`, () => {
      const compilation = compileModule(own.module, machine);
      const [shortened, all] = [compilation, whole(compilation)].map((one) =>
        interpretedSession(one, own.states, true),
      );
      if (shortened === undefined || all === undefined) throw new RangeError('two of them');
      const both: Stepping = {
        step: (entry, feeds) => {
          const outputs = shortened.step(entry, feeds);
          expect(outputs).toEqual(all.step(entry, feeds));
          return outputs;
        },
        read: (state) => {
          expect(shortened.read(state)).toEqual(all.read(state));
          return shortened.read(state);
        },
      };
      expect(differences(own, both, 2e-5)).toEqual([]);
    });
  }

  test(`${name} on WebAssembly has the reference's values, and writes nothing that is not alive`, () => {
    const session = bareSession(compileToWasm(own.module, assembleBackwards), own.states, 'strict');
    const step: Stepping['step'] = (entry, feeds) => {
      const outputs = session.step(entry, feeds);
      const alive = Object.values(outputs).reduce((n, { data }) => n + data.length, 0);
      expect(session.written(), JSON.stringify(feeds.live)).toBe(alive);
      return outputs;
    };
    expect(differences(own, { ...session, step }, 1e-4)).toEqual([]);
    expect(session.damage).toEqual([]);
  });

  if (own.byRow.length > 0)
    test(`${name} on WebAssembly gives a row the same bits, however many are alive`, () => {
      const compilation = compileToWasm(own.module, assemble);
      const of = (batch: number): number[][] =>
        rowsOf(own, bareSession(compilation, own.states, 'strict').step('run', own.feeds({ batch })), batch);
      const all = of(13);
      for (const batch of [1, 7, 12]) expect(of(batch)).toEqual(all.slice(0, batch));
    });
}

const wide = (outputs: (hidden: Tensor) => Record<string, Tensor>): Module =>
  defineModule('rows', (m) => {
    const x = m.input('x', { shape: [m.size('batch', { max: 1024 }), 64] });
    m.entry('run', outputs(nn.dense(x, 128, { activation: 'relu' })));
  });

const kernelsOf = (module: Module, machine: Machine): readonly EvaluatedKernel[] =>
  compileModule(module, machine).entries.get('run')?.kernels ?? [];

test('a step runs as many workgroups as are alive, except those of a row of tiles that has begun', () => {
  const module = wide((hidden) => ({ label: nn.dense(hidden, 128).argmax(1) }));
  for (const machine of [barriers, machines.webgpu, machines['webgpu-software']]) {
    const kernels = kernelsOf(module, machine);
    const workgroups = (rows: number): number =>
      kernels.reduce((n, { grid, live }) => n + (live === undefined ? grid : liveWorkgroups(live, rows)), 0);
    expect(workgroups(1024)).toBe(kernels.reduce((n, { grid }) => n + grid, 0));
    // Tiles have at most 64 rows, and as many workgroups run those of a kernel.
    const begun = kernels.reduce((n, { grid }) => n + Math.max(1, grid / 16), 0);
    for (const rows of [1, 33, 512, 1023]) {
      expect(workgroups(rows)).toBeLessThanOrEqual(workgroups(rows + 1));
      expect(workgroups(rows)).toBeLessThanOrEqual((workgroups(1024) * rows) / 1024 + begun);
    }
    expect(workgroups(0)).toBe(0);
  }
});

test('workgroups that make parts of what others add up leave out what is not alive, and make neutral parts', () => {
  const own = liveModules.find(({ module }) => module.name === 'statistics');
  if (own === undefined) throw new RangeError('there are no statistics');
  const compilation = compileModule(own.module, slowMemory(1), new Set(['partition']));
  const { stages = [], kernels = [] } = compilation.entries.get('run') ?? {};
  const made = stages.findIndex(({ groups }) => groups.some(({ partials }) => partials.length > 0));
  const kernel = kernels[made];
  if (kernel === undefined) throw new RangeError('nothing makes parts');
  expect(printKernel(kernel)).toMatch(/if @wg:i32 < .*live\(batch<=13\)/);
  expect(differences(own, interpretedSession(compilation, own.states, true), 2e-5)).toEqual([]);
});

test('of groups that share a dispatch the last range ends with what is alive, and others leave what is not at once', () => {
  const module = wide((hidden) => ({ label: nn.dense(hidden, 128).argmax(1), softmax: hidden.softmax(1) }));
  const packed = kernelsOf(module, machines['webgpu-software']).filter(({ kind }) => kind === 'packed');
  const [text = ''] = packed.map(printKernel).filter((one) => one.includes('label,'));
  expect(text).toMatch(/^kernel \w+: packed, 32 workgroups of 64, 16 \+ ⌈batch \/ 64⌉\n/);
  expect(text).toContain('if @wg:i32 < (live(batch<=1024) + 63) // 64:');
});
