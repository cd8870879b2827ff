import { describe, expect, it } from 'vitest';
import { optionalPasses } from '../../src/compile.ts';
import { type Machine, machines, machineWith } from '../../src/machine/index.ts';
import { randomMachine } from '../oracle/randomMachine.ts';
import { disagreements, numberedModule } from './agreement.ts';

/** The least that a device may have, and small enough that row programs and tiles run out of memory. */
const smallest = machineWith(machines.webgpu, { cores: 4, resident: 4 });

const ways: readonly {
  name: string;
  machine: (seed: number) => Machine;
  without: (seed: number) => readonly (typeof optionalPasses)[number][];
}[] = [
  { name: 'fused for webgpu', machine: () => machines.webgpu, without: () => [] },
  { name: 'fused for webgpu-software', machine: () => machines['webgpu-software'], without: () => [] },
  { name: 'unfused', machine: () => machines.webgpu, without: () => optionalPasses },
  {
    name: 'each pass switched off in turn',
    machine: () => machines['webgpu-software'],
    without: (seed) => [optionalPasses[seed % optionalPasses.length] ?? 'partition'],
  },
  { name: 'on machines drawn at random', machine: randomMachine, without: () => [] },
  { name: 'with the least limits', machine: () => smallest, without: () => [] },
];

/** Graphs of each run; `SINTER_SEEDS=1000-2000` runs others. */
const [first, last] = (process.env.SINTER_SEEDS ?? '0-48').split('-').map(Number);

describe('random graphs agree with the reference evaluator and have no races', () => {
  for (const way of ways) {
    it(way.name, () => {
      const found: string[] = [];
      for (let seed = first ?? 0; seed < (last ?? 48); seed++) {
        found.push(...disagreements(numberedModule(seed), way.machine(seed), new Set(way.without(seed))));
      }
      expect(found).toEqual([]);
    });
  }
});

describe('an output of a random graph', () => {
  it('is the same whatever other outputs there are', () => {
    const found: string[] = [];
    for (let seed = first ?? 0; seed < (last ?? 48); seed++) {
      const random = numberedModule(seed);
      const [entry] = random.module.entries;
      for (const output of entry?.outputs ?? []) {
        const alone = {
          ...random.module,
          entries: [{ name: 'run', outputs: [output], updates: entry?.updates ?? [] }],
        };
        found.push(...disagreements({ ...random, module: alone }, machines.webgpu, new Set()));
      }
    }
    expect(found).toEqual([]);
  });
});
