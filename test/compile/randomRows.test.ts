import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { type Machine, machines, machineWith } from '../../src/machine/index.ts';
import { randomRows } from '../oracle/randomRows.ts';
import { disagreements } from './agreement.ts';

/** So small a machine that its blocks have several rows. */
const smallest = machineWith(machines.webgpu, { cores: 1, resident: 1, cacheRate: 4e6, coreRate: 1000 });

/** Modules of each run; `SINTER_SEEDS=1000-2000` runs others. */
const [first, last] = (process.env.SINTER_SEEDS ?? '0-40').split('-').map(Number);

/** How the contractions of a module's row programs run. */
function waysOf(seed: number, machine: Machine): string[] {
  const { entries } = compileModule(randomRows(seed).module, machine);
  return [...entries.values()].flatMap(({ scheduled }) =>
    scheduled.flat().flatMap(({ schedule }) => {
      if (!('kind' in schedule) || schedule.kind !== 'rows') return [];
      return schedule.phases.map(({ perThread: [p, q], split }) => {
        const rows = schedule.block > 1 ? 'rows' : 'one row';
        return p * q > 1 ? `tiles of ${rows}` : split > 1 ? `shared sums of ${rows}` : `elements of ${rows}`;
      });
    }),
  );
}

const targets = [
  { machine: machines.webgpu },
  { machine: smallest },
  { machine: machines['webgpu-software'] },
];

describe.each(targets)('random row programs with contractions for $machine.name', ({ machine }) => {
  it('agree with the reference evaluator and have no races', () => {
    const found: string[] = [];
    for (let seed = first ?? 0; seed < (last ?? 0); seed++)
      found.push(...disagreements(randomRows(seed), machine, new Set()));
    expect(found).toEqual([]);
  });
});

it('row programs run in every way that there is', () => {
  const seen = new Set<string>();
  for (const { machine } of targets)
    for (let seed = 0; seed < 40; seed++) for (const way of waysOf(seed, machine)) seen.add(way);
  const ways = ['elements', 'shared sums', 'tiles'].flatMap((way) => [`${way} of one row`, `${way} of rows`]);
  expect([...seen].sort()).toEqual(ways.sort());
});
