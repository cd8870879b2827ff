import { describe, expect, it } from 'vitest';
import { circlesFrom } from '../../src/fuse/circles.ts';
import { Dataflow, groupAccess } from '../../src/fuse/dataflow.ts';
import { DispatchTime } from '../../src/fuse/dispatchTime.ts';
import { inlined } from '../../src/fuse/inline.ts';
import { microsOf, timeOfGroups } from '../../src/fuse/price.ts';
import { StepTime } from '../../src/fuse/stepTime.ts';
import { earliestDispatches } from '../../src/fuse/updates.ts';
import { tensorsRead } from '../../src/loops/edges.ts';
import {
  apply,
  axesOver,
  axisRef,
  float,
  int,
  type Loop,
  load,
  mapExpr,
  type Tensor,
} from '../../src/loops/index.ts';
import { simplifier } from '../../src/loops/simplify.ts';
import { machines } from '../../src/machine/index.ts';
import { type Group, singleton } from '../../src/schedule/group.ts';
import { Dice } from '../oracle/dice.ts';
import { randomMachine } from '../oracle/randomMachine.ts';

/** Groups of one loop, and the states of which their next values read one another: in place or elsewhere, in circles or not. */
function randomLoops(dice: Dice): Group[] {
  const shape = (): number[] => [dice.oneOf([4, 64, 5000])];
  const states = Array.from({ length: dice.between(2, 5) }, (_, k): Tensor => {
    return { name: `s${k}`, shape: shape(), dtype: 'f32', role: 'state' };
  });
  const writes: Tensor[] = Array.from({ length: dice.between(3, 12) }, (_, k): Tensor => {
    return { name: `t${k}`, shape: shape(), dtype: 'f32', role: 'temp' };
  });
  for (const over of states) writes.push({ ...over, name: `${over.name}'`, role: 'next', over });
  const temps: Tensor[] = [];
  return dice.shuffled(writes).map((tensor) => {
    const axes = axesOver(tensor.shape, 'i');
    let value = float(1);
    for (let reads = dice.between(1, 3); reads > 0; reads--) {
      const from = (dice.chance(0.6) ? dice.maybeOneOf(temps) : undefined) ?? dice.maybeOneOf(states);
      if (from === undefined) continue;
      const isOwn = from.shape[0] === tensor.shape[0] && dice.chance(0.8);
      value = apply('add', value, load(from, isOwn ? axes.map(axisRef) : [int(0)]));
    }
    if (tensor.role === 'temp') temps.push(tensor);
    const outs = [{ tensor, at: axes, value }];
    return singleton({ name: tensor.name, axes, reduceAxes: [], reductions: [], outs, origin: [] });
  });
}

/** One workgroup's program of several groups. */
function together(groups: readonly Group[]): Group {
  const loops = groups.flatMap((group) => group.loops);
  return { loops, rows: loops.map(() => []), locals: [], prologue: [], partials: [] };
}

/** A change of some groups of a flow, and what makes it there. */
interface Move {
  readonly by: Map<Group, Group | null>;
  readonly make: () => void;
}

function randomMove(flow: Dataflow<Group>, dice: Dice): Move | null {
  const groups = flow.items;
  const one = dice.maybeOneOf(groups);
  const kind = dice.oneOf(['join', 'join', 'inline', 'forget']);
  if (one === undefined) return null;
  if (kind === 'join') {
    const others = dice.chance(0.5) ? [...flow.usersOf(one)] : groups;
    const some = flow.sorted(
      new Set([one, ...Array.from({ length: dice.between(1, 2) }, () => dice.maybeOneOf(others) ?? one)]),
    );
    if (some.length < 2 || flow.between(some) !== null) return null;
    const joined = together(some);
    const make = (): void => {
      let guest = some.pop();
      for (let host = some.pop(); host !== undefined && guest !== undefined; host = some.pop()) {
        const both = some.length === 0 ? joined : together([host, guest]);
        flow.join(host, guest, both);
        guest = both;
      }
    };
    return { by: new Map(some.map((group) => [group, joined])), make };
  }
  const [loop, ...more] = one.loops;
  const [out] = loop?.outs ?? [];
  if (loop === undefined || out === undefined || more.length > 0) return null;
  if (kind === 'forget') {
    // What it reads of one tensor is one number from now on.
    const gone = dice.maybeOneOf([...tensorsRead(loop)]);
    const value = mapExpr(out.value, (expr) =>
      expr.kind === 'load' && expr.tensor === gone ? float(2) : expr,
    );
    const changed = singleton({ ...loop, outs: [{ ...out, value }] });
    return { by: new Map([[one, changed]]), make: () => flow.replace(one, changed) };
  }
  if (out.tensor.role !== 'temp') return null;
  const by = new Map<Group, Group | null>([[one, null]]);
  for (const user of flow.usersOf(one)) {
    const loops: (Loop | string)[] = user.loops.map((reader) =>
      tensorsRead(reader).has(out.tensor) ? inlined(reader, loop, out, false, simplifier()) : reader,
    );
    if (!loops.every((reader) => typeof reader === 'object')) return null;
    by.set(user, { ...user, loops });
  }
  const make = (): void => {
    for (const [group, become] of by) if (become !== null) flow.replace(group, become);
    flow.remove(one);
  };
  return { by, make };
}

describe('the time of a step while its groups are joined', () => {
  it('is what a look at all groups finds, to the last digit, wherever updates close circles', () => {
    const seen = { circles: 0, opened: 0, kept: 0, reverted: 0 };
    // Of 233 two groups change places that come after one another.
    for (let seed = 190; seed < 240; seed++) {
      const dice = new Dice(seed);
      const machine = randomMachine(seed);
      const flow = new Dataflow(randomLoops(dice), groupAccess);
      const step = new StepTime(flow, machine);
      const copied = (): number => earliestDispatches(flow.items).copied.size;
      for (let turn = 0; turn < 12; turn++) {
        const move = randomMove(flow, dice);
        if (move === null) continue;
        const before = timeOfGroups(flow.items, machine);
        expect([seed, turn, step.time]).toEqual([seed, turn, before]);
        const rest = flow.items.filter((group) => !move.by.has(group));
        const changed = [...new Set([...rest, ...move.by.values()])].filter((group) => group !== null);
        const after = timeOfGroups(changed, machine);
        const longer = step.replace(move.by);
        expect([seed, turn, step.time]).toEqual([seed, turn, after]);
        expect(longer).toBeCloseTo(after - before, 5);
        if (dice.chance(0.5)) {
          step.revert();
          seen.reverted++;
        } else {
          const many = copied();
          move.make();
          step.keep();
          if (copied() > many) seen.circles++;
          if (copied() < many) seen.opened++;
          seen.kept++;
        }
        expect([seed, turn, step.time]).toEqual([seed, turn, timeOfGroups(flow.items, machine)]);
      }
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(4);
  });

  it('costs what a change moves: not what lies beside it, nor states that are copied elsewhere', () => {
    /** Chains of updates side by side, of each two states that swap. */
    const visits = (chains: number): number => {
      const groups: Group[] = [];
      for (let k = 0; k < chains; k++) {
        const [a, b] = ['a', 'b'].map((name): Tensor => {
          return { name: `${name}${k}`, shape: [4], dtype: 'f32', role: 'state' };
        });
        if (a === undefined || b === undefined) throw new Error('no states');
        for (const [from, over] of [
          [a, b],
          [b, a],
        ] as const) {
          const axes = axesOver(over.shape, 'i');
          const outs = [
            {
              tensor: { ...over, name: `${over.name}'`, role: 'next' as const, over },
              at: axes,
              value: load(from, axes.map(axisRef)),
            },
          ];
          groups.push(
            singleton({
              name: `${from.name} to ${over.name}`,
              axes,
              reduceAxes: [],
              reductions: [],
              outs,
              origin: [],
            }),
          );
        }
      }
      const step = new StepTime(new Dataflow(groups, groupAccess), machines.webgpu);
      const [one, other] = groups;
      if (one === undefined || other === undefined) throw new Error('no groups');
      const first = step.visited;
      const joined = together([one, other]);
      step.replace(
        new Map([
          [one, joined],
          [other, joined],
        ]),
      );
      step.revert();
      return step.visited - first;
    };
    expect(visits(40)).toBe(visits(4));
  });
});

describe('the time of a dispatch while groups come and go', () => {
  it('is that of the groups that are there, however often one comes and goes', () => {
    const dice = new Dice(7);
    const machine = machines.webgpu;
    const groups = randomLoops(dice);
    const time = new DispatchTime(machine);
    for (let turn = 0; turn < 2000; turn++) {
      const group = dice.maybeOneOf(groups);
      if (group === undefined) continue;
      if (time.groups.has(group)) time.remove(group);
      else time.add(group);
      if (turn % 50 > 0) continue;
      const fresh = new DispatchTime(machine);
      for (const each of time.groups) fresh.add(each);
      expect(microsOf(time.picos)).toBe(microsOf(fresh.picos));
    }
  });
});

describe('the circles of a graph', () => {
  const edges = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', ['e', 'f']],
    ['e', ['d']],
    ['f', ['f']],
  ]);

  it('are what leads back to itself over others, whatever they are looked for from', () => {
    const found = (roots: string[]): string[] =>
      circlesFrom(roots, (item) => edges.get(item) ?? []).map((circle) => [...circle].sort().join(''));
    expect(found(['a']).sort()).toEqual(['abc', 'de']);
    expect(found(['f', 'e', 'c', 'b']).sort()).toEqual(['abc', 'de']);
    expect(found(['f'])).toEqual([]);
  });

  it('are found in long chains', () => {
    const last = 20_000;
    const found = circlesFrom([0], (item) => [item < last ? item + 1 : 0]);
    expect(found.map((circle) => circle.size)).toEqual([last + 1]);
  });
});
