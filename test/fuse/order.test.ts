import { describe, expect, it } from 'vitest';
import { compileModule } from '../../src/compile.ts';
import { alignAxes } from '../../src/fuse/alignAxes.ts';
import { Decisions } from '../../src/fuse/decisions.ts';
import { partition } from '../../src/fuse/partition.ts';
import { fusePointwise } from '../../src/fuse/pointwise.ts';
import { timeOfGroups, timeOfStages } from '../../src/fuse/price.ts';
import { domainSize, type Loop, subexpressions } from '../../src/loops/index.ts';
import { declareStorage, lower } from '../../src/passes/lower.ts';
import { singletons } from '../../src/schedule/group.ts';
import { mixedModule } from '../oracle/randomGroups.ts';
import { randomMachine } from '../oracle/randomMachine.ts';
import { reordered } from './reordered.ts';

/** Decisions that keep what each move gains, of one pair several. */
class Gains extends Decisions {
  readonly taken: number[] = [];

  override take(...[move, from, to, reason]: Parameters<Decisions['take']>): void {
    super.take(move, from, to, reason);
    if (typeof reason !== 'string' && reason.kind === 'time') this.taken.push(reason.gain);
  }
}

/** The partitions of random modules' entries: what was decided, and the times of their groups and of their loops apart. */
function* partitioned(seeds: number) {
  for (let seed = 0; seed < seeds; seed++) {
    const machine = randomMachine(seed);
    for (const [entry, { loops }] of compileModule(mixedModule(seed).module, machine).entries) {
      const decisions = new Gains();
      const together = timeOfGroups(partition(loops, machine, decisions), machine);
      const apart = timeOfGroups(singletons(loops), machine);
      yield { seed, entry, decisions, together, apart };
    }
  }
}

describe('fusion of random modules', () => {
  it('takes what makes the step no slower: each join by the model, and all of them together', () => {
    let joined = 0;
    for (const { seed, entry, decisions, together, apart } of partitioned(8)) {
      expect([seed, entry, together <= apart + 1e-9]).toEqual([seed, entry, true]);
      for (const { reason, taken, from, to } of decisions.all) {
        if (!taken || reason.kind !== 'time') continue;
        expect([seed, entry, from, to, reason.gain >= -1e-9]).toEqual([seed, entry, from, to, true]);
        joined++;
      }
    }
    expect(joined).toBeGreaterThan(5);
  });

  it('keeps the time of the step: what its moves gain is what the groups take less', () => {
    let moves = 0;
    for (const { seed, entry, decisions, together, apart } of partitioned(8)) {
      const gained = decisions.taken.reduce((sum, gain) => sum + gain, 0);
      expect([seed, entry, together + gained]).toEqual([seed, entry, expect.closeTo(apart, 6)]);
      moves += decisions.taken.length;
    }
    expect(moves).toBeGreaterThan(5);
  });

  it('does not depend on the order of declaration: time and dispatches are the same', () => {
    const differ: string[] = [];
    // Of 43 several readers come along at once, of 106 and 127 a sum has several products that could make it.
    for (const seed of [...Array(8).keys(), 43, 106, 127]) {
      const machine = randomMachine(seed);
      const { module } = mixedModule(seed);
      const plain = compileModule(module, machine);
      const other = compileModule(reordered(module, seed), machine);
      for (const [entry, { stages }] of plain.entries) {
        const others = other.entries.get(entry)?.stages ?? [];
        const [time, again] = [timeOfStages(stages, machine), timeOfStages(others, machine)];
        if (stages.length !== others.length || Math.abs(time - again) > 1e-9 * time)
          differ.push(
            `seed ${seed}, ${entry}: ${stages.length} in ${time} µs, ${others.length} in ${again} µs`,
          );
      }
    }
    expect(differ).toEqual([]);
  });

  it('leaves the same loops once pointwise ones are gone, in any order of declaration', () => {
    const differ: string[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const { module } = mixedModule(seed);
      const machine = randomMachine(seed);
      for (const { name } of module.entries) {
        const [plain, other] = [module, reordered(module, seed + 1)].map((each) => {
          const loops = alignAxes(lower(each, name, declareStorage(each)), new Decisions());
          return fusePointwise(loops, machine, new Decisions()).map(shapeOf).sort().join('\n');
        });
        if (plain !== other) differ.push(`seed ${seed}, ${name}: ${plain}, or ${other}`);
      }
    }
    expect(differ).toEqual([]);
  });
});

/** What a loop computes, without names. */
function shapeOf({ axes, reduceAxes, reductions, outs }: Loop): string {
  const monoids = reductions.map(({ monoid }) => monoid).join();
  const roles = outs.map(({ tensor }) => tensor.role).sort();
  const terms = reductions.map(({ body }) => subexpressions(body).length).sort();
  const values = outs.map(({ value }) => subexpressions(value).length).sort();
  return `${domainSize(axes)} / ${domainSize(reduceAxes)} ${monoids}(${terms}): ${roles} = ${values}`;
}
