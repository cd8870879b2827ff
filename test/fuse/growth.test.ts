import { expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { alignAxes } from '../../src/fuse/alignAxes.ts';
import { Decisions, type Effort } from '../../src/fuse/decisions.ts';
import { partition } from '../../src/fuse/partition.ts';
import { fusePointwise } from '../../src/fuse/pointwise.ts';
import { MOST_LOOPS } from '../../src/fuse/rows.ts';
import { defineModule, type Module, nn, optim, type Tensor } from '../../src/index.ts';
import { type Machine, machines } from '../../src/machine/index.ts';
import { declareStorage, lower } from '../../src/passes/lower.ts';

/** Products and pointwise operations, one after the other. */
const chain = (n: number): Module =>
  defineModule('chain', (m) => {
    let h = m.input('x', { shape: [8, 16] });
    const w = m.state('w', { shape: [16, 16], init: nn.init.constant(0.01) });
    for (let k = 0; k < n; k++) h = h.matmul(w).tanh();
    m.entry('run', { y: h.sum() });
  });

/** A recurrence that is unrolled, trained. */
const recurrence = (n: number): Module =>
  defineModule('recurrence', (m) => {
    const x = m.input('x', { shape: [n, 8, 16] });
    const u = m.state('u', { shape: [16, 16], init: nn.init.constant(0.01) });
    const at = (t: number): Tensor => x.slice([t, 0, 0], [t + 1, 8, 16]).reshape([8, 16]);
    let h = at(0);
    for (let t = 1; t < n; t++) h = at(t).add(h.matmul(u)).tanh();
    const loss = h.square().mean();
    m.entry('run', { loss, updates: optim.adam({ lr: 0.1 }).minimize(loss) });
  });

/** Layers with a way around each, clipped by the norm of all gradients, trained. */
const layers = (n: number): Module =>
  defineModule('layers', (m) => {
    let h = m.input('x', { shape: [16, 8] });
    for (let k = 0; k < n; k++) {
      const [w, b] = [
        m.state(`w${k}`, { shape: [8, 8], init: nn.init.normal(0.1) }),
        m.state(`b${k}`, { shape: [8], init: nn.init.constant(0) }),
      ];
      h = h.add(h.matmul(w).add(b).relu());
    }
    const loss = h.square().mean();
    m.entry('run', { loss, updates: optim.adam({ lr: 0.1 }).minimize(loss, { clipGlobalNorm: 1 }) });
  });

/** Loops of a group: few, so that short chains are long beside it. Up to that length each is weighed with all of its loops. */
const FEW_LOOPS = 8;

/** What the search for a partition works. */
function effortOf(module: Module, machine: Machine): Effort {
  const decisions = new Decisions();
  const lowered = alignAxes(lower(module, 'run', declareStorage(module)), decisions);
  partition(fusePointwise(lowered, machine, decisions), machine, decisions, FEW_LOOPS);
  return decisions.effort;
}

/** The power of the size with which a count grows from one size to four times that. */
function growth(small: number, large: number): number {
  return Math.log(large / small) / Math.log(4);
}

it.each([
  ['a chain', chain, 32, 'webgpu'],
  ['a chain', chain, 32, 'wasm'],
  ['an unrolled recurrence', recurrence, 16, 'webgpu'],
  ['an unrolled recurrence', recurrence, 16, 'wasm'],
  ['layers', layers, 6, 'webgpu'],
  ['layers', layers, 6, 'wasm'],
] as const)('The search for a partition of %s works in proportion to its length', (_, make, n, target) => {
  const [small, large] = [n, 4 * n].map((k) => effortOf(make(k), machines[target]));
  if (small === undefined || large === undefined) throw new Error('two sizes');
  expect(growth(small.weighedLoops, large.weighedLoops)).toBeLessThan(1.3);
  expect(growth(small.placedGroups, large.placedGroups)).toBeLessThan(1.3);
});

it('A long chain is row programs of a bounded length', () => {
  const [entry] = compileModule(chain(MOST_LOOPS + 16), machines.webgpu).entries.values();
  const lengths = (entry?.stages ?? []).flatMap(({ groups }) => groups.map(({ loops }) => loops.length));
  expect(Math.max(...lengths)).toBeLessThanOrEqual(MOST_LOOPS);
  expect(lengths.length).toBeGreaterThan(1);
});
