import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { type Profile, profiles } from '../../src/machine/profile.ts';
import { randomRows } from '../oracle/randomRows.ts';
import { disagreements } from './agreement.ts';

/** So small a machine that its blocks have several rows. */
const smallest: Profile = {
  ...profiles.webgpu,
  name: 'smallest',
  parallelWorkgroups: 1,
  bytesPerDispatch: 1 << 10,
};

/** Modules of each run; `SINTER_SEEDS=1000-2000` runs others. */
const [first, last] = (process.env.SINTER_SEEDS ?? '0-40').split('-').map(Number);

/** How the contractions of a module's row programs run. */
function waysOf(seed: number, profile: Profile): string[] {
  const { entries } = compileModule(randomRows(seed).module, profile);
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

const targets: readonly { readonly profile: Profile; readonly ways: readonly string[] }[] = [
  {
    profile: profiles.webgpu,
    ways: ['elements of one row', 'shared sums of one row', 'tiles of one row'],
  },
  {
    profile: smallest,
    ways: ['elements', 'shared sums', 'tiles'].flatMap((way) => [`${way} of one row`, `${way} of rows`]),
  },
  { profile: profiles['webgpu-software'], ways: ['elements of one row', 'tiles of one row'] },
];

describe.each(targets)('random row programs with contractions for $profile.name', ({ profile, ways }) => {
  it('agree with the reference evaluator and have no races', () => {
    const found: string[] = [];
    for (let seed = first ?? 0; seed < (last ?? 0); seed++)
      found.push(...disagreements(randomRows(seed), profile, new Set()));
    expect(found).toEqual([]);
  });

  it('run in every way that there is for the target', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 40; seed++) for (const way of waysOf(seed, profile)) seen.add(way);
    expect([...seen].sort()).toEqual([...ways].sort());
  });
});
