import { describe, expect, it } from 'vitest';
import { optionalPasses } from '../../src/compile.ts';
import { type Profile, profiles } from '../../src/machine/profile.ts';
import { disagreements, numberedModule } from './agreement.ts';

/** The least that a device may have, and small enough that row programs and tiles run out of memory. */
const smallest: Profile = {
  ...profiles.webgpu,
  name: 'smallest',
  workgroup: 256,
  workgroupMemory: 16384,
  parallelWorkgroups: 4,
};

const ways: readonly {
  name: string;
  profile: Profile;
  without: (seed: number) => readonly (typeof optionalPasses)[number][];
}[] = [
  { name: 'fused for webgpu', profile: profiles.webgpu, without: () => [] },
  { name: 'fused for webgpu-software', profile: profiles['webgpu-software'], without: () => [] },
  { name: 'unfused', profile: profiles.webgpu, without: () => optionalPasses },
  {
    name: 'each pass switched off in turn',
    profile: profiles['webgpu-software'],
    without: (seed) => [optionalPasses[seed % optionalPasses.length] ?? 'groupRows'],
  },
  { name: 'with the least limits', profile: smallest, without: () => [] },
];

/** Graphs of each run; `SINTER_SEEDS=1000-2000` runs others. */
const [first, last] = (process.env.SINTER_SEEDS ?? '0-60').split('-').map(Number);

describe('random graphs agree with the reference evaluator and have no races', () => {
  for (const way of ways) {
    it(way.name, () => {
      const found: string[] = [];
      for (let seed = first ?? 0; seed < (last ?? 60); seed++) {
        found.push(...disagreements(numberedModule(seed), way.profile, new Set(way.without(seed))));
      }
      expect(found).toEqual([]);
    });
  }
});

describe('an output of a random graph', () => {
  it('is the same whatever other outputs there are', () => {
    const found: string[] = [];
    for (let seed = first ?? 0; seed < (last ?? 60); seed++) {
      const random = numberedModule(seed);
      const [entry] = random.module.entries;
      for (const output of entry?.outputs ?? []) {
        const alone = {
          ...random.module,
          entries: [{ name: 'run', outputs: [output], updates: entry?.updates ?? [] }],
        };
        found.push(...disagreements({ ...random, module: alone }, profiles.webgpu, new Set()));
      }
    }
    expect(found).toEqual([]);
  });
});
