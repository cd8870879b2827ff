import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { type Axis, type Loop, loadsIn } from '../../src/loops/index.ts';
import { type Machine, machines, machineWith } from '../../src/machine/index.ts';
import type { Group } from '../../src/schedule/group.ts';
import { orientedContraction } from '../../src/schedule/orient.ts';
import type { StagedPhase } from '../../src/schedule/schedule.ts';
import { isAhead, tileExtents } from '../../src/schedule/staging.ts';
import { tileSpace } from '../../src/schedule/tileSpace.ts';
import { randomRows } from '../oracle/randomRows.ts';
import { disagreements } from './agreement.ts';

/** So small a machine that its blocks have several rows. */
const smallest = machineWith(machines.webgpu, { cores: 1, resident: 1, cacheRate: 4e6, coreRate: 1000 });

/** One whose workgroups have little memory: staged operands and locals want the same. */
const tight = machineWith(smallest, { workgroup: 32, workgroupMemory: 2048 });

/** Modules of each run in place of a target's own; `SINTER_SEEDS=1000-2000` runs others. */
const seeds = process.env.SINTER_SEEDS?.split('-').map(Number);

/** How the loops of a module's row programs run. */
function waysOf(seed: number, machine: Machine): string[] {
  const { entries } = compileModule(randomRows(seed).module, machine);
  return [...entries.values()].flatMap(({ scheduled }) =>
    scheduled.flat().flatMap(({ group, schedule }) => {
      if (!('kind' in schedule) || schedule.kind !== 'rows') return [];
      return schedule.phases.flatMap((phase, k) => {
        const rows = schedule.block > 1 ? 'rows' : 'one row';
        const way = phase.kind === 'elements' && phase.split > 1 ? 'shared sums' : phase.kind;
        const loop = group.loops[k];
        const staged = phase.kind === 'staged' && loop !== undefined;
        const more = staged
          ? stagedWays(group, loop, group.rows[k] ?? [], schedule.block, phase, machine)
          : [];
        return [`${way} of ${rows}`, ...more];
      });
    }),
  );
}

/** What is particular about a phase whose operands are staged. */
function stagedWays(
  group: Group,
  loop: Loop,
  own: readonly Axis[],
  block: number,
  phase: StagedPhase,
  machine: Machine,
): string[] {
  const c = orientedContraction(loop);
  if (c === null) throw new Error('only contractions are staged');
  const { ofRows, m, n } = tileSpace(c, own, block);
  const [rows, columns] = tileExtents(phase);
  const made = new Set(group.loops.flatMap(({ outs }) => outs.map(({ tensor }) => tensor)));
  const passed = loadsIn(...c.a, ...c.b).filter(({ tensor }) => made.has(tensor));
  const batches = own.some((axis) => c.batch.includes(axis));
  const found = [
    ofRows === null ? 'staged, each row by itself' : `staged, rows on side ${ofRows}`,
    isAhead(loop, phase, machine) ? 'staged ahead' : 'staged when needed',
  ];
  if (ofRows !== null && batches) found.push('staged, rows of one batch');
  if (m % rows !== 0 || n % columns !== 0) found.push('staged, with an edge');
  if (m > rows || n > columns) found.push('staged, several tiles');
  if (own.some((axis) => axis.live !== undefined)) found.push('staged, rows of a bounded size');
  for (const { tensor } of passed)
    found.push(group.locals.includes(tensor) ? 'staged, from a local' : 'staged, from the slice of a buffer');
  return found;
}

const targets = [
  { name: 'webgpu', machine: machines.webgpu, count: 12 },
  { name: 'one core', machine: smallest, count: 16 },
  { name: 'little memory', machine: tight, count: 40 },
  { name: 'webgpu-software', machine: machines['webgpu-software'], count: 24 },
];

describe.each(targets)('random row programs with contractions for $name', ({ machine, count }) => {
  it('agree with the reference evaluator and have no races', () => {
    const found: string[] = [];
    const [first = 0, last = count] = seeds ?? [];
    for (let seed = first; seed < last; seed++)
      found.push(...disagreements(randomRows(seed), machine, new Set()));
    expect(found).toEqual([]);
  });
});

it('row programs run in every way that there is', () => {
  const seen = new Set<string>();
  for (const { machine } of targets)
    for (let seed = 0; seed < 32; seed++) for (const way of waysOf(seed, machine)) seen.add(way);
  const ways = ['elements', 'shared sums', 'tiles', 'staged'].flatMap((way) => [
    `${way} of one row`,
    `${way} of rows`,
  ]);
  const particular = [
    'staged ahead',
    'staged when needed',
    'staged, each row by itself',
    'staged, rows on side m',
    'staged, rows on side n',
    'staged, rows of one batch',
    'staged, with an edge',
    'staged, several tiles',
    'staged, rows of a bounded size',
    'staged, from a local',
    'staged, from the slice of a buffer',
  ];
  expect([...seen].sort()).toEqual([...ways, ...particular].sort());
});
