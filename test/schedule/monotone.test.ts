import { describe, expect, it } from 'vitest';
import { parseGroups } from '../../src/fuse/text.ts';
import { type Machine, machines, machineWith, type QuantityName } from '../../src/machine/index.ts';
import { bestSchedule, isScheduled, tryToSchedule } from '../../src/schedule/best.ts';
import { type Group, groupName } from '../../src/schedule/group.ts';
import { Dice } from '../oracle/dice.ts';
import { randomGroups } from '../oracle/randomGroups.ts';
import { randomMachine, randomTasksMachine } from '../oracle/randomMachine.ts';

/** What times may differ by in rounding. */
const ROUNDING = 1 + 1e-9;

/** Numbers of which more is better. */
const capacities = [
  'cores',
  'resident',
  'lanes',
  'clock',
  'coreRate',
  'cacheRate',
  'memoryRate',
  'cache',
  'workgroupMemory',
  'privateMemory',
  'overlap',
] as const satisfies readonly QuantityName[];

/** Numbers of which less is better. */
const costs = [
  'latency',
  'barrier',
  'dispatch',
  'load',
  'scattered',
  'element',
] as const satisfies readonly QuantityName[];

/** A machine that is better in one number by a factor; null where that is as good as another number allows. */
function better(machine: Machine, quantity: QuantityName, factor: number): Machine | null {
  const isCost = costs.some((cost) => cost === quantity);
  const value = isCost ? machine[quantity] / factor : Math.ceil(machine[quantity] * factor);
  if (quantity === 'cores')
    return machineWith(machine, { cores: value, resident: Math.max(machine.resident, value) });
  if (quantity === 'scattered' && value < machine.load) return null;
  if (quantity === 'coreRate' && value > machine.cacheRate) return null;
  if (quantity === 'memoryRate' && value > machine.cacheRate) return null;
  return machineWith(machine, { [quantity]: value });
}

describe('the best time of a group', () => {
  it('does not grow where a machine has more of anything', () => {
    const slower: string[] = [];
    let faster = 0;
    for (let seed = 0; seed < 6; seed++) {
      const groups = randomGroups(seed);
      for (const machine of [randomMachine(seed), randomTasksMachine(seed)])
        for (const quantity of [...capacities, ...costs]) {
          // Of a task it is the cache by which rows are cut into blocks, of one size.
          if (quantity === 'workgroupMemory' && machine.features.has('tasks')) continue;
          const improved = better(machine, quantity, 3);
          if (improved === null) continue;
          for (const group of groups) {
            const [before, after] = [tryToSchedule(group, machine), tryToSchedule(group, improved)];
            if (!isScheduled(before)) continue;
            if (!isScheduled(after) || after.time.micros > before.time.micros * ROUNDING)
              slower.push(`${quantity} of ${machine.name}, seed ${seed}: ${groupName(group)}`);
            else if (after.time.micros < before.time.micros) faster++;
          }
        }
    }
    expect(slower).toEqual([]);
    expect(faster).toBeGreaterThan(100);
  });

  it('does not fall where an axis is twice as long', () => {
    const falls: string[] = [];
    for (let seed = 0; seed < 60; seed++) {
      const dice = new Dice(seed ^ 0x6d6f7265);
      const machine = [randomMachine(seed), randomTasksMachine(seed), machines.webgpu, machines.wasm][
        seed % 4
      ];
      if (machine === undefined) throw new Error('a machine');
      for (const [form, text] of Object.entries(forms)) {
        // Tasks of a row program are of one size: rows that fill one task use one thread, more rows several.
        if (form === 'rows' && machine.features.has('tasks')) continue;
        const extents = { m: size(dice), n: size(dice), k: size(dice) };
        const { micros } = bestSchedule(groupOf(text, extents), machine).time;
        for (const axis of ['m', 'n', 'k'] as const) {
          const longer = { ...extents, [axis]: 2 * extents[axis] };
          const { micros: more } = bestSchedule(groupOf(text, longer), machine).time;
          if (more * ROUNDING < micros)
            falls.push(
              `${form} on ${machine.name}, seed ${seed}: ${JSON.stringify(extents)} takes ${micros}, twice ${axis} ${more}`,
            );
        }
      }
    }
    expect(falls).toEqual([]);
  });
});

/** An extent of 1 to some hundreds: whole tiles, and what lies beside them. */
function size(dice: Dice): number {
  return Math.max(1, dice.oneOf([1, 4, 16, 64, 256]) + dice.between(-1, 1));
}

/** A group of each kind, over axes `m`, `n` and `k`. */
const forms: Readonly<Record<string, (e: Readonly<Record<'m' | 'n' | 'k', number>>) => string>> = {
  map: ({ m, n, k }) => `tensor x: f32[${m}, ${n}, ${k}] input
tensor y: f32[${m}, ${n}, ${k}] result

group
  loop y(i: ${m}, j: ${n}, l: ${k}):
    y[i, j, l] = exp(x[i, j, l])
`,
  reduce: ({ m, n, k }) => `tensor x: f32[${m}, ${n}, ${k}] input
tensor y: f32[${m}, ${n}] result

group
  loop y(i: ${m}, j: ${n}) reduce(l: ${k}):
    r0 = max(x[i, j, l])
    y[i, j] = r0.0
`,
  contract: ({ m, n, k }) => `tensor a: f32[${m}, ${k}] input
tensor b: f32[${k}, ${n}] input
tensor y: f32[${m}, ${n}] result

group
  loop y(i: ${m}, j: ${n}) reduce(l: ${k}):
    r0 = sum(a[i, l] * b[l, j])
    y[i, j] = r0.0
`,
  rows: ({ m, n, k }) => `tensor a: f32[${m}, ${k}] input
tensor b: f32[${k}, ${n}] input
tensor h: f32[${m}, ${n}] temp
tensor s: f32[${m}] temp
tensor y: f32[${m}, ${n}] result

group
  loop h(i: ${m}, j: ${n}) reduce(l: ${k}) rows(i):
    r0 = sum(a[i, l] * b[l, j])
    h[i, j] = r0.0
  loop s(i: ${m}) reduce(j: ${n}) rows(i):
    r0 = sum(exp(h[i, j]))
    s[i] = r0.0
  loop y(i: ${m}, j: ${n}) rows(i):
    y[i, j] = exp(h[i, j]) / s[i]
`,
};

function groupOf(form: (typeof forms)[string], extents: Readonly<Record<'m' | 'n' | 'k', number>>): Group {
  const [group] = parseGroups(form(extents));
  if (group === undefined) throw new Error('a group');
  return group;
}
