import { expect, it } from 'vitest';
import { familyNamed } from '../../bench/growth/families.ts';
import { exponent } from '../../bench/growth/fit.ts';
import { compileModule } from '../../src/compile.ts';
import { alignAxes } from '../../src/fuse/alignAxes.ts';
import { Decisions, type Effort } from '../../src/fuse/decisions.ts';
import { partition } from '../../src/fuse/partition.ts';
import { fusePointwise } from '../../src/fuse/pointwise.ts';
import { MOST_LOOPS } from '../../src/fuse/rows.ts';
import type { Module } from '../../src/index.ts';
import { type Machine, machines } from '../../src/machine/index.ts';
import { declareStorage, lower } from '../../src/passes/lower.ts';

/** Products and pointwise operations, one after the other. */
const chain = familyNamed('mixed');

/** Loops of a group: few, so that short chains are long beside it. Up to that length each is weighed with all of its loops. */
const FEW_LOOPS = 8;

/** What the search for a partition works. */
function effortOf(module: Module, machine: Machine): Effort {
  const decisions = new Decisions();
  const lowered = alignAxes(lower(module, module.entries[0]?.name ?? '', declareStorage(module)), decisions);
  partition(fusePointwise(lowered, machine, decisions), machine, decisions, FEW_LOOPS);
  return decisions.effort;
}

it.each([
  ['mixed', 64, 'webgpu'],
  ['recurrence', 16, 'wasm'],
  ['layers', 12, 'webgpu'],
  ['residual-layers', 2, 'wasm'],
] as const)(
  'the search for a partition of the family %s works in proportion to its size',
  (family, size, target) => {
    const sizes = [size, 4 * size];
    const efforts = sizes.map((k) => effortOf(familyNamed(family)(k), machines[target]));
    for (const count of ['weighedLoops', 'placedGroups'] as const)
      expect(
        exponent(
          sizes,
          efforts.map((effort) => effort[count]),
        ),
      ).toBeLessThan(1.3);
  },
);

it('a long chain is row programs of a bounded length', () => {
  const [entry] = compileModule(chain(2 * MOST_LOOPS + 32), machines.webgpu).entries.values();
  const lengths = (entry?.stages ?? []).flatMap(({ groups }) => groups.map(({ loops }) => loops.length));
  expect(Math.max(...lengths)).toBeLessThanOrEqual(MOST_LOOPS);
  expect(lengths.length).toBeGreaterThan(1);
});
