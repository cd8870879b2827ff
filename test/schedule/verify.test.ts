import { describe, expect, it } from 'vitest';
import { parseGroups, printGroups } from '../../src/fuse/text.ts';
import { LoopTextError } from '../../src/loops/text.ts';
import { type Machine, machines, machineWith } from '../../src/machine/index.ts';
import { bestSchedule } from '../../src/schedule/best.ts';
import { candidates } from '../../src/schedule/candidates.ts';
import type { Group } from '../../src/schedule/group.ts';
import { ScheduleError } from '../../src/schedule/issues.ts';
import { excessOf, resourcesOf } from '../../src/schedule/resources.ts';
import { verifySchedule } from '../../src/schedule/verify.ts';
import { randomGroups } from '../oracle/randomGroups.ts';
import { randomMachine, randomTasksMachine } from '../oracle/randomMachine.ts';

const declarations = `tensor x: f32[100, 40] input
tensor w: f32[40, 30] state
tensor h: f32[100, 30] temp
tensor s: f32[100] temp
tensor parts: f32[7] temp
tensor sums: f32[7, 30] temp
tensor keys: i32[40] input
tensor first: i32[100] temp
tensor count: i32[100] temp
tensor next: i32[40] temp
tensor y: f32[100, 30] result
tensor z: f32[100, 40] result
`;

const product = 'r0 = sum(x[i, k] * w[k, j])';

/** Loops of each kind of group. */
const bodies = {
  map: 'loop z(i: 100, j: 40):\n z[i, j] = x[i, j]\n',
  reduce: 'loop s(i: 100) reduce(k: 40):\n r0 = max(x[i, k])\n s[i] = r0.0\n',
  contract: `loop y(i: 100, j: 30) reduce(k: 40):\n ${product}\n y[i, j] = r0.0\n`,
  beside: `loop y(i: 100, j: 30) reduce(k: 40):\n ${product}\n r1 = sum(x[i, k])\n y[i, j] = r0.0\n s[i] = r1.0\n`,
  rows:
    `loop h(i: 100, j: 30) reduce(k: 40) rows(i):\n ${product}\n h[i, j] = r0.0\n` +
    'loop s(i: 100) reduce(k: 30) rows(i):\n r0 = max(h[i, k])\n s[i] = r0.0\n',
  both:
    `loop y(i: 100, j: 30) reduce(k: 40) rows(i):\n ${product}\n r1 = sum(x[i, k])\n y[i, j] = r0.0\n s[i] = r1.0\n` +
    'loop h(i: 100, j: 30) rows(i):\n h[i, j] = y[i, j] * s[i]\n',
  list:
    'loop lists(i: 100, q: 40) reduce(p: 40):\n' +
    ' r0 = min(select(keys[p] == i, p, 2147483647))\n r1 = sum(select(keys[p] == i, 1, 0))\n' +
    ' r2 = min(select(q < p && (0 <= keys[q] && keys[q] < 100) && keys[p] == keys[q], p, 2147483647))\n' +
    ' first[i] = r0.0\n count[i] = r1.0\n next[q] = r2.0\n',
  walk:
    'loop s(i: 100) reduce(p: 40):\n' +
    ' r0 = sum(select(listed(keys[p] == i, first[i], count[i], next[p]), x[i, p], 0.0))\n s[i] = r0.0\n',
  columns: `loop y(i: 100, j: 30) reduce(k: 40):\n ${product}\n y[i, j] = r0.0\n partial sums[j] = sum(r0.0)\n`,
  parted: 'loop z(i: 100, j: 40):\n z[i, j] = x[i, j]\n partial parts = sum(x[i, j])\n',
} as const;

function groupOf(body: keyof typeof bodies, schedule: string): Group {
  const [group] = parseGroups(`${declarations}\ngroup\n schedule ${schedule}\n ${bodies[body]}`);
  if (group === undefined) throw new Error('a group');
  return group;
}

/** What the verifier says of the schedule that a group keeps; null where it says nothing. */
function faultOf(body: keyof typeof bodies, schedule: string, machine: Machine): ScheduleError | null {
  const group = groupOf(body, schedule);
  if (group.schedule === undefined) throw new Error('a schedule');
  try {
    verifySchedule(group, group.schedule, machine);
    return null;
  } catch (error) {
    if (error instanceof ScheduleError) return error;
    throw error;
  }
}

const { webgpu, 'webgpu-software': alone, wasm } = machines;

describe('a schedule', () => {
  it.each([
    ['map', 'map each(4) workgroups(4)', webgpu],
    ['map', 'map each(1) workgroups(63)', alone],
    ['reduce', 'reduce split(8) workgroups(4)', webgpu],
    ['contract', 'contract threads(16, 16) tile(2, 4) split(1) depth(16) workgroups(4)', webgpu],
    ['beside', 'contract threads(8, 8) tile(1, 1) split(4) depth(64) workgroups(52)', webgpu],
    ['contract', 'contract threads(1, 1) tile(4, 8) split(1) depth(1) workgroups(2)', alone],
    ['rows', 'rows block(4) lanes(256) phases(tile(2, 3), split(8)) workgroups(25)', webgpu],
    [
      'rows',
      'rows block(4) lanes(256) phases(staged threads(2, 64) tile(2, 2) split(2) depth(16), split(8)) workgroups(25)',
      webgpu,
    ],
    ['rows', 'rows block(1) lanes(16) phases(tile(1, 4), plain) workgroups(7)', alone],
    ['rows', 'tasks block(16) loops(tiles, nest) workgroups(7)', wasm],
    ['list', 'list workgroups(1)', webgpu],
    ['list', 'list workgroups(1)', alone],
    ['list', 'tasks block(1) loops(nest) workgroups(1)', wasm],
    ['walk', 'reduce split(1) workgroups(1)', webgpu],
    ['columns', 'contract threads(8, 8) tile(2, 4) split(4) depth(16) workgroups(7)', webgpu],
    ['columns', 'contract threads(4, 16) tile(4, 1) split(4) depth(16) workgroups(14)', webgpu],
    ['parted', 'map each(4) workgroups(4)', machineWith(webgpu, { workgroup: 128 })],
  ] as const)('of %s suits its group: %s', (body, schedule, machine) => {
    const fault = faultOf(body, schedule, machine);
    if (body === 'parted') expect(fault?.what).toBe('workgroups');
    else expect(fault).toBeNull();
  });

  it.each([
    ['kind', 'map', 'reduce split(1) workgroups(16)', webgpu, undefined, undefined],
    ['kind', 'contract', 'reduce split(1) workgroups(12)', webgpu, undefined, undefined],
    ['kind', 'rows', 'map each(1) workgroups(1)', webgpu, undefined, undefined],
    ['kind', 'map', 'tasks block(1) loops(nest) workgroups(100)', webgpu, undefined, undefined],
    ['kind', 'map', 'map each(1) workgroups(16)', wasm, undefined, undefined],
    ['kind', 'map', 'list workgroups(1)', webgpu, undefined, undefined],
    ['kind', 'list', 'reduce split(1) workgroups(16)', webgpu, undefined, undefined],
    ['split', 'walk', 'reduce split(8) workgroups(4)', webgpu, 1, 8],
    ['workgroups', 'map', 'map each(4) workgroups(3)', webgpu, 4, 3],
    ['workgroups', 'map', 'map each(4) workgroups(5)', webgpu, 4, 5],
    ['tile', 'map', 'map each(0) workgroups(4)', webgpu, undefined, undefined],
    ['workgroups', 'reduce', 'reduce split(8) workgroups(3)', webgpu, 4, 3],
    ['split', 'reduce', 'reduce split(512) workgroups(200)', webgpu, 256, 512],
    ['split', 'reduce', 'reduce split(6) workgroups(3)', webgpu, undefined, undefined],
    ['split', 'reduce', 'reduce split(2) workgroups(4)', alone, 1, 2],
    [
      'threads',
      'contract',
      'contract threads(8, 16) tile(2, 4) split(1) depth(16) workgroups(7)',
      webgpu,
      256,
      128,
    ],
    [
      'tile',
      'contract',
      'contract threads(16, 16) tile(0, 4) split(1) depth(16) workgroups(4)',
      webgpu,
      undefined,
      undefined,
    ],
    [
      'depth',
      'contract',
      'contract threads(2, 8) tile(1, 1) split(16) depth(24) workgroups(200)',
      webgpu,
      32,
      24,
    ],
    [
      'depth',
      'contract',
      'contract threads(16, 16) tile(1, 1) split(1) depth(80) workgroups(14)',
      webgpu,
      79,
      80,
    ],
    [
      'workgroups',
      'contract',
      'contract threads(16, 16) tile(2, 4) split(1) depth(16) workgroups(3)',
      webgpu,
      4,
      3,
    ],
    [
      'threads',
      'contract',
      'contract threads(8, 8) tile(1, 1) split(1) depth(1) workgroups(47)',
      alone,
      1,
      8,
    ],
    ['depth', 'contract', 'contract threads(1, 1) tile(4, 8) split(1) depth(4) workgroups(2)', alone, 1, 4],
    [
      'sums',
      'contract',
      'contract threads(8, 8) tile(4, 4) split(4) depth(16) workgroups(4)',
      machineWith(webgpu, { sums: 8 }),
      16,
      8,
    ],
    [
      'workgroupMemory',
      'contract',
      'contract threads(16, 16) tile(4, 8) split(1) depth(64) workgroups(2)',
      webgpu,
      49664,
      16384,
    ],
    [
      'privateMemory',
      'contract',
      'contract threads(1, 1) tile(4, 8) split(1) depth(1) workgroups(2)',
      machineWith(alone, { privateMemory: 64 }),
      128,
      64,
    ],
    ['phases', 'rows', 'rows block(4) lanes(256) phases(plain) workgroups(25)', webgpu, 2, 1],
    ['workgroups', 'rows', 'rows block(4) lanes(256) phases(plain, plain) workgroups(24)', webgpu, 25, 24],
    ['threads', 'rows', 'rows block(4) lanes(64) phases(plain, plain) workgroups(25)', webgpu, 256, 64],
    ['threads', 'rows', 'rows block(1) lanes(128) phases(plain, plain) workgroups(1)', alone, 64, 128],
    ['block', 'rows', 'rows block(2) lanes(64) phases(plain, plain) workgroups(2)', alone, 1, 2],
    [
      'block',
      'rows',
      'rows block(0) lanes(256) phases(plain, plain) workgroups(25)',
      webgpu,
      undefined,
      undefined,
    ],
    [
      'tile',
      'rows',
      'rows block(4) lanes(256) phases(plain, tile(2, 2)) workgroups(25)',
      webgpu,
      undefined,
      undefined,
    ],
    [
      'tile',
      'rows',
      'rows block(4) lanes(256) phases(plain, staged threads(16, 16) tile(2, 2) split(1) depth(16)) workgroups(25)',
      webgpu,
      undefined,
      undefined,
    ],
    [
      'tile',
      'rows',
      'rows block(1) lanes(64) phases(staged threads(8, 8) tile(2, 2) split(1) depth(16), plain) workgroups(2)',
      alone,
      undefined,
      undefined,
    ],
    [
      'threads',
      'rows',
      'rows block(4) lanes(256) phases(staged threads(8, 16) tile(2, 2) split(1) depth(16), plain) workgroups(25)',
      webgpu,
      256,
      128,
    ],
    [
      'tile',
      'both',
      'rows block(4) lanes(256) phases(tile(2, 2), plain) workgroups(25)',
      webgpu,
      undefined,
      undefined,
    ],
    ['split', 'both', 'rows block(4) lanes(256) phases(plain, split(2)) workgroups(25)', webgpu, 1, 2],
    ['split', 'rows', 'rows block(1) lanes(64) phases(plain, split(2)) workgroups(2)', alone, 1, 2],
    ['workgroups', 'rows', 'tasks block(16) loops(tiles, nest) workgroups(6)', wasm, 7, 6],
    ['phases', 'rows', 'tasks block(16) loops(tiles) workgroups(7)', wasm, 2, 1],
    ['tile', 'rows', 'tasks block(16) loops(tiles, tiles) workgroups(7)', wasm, undefined, undefined],
    ['partials', 'parted', 'map each(1) workgroups(16)', webgpu, 16, 7],
    [
      'partials',
      'columns',
      'contract threads(16, 8) tile(2, 4) split(2) depth(16) workgroups(4)',
      webgpu,
      4,
      7,
    ],
    [
      'partials',
      'columns',
      'contract threads(1, 1) tile(4, 8) split(1) depth(1) workgroups(2)',
      alone,
      undefined,
      undefined,
    ],
  ] as const)('whose %s is wrong is refused: %s, %s', (what, body, schedule, machine, needed, available) => {
    const fault = faultOf(body, schedule, machine);
    expect(fault).toMatchObject({ code: 'schedule', what });
    expect([fault?.needed, fault?.available]).toEqual([needed, available]);
    const groups = {
      rows: 'h+s',
      both: 'y+h',
      map: 'z',
      parted: 'z',
      reduce: 's',
      contract: 'y',
      beside: 'y',
      list: 'lists',
      walk: 's',
      columns: 'y',
    };
    expect(fault?.group).toBe(groups[body]);
    if (needed !== undefined) expect(fault?.message).toContain(String(needed));
  });

  it('is checked where it is used, before any kernel is made of it', () => {
    const wrong = groupOf('map', 'map each(4) workgroups(3)');
    expect(() => bestSchedule(wrong, webgpu)).toThrow(
      'z: 3 workgroups do not cover 4000 elements; they need 4',
    );
  });

  it('of a group prints and parses to the same', () => {
    for (const machine of [webgpu, alone, wasm])
      for (const body of ['map', 'reduce', 'list', 'walk', 'contract', 'beside', 'rows', 'both'] as const) {
        const { schedule: _, ...group } = groupOf(body, 'map each(1) workgroups(1)');
        for (const schedule of candidates(group, machine)) {
          const text = printGroups([{ ...group, schedule }]);
          const [parsed] = parseGroups(text);
          expect(parsed?.schedule).toEqual(schedule);
        }
      }
  });

  it.each([
    [
      'a kind that is not there',
      'grid each(1)',
      'expected a kind of schedule: one of map, reduce, list, contract, rows, tasks',
    ],
    ['a part that is missing', 'map workgroups(1)', 'expected each, found "workgroups"'],
    ['several workgroups for lists', 'list workgroups(2)', 'one workgroup makes lists'],
    ['two numbers where one is', 'map each(1, 2) workgroups(1)', 'each is one number'],
    [
      'one number where two are',
      'contract threads(16) tile(1, 1) split(1) depth(1) workgroups(1)',
      'threads is two numbers, rows and columns',
    ],
    [
      'a phase that is none',
      'rows block(1) lanes(1) phases(fast) workgroups(1)',
      'expected plain, split, tile or staged, found "fast"',
    ],
    ['more at its end', 'map each(1) workgroups(1) 2', 'expected the end of the line, found "2"'],
  ])('with %s is told by line and column', (_, schedule, message) => {
    expect(() => groupOf('map', schedule)).toThrow(LoopTextError);
    expect(() => groupOf('map', schedule)).toThrow(message);
  });
});

it('every candidate of every group is well-formed, or exceeds a limit of its machine', () => {
  const seen = { fitting: 0, exceeding: 0 };
  const tight = machineWith(webgpu, { workgroupMemory: 4096, privateMemory: 4 });
  for (let seed = 0; seed < 6; seed++)
    for (const machine of [randomMachine(seed), randomTasksMachine(seed), tight])
      for (const group of randomGroups(seed))
        for (const schedule of candidates(group, machine)) {
          const fits = excessOf(resourcesOf(group, schedule, machine), machine) === null;
          const verify = (): void => verifySchedule(group, schedule, machine);
          if (fits) verify();
          else expect(verify).toThrow(`exceeds machine ${machine.name}`);
          seen[fits ? 'fitting' : 'exceeding']++;
        }
  expect(seen.fitting).toBeGreaterThan(500);
  expect(seen.exceeding).toBeGreaterThan(0);
});
